import asyncio
from dataclasses import replace

import pytest
from aiohttp import web
from scripted_server import OPUS, PARTS, VIDEO, ScriptedServer

from edge.fmp4.init_segment import init_segment
from edge.watch.watching import UnusableError, Watching

HIGH = replace(VIDEO, config=bytes.fromhex("0164001f") + VIDEO.config[4:], codec_string="avc1.64001f")


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (401, "/live/~TOKEN/NAME/"),
        (403, "/live/~TOKEN/NAME/"),
        (503, "try again"),
        (500, "look at the server"),
    ],
)
async def test_a_refusal_comes_with_what_to_do(status, mend):
    class Refuses(ScriptedServer):
        async def get_index(self, request):
            return web.Response(status=status)

    async with Refuses().running() as base:
        with pytest.raises(UnusableError, match=f"answered {status}: .*{mend}"):
            await Watching(f"{base}/index.m3u8").run(1)


async def test_a_multivariant_playlist_leads_to_its_first_variant():
    async with ScriptedServer().running() as base:
        watching = Watching(f"{base}/index.m3u8")
        await watching.run(0.6)
    assert [follower.judge.name for follower in watching.followers] == ["main.m3u8"]
    assert watching.presentation.variants[0].uri == "main.m3u8"
    assert watching.fetcher.octets > 0


class WithAudio(ScriptedServer):
    demuxed = True

    def multivariant(self):
        audio = (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="main",DEFAULT=YES,AUTOSELECT=YES,URI="other.m3u8"\n'
        )
        variant = super().multivariant().partition("other.m3u8")[0].rpartition("#EXT-X-STREAM-INF")[0]
        return variant.replace("BANDWIDTH=90000", 'AUDIO="a",BANDWIDTH=90000').replace(
            "#EXT-X-IND", audio + "#EXT-X-IND"
        )


async def test_sound_of_its_own_is_followed_too():
    async with WithAudio().running() as base:
        watching = Watching(f"{base}/index.m3u8")
        await watching.run(0.5)
    assert [follower.judge.name for follower in watching.followers] == ["main.m3u8", "other.m3u8"]


class ComesBackAnother(ScriptedServer):
    """From a discontinuity on the pictures are of another profile, and the multivariant playlist says so."""

    says_so = True

    def map_name(self, msn):
        return "init0.mp4" if msn < 18 else "init1.mp4"

    def init_body(self, name):
        return init_segment((VIDEO if name == "init0.mp4" else HIGH, OPUS)).body

    def multivariant(self):
        came_back = self.says_so and self.made() > 18 * PARTS
        return super().multivariant().replace("avc1.42c01f", "avc1.64001f" if came_back else "avc1.42c01f")


@pytest.mark.parametrize("says_so", [True, False])
async def test_codecs_of_a_publisher_that_came_back_are_those_of_the_multivariant_playlist_of_now(says_so):
    server = ComesBackAnother()
    server.says_so = says_so
    async with server.running() as base:
        watching = Watching(f"{base}/index.m3u8")
        await watching.run(1.6)
    assert watching.followers[0].feed.segments > 2
    breaches = [each.finding.check for each in watching.ledger.of("breach")]
    assert breaches == ([] if says_so else ["codecs-differ"])


class RefusesOnceInAStall(ScriptedServer):
    """Stands still for a second; the hinted part is refused then, just before it comes."""

    speed = 1.0

    def made(self):
        return min(super().made(), 82) if not self.goes_on else 83

    goes_on = False

    async def get_part(self, request, msn, part):
        if msn * PARTS + part == 82 and not self.goes_on:
            await asyncio.sleep(1.3)
            self.goes_on = True
            return web.Response(status=503, headers=self.headers("playlist"))
        return await super().get_part(request, msn, part)


async def test_a_hint_that_was_refused_in_a_stall_is_no_breach_though_the_stall_is_over_now():
    async with RefusesOnceInAStall().running() as base:
        watching = Watching(f"{base}/index.m3u8")
        await watching.run(2.0)
    refused = [each.finding for each in watching.ledger.entries.values() if each.finding.rule == "LL 46"]
    assert [each.level for each in refused] == ["note"]


class NotLowLatency(ScriptedServer):
    def rewrite(self, text, *, delta):
        return "".join(line + "\n" for line in text.split("\n") if "PART" not in line and line)


class NotThere(ScriptedServer):
    async def get_playlist(self, request):
        return web.Response(status=404)


class NotAPlaylist(ScriptedServer):
    def rewrite(self, text, *, delta):
        return "<!doctype html>"


@pytest.mark.parametrize(
    ("server", "path", "sentence"),
    [
        (NotLowLatency, "main.m3u8", "not low-latency HLS"),
        (NotThere, "main.m3u8", "answered 404: is the stream live"),
        (NotThere, "index.m3u8", "answered 404"),
        (NotAPlaylist, "main.m3u8", "is not a playlist"),
    ],
)
async def test_what_cannot_be_judged(server, path, sentence):
    async with server().running() as base:
        with pytest.raises(UnusableError, match=sentence):
            await Watching(f"{base}/{path}").run(1)


async def test_nobody_there():
    with pytest.raises(UnusableError, match=r"/x\.m3u8 cannot be loaded: /x\.m3u8: Connection refused$"):
        await Watching("http://127.0.0.1:1/x.m3u8").run(1)
