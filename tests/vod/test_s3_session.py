import random

from lying_origin import LIES, LyingOrigin

from edge.errors import OriginChanged, OriginLied, OriginTimeout, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.http_origin import Patience
from edge.vod.s3_origin import S3Origin

CONTENT = random.Random(5).randbytes(3_000)
QUICK = Patience(connect_s=0.5, answer_s=0.25, slowest=10_000, tries=1)
EXPECTED = {
    "changed validator": OriginChanged, "precondition": OriginChanged, "not satisfiable": OriginChanged,
    "silence": OriginTimeout, "stall": OriginTimeout, "trickle": OriginTimeout,
    "interim for ever": OriginTimeout,
    "two validators": OriginChanged,  # the library tells the last one only
    "failure": OriginUnavailable, "closed": OriginUnavailable, "short body": OriginUnavailable,
}  # fmt: skip


async def read(origin, asset, got):
    async for piece in origin.read(asset, ByteRange(1_000, 2_000)):
        got.append(piece)


async def test_a_store_that_lies_is_found_and_followed_nowhere(caplog):
    """One client for all lies: making one takes a part of a second."""
    async with LyingOrigin(CONTENT) as server:
        endpoint = f"http://127.0.0.1:{server.port}"
        origin = S3Origin("liar", "clips", endpoint=endpoint, access_key="a", secret_key="b", patience=QUICK)
        asset = await origin.stat("clip.mp4")
        for lie in LIES:
            server.lie, got, fault = lie, [], None
            try:
                await read(origin, asset, got)
            except (OriginChanged, OriginLied, OriginTimeout, OriginUnavailable) as error:
                fault = error
            assert (lie, type(fault)) == (lie, EXPECTED.get(lie, OriginLied))
            assert CONTENT[1_000:2_000].startswith(b"".join(got)), lie
            record = next(one for one in reversed(caplog.records) if one.message == "vod.origin_failed")
            assert (record.origin, record.place, record.asset) == ("liar", f"{endpoint}/clips", "clip.mp4")
            assert record.what == fault.logged
            assert "127.0.0.1" not in fault.detail, "clients are told no address"
        server.lie, got = None, []
        await read(origin, asset, got)
        assert b"".join(got) == CONTENT[1_000:2_000]
        await origin.close()
