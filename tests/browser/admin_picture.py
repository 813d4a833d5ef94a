"""`python -m tests.browser.admin_picture`: makes docs/admin.png, of real streams, viewers and faults.

Two publishers over WebRTC, one on a line that loses 3 % of its packets; viewers as hls.js asks; the publisher on the
bad line is killed, and comes back. The page of a phone and in the dark is left in .screens, for eyes.
"""

import argparse
import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from playwright.async_api import async_playwright

from tests.browser.rig import FLAGS, ROOT, SCREENS, EdgeServer, PublisherProcess, chromium
from tests.e2e.lossy_path import LossyPath

PICTURE = ROOT / "docs" / "admin.png"
VIEWERS = {"garden": 120, "roof": 35}
AWAY_S = 8
LOOKS = {
    "admin": {"viewport": {"width": 1180, "height": 900}, "color_scheme": "light"},
    "admin-dark": {"viewport": {"width": 1180, "height": 900}, "color_scheme": "dark"},
    "admin-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "is_mobile": True},
}


class BadLine:
    """WHIP in front of a server: what it answers with leads media over a line that loses some. A publisher is
    given it in the place of the server.
    """

    def __init__(self, server: EdgeServer) -> None:
        self._server = server
        self.state = server.state
        self.base = ""

    async def __aenter__(self) -> Self:
        port = urlsplit(self._server.base).port or 0
        self._path = await LossyPath.open(("127.0.0.1", port), seed=5, lost=0.03, late=0.03, doubled=0.01)
        self._http = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._http.close()
        self._path.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        kept = {name: text for name, text in request.headers.items() if name in {"Content-Type", "If-Match"}}
        asked = self._http.request(
            request.method, self._server.base + request.path, data=await request.read(), headers=kept
        )
        async with asked as answer:
            lead = rf"\g<1>127.0.0.1 {self._path.address[1]}"
            body = re.sub(
                r"(a=candidate:\S+ 1 udp \d+ )\S+ \d+", lead, await answer.text(), flags=re.IGNORECASE
            )
            back = {
                name: answer.headers[name]
                for name in ("Content-Type", "Location", "ETag")
                if name in answer.headers
            }
            return web.Response(status=answer.status, text=body or None, headers=back)


@contextmanager
def watched(server: EdgeServer, stream: str, viewers: int, seconds: float) -> Iterator[None]:
    flags = ["--viewers", str(viewers), "--behaviours", "hls.js", "--seconds", str(seconds)]
    url = f"{server.base}/live/{stream}/index.m3u8"
    command = [sys.executable, "-m", "bench.viewers", "--url", url, *flags]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def photograph(server: EdgeServer) -> None:
    SCREENS.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        for name, look in LOOKS.items():
            page = await browser.new_page(**look)
            await page.goto(f"{server.base}/admin")
            await page.get_by_role("link", name="garden").wait_for()
            file = PICTURE if name == "admin" else SCREENS / f"{name}.png"
            await page.screenshot(path=file, full_page=True)
        await browser.close()


async def main(seconds: float) -> None:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(EdgeServer("live.reconnect_window=30s"))
        line = await stack.enter_async_context(BadLine(server))
        publishers = [
            PublisherProcess(at, name, "--size", "640x360")
            for at, name in ((server, "garden"), (line, "roof"))
        ]
        for one in publishers:
            await asyncio.to_thread(stack.enter_context(one).on_air)
        for stream, viewers in VIEWERS.items():
            stack.enter_context(watched(server, stream, viewers, seconds))
        await asyncio.sleep(seconds / 2)
        roof = publishers[1]
        roof.kill()
        await asyncio.sleep(AWAY_S)
        roof.__enter__()
        await asyncio.sleep(seconds / 2 - AWAY_S)
        await photograph(server)
    print(f"{PICTURE.relative_to(ROOT)}, and others in {SCREENS.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=200)
    asyncio.run(main(parser.parse_args().seconds))
