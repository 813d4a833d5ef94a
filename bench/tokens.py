"""`python -m bench.tokens`: what a token of one's own costs the server, against open access.

Two servers take turns on one core, a second each; the same connections ask for a playlist and for a part, each with
its own token in the address where the server wants one. CPU time of the server by answer; nothing is held.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import aiohttp
import uvloop

from bench import report
from bench.live_edge import read
from bench.live_requests import PLAYLIST
from bench.request_heads import chrome
from bench.requests_load import Asking
from bench.server_process import GENERATOR_CORE, FedServer, fed_server, pin, raise_file_limit
from edge.auth.tokens import mint
from edge.config import AuthConfig

SECRET = "0123456789abcdef0123456789abcdef"
LIVE = "/live/"


def ways(count: int) -> list[str]:
    """In the place of `/live/`, each with a token of its own."""
    auth = AuthConfig(token_secrets=(SECRET,))
    tokens = (
        mint(auth, "play", ["s0"], ttl_s=3600, now=time.time(), sub=f"viewer{at}") for at in range(count)
    )
    return [f"{LIVE}~{token}/" for token in tokens]


Viewer = Callable[[str, str], Asking]
"""Makes the connection of one who asks, of target and host."""


def viewer(way: str, number: int) -> Viewer:
    """`way`: in the place of `/live/`."""

    def made(target: str, host: str) -> Asking:
        return Asking(b"GET " + target.replace(LIVE, way, 1).encode() + chrome(host, number), None)

    return made


class Turns:
    """One server and those who ask it. `way`: of one who may ask for the playlist."""

    def __init__(self, server: FedServer, viewers: Sequence[Viewer], way: str = LIVE) -> None:
        self._server = server
        self._viewers = viewers
        self._way = way
        self.us: list[float] = []
        self.errors = 0
        self.answers = 0

    async def take(self, kind: str, seconds: float) -> None:
        """The newest part is taken each time, for parts go."""
        target = PLAYLIST if kind == "playlist" else await self._part()
        host, _, port = self._server.base.removeprefix("http://").partition(":")
        loop = asyncio.get_running_loop()
        asking = []
        for made in self._viewers:
            create = loop.create_connection(partial(made, target, f"{host}:{port}"), host, int(port))
            asking.append((await create)[1])
        await asyncio.sleep(0.3)
        cpu, before = report.cpu_seconds(self._server.pid), sum(one.answers for one in asking)
        await asyncio.sleep(seconds)
        answers = sum(one.answers for one in asking) - before
        spent = max(report.TICK_S, report.cpu_seconds(self._server.pid) - cpu)
        self.us.append(spent / answers * 1e6)
        self.answers += answers
        self.errors += sum(one.errors for one in asking)
        for one in asking:
            one._transport.abort()
        await asyncio.sleep(0.1)

    async def _part(self) -> str:
        url = self._server.base + PLAYLIST.replace(LIVE, self._way, 1)
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            assert response.status == 200, response.status
            return (read(await response.read(), PLAYLIST).last or b"").decode()


async def run(options: Any) -> list[dict[str, Any]]:
    shape: dict[str, Any] = {"part_ms": 1000, "part_bytes": options.part_bytes, "history_s": 20}
    auth = ("auth.play=tokens", f'auth.token_secrets=["{SECRET}"]')
    rows = []
    async with (
        fed_server("hls.segment_target=2s", **shape) as free,
        fed_server("hls.segment_target=2s", *auth, **shape) as gated,
    ):
        for kind in ("playlist", "part"):
            theirs = ways(options.connections)
            opened = Turns(free, [viewer(LIVE, at) for at in range(options.connections)])
            tokens = Turns(gated, [viewer(way, at) for at, way in enumerate(theirs)], theirs[0])
            for _ in range(options.rounds):
                await opened.take(kind, options.seconds)
                await tokens.take(kind, options.seconds)
            rows.append({"answer": kind, **against("open", opened, "token", tokens)})
    return rows


def against(plain: str, opened: Turns, other: str, tokens: Turns) -> dict[str, Any]:
    """CPU of the server by answer: the others' against the plain ones', turn by turn."""
    ratios = [theirs / ours for ours, theirs in zip(opened.us, tokens.us, strict=True)]
    return {
        f"{plain}_us": statistics.median(opened.us),
        f"{other}_us": statistics.median(tokens.us),
        "ratio": statistics.median(ratios),
        "ratios": " ".join(f"{ratio:.2f}" for ratio in ratios),
        "answers": opened.answers + tokens.answers,
        "errors": opened.errors + tokens.errors,
    }


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("tokens", __doc__ or "", seconds=1)
    parser.add_argument("--rounds", type=int, default=5, help="how often the servers take turns")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--part-bytes", type=int, default=25_000)
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    settings = {"seconds": options.seconds, "rounds": options.rounds, "connections": options.connections}
    result = report.Result("tokens", settings, {"name": "open access"})
    result.rows += uvloop.run(run(options))
    result.write(options.json)


if __name__ == "__main__":
    main()
