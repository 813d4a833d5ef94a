import asyncio
import json
import secrets

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.auth.webhook import Question, Webhook, signature
from edge.config import AuthConfig
from edge.errors import Forbidden, Overloaded

QUESTION = Question("play", "cam", "", "secret-of-a-viewer", "192.0.2.7")
SECRET = "a secret of the webhook"


class Service:
    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[dict, dict]] = []
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        expected = signature(
            SECRET.encode(), request.headers["Edge-Timestamp"], request.headers["Edge-Nonce"], body
        )
        assert request.headers["Edge-Signature"] == expected
        self.asked.append((json.loads(body), dict(request.headers)))
        status = self.status
        self.is_asked.set()
        await self.may_answer.wait()
        return web.Response(status=status)


@pytest.fixture
async def service():
    service = Service()
    app = web.Application()
    app.router.add_post("/", service.answer)
    async with TestServer(app) as server:
        service.url = str(server.make_url("/"))
        yield service
        service.may_answer.set()


@pytest.fixture
async def hook_of():
    hooks = []

    def make(url, **config):
        hooks.append(Webhook(AuthConfig(webhook_url=url, webhook_secret=SECRET, **config)))
        return hooks[-1]

    yield make
    for hook in hooks:
        await hook.close()


def now():
    return asyncio.get_running_loop().time()


async def test_asked_once_signed_and_believed(service, hook_of):
    hook = hook_of(service.url)
    await asyncio.gather(*(hook.check(QUESTION, now()) for _ in range(20)))
    await hook.check(QUESTION, now())
    assert [body for body, _ in service.asked] == [QUESTION._asdict()]


async def test_no_question_can_be_replayed(service, hook_of):
    hook = hook_of(service.url, webhook_cache="0s")
    for _ in range(3):
        await hook.check(QUESTION, now())
    assert len({headers["Edge-Nonce"] for _, headers in service.asked}) == 3
    body = json.dumps(QUESTION._asdict()).encode()
    _, headers = service.asked[0]
    for timestamp, nonce in (
        (str(int(headers["Edge-Timestamp"]) + 1), headers["Edge-Nonce"]),
        (headers["Edge-Timestamp"], "other"),
    ):
        assert signature(SECRET.encode(), timestamp, nonce, body) != headers["Edge-Signature"]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_is_believed_too(service, hook_of, status):
    service.status = status
    hook = hook_of(service.url)
    for _ in range(3):
        with pytest.raises(Forbidden):
            await hook.check(QUESTION, now())
    assert len(service.asked) == 1


async def test_the_answer_to_one_is_none_for_another(service, hook_of):
    hook = hook_of(service.url)
    await hook.check(QUESTION, now())
    service.status = 403
    for other in (
        QUESTION._replace(stream="other"),
        QUESTION._replace(token="x"),
        QUESTION._replace(client="::1"),
        QUESTION._replace(action="publish"),
    ):
        with pytest.raises(Forbidden):
            await hook.check(other, now())


@pytest.mark.parametrize("status", [302, 500, 503, 429])
async def test_what_is_no_answer_fails_as_was_chosen(service, hook_of, status):
    service.status = status
    with pytest.raises(Overloaded):
        await hook_of(service.url).check(QUESTION, now())
    await hook_of(service.url, webhook_fail="open").check(QUESTION, now())


async def test_a_slow_or_dead_one_is_not_waited_for(service, hook_of, unused_tcp_port):
    service.may_answer.clear()
    for url in (service.url, f"http://127.0.0.1:{unused_tcp_port}/"):
        began = now()
        with pytest.raises(Overloaded):
            await hook_of(url, webhook_timeout="100ms").check(QUESTION, now())
        assert now() - began < 5


async def test_a_viewer_who_leaves_does_not_end_the_question(service, hook_of):
    service.may_answer.clear()
    hook = hook_of(service.url)
    first = asyncio.create_task(hook.check(QUESTION, now()))
    await service.is_asked.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    service.may_answer.set()
    await hook.check(QUESTION, now())
    assert len(service.asked) == 1


async def test_a_verdict_on_its_way_is_not_believed_when_all_is_forgotten(service, hook_of):
    """Who was thrown out a moment ago would be let in until `auth.webhook_cache` is over."""
    service.may_answer.clear()
    hook = hook_of(service.url)
    early = asyncio.create_task(hook.check(QUESTION, now()))
    await service.is_asked.wait()
    hook.forget()
    late, service.may_answer, service.status = service.may_answer, asyncio.Event(), 403
    service.may_answer.set()
    with pytest.raises(Forbidden):
        await hook.check(QUESTION, now())
    late.set()
    await asyncio.gather(early, return_exceptions=True)
    with pytest.raises(Forbidden):
        await hook.check(QUESTION, now())
    assert len(service.asked) == 2


async def many(hook, count):
    questions = [QUESTION._replace(token=secrets.token_hex()) for _ in range(count)]
    return [
        type(one)
        for one in await asyncio.gather(
            *(hook.check(one, now()) for one in questions), return_exceptions=True
        )
    ]


async def test_who_asks_much_is_not_let_in_for_it_where_it_fails_open(service, hook_of, monkeypatch):
    monkeypatch.setattr("edge.auth.webhook._MOST_ASKING", 3)
    service.status = 403
    hook = hook_of(service.url, webhook_fail="open")
    assert await many(hook, 5) == [Forbidden] * 3 + [Overloaded] * 2
    service.status = 500
    assert await many(hook, 3) == [type(None)] * 3
    assert await many(hook, 5) == [type(None)] * 5, "dead, and as many as may are waited for"
    service.status = 200
    await hook.check(QUESTION, now())
    assert await many(hook, 5) == [type(None)] * 3 + [Overloaded] * 2


async def test_who_waits_when_it_is_closed_is_told_to_ask_again(service, hook_of):
    service.may_answer.clear()
    hook = hook_of(service.url, webhook_fail="open", webhook_timeout="30s")
    for begun in (asyncio.sleep(0), service.is_asked.wait()):
        waiting = asyncio.create_task(hook.check(QUESTION, now()))
        await begun
        await hook.close()
        with pytest.raises(Overloaded):
            await asyncio.wait_for(waiting, 1)


async def test_long_tokens_do_not_stay_in_memory(service, hook_of):
    hook = hook_of(service.url)
    for number in range(3):
        await hook.check(QUESTION._replace(token=f"{number}" * 4000), now())
    assert {len(key) for key in hook._known} == {16}
