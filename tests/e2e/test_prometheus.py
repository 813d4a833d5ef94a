"""A real Prometheus reads a server with a publisher and viewers: every panel of the dashboard has something to draw, every
alert is understood.
"""

import asyncio
import contextlib
import math
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import yaml

from edge.config import load
from edge.demo import demo_publisher
from edge.server import started
from tests.dashboard import queries

CONFIG = Path(__file__).parents[2] / "config"
PATIENCE_S = 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def prometheus(folder: Path, target: str) -> AsyncIterator[str]:
    """Its API. Scrapes `target` five times a second, as the job `edge`."""
    address = f"127.0.0.1:{free_port()}"
    job = {
        "job_name": "edge",
        "scrape_interval": "200ms",
        "static_configs": [{"targets": [target]}],
    }
    settings = {
        "global": {"evaluation_interval": "200ms"},
        "scrape_configs": [job],
        "rule_files": [str(CONFIG / "alerts.yml")],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}", "--log.level=error",
    )  # fmt: skip
    try:
        await ready(f"http://{address}/-/ready")
        yield f"http://{address}/api/v1"
    finally:
        process.terminate()
        await process.wait()


async def ready(url: str) -> None:
    """It listens, and refuses (503), before it is."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)


async def viewing(base: str) -> None:
    """A player that blocks, takes parts and tells of itself; and somebody who asks for what is not there."""
    async with aiohttp.ClientSession(base) as http:
        await http.get("/live/nobody/index.m3u8")
        await http.get("/vod/nothing.mp4")
        await http.post("/whip/demo", data="v=0", headers={"Content-Type": "application/sdp"})
        told = {"CMCD-Object": "br=1200", "CMCD-Request": "bl=600", "CMCD-Status": "bs,msd=300"}
        path = "/live/demo/main.m3u8"
        while True:
            async with http.get(path, headers=told) as answer:
                text = await answer.text()
            part = re.findall(r'PART:.*URI="([^"]+)"', text)
            if answer.status != 200 or not part:
                await asyncio.sleep(0.2)
                continue
            await (await http.get(f"/live/demo/{part[-1]}")).read()
            first, segments = re.search(r"SEQUENCE:(\d+)", text), text.count("#EXTINF")
            path = f"/live/demo/main.m3u8?_HLS_msn={int(first[1]) + segments + 1}&_HLS_part=0"


async def curve(http: aiohttp.ClientSession, api: str, query: str) -> list[float]:
    """What was drawn so far; a quantile of nothing (NaN) is a gap."""
    now = time.time()
    window = {"start": now - PATIENCE_S, "end": now, "step": "0.2"}
    async with http.get(f"{api}/query_range", params={"query": query, **window}) as answer:
        told = await answer.json()
    values = (float(value) for one in told["data"]["result"] for _, value in one["values"])
    return [value for value in values if not math.isnan(value)]


async def drawn(http: aiohttp.ClientSession, api: str, query: str) -> bool:
    """Whether there is a number to draw."""
    async with http.get(f"{api}/query", params={"query": query}) as answer:
        told = await answer.json()
    assert told["status"] == "success", (query, told)
    return any(math.isfinite(float(one["value"][1])) for one in told["data"]["result"])


async def test_every_panel_draws_and_every_alert_is_understood(tmp_path):
    far = 'vod.origins=[{prefix="/", kind="http", mirrors=["http://127.0.0.1:9/"]}]'
    settings = ["server.listen=127.0.0.1:0", "hls.segment_target=1s", 'auth.publish=["publish-key"]', far]
    config = load(environment={}, overrides=settings)
    async with (
        started(config) as node,
        demo_publisher(node.address, config.auth, wanted=True),
        prometheus(tmp_path, str(node.address)) as api,
        aiohttp.ClientSession() as http,
    ):
        viewers = asyncio.create_task(viewing(f"http://{node.address}"))
        empty = queries()
        async with asyncio.timeout(PATIENCE_S):
            while empty:
                await asyncio.sleep(0.2)
                empty = [each for each in empty if not await drawn(http, api, each[1])]
        assert not viewers.done()
        viewers.cancel()
        for title, query in queries():
            values = await curve(http, api, query)
            assert values, title
            assert 0 <= min(values) <= max(values) < math.inf, title
        async with http.get(f"{api}/rules") as answer:
            (group,) = (await answer.json())["data"]["groups"]
    assert {(rule["health"], rule["name"]) for rule in group["rules"]} == {
        ("ok", rule["alert"])
        for rule in yaml.safe_load((CONFIG / "alerts.yml").read_text())["groups"][0]["rules"]
    }
