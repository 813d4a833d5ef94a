from aiohttp import web

from edge.web.app import MAX_BODY_BYTES, make_app
from edge.web.readiness import Readiness


async def test_alive_is_not_ready(client, readiness) -> None:
    assert (await client.get("/healthz")).status == 200
    waiting = await client.get("/readyz")
    assert waiting.status == 503
    assert waiting.headers["Content-Type"] == "application/problem+json"
    assert waiting.headers["Retry-After"] == "1"
    readiness.set(True)
    assert (await client.get("/readyz")).status == 200
    readiness.set(False)
    assert (await client.get("/readyz")).status == 503


def test_readiness_is_false_until_told() -> None:
    assert not Readiness()


async def test_metrics_in_both_formats(client) -> None:
    prometheus = await client.get("/metrics")
    assert prometheus.headers["Content-Type"].startswith("text/plain")
    text = await prometheus.text()
    assert "edge_live_waiters " in text
    assert "edge_live_latency_seconds_bucket" in text
    accept = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"}
    openmetrics = await client.get("/metrics", headers=accept)
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert (await openmetrics.text()).endswith("# EOF\n")


async def test_routes_of_others_have_their_addresses_free(config, hub, aiohttp_client) -> None:
    async def echo(request):
        return web.Response(text=request.path)

    paths = ["/", "/watch/{stream}", "/publish/{stream}", "/whip/{stream}"]
    app = make_app(config, hub, ready=Readiness(), routes=[web.get(path, echo) for path in paths])
    client = await aiohttp_client(app)
    for path in paths:
        asked = path.format(stream="cam")
        assert await (await client.get(asked)).text() == asked


def test_a_body_has_a_limit(config, hub) -> None:
    assert make_app(config, hub, ready=Readiness())._client_max_size == MAX_BODY_BYTES
