"""/metrics: Prometheus text or OpenMetrics, a family at a time: a scrape never holds the loop long."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder

from edge.http.cache_control import NO_STORE

BREATH_S = 0.001
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
        for family in _families(registries):
            chunks.append(encode(_One(family)).removesuffix(_END))
            if time.perf_counter() - since > BREATH_S:
                await asyncio.sleep(0)
                since = time.perf_counter()
        if content_type.startswith("application/openmetrics-text"):
            chunks.append(_END)
        headers = {"Content-Type": content_type, "Cache-Control": NO_STORE}
        return web.Response(body=b"".join(chunks), headers=headers)

    return web.get("/metrics", metrics)


def _families(registries: Sequence[CollectorRegistry]) -> Iterator[Metric]:
    for registry in registries:
        yield from registry.collect()
