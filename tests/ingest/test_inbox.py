import errno
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ingest import inbox as module
from edge.ingest.inbox import AT_ONCE, LARGEST, reader


def read_out(runs):
    """Whose datagrams, copied before they are overwritten."""
    assert [run.sizes for run in runs] == [[len(slot.data) for slot in run.slots] for run in runs]
    return [(run.source, [slot.data for slot in run.slots]) for run in runs]


FAMILIES = [socket.AF_INET, socket.AF_INET6]
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def pair(family):
    server, client = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    server.setblocking(False)
    server.bind((LOOPBACK[family], 0))
    client.connect(server.getsockname())
    return server, client


@pytest.fixture(params=["batch", "one by one"])
def has_batches(request, monkeypatch):
    if request.param == "one by one":
        monkeypatch.setattr(module, "_libc", object())


@pytest.mark.usefixtures("has_batches")
@pytest.mark.parametrize("family", FAMILIES)
def test_datagrams_come_in_order_with_the_address_that_an_answer_goes_to(family):
    server, client = pair(family)
    with server, client:
        read = reader(server)
        assert read() == []
        sent = [b"first", b"", b"third"]
        for datagram in sent:
            client.send(datagram)
        assert read_out(read()) == [(client.getsockname(), sent)]
        assert read() == []
        server.sendto(b"answer", client.getsockname())
        assert client.recv(10) == b"answer"


@pytest.mark.usefixtures("has_batches")
def test_what_is_more_than_one_read_takes_waits_for_the_next():
    server, client = pair(socket.AF_INET)
    with server, client:
        read = reader(server)
        for number in range(AT_ONCE + 2):
            client.send(bytes((number,)))
        taken = [read_out(read()), read_out(read())]
        assert [len(run) for each in taken for _, run in each] == [AT_ONCE, 2]
        assert [datagram[0] for each in taken for _, run in each for datagram in run] == list(
            range(AT_ONCE + 2)
        )


@pytest.mark.usefixtures("has_batches")
def test_of_a_datagram_that_is_too_large_the_head_is_kept():
    server, client = pair(socket.AF_INET)
    with server, client:
        client.send(bytes(range(256)) * 20)
        client.send(b"next")
        ((_, (large, following)),) = read_out(reader(server)())
        assert large == (bytes(range(256)) * 20)[:LARGEST]
        assert following == b"next"


@pytest.mark.usefixtures("has_batches")
def test_a_run_tells_sizes_and_the_first_two_octets():
    server, client = pair(socket.AF_INET)
    with server, client:
        read = reader(server)
        for datagram in (b"\x80\x60rest", b"\x16\xfe"):
            client.send(datagram)
        (run,) = read()
        assert (run.sizes, run.heads) == ([6, 2], [0x8060, 0x16FE])


def test_the_next_read_fills_the_same_memory_and_leaves_nothing_of_the_last():
    server, client = pair(socket.AF_INET)
    with server, client:
        read = reader(server)
        client.send(bytes(100))
        ((_, (first,), _, _),) = read()
        first.length[0] = 77  # as SRTP does
        client.send(b"short")
        ((_, (second,), sizes, _),) = read()
        assert second is first
        assert (second.data, sizes) == (b"short", [5])


@pytest.mark.usefixtures("has_batches")
def test_two_senders_in_one_read_are_told_apart():
    server, one = pair(socket.AF_INET)
    with server, one, socket.socket(type=socket.SOCK_DGRAM) as other:
        other.connect(server.getsockname())
        for client, datagram in ((one, b"a"), (one, b"b"), (other, b"c"), (one, b"d")):
            client.send(datagram)
        first, second = one.getsockname(), other.getsockname()
        assert read_out(reader(server)()) == [(first, [b"a", b"b"]), (second, [b"c"]), (first, [b"d"])]


def test_an_interrupted_read_finds_nothing_and_a_fault_is_told(monkeypatch):
    class Failing:
        recvmmsg = staticmethod(lambda *_: -1)

    server, client = pair(socket.AF_INET)
    with server, client:
        monkeypatch.setattr(module, "_libc", Failing)
        read = reader(server)
        monkeypatch.setattr(module.ctypes, "get_errno", lambda: errno.EINTR)
        assert read() == []
        monkeypatch.setattr(module.ctypes, "get_errno", lambda: errno.EHOSTUNREACH)
        with pytest.raises(OSError, match="No route to host"):
            read()


def test_the_scope_of_a_link_local_address_is_kept():
    name = bytes.fromhex("0a00 1f90 00000000") + socket.inet_pton(socket.AF_INET6, "fe80::1")
    assert module._source(name + struct.pack("=I", 3)) == ("fe80::1", 8080, 0, 3)


@given(st.binary(min_size=16, max_size=16) | st.binary(min_size=28, max_size=28))
def test_any_address_of_the_kernels_is_read(name):
    assert len(module._source(name)) == (2 if len(name) == 16 else 4)
