"""`edge watch` against a server that is right, and against the same server with one breach planted at a time."""

import asyncio

import pytest
from plants import PLANTS
from scripted_server import ScriptedServer

from edge.watch.watching import Watching

ENOUGH_S = 6.0
AT_ONCE = 8
VISITS = 3
"""Some things are asked once in a visit, and a busy machine may answer too late to judge by."""


async def watch(server: ScriptedServer, wanted: tuple[str, str] | None, seconds: float) -> Watching:
    """Watch until `wanted` is found, or for some seconds."""
    async with server.running() as base:
        watching = Watching(f"{base}/index.m3u8")
        task = asyncio.create_task(watching.run(seconds))
        while not task.done():
            await asyncio.wait({task}, timeout=0.05)
            if wanted in {(key[0], key[1]) for key in watching.ledger.entries}:
                task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()
        return watching


async def watch_all() -> dict[str, Watching]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> tuple[str, Watching]:
        server, rule, check = PLANTS[name]
        async with room:
            for _ in range(VISITS):
                watching = await watch(server(), (rule, check), ENOUGH_S)
                if (rule, check) in {(key[0], key[1]) for key in watching.ledger.entries}:
                    break
            return name, watching

    return dict(await asyncio.gather(*map(one, PLANTS)))


@pytest.fixture(scope="module")
def watched() -> dict[str, Watching]:
    """All of them, some at a time: each is mostly waiting."""
    return asyncio.run(watch_all())


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_breach_is_found_and_named(watched: dict[str, Watching], name: str) -> None:
    _, rule, check = PLANTS[name]
    found = [(each.finding.rule, each.finding.check) for each in watched[name].ledger.entries.values()]
    assert (rule, check) in found


@pytest.mark.parametrize("demuxed", [False, True])
async def test_the_server_without_a_breach_gets_none(demuxed: bool) -> None:
    server = ScriptedServer()
    server.demuxed = demuxed
    watching = await watch(server, None, 2.2)
    assert [each.as_json() for each in watching.ledger.entries.values()] == []
    follower = watching.followers[0]
    assert follower.feed.parts > 20
    assert follower.feed.segments > 4


async def test_a_stream_that_ends_is_watched_to_its_end_without_a_breach() -> None:
    server = ScriptedServer()
    server.ends_at = 18
    async with server.running() as base:
        watching = Watching(f"{base}/main.m3u8")
        await asyncio.wait_for(watching.run(None), 10)
    assert [each.as_json() for each in watching.ledger.entries.values()] == []
    assert watching.followers[0].judge.current.ended
    assert watching.followers[0].feed.segments >= 2


class FallsSilent(ScriptedServer):
    """A publisher goes away after a while: blocked requests are held, then answered with what there is."""

    speed = 1.0
    silent = False

    def made(self):
        return min(super().made(), 85)

    def headers(self, kind, *, blocking=False):
        kept = super().headers(kind, blocking=blocking)
        return kept | {"Cache-Control": "no-cache"} if kind == "playlist" and self.silent else kept

    async def until(self, parts):
        if parts > 85:
            await asyncio.sleep(0.7)
            self.silent = True
        else:
            await super().until(parts)


async def test_unchanged_answers_while_the_stream_visibly_stalls_are_notes() -> None:
    server = FallsSilent()
    async with server.running() as base:
        watching = Watching(f"{base}/main.m3u8")
        await watching.run(3.0)
    assert [each.as_json() for each in watching.ledger.of("breach")] == []
    assert "unchanged-in-stall" in {each.finding.check for each in watching.ledger.of("note")}
