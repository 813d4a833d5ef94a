from edge.vod.origin import Origin


def test_an_origin_is_three_verbs():
    assert {name for name in vars(Origin) if not name.startswith("_")} == {"stat", "read", "close"}
