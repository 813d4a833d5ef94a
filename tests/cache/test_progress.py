import io

from rich.console import Console

from edge.cache.progress import Bar, Faults, display


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_hears_of_faults_only():
    stream = io.StringIO()
    shown = display(stream, 2)
    assert isinstance(shown, Faults)
    shown.moved("a", 5, 10)
    shown.finished("a", None)
    shown.finished("b", "There is no 'b'")
    shown.failed("東\u3000京\x1b[2J", "odd")
    shown.close()
    assert stream.getvalue() == "b: There is no 'b'\n'東\\u3000京\\x1b[2J': odd\n"


def test_a_terminal_sees_a_bar_that_moves_within_an_asset():
    stream = Terminal()
    shown = display(stream, 2)
    assert isinstance(shown, Bar)
    shown.moved("a", 1_048_576, 4_194_304)
    assert shown._progress.tasks[0].completed == 0.25
    shown.moved("b", 10, 10)
    shown.finished("b", None)
    shown.finished("a", "The [origin] failed")
    assert shown._progress.tasks[0].completed == 2
    assert shown._progress.tasks[0].fields["octets"] == "1.0 MiB"
    shown.close()
    assert "a: The [origin] failed" in stream.getvalue()
    assert "2/2" in stream.getvalue()


def test_an_asset_of_nothing_divides_by_nothing():
    shown = Bar(Console(file=io.StringIO()), 1)
    shown.moved("empty", 0, 0)
    shown.close()
