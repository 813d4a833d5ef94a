import asyncio

from prometheus_client import generate_latest

from edge.web.exposition import _chunks
from edge.web.stream_metrics import stream_registry
from edge.web.viewing import Viewing


async def test_a_stream_that_is_gone_leaves_no_series(hub, camera):
    registry = stream_registry(hub, Viewing())
    text = b"".join(_chunks([registry], generate_latest)).decode()
    assert 'edge_stream_up{stream="cam"} 1.0' in text
    assert 'edge_stream_bits_per_second{stream="cam"}' in text
    now = asyncio.get_running_loop().time()
    hub.end_all()
    hub.tick(now + 1000)
    assert b'"cam"' not in b"".join(_chunks([registry], generate_latest))
