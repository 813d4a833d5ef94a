"""The table of all metrics, made from the code: `python -m edge.metrics_table > docs/metrics.md`."""

from collections.abc import Iterable

from prometheus_client import REGISTRY, Metric

from edge import metrics
from edge.config import Config
from edge.live.hub import Hub
from edge.web.stream_metrics import StreamCollector
from edge.web.viewing import Viewing

_HEAD = """# Metrics

`GET /metrics`, as Prometheus text or OpenMetrics. Made by `python -m edge.metrics_table`; a test compares.
Series with a `stream` label exist while the stream does; at most `live.max_publications` streams do.

| metric | kind | labels | what it tells |
|---|---|---|---|
"""


def families() -> list[Metric]:
    """Ours, by name, whether they have a value or not."""
    assert metrics  # its import registers them
    known = [family for family in REGISTRY.collect() if family.name.startswith("edge_")]
    return sorted([*known, *StreamCollector(Hub(Config()), Viewing()).collect()], key=lambda one: one.name)


def labels() -> dict[str, tuple[str, ...]]:
    """Of each family, by its name without `_total`."""
    found = {
        each._name: tuple(each._labelnames)  # noqa: SLF001  the library tells labels of series only
        for each in vars(metrics).values()
        if hasattr(each, "_labelnames")
    }
    others = {
        one.name: ("stream",) if one.name.startswith("edge_stream_") else ()
        for one in families()
        if one.name not in found
    }
    return found | others


def table() -> str:
    """The whole page."""
    return _HEAD + "".join(_rows(families(), labels()))


def _rows(found: Iterable[Metric], known: dict[str, tuple[str, ...]]) -> Iterable[str]:
    for family in found:
        name = family.name + ("_total" if family.type == "counter" else "")
        named = ", ".join(f"`{label}`" for label in known.get(family.name, ()))
        yield f"| `{name}` | {family.type} | {named} | {family.documentation} |\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201
