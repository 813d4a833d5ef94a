"""Who may watch, over a real socket; and that what they watch is the same bytes for all."""

import asyncio
import contextlib
import time

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.auth.admission import Admission
from edge.auth.tokens import mint
from edge.config import Config
from edge.http.message import RequestHead, Response
from edge.web.app import make_app
from edge.web.gate import Gate
from edge.web.lane import Lane
from edge.web.readiness import Readiness

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def config() -> Config:
    return Config.model_validate({"auth": {"play": "tokens", "token_secrets": [SECRET]}})


@pytest.fixture
def admission(config) -> Admission:
    return Admission(config.auth)


@pytest.fixture
async def client(config, hub, readiness, admission, camera):
    app = make_app(config, hub, ready=readiness, admission=admission)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


def token(config, action="play", stream="cam", ttl_s=60, **more) -> str:
    return mint(config.auth, action, [stream], ttl_s=ttl_s, now=time.time(), **more)


async def test_the_token_goes_along_by_itself(client, config):
    """As a player does it: every address relative to the one before."""
    answer = await client.get(f"/live/cam/index.m3u8?token={token(config)}&x=1")
    assert answer.status == 200
    assert answer.url.path.startswith("/live/~")
    assert answer.url.query_string == "x=1"
    assert answer.history[0].status == 307
    assert answer.history[0].headers["Cache-Control"] == "no-store"
    folder = answer.url.path.rpartition("/")[0]
    text = (
        await (await client.get(f"{folder}/main.m3u8", headers={"Accept-Encoding": "identity"})).read()
    ).decode()
    part = next(line for line in text.splitlines() if line.endswith(".m4s"))
    assert (await client.get(f"{folder}/{part}")).status == 200


async def test_all_viewers_get_the_same_answer(config, hub, admission, camera):
    gate, now = Gate(hub, admission), asyncio.get_running_loop().time()
    answers = [
        gate.answer(RequestHead("GET", f"/live/~{token(config, sub=str(viewer))}/cam/main.m3u8"), now)
        for viewer in range(50)
    ]
    assert len(set(map(id, answers))) == 1
    assert answers[0] is hub.answer(RequestHead("GET", "/live/cam/main.m3u8"), now)
    assert b"~" not in b"".join(answers[0].body)


@pytest.mark.parametrize(
    "path",
    ["/live/cam/index.m3u8", "/live/cam/main.m3u8", "/live/nobody/index.m3u8", "/live/cam/x/part0.m4s"],
)
async def test_without_a_token_nothing_is_told(client, path):
    answer = await client.get(path)
    assert answer.status == 401
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_ways_round_it(client, config):
    good = token(config)
    now = {"action": "play", "stream": "cam", "exp": int(time.time()) + 60}
    future = {**now, "nbf": int(time.time()) + 30}
    wrong = {
        "another stream": f"/live/~{token(config, stream='other')}/cam/main.m3u8",
        "another action": f"/live/~{token(config, 'publish')}/cam/main.m3u8",
        "not yet valid": f"/live/~{jwt.encode(future, SECRET, 'HS256')}/cam/main.m3u8",
        "no signature": f"/live/~{jwt.encode(now, None, 'none')}/cam/main.m3u8",
        "signed by another": f"/live/~{jwt.encode(now, 'x' * 32, 'HS256')}/cam/main.m3u8",
        "for an asset": f"/live/~{token(config, stream='/cam')}/cam/main.m3u8",
        "expired": f"/live/~{token(config, ttl_s=-1)}/cam/main.m3u8",
        "another address": f"/live/~{token(config, addr='192.0.2.7')}/cam/main.m3u8",
        "encoded twice": f"/live/%257E{good}/cam/main.m3u8",
        "encoded slash": f"/live/~{good}%2Fother%2F..%2Fcam/main.m3u8",
        "two tokens in the path": f"/live/~bad/~{good}/cam/main.m3u8",
        "two in the query": f"/live/cam/main.m3u8?token={good}&token=bad",
        "in a fragment of the query": f"/live/cam/main.m3u8?x=token={good}",
        "empty": "/live/~/cam/main.m3u8",
        "only a dot": "/live/~./cam/main.m3u8",
        "a longer name": f"/live/~{good}/cam2/main.m3u8",
        "letters of another case": f"/live/~{good}/CAM/main.m3u8",
        "after the name": f"/live/cam/~{good}/main.m3u8",
    }
    for way, path in wrong.items():
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readline()
        writer.close()
        assert head.split()[1] in {b"401", b"403", b"404"}, (way, head)
    assert (await client.get(f"/live/~{good}/cam/main.m3u8")).status == 200
    assert (
        await client.get(f"/live/%7E{good}/cam/main.m3u8")
    ).status == 200  # the same address (RFC 3986, 6.2.2.2)
    assert (
        await client.get("/live/cam/main.m3u8", headers={"Authorization": f"Bearer {good}"})
    ).status == 200


@pytest.mark.parametrize(("trusted", "status"), [([], 403), (["127.0.0.1"], 200)])
async def test_an_address_cannot_be_made_up(hub, camera, readiness, trusted, status):
    """A token for one address: who says he has it is believed only if he is a proxy of ours."""
    server = {"trusted_proxies": trusted}
    config = Config.model_validate({"server": server, "auth": {"play": "tokens", "token_secrets": [SECRET]}})
    bound = token(config, addr="192.0.2.7")
    async with TestClient(TestServer(make_app(config, hub, ready=readiness))) as client:
        headers = {"X-Forwarded-For": "192.0.2.7"}
        assert (await client.get(f"/live/~{bound}/cam/main.m3u8", headers=headers)).status == status
        headers = {"X-Forwarded-For": "192.0.2.7, 198.51.100.1"}
        assert (await client.get(f"/live/~{bound}/cam/main.m3u8", headers=headers)).status == 403


async def test_no_header_is_injected_by_a_token(client):
    answer = await client.get("/live/cam/index.m3u8?token=a%0D%0ASet-Cookie:x=1", allow_redirects=False)
    assert answer.status == 307
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Location"] == "/live/~a%0D%0ASet-Cookie%3Ax%3D1/cam/index.m3u8"


async def test_revoked_within_a_part(client, config, camera, admission):
    mine, yours = token(config, sub="mine"), token(config, sub="yours")
    for text in (mine, yours):
        assert (await client.get(f"/live/~{text}/cam/main.m3u8")).status == 200
    admission.revoke("mine")
    assert (await client.get(f"/live/~{mine}/cam/main.m3u8")).status == 403
    assert (await client.get(f"/live/~{yours}/cam/main.m3u8")).status == 200


async def test_a_held_request_with_a_webhook(hub, camera, readiness):
    """Somebody else is asked, then the request is held as any other."""
    app = web.Application()

    async def verdict(request):
        return web.Response(status=200 if (await request.json())["token"] == "good" else 403)

    app.router.add_post("/", verdict)
    async with TestServer(app) as server:
        auth = {"play": "webhook", "webhook_url": str(server.make_url("/")), "webhook_secret": SECRET}
        config = Config.model_validate({"auth": auth})
        admission = Admission(config.auth)
        async with TestClient(
            TestServer(make_app(config, hub, ready=readiness, admission=admission))
        ) as client:
            assert (await client.get("/live/~bad/cam/main.m3u8")).status == 403
            last = camera.publication.rendition.window.next_position
            address = f"/live/~good/cam/main.m3u8?_HLS_msn={last.msn}&_HLS_part={last.part + 1}"
            held = asyncio.create_task(client.get(address))
            async with asyncio.timeout(5):
                while not hub.waiting:
                    await asyncio.sleep(0.001)
            camera.send(1)
            assert (await held).status == 200
        await admission.close()


class Waiting:
    """See edge.live.waiters.Viewer."""

    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()

    def answered(self, response):
        self.came.set_result(response)


@pytest.mark.parametrize("fields", [{}, {"CMCD-Request": "bl=100", "CMCD-Status": "bs"}])
async def test_who_is_asked_about_reports_nothing_yet(hub, camera, fields):
    """A stranger's player would tell of stalls that no viewer has."""
    service = web.Application()

    async def verdict(request):
        return web.Response(status=200 if (await request.json())["token"] == "good" else 403)

    service.router.add_post("/", verdict)
    async with TestServer(service) as server:
        auth = {"play": "webhook", "webhook_url": str(server.make_url("/")), "webhook_secret": SECRET}
        admission = Admission(Config.model_validate({"auth": auth}).auth)
        gate = Gate(hub, admission)
        lane = Lane(Config(), {"live": gate}, ready=Readiness())
        raw = "".join(f"\r\n{name}: {value}" for name, value in {"Host": "a", **fields}.items()) + "\r\n\r\n"
        query = "" if fields else "?CMCD=bl%3D100%2Cbs"

        def ask(token):
            known = lane.fields(raw.encode())
            line = f"GET /live/~{token}/cam/main.m3u8{query} HTTP/1.1".encode()
            return lane.ask(line, known, lane.memo(known), "192.0.2.7")

        for token, status in (("bad", 403), ("good", 200)):
            viewer = Waiting()
            ask(token)[0].wait.subscribe(viewer, asyncio.get_running_loop().time())
            assert (await viewer.came).status == status
            assert gate.viewing.streams == {}
        ask("good")
        assert gate.viewing.streams["cam"].stalls == 1
        await admission.close()


@pytest.mark.alone
async def test_a_token_costs_under_five_microseconds_more_than_none(config, hub, camera):
    """The whole way through the door, of those who were let in before: 3.1 more where the open way takes 3.7, and
    in proportion where the machine is slower.
    """
    now = asyncio.get_running_loop().time()
    texts = [token(config, sub=str(viewer)) for viewer in range(2000)]
    ways = {"open": ["/live/"] * len(texts), "tokens": [f"/live/~{text}/" for text in texts]}
    heads = {
        kind: [RequestHead("GET", f"{way}cam/main.m3u8") for way in theirs] for kind, theirs in ways.items()
    }
    gates = {"open": Gate(hub, Admission(Config().auth)), "tokens": Gate(hub, Admission(config.auth))}

    def spent(kind: str) -> float:
        gate = gates[kind]
        began = time.thread_time()
        for head in heads[kind]:
            gate.answer(head, now)
        return (time.thread_time() - began) / len(texts)

    spent("tokens")
    rounds = [(spent("open"), spent("tokens")) for _ in range(10)]
    least = [min(one) for one in zip(*rounds, strict=True)]
    assert least[1] - least[0] < max(5e-6, 1.2 * least[0])


async def test_who_left_while_it_was_decided_waits_for_nothing(hub, admission, camera, monkeypatch):
    """Where what decides swallows that it was cancelled, as it may when it is cancelled twice at once."""

    async def decide() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)

    class Gone:
        def answered(self, response: Response) -> None:
            pytest.fail("he left")

    monkeypatch.setattr(admission, "decide", lambda *_: decide())
    position, viewer = camera.publication.rendition.window.next_position, Gone()
    query = f"_HLS_msn={position.msn}&_HLS_part={position.part}"
    wait = Gate(hub, admission).answer(RequestHead("GET", "/live/cam/main.m3u8", query), 0.0)
    place = wait.subscribe(viewer, 0.0)
    await asyncio.sleep(0)
    place.leave(viewer)
    await asyncio.sleep(0.01)
    assert hub.waiting == 0
    camera.send(1)
