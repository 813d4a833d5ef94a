"""The promise of the cache, over sockets: every octet is the asset's, or the connection was cut.

A whole server of ours in front of an origin that changes, lies and goes down; players that ask for every kind of
range, in both lanes, pipelined, in herds, and leave midway; a cache that is too small, purged, harmed on disk,
unable to write, and restarted.
"""

import asyncio
import contextlib
import re
import tempfile
from email.parser import BytesParser
from pathlib import Path

from changing_origin import QUICK_LIES, ChangingOrigin
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_client import answer, connected, request

from edge.config import load
from edge.server import running

NAMES = "abcd"
LIES = (*QUICK_LIES, *(["short chunked"] * 8))
"""That one can only be found at its end."""
BLOCK = 65_536
PATIENCE_S = 30
"""What hangs is a fault too."""
STRICT = {"fresh": "0s", "stale_if_error": "0s"}
"""Each answer is of a version that was there while it was asked for."""
LENIENT = {"fresh": "60s", "stale_if_error": "1h", "stale_while_revalidate": "60s"}
"""Each answer is of one version that was there at some time since the last purge."""

WHOLE = {"method": "GET", "specs": [], "condition": None, "version": 0, "is_strict_lane": False}
POINTS = st.one_of(st.integers(0, 450_000), st.sampled_from([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 399_999]))
SPECS = st.one_of(
    st.tuples(POINTS, POINTS).map(lambda pair: (min(pair), max(pair))),
    st.tuples(POINTS, st.integers(0, 300)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    st.tuples(POINTS, st.none()),
    st.tuples(st.none(), st.integers(0, 450_000)),
)
ASKED = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "GET", "GET", "GET", "HEAD"]),
        "specs": st.one_of(st.just([]), st.lists(SPECS, min_size=1, max_size=1), st.lists(SPECS, max_size=3)),
        "condition": st.sampled_from([None, None, "if_range", "if_range", "if_none_match", "if_match"]),
        "version": st.integers(0, 2),
        "is_strict_lane": st.booleans(),
    }
)
NAME, NUMBER = st.sampled_from(NAMES), st.integers(0, 1_000_000)
SIZE = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5])
PLAYERS = st.one_of(
    st.tuples(st.just("ask"), st.lists(ASKED, min_size=1, max_size=2)),
    st.tuples(st.just("ask"), st.just([WHOLE])),
    st.tuples(st.just("again"), ASKED, SPECS),
    st.tuples(st.just("herd"), st.lists(ASKED, min_size=2, max_size=5), st.booleans(), SIZE),
    st.tuples(st.just("slow"), ASKED, st.sampled_from(["change", "purge", "harm", "crowd"])),
    st.tuples(st.just("leave"), ASKED, st.integers(0, 100_000)),
)
TROUBLES = st.sampled_from(
    [
        [], ["change"], ["change", "purge"], ["change", "purge", "restart"], ["change", "purge", "restart"],
        ["purge", "lie"], ["change", "restart", "down"],
        ["harm"], ["harm", "restart"], ["harm", "lose", "down"], ["lie"], ["change", "lie"],
        ["down"], ["restart"], ["lose"], ["no room", "purge"], ["room"], ["crowd"],
    ]
)  # fmt: skip
STEPS = st.lists(st.tuples(NAME, PLAYERS, TROUBLES, SIZE, NUMBER, PLAYERS), min_size=2, max_size=6)


@settings(max_examples=30, deadline=None)
@given(STEPS, st.sampled_from(["strict", "lenient"]), st.integers(0, 2))
def test_every_octet_is_the_assets_or_the_connection_was_cut(steps, mode, read_ahead):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(Path(folder), steps, mode, read_ahead))


async def _live(folder, steps, mode, read_ahead):
    async with (
        asyncio.timeout(PATIENCE_S),
        ChangingOrigin(NAMES) as origin,
        World(folder, origin, mode, read_ahead) as world,
    ):
        for name, (before, *some), troubles, size, number, (after, *others) in steps:
            world.name, world.size, world.number = name, size, number
            await getattr(world, before)(*some)
            for trouble in troubles:
                await getattr(world, trouble.replace(" ", "_"))()
            world.step_ended()
            await getattr(world, after)(*others)
            world.step_ended()
            origin.is_down, origin.times = False, 0
        for world.name in NAMES:  # however it went, this is what must come of it
            await world.purge()
            for is_strict_lane in (False, True):
                (got,) = await world.asked([WHOLE | {"is_strict_lane": is_strict_lane}])
                assert (got.status, got.body) == (200, origin.versions[world.name][-1][0])


class World:
    def __init__(self, folder, origin, mode, read_ahead):
        self.folder, self.origin = folder, origin
        self.is_strict = mode == "strict"
        rules = STRICT if self.is_strict else LENIENT
        mount = (
            f'{{prefix = "/far", kind = "http", mirrors = ["{origin.address}"], name = "far", '
            'timeout = "2s", tries = 1}'
        )
        self.config = load(
            environment={},
            overrides=[
                "server.listen=127.0.0.1:0",
                f"vod.origins=[{mount}]",
                f'vod.cache_dir="{folder / "cache"}"',
                'vod.capacity="1MiB"',
                'vod.block_size="64KiB"',
                'vod.head_quota="256KiB"',
                'vod.missing="0s"',
                f"vod.read_ahead={read_ahead}",
                *(f'vod.{key}="{value}"' for key, value in rules.items()),
            ],
        )
        self.oldest = dict.fromkeys(NAMES, 0)
        """The number of the first version that an answer may be of."""

    async def __aenter__(self):
        self.server = running(self.config)
        self.port = (await self.server.__aenter__()).port
        return self

    async def __aexit__(self, *_):
        await self.server.__aexit__(None, None, None)

    def step_ended(self):
        """No question outlives those who asked it here: what comes next is of what there is now, or later."""
        if self.is_strict:
            self.oldest = {name: len(known) - 1 for name, known in self.origin.versions.items()}

    # What players do

    async def asked(self, requests, amid=None, name=None):
        """Pipelined on one connection; each answer is looked at."""
        name, oldest = name or self.name, dict(self.oldest)
        async with connected(self.port) as (reader, writer):
            if requests[0]["is_strict_lane"]:
                writer.write(request("/vod/far/a", "OPTIONS"))
                assert (await answer(reader)).status == 204
            named = [each | {"name": name, "named": self._named(name, each["version"])} for each in requests]
            writer.write(b"".join(map(self._written, named)))
            answers = []
            for each in named:
                answers.append(await answer(reader, is_head=each["method"] == "HEAD", amid=amid))
                self.judge(each, answers[-1], oldest[name])
                if answers[-1].is_cut:
                    break
            return answers

    ask = asked

    @staticmethod
    def _written(asked):
        fields = {"range": range_field(asked["specs"])}
        if asked["condition"]:
            fields[asked["condition"]] = asked["named"]
        return request(f"/vod/far/{asked['name']}", asked["method"], **fields)

    def _named(self, name, version):
        known = self.origin.versions[name]
        return known[-1 - min(version, len(known) - 1)][1]

    async def again(self, asked, spec):
        """Until it comes from the page cache, where it can."""
        small = asked | {"specs": [spec], "is_strict_lane": False}
        for _ in range(4):
            await self.asked([small, small])

    async def herd(self, requests, is_changing, size):
        herd = [asyncio.create_task(self.asked([each])) for each in requests]
        if is_changing:
            await asyncio.sleep(self.number % 8 / 1_000)
            self.size = size
            await self.change()
        await asyncio.gather(*herd)

    async def slow(self, asked, trouble):
        await self.asked([asked], getattr(self, trouble))

    async def leave(self, asked, after):
        async with connected(self.port) as (reader, writer):
            named = {"name": self.name, "named": self._named(self.name, asked["version"])}
            writer.write(self._written(asked | named))
            await answer(reader, is_head=asked["method"] == "HEAD", most=after)

    async def crowd(self):
        for name in NAMES:
            await self.asked([WHOLE], name=name)

    # What happens to the origin, the folder and the server

    async def change(self):
        self.origin.change(self.name, self.size)

    async def lie(self):
        self.origin.lie, self.origin.times = LIES[self.number % len(LIES)], 1 + self.number % 3

    async def down(self):
        self.origin.is_down = True

    async def purge(self):
        pattern = "*" if self.number % 5 == 0 else self.name
        async with connected(self.port) as (reader, writer):
            writer.write(request(f"/api/v1/cache/assets?pattern=far/{pattern}", "DELETE"))
            assert (await answer(reader)).status == 200
        for name in NAMES if pattern == "*" else pattern:
            self.oldest[name] = max(self.oldest[name], len(self.origin.versions[name]) - 1)

    async def harm(self):
        """In one file, or in all: an octet is another, or the end is gone."""
        files = sorted(path for path in (self.folder / "cache").rglob("*") if path.is_file())
        files = [path for path in files if path.name not in {"lock", "format"}]
        some = files[self.number % len(files) :][:1] if self.number % 4 == 0 else files
        for path in some:
            with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
                size = path.stat().st_size
                at = self.number % size if size else 0
                file.seek(at)
                octet = file.read(1)
                file.seek(at)
                if self.number % 7 and octet:
                    file.write(bytes([octet[0] ^ 0x55]))
                else:
                    file.truncate(at)

    async def no_room(self):
        """Nothing can be written; what is there can be read."""
        fresh, away = self.folder / "cache" / "fresh", self.folder / "away"
        if fresh.exists() and not away.exists():
            fresh.rename(away)

    async def room(self):
        fresh, away = self.folder / "cache" / "fresh", self.folder / "away"
        if away.exists() and not fresh.exists():
            away.rename(fresh)

    async def restart(self):
        await self.__aexit__()
        await self.__aenter__()

    async def lose(self):
        """Of the two logs the one of blocks."""
        await self.__aexit__()
        (self.folder / "cache" / "index.log").unlink(missing_ok=True)
        await self.__aenter__()

    # What is true

    def judge(self, asked, got, oldest):
        if got.status in {0, 502, 503, 504}:
            return
        known = self.origin.versions[asked["name"]][oldest:]
        named, condition = asked["named"], asked["condition"]
        if got.status == 412:
            assert condition == "if_match"
            assert {etag for _, etag in known} - {named}
            return
        if got.status == 416:
            sizes = {len(content) for content, _ in known if wanted_of(asked["specs"], len(content)) == []}
            assert int(got.headers["content-range"].removeprefix("bytes */")) in sizes
            return
        told = {etag: content for content, etag in known}
        etag = got.headers["etag"]
        assert etag in told, f"{etag} is none of {sorted(told)}"
        assert (got.status == 304) == (condition == "if_none_match" and etag == named)
        assert condition != "if_match" or etag == named
        if got.status == 304:
            return
        content, wanted = told[etag], wanted_of(asked["specs"], len(told[etag]))
        if asked["method"] == "HEAD":
            assert (got.status, got.headers["content-length"]) == (200, str(len(content)))
        elif wanted is None or (condition == "if_range" and etag != named):
            assert got.status == 200
            assert is_of(got, content, 0, len(content))
        else:
            assert got.status == 206
            assert wanted
            self._judge_parts(got, content, wanted)

    @staticmethod
    def _judge_parts(got, content, wanted):
        if "content-range" in got.headers:
            start, stop, size = span_of(got.headers["content-range"])
            assert size == len(content)
            assert start == min(first for first, _ in wanted)
            assert stop == max(stop for _, stop in wanted)
            assert is_of(got, content, start, stop)
        elif not got.is_cut:
            head = f"Content-Type: {got.headers['content-type']}\r\n\r\n".encode()
            parts = BytesParser().parsebytes(head + got.body).get_payload()
            spans = [span_of(part["Content-Range"]) for part in parts]
            for (start, stop, size), part in zip(spans, parts, strict=True):
                assert size == len(content)
                assert part.get_payload(decode=True) == content[start:stop]
            for first, last in wanted:
                assert any(start <= first and last <= stop for start, stop, _ in spans)


def range_field(specs):
    texts = [f"{'' if first is None else first}-{'' if last is None else last}" for first, last in specs]
    return "bytes=" + ", ".join(texts) if texts else ""


def wanted_of(specs, size):
    """Starts and stops, as the RFC's words have it; None: the whole."""
    found = []
    for first, last in specs:
        start = max(0, size - last) if first is None else first
        stop = size if first is None or last is None else min(last + 1, size)
        if start < stop:
            found.append((start, stop))
    return found if specs and size else None


def span_of(text):
    first, last, size = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", text).groups())
    return first, last + 1, size


def is_of(got, content, start, stop):
    assert int(got.headers["content-length"]) == stop - start
    right = content[start:stop]
    return right.startswith(got.body) if got.is_cut else got.body == right
