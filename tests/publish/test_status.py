import io

from edge.publish.status import Lines, LiveLine, Status, display, line

LIVE = Status("live", "", 72.4, 2_512_000.0, 1234, 2, 0.0031)


def test_the_live_line():
    assert line(LIVE) == "live 1:12  2.51 Mbit/s  1234 packets, 2 lost  round trip 3 ms"
    assert line(Status("connecting", "http://a/b")) == "connecting 0:00  http://a/b"


def test_in_a_pipe_a_line_a_change():
    out = io.StringIO()
    shown = display(out)
    assert isinstance(shown, Lines)
    for status in (
        Status("connecting", "http://a/b"),
        LIVE,
        LIVE,
        Status("live", "", 80.0),
        Status("ended", "stopped"),
    ):
        shown.show(status)
    shown.close()
    assert out.getvalue() == "connecting: http://a/b\nlive\nended: stopped\n"


def test_on_a_terminal_one_line_that_changes():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    shown = display(out)
    assert isinstance(shown, LiveLine)
    shown.show(LIVE)
    shown.close()
    assert "1234 packets" in out.getvalue()
