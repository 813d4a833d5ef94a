import asyncio
import os
import socket

import pytest

from edge.http.message import Response
from edge.web.memory_file import MemoryFile, plain_socket
from edge.web.wire import Wire, Wires, date_line

DATE = date_line(0)


def test_a_whole_answer_in_one_buffer():
    wire = Wire(Response(200, (("Content-Type", "a/b"),), (b"one", b"two")))
    wire.at(DATE)
    assert wire.one == (
        b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nServer: edge\r\nContent-Length: 6\r\n"
        b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nonetwo"
    )


@pytest.mark.parametrize("size", [12 * 1024, 100_000])
def test_large_bodies_are_not_copied(size):
    body = b"x" * size
    wire = Wire(Response(200, (), (body, body)))
    wire.at(DATE)
    assert wire.one is None
    assert wire.many[1] is wire.many[2] is body


async def open_pair():
    """A transport, and the socket of its reader, who takes little at a time."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
    theirs.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    return transport, theirs


async def read(theirs: socket.socket, octets: int) -> bytes:
    got = b""
    while len(got) < octets:
        got += await asyncio.get_running_loop().sock_recv(theirs, octets - len(got))
    return got


@pytest.mark.parametrize("size", [11_000, 13_000, 60_000, 150_000])
async def test_many_readers_get_the_same_octets_however_slow_they_are(size, monkeypatch):
    filed = []
    send = MemoryFile.send
    monkeypatch.setattr(MemoryFile, "send", lambda file, fd: filed.append(send(file, fd)) or filed[-1])
    body = os.urandom(size)
    wire = Wire(Response(200, (), (body[:5000], body[5000:])))
    transport, theirs = await open_pair()
    for date in (DATE, date_line(1)):
        whole = b"".join(wire.once(date))
        for _ in range(40):
            wire.write(transport, date, is_shared=True, socket_fd=plain_socket(transport))
            assert await read(theirs, len(whole)) == whole
            assert transport.get_write_buffer_size() == 0
    assert len(filed) == (0 if size < 12_000 else 2 * 9), "from the 32nd reader of a second on, by file"
    assert size < 100_000 or min(filed) < size, "and what did not fit followed"
    transport.close()
    theirs.close()


@pytest.mark.parametrize("readers", [1, 40])
async def test_nothing_overtakes_what_the_transport_has_not_sent(readers):
    wire = Wire(Response(200, (), (os.urandom(50_000),)))
    for _ in range(readers):
        transport, theirs = await open_pair()
        transport.write(b"before " * 10_000)
        assert transport.get_write_buffer_size()
        wire.write(transport, DATE, is_shared=True, socket_fd=plain_socket(transport))
        whole = b"before " * 10_000 + b"".join(wire.once(DATE))
        assert await read(theirs, len(whole)) == whole
        transport.close()
        theirs.close()


async def test_no_octet_is_copied_for_a_few_readers(monkeypatch):
    sent = []
    monkeypatch.setattr("edge.web.wire.send_now", lambda buffers, fd: sent.append(buffers) or 1_000_000)
    body = os.urandom(20_000)
    wire = Wire(Response(200, (), (body,)))
    transport, theirs = await open_pair()
    for _ in range(31):
        wire.write(transport, DATE, is_shared=True, socket_fd=plain_socket(transport))
    assert len(sent) == 31
    assert all(buffers[1] is body for buffers in sent)
    transport.close()
    theirs.close()


async def test_readers_over_tls_get_no_file(monkeypatch):
    monkeypatch.setattr(MemoryFile, "holding", lambda _: pytest.fail("nobody has any use for it"))
    wire = Wire(Response(200, (), (os.urandom(50_000),)))
    transport, theirs = await open_pair()
    for _ in range(40):
        wire.write(transport, DATE, is_shared=True)
        assert len(wire.many) == 1, "one record begins where another ends"
        await read(theirs, len(wire.many[0]))
    transport.close()
    theirs.close()


def test_head_and_no_content():
    head = Wire(Response(200, (), (b"body",)), has_body=False)
    head.at(DATE)
    assert head.one is not None
    assert b"Content-Length: 4\r\n" in head.one
    assert head.one.endswith(b"\r\n\r\n")
    for status in (204, 304):
        none = Wire(Response(status))
        none.at(DATE)
        assert none.one is not None
        assert b"Content-Length" not in none.one


def test_a_goodbye():
    octets = b"".join(Wire(Response(404, (), (b"gone",))).closing(DATE))
    assert b"404 Not Found\r\n" in octets
    assert octets.endswith(b"Connection: close\r\n\r\ngone")


def test_only_media_that_went_out_are_counted():
    assert Wire(Response(200, (), (b"four",))).counted == 4
    assert Wire(Response(404, (), (b"four",))).counted == 0
    assert Wire(Response(200, (), (b"four",)), has_body=False).counted == 0


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_no_field_ends_early(value):
    with pytest.raises(AssertionError):
        Wire(Response(307, (("Location", value),)))


def test_one_wire_for_one_answer_while_it_is_remembered():
    wires, answer = Wires(), Response(200, (), (b"x",))
    first = wires.of(answer)
    assert wires.of(answer) is first
    assert wires.of(Response(200, (), (b"x",))) is not first
    wires.forget()
    assert wires.of(answer) is not first
    for _ in range(1000):
        wires.of(Response(200))
    assert len(wires._known) <= 256
