import gc
import os
import socket
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.web.memory_file import NO_SOCKET, MemoryFile, from_octet, plain_socket, send_now

BODY = os.urandom(100_000)


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def read(one: socket.socket, octets: int) -> bytes:
    return one.recv(octets, socket.MSG_WAITALL)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_all_buffers_one_after_the_other_to_everybody(ends):
    ours, theirs = ends
    file = MemoryFile([b"head", BODY[:9000]])
    for _ in range(3):
        assert file.send(ours.fileno()) == 9004
        assert read(theirs, 9004) == b"head" + BODY[:9000]


def test_a_socket_takes_what_fits_and_then_nothing(ends):
    ours, theirs = ends
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    file = MemoryFile([BODY])
    sent = file.send(ours.fileno())
    assert 0 < sent < len(BODY)
    assert file.send(ours.fileno()) == 0
    assert read(theirs, sent) == BODY[:sent]


def test_whoever_left_gets_nothing(ends):
    ours, theirs = ends
    theirs.close()
    assert MemoryFile([BODY]).send(ours.fileno()) == 0


def test_buffers_without_a_file(ends):
    ours, theirs = ends
    assert send_now([b"head", BODY[:9000]], ours.fileno()) == 9004
    assert read(theirs, 9004) == b"head" + BODY[:9000]
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    assert 0 < send_now([BODY], ours.fileno()) < len(BODY)
    assert send_now([BODY], ours.fileno()) == 0


def test_it_is_closed_with_the_last_who_refers_to_it_and_what_is_on_its_way_arrives(ends):
    ours, theirs = ends
    before = open_files()
    file = MemoryFile([BODY[:5000]])
    file.send(ours.fileno())
    del file
    gc.collect()
    assert open_files() == before
    assert read(theirs, 5000) == BODY[:5000]


@pytest.mark.parametrize("fault", [OSError("no more files"), AttributeError("not on this system")])
def test_where_there_can_be_none_it_goes_without(monkeypatch, fault):
    def fails(*_):
        raise fault

    monkeypatch.setattr(os, "memfd_create", fails)
    assert MemoryFile.holding([BODY]) is None


class Transport:
    def __init__(self, **known: object) -> None:
        self.get_extra_info = known.get


def test_octets_that_are_encrypted_first_do_not_go_this_way(ends):
    ours, _ = ends
    assert plain_socket(Transport(socket=ours)) == ours.fileno()
    assert plain_socket(Transport(socket=ours, sslcontext=object())) == NO_SOCKET
    assert plain_socket(Transport()) == NO_SOCKET


@given(st.lists(st.binary(max_size=5)), st.integers(0, 30))
def test_what_is_left_from_an_octet_on(buffers, at):
    left = from_octet(buffers, at)
    assert b"".join(left) == b"".join(buffers)[at:]
    assert all(map(len, left))


def test_nothing_that_is_left_is_copied():
    _, rest = from_octet([b"ab", BODY, BODY], 100_002 - 5)
    assert rest is BODY
    assert [len(each) for each in from_octet([b"ab", BODY], 1)] == [1, 100_000]
    assert all(a is not b for a, b in pairwise(from_octet([b"ab", b"cd"], 0)))
