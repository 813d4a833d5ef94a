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
