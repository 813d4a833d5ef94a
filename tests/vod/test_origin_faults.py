import aiohttp
import pytest

from edge.errors import NotFound, OriginChanged, OriginLied, OriginTimeout, OriginUnavailable
from edge.vod.origin_faults import watched


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (TimeoutError(), OriginTimeout),
        (aiohttp.ServerTimeoutError(), OriginTimeout),
        (aiohttp.ClientPayloadError(), OriginUnavailable),
        (aiohttp.ServerDisconnectedError(), OriginUnavailable),
        (ConnectionResetError(), OriginUnavailable),
        (aiohttp.InvalidURL("x"), OriginLied),
        (OriginChanged("x"), OriginChanged),
        (NotFound("x"), NotFound),
    ],
)
def test_what_leaves_an_origin_is_ours(foreign, ours, caplog):
    with pytest.raises(ours), watched("o", "place", "key", "read"):
        raise foreign
    assert len(caplog.records) == (ours is not NotFound)


def test_the_log_names_the_lie(caplog):
    with pytest.raises(OriginLied), watched("o", "http://m/", "clip", "read"):
        raise OriginLied("Content-Range is wrong")
    (record,) = caplog.records
    assert record.getMessage() == "vod.origin_failed"
    assert (record.what, record.place, record.asset) == ("Content-Range is wrong", "http://m/", "clip")
