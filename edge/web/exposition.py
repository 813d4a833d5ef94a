"""/metrics: Prometheus text or OpenMetrics, a family at a time: a scrape never holds the loop long."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from edge.http.cache_control import NO_STORE

Encode = Callable[[Any], bytes]

BREATH_S = 0.001
BY_STREAM = "edge_stream_"
"""Families with thousands of samples, of ours: no exemplars, no times, and labels that need no escaping."""

_SLICE = 100
_END = b"# EOF\n"


class _One:
    """A registry of one family, which is what encoders ask for."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


def metrics_route(registries: Sequence[CollectorRegistry]) -> web.RouteDef:
    """`GET /metrics`, with what all of them hold."""

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
        chunks, since = [], time.perf_counter()
        for chunk in _chunks(registries, encode):
            chunks.append(chunk)
            if time.perf_counter() - since > BREATH_S:
                await asyncio.sleep(0)
                since = time.perf_counter()
        if content_type.startswith("application/openmetrics-text"):
            chunks.append(_END)
        headers = {"Content-Type": content_type, "Cache-Control": NO_STORE}
        return web.Response(body=b"".join(chunks), headers=headers)

    return web.get("/metrics", metrics)


def _chunks(registries: Sequence[CollectorRegistry], encode: Encode) -> Iterator[bytes]:
    """The library writes; the samples of large families we write ourselves, some at a time."""
    for registry in registries:
        for family in registry.collect():
            if family.name.startswith(BY_STREAM):
                bare = Metric(family.name, family.documentation, family.type)
                yield encode(_One(bare)).removesuffix(_END)
                yield from _sliced(family.samples)
            else:
                yield encode(_One(family)).removesuffix(_END)


def _sliced(samples: Iterable[Sample]) -> Iterator[bytes]:
    rest = iter(samples)
    while lines := [_line(*sample[:3]) for sample in islice(rest, _SLICE)]:
        yield "".join(lines).encode()


def _line(name: str, labels: dict[str, str], value: float) -> str:
    """Both formats write a sample so."""
    named = ",".join([f'{label}="{text}"' for label, text in labels.items()])
    return f"{name}{{{named}}} {floatToGoString(value)}\n"  # type: ignore[no-untyped-call]
