import asyncio
import time

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from edge.config import Config
from edge.http.cmcd import PlayerReport
from edge.web.app import make_app
from edge.web.exposition import _chunks
from edge.web.stream_metrics import stream_registry
from edge.web.viewing import Viewing

STREAMS = 199


async def test_both_formats_are_whole(client, camera):
    text = await (await client.get("/metrics")).text()
    names = {family.name for family in prometheus(text)}
    assert {"edge_stream_viewers", "edge_live_latency_seconds", "edge_host_loop_lag_seconds"} <= names
    answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    text = await answer.text()
    assert text.count("# EOF") == 1
    assert {"edge_stream_viewers"} <= {family.name for family in open_metrics(text)}


@pytest.mark.parametrize(("who", "status"), [("open", 200), ("admin", 401)])
async def test_who_may_read_them(hub, camera, readiness, who, status):
    config = Config.model_validate({"auth": {"admin": "correct horse", "metrics": who}})
    async with TestClient(TestServer(make_app(config, hub, ready=readiness))) as client:
        elsewhere = {"X-Forwarded-For": "192.0.2.1"}
        assert (await client.get("/metrics")).status == 200
        assert (await client.get("/metrics", headers=elsewhere)).status == status
        assert (await client.get("/metrics", headers={"Host": "rebound.example"})).status == status
        key = {"Authorization": "Bearer correct horse"}
        assert (await client.get("/metrics", headers=elsewhere | key)).status == 200


async def test_our_own_lines_are_what_the_library_would_write(hub, camera):
    viewing = Viewing()
    for number in range(3):
        viewing.note("cam", PlayerReport(2_500_000, 0.6, starved=True, started_after_s=1e-7 * number))
    viewing.streams["cam"].reports = 1_234_567
    ours = b"".join(_chunks([stream_registry(hub, viewing)], generate_latest)).decode()

    class Read:
        def collect(self):
            return prometheus(ours)

    assert ours.count("\n") > 40
    assert sorted(ours.splitlines()) == sorted(generate_latest(Read()).decode().splitlines())


async def test_what_players_tell_is_there_by_stream(client, camera):
    await client.get("/live/cam/main.m3u8?CMCD=bl%3D600%2Cbr%3D3000%2Cbs")
    await client.get("/live/cam/main.m3u8", headers={"CMCD-Status": "bs"})
    await client.get("/live/nobody/main.m3u8?CMCD=bs")
    text = await (await client.get("/metrics")).text()
    assert 'edge_stream_player_stalls_total{stream="cam"} 2.0' in text
    assert 'edge_stream_player_bits_per_second{stream="cam"} 3e+06' in text
    for bound, count in (("0.5", 0), ("1.0", 1), ("2.0", 1), ("+Inf", 1)):
        assert f'edge_stream_player_buffer_seconds_bucket{{le="{bound}",stream="cam"}} {count}.0' in text
    assert 'edge_stream_player_buffer_seconds_count{stream="cam"} 1.0' in text
    assert 'stream="nobody"' not in text


def two_hundred_streams(camera, hub) -> None:
    for number in range(STREAMS):
        type(camera)(hub, f"s{number}").send(0.4)


@pytest.mark.alone
async def test_to_write_what_is_told_of_two_hundred_streams_takes_under_twenty_milliseconds(hub, camera):
    """Without what is told of the node, which here is of a thousand tests before this one."""
    two_hundred_streams(camera, hub)
    spent = []
    for _ in range(8):
        began = time.thread_time()  # not what others do on this machine
        text = b"".join(_chunks([stream_registry(hub, Viewing())], generate_latest))
        spent.append(time.thread_time() - began)
        assert text.count(b"edge_stream_up{") == STREAMS + 1
    assert min(spent) < 0.020


@pytest.mark.alone
async def test_a_scrape_of_two_hundred_streams_holds_the_loop_for_two_milliseconds_at_most(
    hub, camera, readiness, monkeypatch
):
    """As above."""
    two_hundred_streams(camera, hub)
    monkeypatch.setattr("edge.web.app.REGISTRY", CollectorRegistry())
    turns: list[float] = []

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            turns.append(now - last)
            last = now

    watching = asyncio.create_task(watch())
    longest = []
    async with TestClient(TestServer(make_app(Config(), hub, ready=readiness))) as client:
        for _ in range(8):
            turns.clear()
            text = await (await client.get("/metrics")).text()
            longest.append(max(turns))
            assert text.count("edge_stream_up{") == STREAMS + 1
    watching.cancel()
    assert min(longest) < 0.002
