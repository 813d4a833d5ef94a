import asyncio
import contextlib
import time

from bench.range_client import close, connect, request_for, slow_socket

BODY = bytes(range(256)) * 400


@contextlib.asynccontextmanager
async def serving(answer):
    """A server that sends `answer(request)` in two pieces; its address."""

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while request := await reader.readuntil(b"\r\n\r\n"):
                octets = answer(request)
                writer.write(octets[:30])
                await asyncio.sleep(0.02)
                writer.write(octets[30:])
                await writer.drain()
                if b"cut" in request:
                    return

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.sleep(0.05)  # the server's side of closed connections ends, too


def whole(_):
    return b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


async def test_an_answer_is_timed_and_compared():
    async with serving(whole) as base:
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


async def test_a_cut_is_a_fault():
    async with serving(lambda request: whole(request)[:-5]) as base:
        (client,) = await connect(base, 1)
        await client.ask(request_for(base, "/cut", 0, 9))
        assert client.fault == "the connection was cut"
        close([client])


def test_a_request_says_its_range_and_host():
    assert request_for("http://127.0.0.1:81", "/a.mp4", 5, 9) == (
        b"GET /a.mp4 HTTP/1.1\r\nHost: 127.0.0.1:81\r\nRange: bytes=5-9\r\n\r\n"
    )


async def test_a_slow_reader_takes_nothing_by_itself():
    async with serving(whole) as base:
        with await slow_socket(base, request_for(base, "/a", 0, 9)) as one:
            await asyncio.sleep(0.1)
            assert one.recv(100_000).startswith(b"HTTP/1.1 206")
