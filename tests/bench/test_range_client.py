import asyncio
import time

from bench.range_client import close, connect, request_for, slow_socket

BODY = bytes(range(256)) * 400


async def serving(answer):
    """A server that sends `answer(request)` in two pieces, and its address."""

    async def serve(reader, writer):
        while request := await reader.readuntil(b"\r\n\r\n"):
            octets = answer(request)
            writer.write(octets[:30])
            await asyncio.sleep(0.02)
            writer.write(octets[30:])
            if b"cut" in request:
                await writer.drain()
                writer.transport.abort()
                return

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def whole(_):
    return b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


async def test_an_answer_is_timed_and_compared():
    server, base = await serving(whole)
    (client,) = await connect(base, 1)
    for _ in range(2):
        asked_at = time.monotonic()
        await client.ask(request_for(base, "/a", 0, len(BODY) - 1), BODY)
        assert (client.status, client.body_bytes, client.fault) == (206, len(BODY), None)
        assert asked_at <= client.first_octet_at <= client.first_body_octet_at - 0.01
    await client.ask(request_for(base, "/a", 0, len(BODY) - 1), BODY[:-1] + b"?")
    assert client.fault is not None
    assert client.fault.startswith("another octet")
    close([client])
    server.close()


async def test_a_cut_is_a_fault():
    server, base = await serving(lambda request: whole(request)[:-5])
    (client,) = await connect(base, 1)
    await client.ask(request_for(base, "/cut", 0, 9))
    assert client.fault == "the connection was cut"
    server.close()


def test_a_request_says_its_range_and_host():
    assert request_for("http://127.0.0.1:81", "/a.mp4", 5, 9) == (
        b"GET /a.mp4 HTTP/1.1\r\nHost: 127.0.0.1:81\r\nRange: bytes=5-9\r\n\r\n"
    )


async def test_a_slow_reader_takes_nothing_by_itself():
    server, base = await serving(whole)
    one = await slow_socket(base, request_for(base, "/a", 0, 9))
    await asyncio.sleep(0.1)
    assert one.recv(100_000).startswith(b"HTTP/1.1 206")
    one.close()
    server.close()
