import pytest
from aiohttp import web
from scripted_server import ScriptedServer

from edge.watch.watching import UnusableError, Watching


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
