"""`python -m bench.slow_origin`: an HTTP origin that is slow, and tells when it sent what.

Assets are made of their numbers: `/asset-N.mp4` is `size` octets, different for each N. Every answer waits `delay` seconds,
then sends `rate` octets a second. `GET /told` is JSON: ranges, octets, and when (monotonic) the first octet of a body left.
"""

import argparse
import asyncio
import random
import re
import time
from functools import cache
from typing import Any

from aiohttp import web

_PIECE = 65_536
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@cache
def content(number: int, size: int) -> bytes:
    """Of `/asset-N.mp4`: no two blocks are equal."""
    return random.Random(number).randbytes(size)


class SlowOrigin:
    """Its routes; `told` is what `GET /told` gives."""

    def __init__(self, size: int, delay_s: float, rate: float) -> None:
        self._size, self._delay_s, self._rate = size, delay_s, rate
        self.told: dict[str, Any] = {"ranges": [], "sent_bytes": 0, "first_octet_at": None}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/told", self._tell)
        app.router.add_get("/asset-{number:[0-9]+}.mp4", self._asset)
        return app

    async def _tell(self, _: web.Request) -> web.Response:
        told, self.told = self.told, {"ranges": [], "sent_bytes": 0, "first_octet_at": None}
        return web.json_response(told)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        body = content(int(request.match_info["number"]), self._size)
        match = _RANGE.fullmatch(request.headers.get("Range", ""))
        start, stop = (int(match[1]), min(int(match[2]) + 1, len(body))) if match else (0, len(body))
        headers = {
            "ETag": f'"{request.match_info["number"]}"',
            "Accept-Ranges": "bytes",
            "Content-Type": "video/mp4",
        }
        if match:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        response = web.StreamResponse(status=206 if match else 200, headers=headers)
        response.content_length = stop - start
        await asyncio.sleep(self._delay_s)
        await response.prepare(request)
        if request.method == "GET":
            await self._send(response, memoryview(body)[start:stop], start)
        await response.write_eof()
        return response

    async def _send(self, response: web.StreamResponse, body: memoryview, start: int) -> None:
        self.told["ranges"].append([start, start + len(body)])
        began = time.monotonic()
        for at in range(0, len(body), _PIECE):
            await asyncio.sleep(began + at / self._rate - time.monotonic())
            if self.told["first_octet_at"] is None:
                self.told["first_octet_at"] = time.monotonic()
            piece = body[at : at + _PIECE]
            self.told["sent_bytes"] += len(piece)
            await response.write(piece)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.slow_origin", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--size", type=int, default=4 * 1024**2)
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=8e6)
    options = parser.parse_args()
    app = SlowOrigin(options.size, options.delay, options.rate).app()
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
