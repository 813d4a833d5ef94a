import pytest

from edge.http.message import Response
from edge.web.wire import Wire, Wires, date_line

DATE = date_line(0)


def test_a_whole_answer_in_one_buffer():
    wire = Wire(Response(200, (("Content-Type", "a/b"),), (b"one", b"two")))
    wire.at(DATE)
    assert wire.one == (
        b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nServer: edge\r\nContent-Length: 6\r\n"
        b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nonetwo"
    )


def test_large_bodies_are_not_copied():
    body = b"x" * 100_000
    wire = Wire(Response(200, (), (body, body)))
    wire.at(DATE)
    assert wire.one is None
    assert wire.many[1] is wire.many[2] is body


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
