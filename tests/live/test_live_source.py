import inspect

from edge.live.source import Source


def test_a_publication_asks_no_more_of_a_source_than_this(make_source) -> None:
    asked = {name for name, _ in inspect.getmembers(Source, inspect.isfunction) if not name.startswith("_")}
    assert asked == {"request_key_frame", "close"}
    assert all(callable(getattr(make_source(), name)) for name in asked)
