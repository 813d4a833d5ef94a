import pytest

from bench.answer_reader import AnswerReader, BadAnswer

PART = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 10\r\n\r\n0123456789"
LOWER = b"HTTP/1.1 404 Not Found\r\ncontent-length:3\r\n\r\nabc"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"


@pytest.mark.parametrize(
    ("octets", "status", "body"),
    [(PART, 200, b"0123456789"), (LOWER, 404, b"abc"), (CHUNKED, 200, b"abcdefg"), (EMPTY, 304, b"")],
)
def test_an_answer_split_at_every_octet_is_the_same(octets, status, body) -> None:
    for cut in range(1, len(octets)):
        reader = AnswerReader()
        assert not reader.feed(memoryview(octets[:cut]))
        assert reader.feed(memoryview(octets[cut:]))
        assert (reader.status, reader.body, reader.size) == (status, body, len(body))


def test_one_connection_reads_one_answer_after_the_other() -> None:
    reader = AnswerReader()
    for octets in (PART, CHUNKED, EMPTY, LOWER, PART):
        assert reader.feed(memoryview(octets))
    assert reader.body == b"0123456789"


def test_a_body_that_is_not_kept_is_counted() -> None:
    reader = AnswerReader()
    reader.keeps_body = False
    assert reader.feed(memoryview(PART))
    assert (reader.size, reader.body) == (10, b"")


def test_the_buffer_is_the_callers_again() -> None:
    reader = AnswerReader()
    buffer = bytearray(PART[:55])
    reader.feed(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert reader.feed(memoryview(PART[55:]))
    assert reader.body == b"0123456789"


def test_an_answer_that_all_get_is_understood_once_and_told_apart_by_every_octet_that_counts() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    long = head % 2000 + bytes(2000)
    reader = AnswerReader()
    for keeps_body, octets, size, body in (
        (False, long, 2000, b""),
        (False, long, 2000, b""),
        (True, head % 3 + b"abc", 3, b"abc"),
        (True, head % 3 + b"abd", 3, b"abd"),
        (False, head % 3 + b"abd", 3, b""),
        (True, head % 3 + b"abd", 3, b"abd"),
        (True, long, 2000, bytes(2000)),
    ):
        reader.keeps_body = keeps_body
        assert reader.feed(memoryview(octets))
        assert (reader.status, reader.size, reader.body) == (200, size, body)


def test_an_answer_that_was_whole_before_may_come_in_pieces() -> None:
    octets = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(2000)
    reader = AnswerReader()
    reader.keeps_body = False
    assert reader.feed(memoryview(octets))
    assert not reader.feed(memoryview(octets[:1500]))
    assert reader.feed(memoryview(octets[1500:]))
    with pytest.raises(BadAnswer):
        reader.feed(memoryview(octets + b"x"))


@pytest.mark.parametrize(
    "octets",
    [
        PART + b"x",
        EMPTY + b"x",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"x" * 20_000,
    ],
)
def test_what_is_no_answer_is_refused(octets) -> None:
    with pytest.raises(BadAnswer):
        AnswerReader().feed(memoryview(octets))
