import re

from prometheus_client import REGISTRY

from edge import metrics

ROOMS = {"ingest", "live", "vod", "web", "rtp", "auth", "host"}
NOUNS_OF_COUNTS = re.compile(r"edge_[a-z]+_[a-z_]+")


def ours():
    return [family for family in REGISTRY.collect() if family.name.startswith("edge_")]


def test_names_begin_with_the_room_they_are_of() -> None:
    assert ours()
    for family in ours():
        assert NOUNS_OF_COUNTS.fullmatch(family.name), family.name
        assert family.name.split("_")[1] in ROOMS, family.name
        assert family.documentation


def test_every_latency_is_a_histogram_in_seconds() -> None:
    for histogram in (metrics.LIVE_LATENCY, metrics.LIVE_LISTING, metrics.WEB_SENDING):
        (family,) = histogram.collect()
        assert family.type == "histogram"
        assert family.name.endswith("_seconds")


def test_labels_are_never_a_viewer_a_path_or_a_name() -> None:
    for family in ours():
        for sample in family.samples:
            assert not set(sample.labels) & {"stream", "name", "path", "viewer", "address", "client"}, sample


def test_what_thousands_have_in_common_is_told_once() -> None:
    spread = metrics.Spread("edge_web_test_seconds", "For this test", buckets=(0.1, 1.0))
    try:
        spread.observe(0.1, times=3)
        spread.observe(5.0)
        (family,) = spread.collect()
        assert {(sample.name.rpartition("_")[2], *sample.labels.values()): sample.value for sample in family.samples} == {
            ("bucket", "0.1"): 3, ("bucket", "1.0"): 3, ("bucket", "+Inf"): 4, ("count",): 4, ("sum",): 5.3,
        }  # fmt: skip
    finally:
        REGISTRY.unregister(spread)
