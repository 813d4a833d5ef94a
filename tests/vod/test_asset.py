import pytest

from edge.vod.asset import Asset


@pytest.mark.parametrize(("etag", "is_strong"), [('"abc"', True), ('W/"abc"', False), ("", False)])
def test_only_a_strong_validator_joins_pieces(etag, is_strong):
    assert Asset("clip.mp4", 1, etag, None, "video/mp4").is_strong is is_strong
