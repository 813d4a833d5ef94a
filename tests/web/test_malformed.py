"""What is no HTTP, over a real socket."""

import asyncio
import logging

import pytest
from prometheus_client import REGISTRY

from edge.web.malformed import Counted


def counted() -> float:
    labels = {"kind": "malformed", "status": "400"}
    return REGISTRY.get_sample_value("edge_web_requests_total", labels) or 0.0


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n",
    ],
)
async def test_it_is_answered_and_counted_and_leaves_no_traceback(client, caplog, request_):
    before = counted()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request_)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert caplog.text == ""
    assert counted() == before + 1


def test_other_errors_are_logged():
    record = logging.LogRecord(
        "aiohttp.server", logging.ERROR, "f", 1, "x", (), (ValueError, ValueError(), None)
    )
    assert Counted().filter(record)


async def test_no_version_is_told(client):
    for path in ("/healthz", "/metrics", "/nothing", "/live/x/index.m3u8"):
        async with client.get(path) as answer:
            assert answer.headers.getall("Server") == ["edge"]
