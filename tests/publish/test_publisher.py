import asyncio

import pytest
from media_files import write
from whip_server import WhipServer

from edge.publish import publisher as room
from edge.publish.media_file import Encoding, MediaFile
from edge.publish.moving_clock import MovingClock
from edge.publish.publisher import Options, Publisher


def clock():
    return MovingClock(160, 90, fps=15, bitrate=60_000, gop_s=0)


def publisher(url, source=None, **options):
    shown = []
    return Publisher(Options(url, **options), source or clock(), shown.append), shown


def states(shown):
    """Each state once in a row."""
    return [
        each.state for index, each in enumerate(shown) if index == 0 or shown[index - 1].state != each.state
    ]


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_it_publishes_for_the_time_that_was_asked_and_says_goodbye():
    server = WhipServer()
    async with server.running() as url:
        publishing, shown = publisher(url, duration_s=1.2)
        assert await publishing.run()
    assert states(shown) == ["connecting", "live", "ended"]
    assert shown[-1].packets_sent > 20
    assert shown[-1].bitrate > 10_000
    assert shown[-1].lost == 0
    assert server.deleted == 1
    assert server.frames["video"]
    assert server.frames["audio"]


async def test_a_stop_ends_it_cleanly():
    server = WhipServer()
    async with server.running() as url:
        publishing, shown = publisher(url)
        running = asyncio.create_task(publishing.run())
        await until(lambda: any(each.packets_sent for each in shown))
        publishing.stop()
        assert await asyncio.wait_for(running, 5)
    assert server.deleted == 1
    assert (shown[-1].state, shown[-1].detail) == ("ended", "stopped")


async def test_the_end_of_a_file_is_the_end(tmp_path):
    server = WhipServer()
    source = MediaFile(write(tmp_path / "a.mp4", seconds=1.0), Encoding(), loop=False)
    async with server.running() as url:
        publishing, shown = publisher(url, source)
        assert await asyncio.wait_for(publishing.run(), 10)
    assert states(shown) == ["connecting", "live", "ended"]
    assert server.deleted == 1


async def test_a_first_refusal_is_final():
    server = WhipServer()
    server.refuse_with = [409]
    async with server.running() as url:
        publishing, shown = publisher(url)
        assert not await publishing.run()
    assert states(shown) == ["connecting", "failed"]
    assert "live already" in shown[-1].detail


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(room, "_FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(room, "SILENCE_S", 1.5)


async def dropped(server, shown):
    """The server goes away without a word to the publisher's WHIP session."""
    await until(lambda: any(each.packets_sent for each in shown))
    await server.connections[-1].close()


async def test_a_dropped_publisher_comes_back_in_spite_of_passing_refusals(impatient):
    server = WhipServer()
    async with server.running() as url:
        publishing, shown = publisher(url)
        running = asyncio.create_task(publishing.run())
        await dropped(server, shown)
        server.refuse_with = [409, 503]
        await until(lambda: len(server.connections) == 2 and shown[-1].state == "live", 15)
        publishing.stop()
        assert await asyncio.wait_for(running, 5)
    assert states(shown) == ["connecting", "live", "reconnecting", "live", "ended"]
    assert len(server.offers) == 4


@pytest.mark.parametrize(("options", "refusals"), [({"reconnect": False}, []), ({}, [403])])
async def test_it_gives_up_when_told_to_or_when_it_is_hopeless(impatient, options, refusals):
    server = WhipServer()
    async with server.running() as url:
        publishing, shown = publisher(url, **options)
        running = asyncio.create_task(publishing.run())
        await dropped(server, shown)
        server.refuse_with = refusals
        assert not await asyncio.wait_for(running, 10)
    assert shown[-1].state == "failed"


async def test_an_answer_that_is_none():
    class Confused(WhipServer):
        async def post(self, request):
            response = await super().post(request)
            response.text = "v=0\r\nnot an answer"
            return response

    server = Confused()
    async with server.running() as url:
        publishing, shown = publisher(url)
        assert not await publishing.run()
    assert "cannot be used" in shown[-1].detail
    assert server.deleted == 1
