from kill_rounds import rounds


def test_a_killed_cache_has_no_wrong_octet(tmp_path):
    assert rounds(tmp_path, 4) > 10
