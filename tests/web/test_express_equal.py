"""Whatever comes, in whatever pieces: a client cannot tell the fast lane from aiohttp."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.auth.admission import Admission
from edge.auth.tokens import mint
from edge.config import Config
from edge.errors import NotFound, OriginUnavailable
from edge.vod.asset import Asset
from edge.vod.block_cache import BlockCache
from edge.vod.library import Library
from edge.vod.mounts import Mount
from edge.web.express import Express
from edge.web.rate_limit import Bucket
from tests.web.both_lanes import Lanes, both_lanes, settle, split, told
from tests.web.conftest import Camera

HOST = b"Host: edge.example\r\n"
CHROME = (
    HOST + b'Connection: keep-alive\r\nsec-ch-ua: "Chromium";v="126"\r\nAccept: */*\r\n'
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0\r\n"
    b'Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en,de;q=0.9\r\nCookie: a=b; c="d"\r\n'
)
TARGETS = [
    b"/live/cam/index.m3u8", b"/live/cam/main.m3u8", b"/live/cam/main.m3u8?_HLS_msn=1&_HLS_part=0",
    b"/live/cam/main.m3u8?_HLS_msn=1&_HLS_skip=YES", b"/live/cam/main.m3u8?_HLS_part=3",
    b"/live/cam/main.m3u8?CMCD=bl%3D100", b"/live/cam/main.m3u8?_HLS_msn=1&CMCD=bs&_HLS_part=0", b"/live/cam/main.m3u8?CMCD=bs&CMCD=su",
    b"/live/cam/main.m3u8?_HLS_msn=999999", b"/live/cam/main.m3u8?_HLS_msn=x&CMCD=bl%3D2000%2Cbs",
    b"/live/cam/main.m3u8?CMCD=br%3D1000%2Csid%3D%22a%22&_HLS_msn=2", b"/live/cam/main.m3u8?", b"/live/cam/main.m3u8??",
    b"/live/cam/PREFIX/1.m4s", b"/live/cam/PREFIX/part4.m4s", b"/live/cam/PREFIX/init0.mp4", b"/live/cam/PREFIX/part999.m4s",
    b"/live/cam/old/1.m4s", b"/live/nobody/index.m3u8", b"/live/~to.ken/cam/main.m3u8", b"/live/", b"/live", b"/live//", b"/livecam",
    b"/live/cam/../cam/main.m3u8", b"/live/./cam/main.m3u8", b"/live/cam/main.m3u8#top", b"/live/c%61m/main.m3u8",
    b"/live/cam/main.m3u8;v=1", b"/live/cam/a+b@c,d:e!$&'()*=~", b"/live/cam/%ff", b"/live/cam/%zz", b"/live/cam/\xc3\xa4",
    b"//live/cam/main.m3u8", b"http://edge.example/live/cam/main.m3u8", b"*", b"/", b"/healthz", b"/nothing", b"/vod/none.mp4",
    b"/live/cam/main.m3u8?" + b"x" * 600, b"/live/" + b"y" * 9000,
]  # fmt: skip
FIELDS = [CHROME, HOST, b"Host: [::1]:8080\r\n", b"host: x:80\r\nAccept-Encoding: identity\r\n"]
BAD_HOSTS = [
    HOST + HOST,
    b"",
    b"Host:\r\n",
    b"Host: a b\r\n",
    b"Host: a/b\r\n",
    b"Host: a@b\r\n",
    b"Host: a,b\r\n",
]
ODD_FIELDS = [
    b"Connection: close\r\n", b"Connection: Keep-Alive\r\n", b"Connection: close, keep-alive\r\n", b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"If-None-Match: *\r\n", b'If-None-Match: "a", "b"\r\n', b'If-None-Match: "x"\r\nIf-None-Match: *\r\n', b"Range: bytes=0-1\r\n",
    b'If-Range: "x"\r\n', b"If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT\r\n", b'If-Match: "nothing"\r\n', b"Accept-Encoding: gzip;q=0\r\n",
    b"Accept-Encoding: *\r\nAccept-Encoding: br\r\n", b"Authorization: Bearer xyz\r\n", b"CMCD-Status: bs\r\n", b"CMCD-Object: br=1\r\nCMCD-Request: bl=100\r\n",
    b"X-Forwarded-For: 1.2.3.4\r\n", b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: x\r\n", b"Expect: 100-continue\r\n", b"Content-Length: 0\r\n",
    b"TE: trailers\r\n", b"Content-Type: text/plain\r\n", b"X:\r\n", b"X: a\tb \t \r\n", b"x_y: 1\r\n", b"X: \xff\r\n", b"Origin: null\r\n",
]  # fmt: skip
BAD_FIELDS = [
    b"X : 1\r\n", b" X: 1\r\n", b"X: 1\r\n folded\r\n", b"X: 1\n", b"X: 1\r", b"X\r\n", b": 1\r\n", b"X: \0\r\n", b"X: \x01\r\n", b"X: \x7f\r\n",
    b"Content-Length: 3\r\nContent-Length: 4\r\n", b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: +1\r\n",
    b"Content-Length: 1,1\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: xchunked\r\n", b"X\xc3\xa4: 1\r\n", b"(X): 1\r\n",
    b"X: " + b"v" * 9000 + b"\r\n",
]  # fmt: skip
METHODS = [b"GET", b"GET", b"GET", b"HEAD", b"OPTIONS", b"DELETE"]
ODD_LINES = [
    b"get T HTTP/1.1", b"GET  T HTTP/1.1", b"GET T  HTTP/1.1", b"GET T HTTP/1.1 ", b" GET T HTTP/1.1", b"GET T HTTP/1.0", b"GET T HTTP/1.2",
    b"GET T HTTP/2.0", b"GET T http/1.1", b"GET T", b"GET T HTTP/1.1\0", b"GET\tT HTTP/1.1", b"POST T HTTP/1.1", b"PRI * HTTP/2.0", b"GET T HTTP/11",
]  # fmt: skip


ASSET = bytes(range(256)) * 1200
ASSET_TARGETS = [
    b"/vod/a.mp4", b"/vod/a.mp4", b"/vod/a.mp4", b"/vod/weak.mp4", b"/vod/none.mp4", b"/vod/a.mp4?x=1", b"/vod/", b"/vod//a.mp4",
    b"/vod/../a.mp4", b"/vod/~tok/a.mp4", b"/vod/a.mp4/", b"/vod/broken.mp4", b"/vod/empty.mp4", b"/vod/%61.mp4", b"/vod/a%2fb",
    b"/vod/a%20b.mp4", b"/vod/%C3%BC.mp4", b"/vod/%61%2Emp4", b"/vod/%2561.mp4", b"/vod/%252e%252e/a", b"/vod/%2e%2e/a.mp4", b"/vod/%2E/a.mp4",
    b"/vod/a%00", b"/vod/a%0d%0aX:1", b"/vod/%5c", b"/vod/%ff", b"/vod/%", b"/vod/%6", b"/vod/%zz", b"/vod%2fa.mp4", b"/%76od/a.mp4",
    b"/vod/~to%6ben/a.mp4", b"/vod/~a%2fb/a.mp4", b"/vod/%7Etok/a.mp4", b"/vod/a.mp4%3Fx=1", b"/vod/a.mp4?%zz", b"/vod/a%23b", b"/vod/%2Fa.mp4",
    b"/vod/" + b"%61" * 400 + b".mp4", b"/vod/" + b"%61" * 1100,
]  # fmt: skip
ASSET_FIELDS = [
    b"Range: bytes=0-9\r\n", b"Range: bytes=0-9\r\n", b"range: bytes=100-65635\r\n", b"Range: bytes=5-\r\n", b"Range: bytes=-5\r\n",
    b"Range: bytes=0-0\r\n", b"Range: bytes=999999-\r\n", b"Range: bytes=9-3\r\n", b"Range: items=0-1\r\n", b"Range: bytes=0-99999999999999999999\r\n",
    b'If-Range: "1"\r\n', b'If-Range: "2"\r\n', b'If-None-Match: "1"\r\n', b"If-None-Match: *\r\n", b'If-Match: "2"\r\n',
    b"If-Modified-Since: Wed, 01 Apr 2026 00:00:00 GMT\r\n", b"If-Unmodified-Since: Wed, 01 Jan 2020 00:00:00 GMT\r\n", b"Connection: close\r\n",
]  # fmt: skip


class InMemory:
    """An origin that cannot be slow; files in the page cache are `opened` likewise: see test_web_vod."""

    name = "memory"

    async def stat(self, key):
        if key in {"none.mp4", "a.mp4/", "%61.mp4"}:
            raise NotFound("There is none")
        etag = 'W/"1"' if key == "weak.mp4" else '"1"'
        return Asset(
            key,
            0 if key == "empty.mp4" else len(ASSET),
            etag,
            datetime(2026, 4, 1, tzinfo=UTC),
            "video/mp4",
            self.name,
        )

    async def read(self, asset, span):
        if asset.key == "broken.mp4":
            raise OriginUnavailable("It is away")
        for at in range(span.start, span.stop, 65_536):
            yield ASSET[at : min(at + 65_536, span.stop)]

    async def close(self): ...


def shelf() -> Library:
    return Library(BlockCache(Path("/nowhere"), [Mount("/", InMemory(), is_cached=False)]), 60)


class Pair:
    """Both lanes in a loop of their own, kept for thousands of requests: nothing in them changes."""

    def __init__(self, runner: asyncio.Runner, lanes: Lanes) -> None:
        self._runner, self._lanes = runner, lanes
        self._prefix = lanes.hub.list()[0].rendition.prefix.encode()

    def agree_about_assets(self, requests: Sequence[bytes]) -> None:
        """One after the other, on one connection: what takes turns to come is awaited."""
        self._runner.run(self._agree_about_assets(requests))

    async def _agree_about_assets(self, requests: Sequence[bytes]) -> None:
        seen = []
        for open_lane in (self._lanes.strict, self._lanes.express):
            transport = open_lane()
            for request in requests:
                transport.receive(request)
                await settle(60)
            seen.append(told(transport))
            transport.lose()
            await settle(3)
        assert seen[0] == seen[1], requests
        assert seen[0][0].startswith(b"HTTP/1.1 ")
        assert self._lanes.ready.requests == 0
        assert self._lanes.lane.wheel.is_empty

    def agree(self, requests: Sequence[bytes], *cuts: Iterable[int]) -> None:
        """`cuts`: where segments end, one way or another."""
        self._runner.run(self._agree([each.replace(b"PREFIX", self._prefix) for each in requests], cuts))

    async def _agree(self, requests: Sequence[bytes], cuts: Sequence[Iterable[int]]) -> None:
        lanes = self._lanes
        right = await lanes.one_by_one(requests)
        # With a fault or a goodbye in a segment the strict parser forgets what it found before in it.
        pause = right.is_closing()
        for at in cuts:
            ours = lanes.express()
            for part in requests if pause else [b"".join(requests)]:
                for piece in split(part, at):
                    ours.receive(piece)
                await settle(20)
            seen = told(ours)
            ours.lose()
            assert seen == told(right), (requests, at)
        right.lose()
        await settle(3)
        assert lanes.hub.waiting == lanes.ready.requests == 0
        assert lanes.lane.wheel.is_empty


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    logging.disable(logging.CRITICAL)  # the strict parser logs each fault with a traceback

    async def begin(context: AbstractAsyncContextManager[Lanes]) -> Lanes:
        lanes = await context.__aenter__()
        Camera(lanes.hub, "cam").send(5)
        return lanes

    with asyncio.Runner() as runner:
        context = both_lanes(library=shelf())
        yield Pair(runner, runner.run(begin(context)))
        runner.run(context.__aexit__(None, None, None))
    logging.disable(logging.NOTSET)


requests = st.one_of(
    st.builds(
        lambda method, target, fields, odd: method + b" " + target + b" HTTP/1.1\r\n" + fields + b"".join(odd) + b"\r\n",
        st.sampled_from(METHODS), st.sampled_from(TARGETS), st.sampled_from([CHROME, CHROME, *FIELDS]),
        st.lists(st.sampled_from(ODD_FIELDS), max_size=2),
    ),
    st.sampled_from([b"POST /live/cam/main.m3u8 HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
                     b"POST /live/x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"]),
)  # fmt: skip
faults = st.one_of(
    st.builds(lambda field, target: b"GET " + target + b" HTTP/1.1\r\n" + HOST + field + b"\r\n",
              st.sampled_from(BAD_FIELDS), st.sampled_from(TARGETS[:12])),
    st.builds(lambda line, fields: line.replace(b"T", b"/live/cam/main.m3u8", 1) + b"\r\n" + fields + b"\r\n",
              st.sampled_from(ODD_LINES), st.sampled_from([HOST, CHROME])),
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(requests, min_size=1, max_size=3), st.lists(st.integers(0, 1500), max_size=4))
def test_any_requests_in_any_pieces(pair, asked, cuts):
    pair.agree(asked, cuts, [])


@settings(max_examples=500, deadline=None)
@given(st.lists(requests, max_size=1), faults, st.lists(st.integers(0, 800), max_size=3))
def test_a_fault_after_what_is_right(pair, asked, fault, cuts):
    pair.agree([*asked, fault], cuts, [])


@settings(max_examples=1000, deadline=None)
@given(requests, st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=2)), min_size=1, max_size=3))
def test_any_octet_may_be_wrong(pair, request, changes):
    """Replaced, inserted or taken out; where the end of the head is lost, more is awaited by both."""
    for at, octets in changes:
        request = request[:at] + octets + request[at + 1 :]
    # With a second head in the segment that is no request, the strict parser forgets the first.
    is_one = request.find(b"\r\n\r\n") == len(request) - 4
    if is_one and b"Content-Length" not in request and b"chunked" not in request:
        pair.agree([request], [])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_every_address(pair, method, target):
    pair.agree([method + b" " + target + b" HTTP/1.1\r\n" + CHROME + b"\r\n"], [], [7])


@pytest.mark.parametrize("field", [*ODD_FIELDS, *BAD_FIELDS])
def test_every_odd_field(pair, field):
    pair.agree([b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + HOST + field + b"\r\n"], [], [50])


@pytest.mark.parametrize("fields", BAD_HOSTS)
def test_every_odd_host(pair, fields):
    pair.agree([b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + fields + b"\r\n"], [])


@pytest.mark.parametrize("line", ODD_LINES)
def test_every_odd_line(pair, line):
    pair.agree([line.replace(b"T", b"/live/cam/main.m3u8", 1) + b"\r\n" + HOST + b"\r\n"], [])


def test_a_split_at_every_octet(pair):
    asked = [
        b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + CHROME + b"\r\n",
        b"HEAD /live/cam/PREFIX/1.m4s HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    places = range(sum(map(len, asked)) + 8)
    pair.agree(asked, *([at] for at in places), places)


def test_smuggling_shapes(pair):
    """Two lengths, a body that is a request, a request in the segment of another: one meaning for both."""
    inner = b"GET /live/cam/index.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n"
    start = b"GET /live/cam/main.m3u8 HTTP/1.1\r\nHost: a\r\n"
    length = f"Content-Length: {len(inner)}\r\n".encode()
    for fields in (
        length, length + length, length + b"Transfer-Encoding: chunked\r\n", b"Content-Length: 0\r\n" + length,
        b"Content-Length : 5\r\n", b"Transfer-Encoding:\tchunked\r\n", b"Transfer-Encoding: identity\r\n",
        b" " + length, b"X: a\r\n\t" + length, b"X: a\n" + length, b"X: a\r" + length, b"\0" + length,
    ):  # fmt: skip
        pair.agree([start + fields + b"\r\n" + inner], [], [60])


# Limits


@pytest.mark.parametrize("limit", ["requests", "requests_per_address"])
async def test_who_asks_too_often_is_told_the_same(limit):
    """And what was not asked for was not begun, on a connection that stays open."""
    never = Bucket(1e-18, 1, 0.0)
    never.take(0.0)
    async with both_lanes(Config.model_validate({"limits": {limit: 1}}), library=shelf()) as lanes:
        camera = Camera(lanes.hub, "cam")
        camera.send(5)
        lanes.lane.rate._in_all = never if limit == "requests" else None
        lanes.lane.rate._buckets["192.0.2.7"] = never
        blocked = b"/live/cam/main.m3u8?_HLS_msn=%d" % (camera.publication.rendition.window.last_complete + 1)
        for target in (
            b"/live/cam/main.m3u8",
            b"/live/nobody/index.m3u8",
            blocked,
            b"/vod/a.mp4",
            b"/vod/none.mp4",
        ):
            for method in (b"GET", b"HEAD"):
                request = method + b" " + target + b" HTTP/1.1\r\n" + CHROME + b"\r\n"
                seen = []
                for open_lane in (lanes.express, lanes.strict):
                    transport = open_lane(("192.0.2.7", 1))
                    transport.receive(request + request)
                    await settle(60)
                    seen.append(told(transport))
                    transport.lose()
                await settle(3)
                assert seen[0] == seen[1], request
                status = b"HTTP/1.1 503 " if limit == "requests" else b"HTTP/1.1 429 "
                assert seen[0][0].count(status) == seen[0][0].count(b"Retry-After: ") == 2
                assert seen[0][0].count(b"Access-Control-Allow-Origin: *") == 2, "pages must see why"
                assert lanes.hub.waiting == lanes.ready.requests == 0


# Tokens: on one connection for good, so that the fast lane has every occasion to remember too much

SECRET = "0123456789abcdef0123456789abcdef"
NEW = "fedcba9876543210fedcba9876543210"
GATED = Config.model_validate({"auth": {"play": "tokens", "token_secrets": [SECRET, NEW]},
                               "server": {"trusted_proxies": ["127.0.0.1"]}})  # fmt: skip
KEYS_AS_BEFORE = {"play": "tokens", "token_secrets": [SECRET, NEW]}
KEYS_CHANGED = {"play": "tokens", "token_secrets": [NEW]}
BEGAN = 1_800_000_000.0


def signed(stream: str, ttl_s: int = 100, action: str = "play", **more: str) -> str:
    return mint(GATED.auth, action, [stream], ttl_s=ttl_s, now=BEGAN, **more)


TOKENS = {
    "mine": signed("cam", sub="mine"),
    "yours": signed("cam", sub="yours"),
    "brief": signed("cam", ttl_s=5),
    "other's": signed("two"),
    "everything": signed("*", sub="mine"),
    "publisher's": signed("cam", action="publish"),
    "bound": signed("cam", addr="192.0.2.7"),
    "new": jwt.encode({"action": "play", "stream": "cam", "exp": BEGAN + 100}, NEW, "HS256"),
    "of nobody": jwt.encode({"action": "play", "stream": "cam", "exp": BEGAN + 100}, "x" * 32, "HS256"),
    "none": "",
}
STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from([*TOKENS, "mine", "yours", "bound", "no"]), st.sampled_from(
        ["cam/main.m3u8", "cam/main.m3u8", "cam/main.m3u8?_HLS_msn=1&_HLS_part=0", "cam/PREFIX/1.m4s", "cam/index.m3u8",
         "two/main.m3u8", "cam/../two/main.m3u8", "cam/~x/main.m3u8", "cam", "/cam/main.m3u8", "cam/main.m3u8?CMCD=bs"]),
        st.sampled_from(["GET", "GET", "GET", "HEAD", "\r\nGET"]),
        st.sampled_from(["", "", "X-Forwarded-For: 192.0.2.7\r\n", "X-Forwarded-For: 192.0.2.8\r\n", "Accept-Encoding: gzip\r\n"])),
    st.tuples(st.just("revoke"), st.sampled_from(["mine", "yours", "stream:cam"])),
    st.tuples(st.just("wait"), st.sampled_from([3.0, 5.0, 60.0])),
    st.tuples(st.just("reload"), st.sampled_from([KEYS_CHANGED, {"play": "open"}, KEYS_AS_BEFORE])),
)  # fmt: skip


class Judged:
    """Both lanes behind tokens, one connection each for all steps. Time is told."""

    def __init__(self, lanes: Lanes, admission: Admission) -> None:
        self._lanes, self._admission = lanes, admission
        for name in ("cam", "two"):
            Camera(lanes.hub, name).send(5)
        self._prefix = lanes.hub.list()[0].rendition.prefix
        self._fast, self._strict = lanes.express(), lanes.strict()

    def _line(self, token: str, rest: str, method: str) -> str:
        way = f"~{TOKENS[token]}/" if token in TOKENS else ""
        return f"{method} /live/{way}{rest.replace('PREFIX', self._prefix)} HTTP/1.1"

    async def ask(self, token: str, rest: str, method: str, fields: str) -> bytes:
        request = f"{self._line(token, rest, method)}\r\nHost: a\r\n{fields}\r\n".encode()
        seen = []
        for one in (self._fast, self._strict):
            one.written = b""
            one.receive(request)
            await settle()
            seen.append(told(one))
        assert seen[0] == seen[1], request
        return seen[0][0]

    def reload(self, auth: dict[str, object]) -> None:
        """As Operating does it."""
        self._admission.replace(Config.model_validate({"auth": auth}).auth)
        self._lanes.hub.end_leases()


async def follow(steps: Sequence[tuple]) -> list[bytes]:
    """What came of each step that asks."""
    now = [BEGAN]
    admission = Admission(GATED.auth, wall_clock=lambda: now[0])
    answers = []
    async with both_lanes(GATED, admission=admission) as lanes:
        judged = Judged(lanes, admission)
        for name, *what in steps:
            if name == "ask":
                answers.append(await judged.ask(*what))
            elif name == "revoke":
                admission.revoke(what[0])
            elif name == "wait":
                now[0] += what[0]
            else:
                judged.reload(what[0])
    return answers


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, min_size=2, max_size=14))
def test_any_tokens_in_any_order(steps):
    asyncio.run(follow(steps))


ASK = ("ask", "mine", "cam/main.m3u8", "GET", "")


@pytest.mark.parametrize(
    ("step", "then"),
    [
        (("revoke", "mine"), ASK),
        (("revoke", "stream:cam"), ASK),
        (("revoke", "stream:two"), None),
        (("wait", 100.0), ASK),
        (("wait", 99.0), None),
        (("revoke", "yours"), None),
        (("reload", KEYS_CHANGED), ASK),
        (("wait", 0.0), ("ask", "no", "cam/main.m3u8", "GET", "")),
        (("wait", 0.0), ("ask", "no", "cam/main.m3u8", "\r\nGET", "")),
        (("wait", 0.0), ("ask", "of nobody", "cam/main.m3u8", "GET", "")),
        (("wait", 0.0), ("ask", "mine", "two/main.m3u8", "GET", "")),
        (("wait", 0.0), ("ask", "publisher's", "cam/main.m3u8", "GET", "")),
        (("wait", 0.0), ("ask", "bound", "cam/main.m3u8", "GET", "X-Forwarded-For: 192.0.2.8\r\n")),
    ],
)
async def test_what_was_let_in_is_judged_again_when_it_matters(step, then):
    """Two requests are remembered; after the step the next is refused, or (None) the same is let in."""
    *before, last = await follow([ASK, ASK, step, then or ASK])
    assert [one[:12] for one in before] == [b"HTTP/1.1 200"] * 2
    assert (last[9:12] == b"200") is (then is None)


async def test_a_permit_is_for_one_client_of_a_proxy():
    """On one connection: the address for which the token is, then another."""
    asks = [
        ("ask", "bound", "cam/main.m3u8", "GET", f"X-Forwarded-For: 192.0.2.{n}\r\n") for n in (7, 7, 8, 7)
    ]
    assert [one[9:12] for one in await follow(asks)] == [b"200", b"200", b"403", b"200"]


ENCODED = st.lists(
    st.one_of(
        st.sampled_from(
            [b"/", b".", b"a", b"~", b"%2e", b"%2F", b"%25", b"%20", b"%C3%BC", b"a.mp4", b"?", b"%"]
        ),
        st.integers(0, 255).map(lambda octet: b"%%%02x" % octet),
    ),
    max_size=8,
).map(lambda parts: b"/vod/" + b"".join(parts))


async def test_names_that_need_encoding_are_answered_here():
    """With their own names, decoded once, and never out of what was remembered of another line."""
    async with both_lanes(library=shelf()) as lanes:
        transport = lanes.express()
        for target, status in (
            (b"a%20b.mp4", b"200"),
            (b"%2561.mp4", b"404"),
            (b"%61.mp4", b"200"),
            (b"%2e%2e/a", b"400"),
        ):
            transport.written = b""
            transport.receive(b"GET /vod/" + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            await settle(60)
            assert (target, transport.written[9:12]) == (target, status)
            assert isinstance(transport.get_protocol(), Express)
        transport.lose()


@pytest.mark.parametrize("target", ASSET_TARGETS)
def test_every_address_of_an_asset(pair, target):
    pair.agree_about_assets([b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"] * 2)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"GET", b"GET", b"HEAD", b"OPTIONS"]),
            st.one_of(st.sampled_from(ASSET_TARGETS), ENCODED),
            st.lists(st.sampled_from(ASSET_FIELDS), max_size=2, unique_by=lambda field: field[:8].lower()),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_assets_by_range_and_condition(pair, asked):
    pair.agree_about_assets(
        [
            method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"".join(fields) + b"\r\n"
            for method, target, fields in asked
        ]
    )
