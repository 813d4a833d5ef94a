"""/metrics: Prometheus text or OpenMetrics, a family at a time: a scrape never holds the loop long."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder

from edge.http.cache_control import NO_STORE

Encode = Callable[[Any], bytes]

BREATH_S = 0.0005
"""A turn of the loop ends with the slice in which it took so long."""

_SLICE = 25
_END = b"# EOF\n"


class Written(Metric):
    """A family of thousands of samples that writes them itself: both formats have them so. The library takes
    1.5 us for each.
    """

    def __init__(self, name: str, documentation: str, kind: str, lines: Iterator[str]) -> None:
        """`lines`: read once, in order; each with its line end, or several."""
        super().__init__(name, documentation, kind)
        self.lines = lines


class _One:
    """A registry of one family, which is what encoders ask for."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


async def _anybody(_: web.Request) -> None: ...


def metrics_route(
    registries: Sequence[CollectorRegistry], before: Callable[[web.Request], Awaitable[None]] = _anybody
) -> web.RouteDef:
    """`GET /metrics`, with what all of them hold. `before` raises for who may not read it, and
    lets collectors look first at what takes long.
    """

    async def metrics(request: web.Request) -> web.Response:
        await before(request)
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
    """The library writes, but for what is Written, which comes some at a time."""
    for registry in registries:
        for family in registry.collect():
            yield encode(_One(family)).removesuffix(_END)
            if isinstance(family, Written):
                while text := "".join(islice(family.lines, _SLICE)):
                    yield text.encode()
