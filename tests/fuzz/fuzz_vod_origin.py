"""What an origin says in the heads of its answers: a value, or it failed, or it lied."""

from contextlib import suppress

from multidict import CIMultiDict

from edge.errors import NotFound, OriginError
from edge.http.byte_range import ByteRange
from edge.vod.asset import Asset
from edge.vod.moov import moov_span
from edge.vod.origin_answer import accepted, described

_ASSET = Asset("a", 1_000, '"1"', None, "video/mp4")
_SPAN = ByteRange(10, 20)

SEEDS = [
    b'206\nContent-Range: bytes 10-19/1000\nETag: "1"\nContent-Length: 10\nCache-Control: max-age=5, s-maxage="7"',
    b'200\nContent-Length: 1000\nETag: W/"1"\nAge: 3\nExpires: Wed, 01 Apr 2026 00:00:00 GMT\nDate: x\nVary: *',
    b"416\nContent-Range: bytes */1000\nContent-Encoding: gzip",
    b'200\nContent-Length: 5\nCache-Status: Far; hit; ttl=-5\nCache-Status: "Near \\" CDN"; fwd=uri-miss; x=?1',
    b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x20",
]


def target(data: bytes) -> None:
    status, *lines = data.decode("latin-1").split("\n")
    fields: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, _, value = line.partition(":")
        fields.add(name.strip(), value.strip())
    number = int(status) if status.isascii() and status.isdigit() and len(status) < 4 else 206
    with suppress(OriginError, NotFound):
        asset = described("a", number, fields, origin="o")
        assert asset.size >= 0
        assert asset.storing.cache_control.isprintable()
        assert asset.cache_status.replace("\t", "").isprintable()
        assert asset.cache_status.isascii()
    with suppress(OriginError, NotFound):
        accepted(_ASSET, _SPAN, number, fields)
        assert number == 206
        assert fields["ETag"].strip() == '"1"'
    span = moov_span(data, len(data) + 1_000)
    assert span is None or 0 <= span.start < span.stop <= len(data) + 1_000
