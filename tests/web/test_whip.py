import asyncio
import gzip
import json
import logging
import time

import jwt
import pytest
from aiohttp import web

from edge.config import AuthConfig, Config, WebrtcConfig
from edge.errors import BadOffer, NameTaken, NotFound, Overloaded, PreconditionRequired
from edge.ingest.outcome import Created, Patched
from edge.web import whip
from edge.web.rate_limit import RateLimit
from edge.web.whip import LARGEST_BODY_BYTES, whip_routes

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"tag"'}
ENDPOINT, SESSION = "/whip/show", "/whip/show/the-session"


class Sessions:
    """Remembers what it was asked; `answer` is what the next call gives or raises."""

    def __init__(self):
        self.calls = []
        self.answer = Created("the-session", "v=0\r\n", '"tag"')

    async def create(self, stream, offer, *, token, client, base_url, now):
        assert isinstance(now, float)
        return self._said("create", stream, offer, token, client, base_url)

    async def trickle_or_restart(self, stream, session_id, fragment, if_match):
        return self._said("patch", stream, session_id, fragment, if_match)

    async def delete(self, stream, session_id):
        self._said("delete", stream, session_id)

    def _said(self, *call):
        self.calls.append(call)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def sessions():
    return Sessions()


@pytest.fixture
def start(aiohttp_client, sessions):
    async def client(*, auth=None, secrets=(), ice_servers=(), **limits):
        webrtc = WebrtcConfig(ice_servers=ice_servers)
        app = web.Application()
        config = Config(auth=AuthConfig(publish=auth, token_secrets=secrets), webrtc=webrtc)
        app.add_routes(whip_routes(config, sessions, **limits))
        return await aiohttp_client(app)

    return client


@pytest.fixture
async def client(start):
    return await start()


async def problem(response, status):
    assert response.status == status, await response.text()
    assert response.content_type == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "no-store"
    document = await response.json(content_type=None)
    assert document["status"] == status
    return document["detail"]


# POST


async def test_an_offer_is_answered_with_201_and_where_the_session_is(client, sessions):
    response = await client.post(ENDPOINT, data=b"v=0 offer", headers=SDP)
    assert response.status == 201
    assert response.content_type == "application/sdp"
    assert await response.text() == "v=0\r\n"
    assert response.headers["Location"] == SESSION
    assert response.headers["ETag"] == '"tag"'
    assert response.headers["Cache-Control"] == "no-store"
    assert "Link" not in response.headers
    ((kind, stream, offer, token, address, base_url),) = sessions.calls
    assert (kind, stream, offer, token, address) == ("create", "show", b"v=0 offer", None, "127.0.0.1")
    assert base_url == str(client.make_url("")).rstrip("/")


async def test_the_location_is_a_path_without_the_query_of_the_endpoint(client):
    response = await client.post(ENDPOINT + "?token=x", data=b"v=0", headers=SDP)
    assert response.headers["Location"] == SESSION


@pytest.mark.parametrize("path", ["/whip", "/whip/"])
async def test_a_page_may_read_that_it_forgot_the_name(client, sessions, path):
    response = await client.post(path, data=b"v=0", headers=SDP)
    assert response.status == 404
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "/whip/NAME" in (await response.json(content_type="application/problem+json"))["detail"]
    assert sessions.calls == []


async def test_a_page_may_read_the_headers_that_it_needs(client):
    response = await client.post(ENDPOINT, data=b"v=0", headers=SDP)
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "ETag", "Link", "Accept-Post", "Retry-After"} <= set(exposed)


@pytest.mark.parametrize("kind", ["application/sdp", "Application/SDP; charset=utf-8", "application/sdp;x"])
async def test_the_content_type_may_have_parameters_and_any_case(client, kind):
    assert (await client.post(ENDPOINT, data=b"v=0", headers={"Content-Type": kind})).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/sdpx", "application/json", ""])
async def test_another_content_type_is_415(client, sessions, kind):
    response = await client.post(ENDPOINT, data=b"v=0", headers={"Content-Type": kind})
    assert "application/sdp" in await problem(response, 415)
    assert sessions.calls == []


async def test_a_compressed_body_is_415(client):
    response = await client.post(
        ENDPOINT, data=gzip.compress(b"v=0"), headers={**SDP, "Content-Encoding": "gzip"}
    )
    assert "compressed" in await problem(response, 415)


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(client, sessions):
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /whip/show HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 65537\r\n\r\n"
    )
    assert b" 413 " in await reader.readline()
    writer.close()
    assert sessions.calls == []


async def test_a_body_that_grows_too_large_is_refused(client, sessions):
    async def chunks():
        for _ in range(3):
            yield b"x" * (LARGEST_BODY_BYTES // 2)

    response = await client.post(ENDPOINT, data=chunks(), headers=SDP)
    assert "64 KiB" in await problem(response, 413)
    assert sessions.calls == []


async def test_the_largest_body_is_taken_whole(client, sessions):
    await client.post(ENDPOINT, data=b"x" * LARGEST_BODY_BYTES, headers=SDP)
    assert len(sessions.calls[0][2]) == LARGEST_BODY_BYTES


async def test_a_body_that_breaks_off_reaches_nobody(client, sessions):
    _, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /whip/show HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 10\r\n\r\nv=0"
    )
    await writer.drain()
    writer.close()
    assert (await client.get(ENDPOINT)).status == 204
    assert sessions.calls == []


async def test_a_body_in_broken_chunks_is_a_bad_request(client, sessions):
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = b"POST /whip/show HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nTransfer-Encoding: chunked\r\n"
    writer.write(head + b"\r\nzz\r\n")
    assert b" 400 " in await reader.readline()
    writer.close()
    assert sessions.calls == []


async def test_a_body_that_does_not_come_is_408(client, monkeypatch):
    monkeypatch.setattr(whip, "BODY_TIMEOUT_S", 0.01)
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /whip/show HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 10\r\n\r\nv=0"
    )
    assert b" 408 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("name", ["a.b", "a%2Fb", "x" * 65, "%C3%A4", "a%20b"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_name_that_no_stream_can_have_is_404(client, sessions, method, name):
    response = await client.request(method, f"/whip/{name}", data=b"v=0", headers=SDP)
    assert "A-Z a-z 0-9" in await problem(response, 404)
    assert sessions.calls == []


@pytest.mark.parametrize(
    ("error", "status"), [(BadOffer("line 3"), 400), (NameTaken("live"), 409), (NotFound("gone"), 404)]
)
async def test_errors_of_the_sessions_become_problems(client, sessions, error, status):
    sessions.answer = error
    assert await problem(await client.post(ENDPOINT, data=b"v=0", headers=SDP), status) == error.detail


async def test_what_a_publisher_was_refused_for_is_in_the_log(client, sessions, caplog):
    """OBS tells its user no more than that it failed."""
    sessions.answer = NameTaken("someone publishes")
    with caplog.at_level(logging.INFO, "edge"):
        await client.post(ENDPOINT, data=b"v=0", headers=SDP)
    (line,) = caplog.records
    assert (line.message, line.stream, line.client) == ("publisher.refused", "show", "127.0.0.1")
    assert (line.status, line.detail) == (409, "someone publishes")


async def test_overload_is_503_with_retry_after(client, sessions):
    sessions.answer = Overloaded("too many sessions", retry_after_s=5)
    response = await client.post(ENDPOINT, data=b"v=0", headers=SDP)
    assert await problem(response, 503) == "too many sessions"
    assert response.headers["Retry-After"] == "5"


# keys


async def test_a_key_is_asked_for_before_anything_is_read(start, sessions):
    client = await start(auth=("a-long-key",))
    response = await client.post(ENDPOINT, data=b"v=0", headers={"Content-Type": "text/plain"})
    assert "Bearer KEY" in await problem(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert sessions.calls == []


async def test_a_wrong_key_is_401(start, sessions):
    client = await start(auth=("a-long-key",))
    for field in ("Bearer wrong-key", "Basic YTpi", "Bearer undefined"):
        response = await client.post(ENDPOINT, data=b"v=0", headers={**SDP, "Authorization": field})
        assert await problem(response, 401)
    assert sessions.calls == []


async def test_the_right_key_is_handed_on(start, sessions):
    client = await start(auth=("a-long-key", "another-key"))
    response = await client.post(
        ENDPOINT, data=b"v=0", headers={**SDP, "Authorization": "bearer another-key"}
    )
    assert response.status == 201
    assert sessions.calls[0][3] == "another-key"


async def test_a_token_for_another_stream_is_403(start, sessions):
    secret = "0123456789abcdef0123456789abcdef"
    client = await start(auth="tokens", secrets=(secret,))
    for stream, status in (("another", 403), ("show", 201)):
        claims = {"action": "publish", "stream": stream, "exp": time.time() + 60}
        headers = {**SDP, "Authorization": f"Bearer {jwt.encode(claims, secret)}"}
        assert (await client.post(ENDPOINT, data=b"v=0", headers=headers)).status == status
    assert [call[1] for call in sessions.calls] == ["show"]


async def test_eyevinn_without_a_key_publishes_where_that_is_open(client, sessions):
    response = await client.post(ENDPOINT, data=b"v=0", headers={**SDP, "Authorization": "Bearer undefined"})
    assert response.status == 201
    assert sessions.calls[0][3] is None


# ICE servers

SERVERS = (
    {"urls": "stun:stun.example.net"},
    {"urls": "turn:turn.example.net", "username": "user", "credential": 'p"s\\w'},
)


async def test_ice_servers_are_told_one_field_each(start):
    client = await start(ice_servers=SERVERS)
    response = await client.post(ENDPOINT, data=b"v=0", headers=SDP)
    assert response.headers.getall("Link") == [
        '<stun:stun.example.net>; rel="ice-server"',
        '<turn:turn.example.net>; rel="ice-server"; username="user"; credential="p\\"s\\\\w"; credential-type="password"',
    ]


async def test_options_tell_servers_without_a_password_and_a_preflight_tells_none(start):
    client = await start(ice_servers=SERVERS)
    assert (await client.options(ENDPOINT)).headers.getall("Link") == [
        '<stun:stun.example.net>; rel="ice-server"'
    ]
    preflight = await client.options(ENDPOINT, headers={"Access-Control-Request-Method": "POST"})
    assert "Link" not in preflight.headers


async def test_a_line_break_in_a_password_cannot_make_a_header(start):
    servers = ({"urls": "turn:t.example", "username": "u\r\nX-Evil: 1", "credential": "ü"},)
    response = await (await start(ice_servers=servers)).post(ENDPOINT, data=b"v=0", headers=SDP)
    assert "X-Evil" not in response.headers
    assert 'username="uX-Evil: 1"; credential=""' in response.headers["Link"]


# OPTIONS and GET


@pytest.mark.parametrize("path", [ENDPOINT, SESSION])
async def test_a_preflight_needs_no_key_and_allows_what_clients_send(start, path):
    client = await start(auth=("a-long-key",))
    response = await client.options(
        path, headers={"Access-Control-Request-Method": "PATCH", "Origin": "http://x"}
    )
    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    allowed = response.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"OPTIONS", "GET", "POST", "PATCH", "DELETE"} == set(allowed)
    fields = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type", "if-match", "etag"} <= set(fields)
    assert response.headers["Accept-Post"] == "application/sdp"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [ENDPOINT, SESSION])
async def test_get_is_2xx_with_no_content(client, path, method):
    response = await client.request(method, path)
    assert (response.status, await response.read()) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(("path", "method"), [(ENDPOINT, "PUT"), (ENDPOINT, "DELETE"), (SESSION, "POST")])
async def test_other_methods_are_405_with_those_that_work(client, path, method):
    response = await client.request(method, path)
    assert await problem(response, 405)
    assert ("POST" in response.headers["Allow"]) == (path == ENDPOINT)


@pytest.mark.parametrize("path", [f"{ENDPOINT}/", "/WHIP/show", f"{SESSION}/"])
async def test_nothing_is_redirected(client, sessions, path):
    """4.5: 301 and 302 must not be; clients would lose their offer, or their token."""
    response = await client.post(path, data=b"v=0", headers=SDP, allow_redirects=False)
    assert response.status in {404, 405}
    assert sessions.calls == []


# PATCH


async def test_candidates_are_204_without_body_and_without_entity_tag(client, sessions):
    sessions.answer = Patched(etag='"must-not-be-sent"')
    response = await client.patch(SESSION, data=b"a=end-of-candidates", headers=FRAGMENT)
    assert (response.status, await response.read()) == (204, b"")
    assert "ETag" not in response.headers
    assert sessions.calls == [("patch", "show", "the-session", b"a=end-of-candidates", '"tag"')]


async def test_a_restart_is_200_with_the_new_entity_tag(client, sessions):
    sessions.answer = Patched(200, "a=ice-ufrag:new\r\n", '"new"')
    response = await client.patch(SESSION, data=b"a=x", headers={**FRAGMENT, "If-Match": "*"})
    assert response.status == 200
    assert response.content_type == "application/trickle-ice-sdpfrag"
    assert response.headers["ETag"] == '"new"'
    assert await response.text() == "a=ice-ufrag:new\r\n"


async def test_eyevinn_sends_etag_which_is_no_precondition(client, sessions):
    sessions.answer = PreconditionRequired("If-Match")
    headers = {"Content-Type": FRAGMENT["Content-Type"], "ETag": '"tag"'}
    await problem(await client.patch(SESSION, data=b"a=x", headers=headers), 428)
    assert sessions.calls[0][4] is None


async def test_several_if_match_fields_are_one_list(client, sessions):
    sessions.answer = Patched()
    await client.patch(SESSION, data=b"a=x", headers=[*FRAGMENT.items(), ("If-Match", '"b"')])
    assert sessions.calls[0][4] == '"tag", "b"'


async def test_a_patch_of_another_kind_is_415_and_an_empty_one_400(client, sessions):
    assert "trickle-ice-sdpfrag" in await problem(await client.patch(SESSION, data=b"a=x", headers=SDP), 415)
    assert "empty" in await problem(await client.patch(SESSION, data=b"", headers=FRAGMENT), 400)
    assert sessions.calls == []


async def test_a_patch_and_a_delete_need_no_key_because_the_address_is_secret(start, sessions):
    client = await start(auth=("a-long-key",))
    sessions.answer = Patched()
    assert (await client.patch(SESSION, data=b"a=x", headers=FRAGMENT)).status == 204
    assert (await client.delete(SESSION)).status == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_an_unknown_session_is_404(client, sessions, method):
    sessions.answer = NotFound("no such session")
    assert await problem(await client.request(method, SESSION, data=b"a=x", headers=FRAGMENT), 404)


@pytest.mark.parametrize("session_id", ["a.b", "a%20b", "x" * 129, "%2e%2e%2fx"])
async def test_what_is_no_session_id_is_not_looked_up(client, sessions, session_id):
    assert await problem(await client.delete(f"/whip/show/{session_id}"), 404)
    assert sessions.calls == []


# DELETE


async def test_delete_is_exactly_200_and_ignores_if_match(client, sessions):
    response = await client.delete(
        SESSION, headers={"If-Match": '"another"', "Authorization": "Bearer any-key"}
    )
    assert (response.status, await response.read()) == (200, b"")
    assert sessions.calls == [("delete", "show", "the-session")]


# limits


class Everyone(RateLimit):
    """Limits this machine too, under an outside address."""

    def take(self, address, now):
        super().take("192.0.2.1", now)


async def test_posts_of_one_address_are_limited(start, sessions):
    client = await start(posts=Everyone(per_second=0.01, burst=1))
    assert (await client.post(ENDPOINT, data=b"v=0", headers=SDP)).status == 201
    response = await client.post(ENDPOINT, data=b"v=0", headers=SDP)
    assert "wait" in await problem(response, 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 100
    assert len(sessions.calls) == 1
    assert (await client.delete(SESSION)).status == 200


async def test_changes_of_one_address_are_limited(start, sessions):
    client = await start(changes=Everyone(per_second=0.01, burst=1))
    assert (await client.delete(SESSION)).status == 200
    assert await problem(await client.patch(SESSION, data=b"a=x", headers=FRAGMENT), 429)
    assert len(sessions.calls) == 1


async def test_a_problem_is_json_that_names_the_mend(client):
    response = await client.post(ENDPOINT, data=b"x", headers={"Content-Type": "text/html"})
    document = json.loads(await response.read())
    assert document["title"] == "Wrong Content-Type"
    assert document["detail"] == "The body is text/html: send it as application/sdp"
