import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from edge.errors import EdgeError, NotFound, OriginLied, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.origin_answer import accepted, described, parse_content_range

ASSET = Asset("a.mp4", 100, '"v"', None, "video/mp4")
TEXT = st.text(st.characters(max_codepoint=255), max_size=40)
NAMES = st.sampled_from(
    ["ETag", "Content-Length", "Content-Range", "Content-Encoding", "Last-Modified", "Content-Type"]
)
FIELDS = st.dictionaries(NAMES, TEXT | st.just('"v"') | st.just("bytes 10-19/100") | st.just("10"))


@pytest.mark.parametrize(
    "text",
    ["", "bytes 1-0/5", "bytes 0-5/5", "bytes */5", "bytes 0-1/*", "items 0-1/5", "bytes 0-1/5 ", "bytes -1/5",
     "bytes 0-99999999999999999999/999999999999999999999", "bytes 0-1/5,", "bytes ٠-١/٥"],
)  # fmt: skip
def test_what_is_no_content_range(text):
    assert (parse_content_range(text) is None) is (text != "bytes 0-1/5 ")


@given(st.integers(0, 599), FIELDS)
def test_any_answer_is_exactly_what_was_asked_or_our_error(status, fields):
    span = ByteRange(10, 20)
    try:
        accepted(ASSET, span, status, CIMultiDict(fields))
    except EdgeError:
        return
    assert status == 206
    assert fields["ETag"].strip() == '"v"'
    assert parse_content_range(fields["Content-Range"]) == (span, 100)
    assert fields.get("Content-Length", "10").strip() == "10"


@given(st.integers(0, 599), FIELDS)
def test_any_answer_describes_an_asset_or_is_our_error(status, fields):
    try:
        asset = described("a.mp4", status, CIMultiDict(fields), origin="o")
    except EdgeError:
        return
    assert asset.size >= 0
    assert not asset.is_strong or asset.etag == fields["ETag"].strip()
    assert "\n" not in asset.content_type + asset.etag


@pytest.mark.parametrize(
    "fields",
    [{"Last-Modified": "Fri, 31 Dec 9999 23:59:59 -1400"}, {"Last-Modified": "Mon, 01 Jan 0001 00:00:00 +9999"},
     {"Content-Type": "видео/mp4"}, {"Content-Type": "vidéo/mp4"}],
)  # fmt: skip
def test_a_field_that_means_nothing_is_left_out(fields):
    asset = described("a.mp4", 200, CIMultiDict({"Content-Length": "1", **fields}), origin="o")
    assert (asset.modified, asset.content_type) == (None, "video/mp4")


def test_a_whole_answer_does_where_all_was_asked():
    accepted(ASSET, ByteRange(0, 100), 200, {"ETag": '"v"', "Content-Length": "100"})
    with pytest.raises(OriginLied):
        accepted(ASSET, ByteRange(0, 99), 200, {"ETag": '"v"'})


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, NotFound), (503, OriginUnavailable), (403, OriginUnavailable), (304, OriginLied)],
)
def test_refusals_are_told_apart(status, error):
    with pytest.raises(error):
        described("a", status, {}, origin="o")


def test_what_caches_on_the_way_said_is_kept_where_it_is_what_rfc_9211_allows():
    lines = CIMultiDict(
        [("Content-Length", "5"), ("Cache-Status", "Far; hit"), ("Cache-Status", '"Near"; fwd=stale')]
    )
    assert described("a", 200, lines, origin="far").cache_status == 'Far; hit, "Near"; fwd=stale'
    lines.add("Cache-Status", "a b")
    assert described("a", 200, lines, origin="far").cache_status == ""
