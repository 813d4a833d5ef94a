"""A small LL-HLS server that does everything by the draft, in a way that one thing at a time can be spoiled.

It shares no code with the product's playlists; only the boxes of its media are the product's. Time runs faster
than the media, so that a test sees many segments in a second or two. Spoil it by overriding a method.
"""

import asyncio
import gzip
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web

from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.media.sample import Sample
from edge.media.track import Track

AVCC = bytes.fromhex("0142c01fffe100086742c01fda01401601000468ce3c80")
VIDEO = Track("video", "h264", 90_000, AVCC, "avc1.42c01f", width=1280, height=720)
SMALL = Track("video", "h264", 90_000, AVCC, "avc1.42c01f", width=640, height=360)
OPUS = Track("audio", "opus", 48_000, b"\x00\x02\x01\x38\x00\x00\xbb\x80\x00\x00\x00", "Opus", channels=2)

PARTS = 5  # of 0.2 s in a segment of 1 s
FRAMES, PACKETS = 5, 10  # in a part: 25 pictures and 50 packets a second
WINDOW = 9
ZERO_MS = 1_767_225_600_000  # 2026-01-01


class ScriptedServer:
    speed = 3.0
    target = 1
    ends_at: int | None = None
    """The media sequence number with which it ends."""
    demuxed = False
    """Whether the multivariant playlist has a second rendition."""

    def __init__(self):
        self.first = 7
        self._began = 0.0
        self._media: dict[tuple[int, int], bytes] = {}

    # What is there.

    def made(self) -> int:
        """Parts so far, counted from part 0 of segment 0."""
        passed = asyncio.get_running_loop().time() - self._began
        made = (self.first + WINDOW) * PARTS + int(passed * self.speed * PARTS)
        return min(made, self.ends_at * PARTS) if self.ends_at else made

    def ended(self) -> bool:
        return self.ends_at is not None and self.made() >= self.ends_at * PARTS

    async def until(self, parts: int):
        while self.made() < parts and not self.ended():
            left = (parts - (self.first + WINDOW) * PARTS) / (self.speed * PARTS)
            await asyncio.sleep(max(0.002, left - (asyncio.get_running_loop().time() - self._began)))

    # Media.

    def discontinuity(self, msn: int) -> bool:
        return msn % 6 == 0

    def part_samples(self, msn: int, part: int) -> tuple[list[Sample], list[Sample]]:
        index = msn * PARTS + part
        video = [
            Sample(
                "video",
                (index * FRAMES + n) * 3600,
                3600,
                self.is_key(msn, part, n),
                bytes((msn % 256, part, n)),
            )
            for n in range(FRAMES)
        ]
        audio = [
            Sample("audio", (index * PACKETS + n) * 960, 960, True, b"\xfc" + bytes((n,)))
            for n in range(PACKETS)
        ]
        return video, audio

    def is_key(self, msn, part, frame) -> bool:
        return part == 0 and frame == 0

    def part_body(self, msn: int, part: int) -> bytes:
        video, audio = self.part_samples(msn, part)
        runs = [Run(1, video[0].dts, video), Run(2, audio[0].dts, audio)]
        return fragment(msn * PARTS + part + 1, runs)

    def segment_body(self, msn: int) -> bytes:
        return b"".join(self.part_body(msn, part) for part in range(PARTS))

    def init_body(self, name: str) -> bytes:
        return init_segment((VIDEO, OPUS)).body

    def map_name(self, msn: int) -> str:
        return "init0.mp4"

    # Playlists.

    def part_line(self, msn: int, part: int) -> str:
        mark = ",INDEPENDENT=YES" if part == 0 else ""
        return f'#EXT-X-PART:DURATION=0.20000,URI="{self.part_name(msn, part)}"{mark}'

    def part_name(self, msn, part) -> str:
        return f"{msn}.{part}.m4s"

    def segment_name(self, msn) -> str:
        return f"{msn}.m4s"

    def head_lines(self, msn: int) -> list[str]:
        lines = ["#EXT-X-DISCONTINUITY"] if self.discontinuity(msn) else []
        if msn > 0 and self.map_name(msn) != self.map_name(msn - 1):
            lines.append(f'#EXT-X-MAP:URI="{self.map_name(msn)}"')
        at = ZERO_MS + msn * 1000
        date = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
        return [*lines, f"#EXT-X-PROGRAM-DATE-TIME:{date}"]

    def segment_lines(self, msn: int, made: int) -> list[str]:
        complete, open_parts = divmod(made, PARTS)
        lines = self.head_lines(msn)
        if msn >= complete - 3:
            lines += [self.part_line(msn, part) for part in range(PARTS if msn < complete else open_parts)]
        if msn < complete:
            lines += ["#EXTINF:1.00000,", self.segment_name(msn)]
        return lines

    def control_line(self) -> str:
        return "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6.0,PART-HOLD-BACK=0.6"

    def hint_lines(self, made: int) -> list[str]:
        msn, part = divmod(made, PARTS)
        return [f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{self.part_name(msn, part)}"']

    def playlist(self, made: int, *, delta: bool) -> str:
        complete, open_parts = divmod(made, PARTS)
        first = complete - WINDOW
        discontinuities = sum(self.discontinuity(msn) for msn in range(1, first))
        head = [
            "#EXTM3U",
            "#EXT-X-VERSION:9",
            f"#EXT-X-TARGETDURATION:{self.target}",
            self.control_line(),
            "#EXT-X-PART-INF:PART-TARGET=0.20000",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}",
        ]
        skipped = WINDOW - 6 if delta and not self.ended() else 0
        if skipped:
            head.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
        head.append(f'#EXT-X-MAP:URI="{self.map_name(first + skipped)}"')
        last = complete + (1 if open_parts else 0)
        body = [line for msn in range(first + skipped, last) for line in self.segment_lines(msn, made)]
        tail = ["#EXT-X-ENDLIST"] if self.ended() else [*self.hint_lines(made), *self.report_lines(made)]
        return self.rewrite("\n".join([*head, *body, *tail]) + "\n", delta=bool(skipped))

    def report_lines(self, made: int) -> list[str]:
        if not self.demuxed:
            return []
        msn, part = divmod(made - 1, PARTS)
        return [f'#EXT-X-RENDITION-REPORT:URI="other.m3u8",LAST-MSN={msn},LAST-PART={part}']

    def rewrite(self, text: str, *, delta: bool) -> str:
        return text

    def multivariant(self) -> str:
        inf = '#EXT-X-STREAM-INF:BANDWIDTH=90000,AVERAGE-BANDWIDTH=80000,CODECS="avc1.42c01f,Opus",RESOLUTION=1280x720,FRAME-RATE=25.000'
        other = f"{inf}\nother.m3u8\n" if self.demuxed else ""
        return f"#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n{inf}\nmain.m3u8\n{other}"

    # HTTP.

    def headers(self, kind: str, *, blocking: bool = False) -> dict[str, str]:
        if kind == "playlist":
            return {
                "Content-Type": "application/vnd.apple.mpegurl",
                "Cache-Control": f"max-age={6 * self.target if blocking else 1}",
                "Vary": "Accept-Encoding",
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "Age, Date",
            }
        types = {"init": "video/mp4", "part": "video/iso.segment", "segment": "video/iso.segment"}
        return {
            "Content-Type": types[kind],
            "Cache-Control": f"max-age={6 * self.target}, immutable",
            "Access-Control-Allow-Origin": "*",
        }

    def far_ahead(self, msn: int, part: int | None) -> bool:
        complete, open_parts = divmod(self.made(), PARTS)
        return msn > complete + 2 or (msn == complete and (part or 0) > open_parts + 15)

    async def wait_for(self, msn: int, part: int | None):
        if part is None:
            await self.until((msn + 1) * PARTS)
        else:
            await self.until((msn + 1) * PARTS + 1 if part >= PARTS else msn * PARTS + part + 1)

    def refusal(self, msn: int | None, part: int | None) -> int | None:
        if part is not None and msn is None:
            return 400
        return 400 if msn is not None and self.far_ahead(msn, part) else None

    async def get_playlist(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        msn = int(query["_HLS_msn"]) if "_HLS_msn" in query else None
        part = int(query["_HLS_part"]) if "_HLS_part" in query else None
        if not self.ended():
            status = self.refusal(msn, part)
            if status is not None:
                return web.Response(status=status)
            if msn is not None:
                await self.wait_for(msn, part)
        text = self.playlist(self.made(), delta=query.get("_HLS_skip") == "YES")
        return self.text(request, text, blocking=msn is not None)

    def text(self, request, text: str, *, blocking=False) -> web.Response:
        headers = self.headers("playlist", blocking=blocking)
        body = text.encode()
        if self.compresses() and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    def compresses(self) -> bool:
        return True

    async def get_index(self, request):
        return self.text(request, self.multivariant())

    async def get_media(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name.startswith("init"):
            return web.Response(body=self.init_body(name), headers=self.headers("init"))
        if found := re.fullmatch(r"(\d+)\.(\d)\.m4s", name):
            return await self.get_part(request, int(found[1]), int(found[2]))
        if found := re.fullmatch(r"(\d+)\.m4s", name):
            return await self.get_segment(request, int(found[1]))
        return web.Response(status=404)

    async def get_part(self, request, msn: int, part: int) -> web.StreamResponse:
        wanted = msn * PARTS + part + 1
        if part >= PARTS or wanted > self.made() + 1:
            return web.Response(status=404)
        await self.until(wanted)
        if wanted > self.made():
            return web.Response(status=404)
        return web.Response(body=self.part_body(msn, part), headers=self.headers("part"))

    async def get_segment(self, request, msn: int) -> web.StreamResponse:
        if (msn + 1) * PARTS > self.made():
            return web.Response(status=404)
        return web.Response(body=self.segment_body(msn), headers=self.headers("segment"))

    @asynccontextmanager
    async def running(self, tls=None):
        """Yields the base URL. `tls`: an SSLContext."""
        app = web.Application()
        app.router.add_get("/index.m3u8", self.get_index)
        app.router.add_get("/main.m3u8", self.get_playlist)
        app.router.add_get("/other.m3u8", self.get_other)
        app.router.add_get("/{name}", self.get_media)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._began = asyncio.get_running_loop().time()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def get_other(self, request):
        text = self.playlist(self.made(), delta=False).replace('"other.m3u8"', '"main.m3u8"')
        return self.text(request, self.rewrite_other(text))

    def rewrite_other(self, text: str) -> str:
        return text
