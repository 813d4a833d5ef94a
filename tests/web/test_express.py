"""One connection of the fast lane: turns, patience, limits. Time is told, sockets are in memory."""

import logging

import pytest

from edge.config import Config
from edge.web.express import MOST_AHEAD_BYTES, MOST_HEAD_BYTES, Express
from edge.web.rate_limit import Bucket
from tests.web.both_lanes import Lanes, MemoryTransport, settle
from tests.web.conftest import Camera

HEAD = b"Host: a\r\nAccept-Encoding: gzip\r\n\r\n"
PLAYLIST = b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + HEAD


def configured(**limits) -> Config:
    return Config.model_validate({"limits": limits, "server": {"trusted_proxies": ["10.0.0.0/8"]}})


@pytest.fixture
def config() -> Config:
    return configured()


def blocking(camera: Camera, method: str = "GET") -> bytes:
    msn, part = camera.publication.rendition.window.next_position
    line = f"{method} /live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part} HTTP/1.1\r\n"
    return line.encode() + HEAD


def answers(transport: MemoryTransport) -> int:
    return transport.written.count(b"HTTP/1.1 ")


def after(lanes: Lanes, seconds: float) -> None:
    for _ in range(round(seconds)):
        lanes.lane.tick(lanes.lane.now + 1)


def is_fast(transport: MemoryTransport) -> bool:
    return isinstance(transport.get_protocol(), Express)


# Whose connection it is


async def test_what_is_plain_stays_here(lanes, camera):
    one = lanes.express()
    for number in range(1, 4):
        one.receive(PLAYLIST)
        assert answers(one) == number
    one.receive(b"HEAD /live/nobody/index.m3u8 HTTP/1.1\r\n" + HEAD)
    assert answers(one) == 4
    # Pages of other sites ask so before each address, if they send reports or a token in fields.
    asks = b"Origin: https://a\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: cmcd-request\r\n"
    one.receive(b"OPTIONS /live/cam/main.m3u8?_HLS_msn=999 HTTP/1.1\r\n" + asks + HEAD)
    assert b"HTTP/1.1 204 " in one.written
    one.receive(PLAYLIST)
    assert answers(one) == 6
    assert is_fast(one)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1",
        b"GET /healthz HTTP/1.1",
        b"OPTIONS /healthz HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /live/c%61m/main.m3u8 HTTP/1.1",
    ],
)
async def test_what_is_not_goes_to_aiohttp_for_good(lanes, camera, request_line):
    one = lanes.express()
    one.receive(PLAYLIST)
    one.receive(request_line + b"\r\n" + HEAD)
    await settle()
    one.receive(PLAYLIST)
    await settle()
    assert answers(one) == 3
    assert not is_fast(one)
    one.lose()


async def test_the_same_answer_is_the_same_octets_for_everybody(lanes, camera):
    first, second = lanes.express(), lanes.express()
    first.receive(PLAYLIST)
    second.receive(PLAYLIST.replace(b"Host: a", b"Host: b\r\nX-Other: 1"))
    assert first.written == second.written
    camera.send(0.4)
    first.receive(PLAYLIST)
    assert not first.written.endswith(second.written)


async def test_a_playlist_given_again_is_counted_as_asked(lanes, camera):
    audience = camera.publication.rendition.audience
    before = audience._plain
    one = lanes.express()
    for _ in range(5):
        one.receive(PLAYLIST)
    assert audience._plain == before + 5


# Waiting


async def test_a_held_request_is_answered_with_its_part(lanes, camera):
    viewers = [lanes.express() for _ in range(300)]
    for each in viewers:
        each.receive(blocking(camera))
    assert lanes.hub.waiting == lanes.ready.requests == 300
    camera.send(0.4)
    assert viewers[0].written == b""
    await settle()
    assert all(answers(each) == 1 for each in viewers)
    assert len({each.written for each in viewers}) == 1
    assert lanes.hub.waiting == lanes.ready.requests == 0


async def test_who_asks_while_held_is_answered_in_order(lanes, camera):
    one = lanes.express()
    one.receive(blocking(camera) + b"HEAD /live/cam/index.m3u8 HTTP/1.1\r\n" + HEAD + PLAYLIST[:20])
    one.receive(PLAYLIST[20:] + b"GET /healthz HTTP/1.1\r\n" + HEAD)
    assert one.written == b""
    camera.send(0.4)
    await settle(30)
    kinds = [
        line for line in one.written.split(b"\r\n") if line.startswith((b"Cache-Control", b"Content-Length"))
    ]
    assert kinds[0] == b"Cache-Control: max-age=12"
    assert kinds[2] == b"Cache-Control: max-age=1"
    assert answers(one) == 4
    assert one.written.endswith(b"ok\n")
    one.lose()


async def test_a_viewer_who_leaves_waits_no_more(lanes, camera):
    one, other = lanes.express(), lanes.express()
    for each in (one, other):
        each.receive(blocking(camera))
    one.lose()
    assert lanes.hub.waiting == lanes.ready.requests == 1
    camera.send(0.4)
    other.lose()  # between the part and his turn
    await settle()
    assert one.written == other.written == b""
    assert lanes.ready.requests == 0


async def test_what_is_asked_of_a_held_answer_holds_when_it_comes(lanes, camera):
    head, condition, other = lanes.express(), lanes.express(), lanes.express()
    head.receive(blocking(camera, "HEAD"))
    condition.receive(blocking(camera).replace(b"\r\n\r\n", b"\r\nIf-None-Match: *\r\n\r\n"))
    other.receive(blocking(camera).replace(b"\r\n\r\n", b'\r\nIf-Match: "old"\r\n\r\n'))
    camera.send(0.4)
    await settle()
    assert head.written.startswith(b"HTTP/1.1 200 ")
    assert head.written.endswith(b"\r\n\r\n")
    assert condition.written.startswith(b"HTTP/1.1 304 ")
    assert other.written.startswith(b"HTTP/1.1 412 ")


async def test_too_far_ahead_is_refused_at_once(lanes, camera):
    one = lanes.express()
    one.receive(b"GET /live/cam/main.m3u8?_HLS_msn=999999 HTTP/1.1\r\n" + HEAD)
    assert one.written.startswith(b"HTTP/1.1 400 ")
    assert lanes.hub.waiting == 0


async def test_however_many_names_are_tried_nothing_is_kept(lanes, camera):
    one = lanes.express()
    for number in range(20_000):
        one.written = b""
        one.receive(b"GET /live/no%d/main.m3u8?_HLS_msn=%d HTTP/1.1\r\n" % (number, number) + HEAD)
        assert one.written.startswith(b"HTTP/1.1 404 ")
    assert all(len(known) == 0 for known in lanes.lane._every_known())
    for number in range(3_000):
        one.written = b""
        one.receive(b"GET /live/cam/main.m3u8?x=%d HTTP/1.1\r\nHost: h%d\r\n\r\n" % (number, number))
    assert sum(map(len, lanes.lane._every_known())) <= 4096
    assert len(lanes.lane._fields) <= 1024


async def test_what_was_known_is_forgotten_when_media_go_on(lanes, camera):
    one = lanes.express()
    one.receive(PLAYLIST)
    assert sum(map(len, lanes.lane._every_known())) == 1
    camera.send(0.4)
    after(lanes, 1)
    assert sum(map(len, lanes.lane._every_known())) == 0


# Limits


@pytest.mark.parametrize("config", [configured(connections_per_address=2)])
async def test_connections_of_one_address(lanes):
    peer = ("192.0.2.7", 1)
    one, two, three = (lanes.express(peer) for _ in range(3))
    assert three.written.startswith(b"HTTP/1.1 503 ")
    assert three.is_closing()
    two.receive(b"GET /healthz HTTP/1.1\r\n" + HEAD)  # who is handed over still counts
    await settle()
    assert lanes.express(peer).is_closing()
    two.lose()
    assert not lanes.express(peer).is_closing()
    assert one.written == b""


@pytest.mark.parametrize("config", [configured(waiters_per_address=2)])
async def test_requests_of_one_address_that_wait(lanes, camera):
    ours = [lanes.express(("192.0.2.7", each)) for each in range(3)]
    for each in [*ours, lanes.express(("192.0.2.8", 1)), lanes.strict(("192.0.2.8", 2))]:
        each.receive(blocking(camera))
    await settle()
    assert lanes.hub.waiting == 4
    assert ours[2].written.startswith(b"HTTP/1.1 503 ")
    assert b"waiters_per_address" in ours[2].written
    strict = lanes.strict(("192.0.2.7", 9))
    strict.receive(blocking(camera))
    await settle()
    assert strict.written.startswith(b"HTTP/1.1 503 ")
    ours[0].lose()
    ours[2].receive(blocking(camera))
    assert lanes.hub.waiting == 4
    for each in (*ours, strict):
        each.lose()


@pytest.mark.parametrize("config", [configured(waiters_per_address=1)])
async def test_the_address_is_taken_from_proxies_that_are_trusted(lanes, camera):
    for peer, seen in (("10.0.0.1", 2), ("192.0.2.9", 1)):
        before = lanes.hub.waiting
        for client in (b"198.51.100.1", b"198.51.100.2"):
            request = blocking(camera).replace(b"Host", b"X-Forwarded-For: " + client + b"\r\nHost")
            lanes.express((peer, 1)).receive(request)
        assert lanes.hub.waiting == before + seen


@pytest.mark.parametrize("config", [configured(requests_per_address=1)])
async def test_requests_of_one_address(lanes, camera):
    one = lanes.express(("192.0.2.7", 1))
    for _ in range(12):
        one.receive(PLAYLIST)
    assert one.written.count(b"HTTP/1.1 200 ") == 10
    assert one.written.count(b"HTTP/1.1 429 ") == 2
    strict = lanes.strict(("192.0.2.7", 2))  # which counts with us
    strict.receive(PLAYLIST)
    await settle()
    assert strict.written.startswith(b"HTTP/1.1 429 ")
    strict.lose()


@pytest.mark.parametrize("config", [configured(requests=10)])
async def test_requests_in_all(lanes, camera):
    """Of all addresses in both lanes; whoever looks whether the server is alive is answered."""
    lanes.lane.rate._in_all = Bucket(1e-18, 10, 0.0)  # nothing comes back to it in a test
    for host in range(6):
        one = lanes.express((f"192.0.2.{host}", 1))
        one.receive(PLAYLIST)
        one.receive(PLAYLIST)
        assert one.written.count(b"HTTP/1.1 200 ") == (2 if host < 5 else 0)
    assert one.written.count(b"HTTP/1.1 503 ") == 2
    assert not one.is_closing()
    strict = lanes.strict(("192.0.2.7", 2))
    strict.receive(PLAYLIST)
    await settle()
    assert strict.written.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in strict.written
    lanes.ready.set(True)
    for path in (b"/healthz", b"/readyz"):
        health = lanes.express(("192.0.2.7", 3))
        health.receive(b"GET " + path + b" HTTP/1.1\r\n" + HEAD)
        await settle(20)
        assert health.written.startswith(b"HTTP/1.1 200 ")
        health.lose()
    strict.lose()


@pytest.mark.parametrize("config", [Config.model_validate({"live": {"max_waiters": 2}})])
async def test_places_of_the_whole_node(lanes, camera):
    viewers = [lanes.express() for _ in range(3)]
    for each in viewers:
        each.receive(blocking(camera))
    await settle()
    assert lanes.hub.waiting == 2
    assert viewers[2].written.startswith(b"HTTP/1.1 503 ")


# Patience


async def test_a_head_that_never_ends(lanes):
    one = lanes.express()
    one.receive(b"GET /live/x HTTP/1.1\r\nX: ")
    for _ in range(1000):
        one.receive(b"y" * 1024)
    await settle()
    assert one.written.startswith(b"HTTP/1.1 431 ")
    assert one.is_lost
    assert MOST_HEAD_BYTES < 20_000


async def test_a_client_cannot_ask_ahead_without_end(lanes, camera):
    one = lanes.express()
    one.receive(blocking(camera))
    sent = 0
    while one.is_reading():
        one.receive(PLAYLIST)
        sent += 1
    assert sent * len(PLAYLIST) < MOST_AHEAD_BYTES + 2 * len(PLAYLIST)
    camera.send(0.4)
    await settle(40)
    assert answers(one) == sent + 1
    assert one.is_reading()


async def test_who_asks_a_thousand_things_at_once_leaves_turns_to_others(lanes, camera):
    greedy, other = lanes.express(), lanes.express()
    greedy.receive(PLAYLIST * 1000 + b"GET /healthz HTTP/1.1\r\n" + HEAD)
    assert answers(greedy) <= 64
    other.receive(PLAYLIST)
    assert answers(other) == 1
    greedy.receive(PLAYLIST)
    await settle(40)
    assert answers(greedy) == 1002
    greedy.lose()


async def test_publishers_are_heard_amid_a_crowd_that_asks_at_once(lanes, camera):
    heard = []
    lanes.lane.hear = lambda: heard.append(len(heard))
    viewers = [lanes.express() for _ in range(200)]
    for each in viewers:
        each.receive(PLAYLIST)
    assert len(heard) == 3
    for each in viewers:
        each.receive(blocking(camera))
    camera.send(0.4)
    await settle()
    assert all(answers(each) == 2 for each in viewers)
    assert len(heard) == 6


async def test_one_answer_is_read_before_the_next_is_made(lanes, camera):
    one = lanes.express()
    one.is_choked = True
    one.receive(PLAYLIST * 5)
    assert answers(one) == 1
    one.unchoke()
    assert answers(one) == 5


# The end


async def test_while_draining_everybody_is_sent_away_with_his_answer(lanes, camera):
    fresh, held = lanes.express(), lanes.express()
    fresh.receive(PLAYLIST)
    held.receive(blocking(camera))
    lanes.ready.drain()
    assert lanes.ready.requests == 1
    fresh.receive(PLAYLIST)
    camera.send(0.4)
    await settle()
    for each in (fresh, held):
        assert each.written.count(b"Connection: close\r\n") == 1
        assert each.is_lost
    assert lanes.ready.requests == 0


async def test_the_end_of_the_server_lets_answers_out(camera, lanes):
    held, idle = lanes.express(), lanes.express()
    held.receive(blocking(camera))
    idle.receive(PLAYLIST)
    lanes.hub.end_all()
    await lanes.lane.close(0.1)
    assert b"#EXT-X-ENDLIST" in held.written or b"gzip" in held.written
    assert held.is_lost
    assert idle.is_lost


async def test_a_new_rule_of_who_may_watch_holds_at_once(camera, lanes):
    one = lanes.express()
    one.receive(PLAYLIST)
    gate = lanes.lane._rooms["live"]
    gate._admission.replace(gate._admission.config.model_copy(update={"play": ("correct horse",)}))
    lanes.hub.end_leases()
    one.receive(PLAYLIST)
    assert b"HTTP/1.1 401 " in one.written


async def test_a_new_rule_of_who_may_watch_holds_for_what_was_made_ready(camera, lanes):
    """Who waits when it comes has his answer still; what he asks next was found for him unasked."""
    held, stranger = lanes.express(), lanes.express()
    held.receive(blocking(camera))
    gate = lanes.lane._rooms["live"]
    gate._admission.replace(gate._admission.config.model_copy(update={"play": ("correct horse",)}))
    lanes.hub.end_leases()
    camera.send(0.25)
    await settle()
    assert b"HTTP/1.1 200 " in held.written
    for one in (held, stranger):
        one.written = b""
        one.receive(blocking(camera))
        assert b"HTTP/1.1 401 " in one.written


# What is noted


@pytest.mark.parametrize("config", [Config.model_validate({"server": {"access_log": 1.0}})])
async def test_each_request_is_in_the_access_log(lanes, camera, caplog):
    caplog.set_level(logging.INFO, "edge.access")
    one = lanes.express()
    one.receive(PLAYLIST)
    one.receive(blocking(camera))
    camera.send(0.4)
    await settle()
    one.receive(b"GET /healthz HTTP/1.1\r\n" + HEAD)
    await settle()
    lanes.lane.access_log.close()
    lines = [(each.path, each.status) for each in caplog.records if each.name == "edge.access"]
    assert lines == [("/live/cam/main.m3u8", 200), ("/live/cam/main.m3u8", 200), ("/healthz", 200)]
    one.lose()


@pytest.mark.parametrize(
    "config",
    [
        Config.model_validate({"server": {"access_log": 1.0}, "limits": {limit: 1}})
        for limit in ("waiters_per_address", "requests_per_address")
    ],
)
async def test_who_is_refused_a_place_was_not_held(lanes, camera, caplog):
    """In the access log, on a connection that was held before, or never."""
    caplog.set_level(logging.INFO, "edge.access")
    lanes.lane.seats.take("192.0.2.7")
    for _ in range(20):
        one = lanes.express(("192.0.2.7", 1))
        one.receive(blocking(camera))
        one.lose()
    lanes.lane.access_log.close()
    lines = [each for each in caplog.records if each.name == "edge.access"]
    assert {each.status for each in lines} <= {429, 503}
    assert len(lines) >= 9
    assert all(each.seconds < 0.1 for each in lines)


async def test_players_reports_are_heard(lanes, camera):
    one = lanes.express()
    one.receive(b"GET /live/cam/main.m3u8?CMCD=bs HTTP/1.1\r\n" + HEAD)
    one.receive(b"GET /live/cam/main.m3u8 HTTP/1.1\r\nCMCD-Status: bs\r\n" + HEAD)
    one.receive(b"GET /live/cam/main.m3u8 HTTP/1.1\r\nCMCD-Status: bs\r\n" + HEAD)
    assert lanes.lane._rooms["live"].viewing.streams["cam"].stalls == 3
    assert is_fast(one)


async def test_reports_in_addresses_are_heard_though_the_answer_is_given_again(lanes, camera, monkeypatch):
    gate, asked = lanes.lane._rooms["live"], []
    answer = gate.answer
    monkeypatch.setattr(gate, "answer", lambda head, now: asked.append(head) or answer(head, now))
    one = lanes.express()
    for number in range(5):
        one.receive(f"GET /live/cam/main.m3u8?CMCD=bl%3D{number}000%2Cbs HTTP/1.1\r\n".encode() + HEAD)
    one.receive(b"GET /live/cam/main.m3u8 HTTP/1.1\r\n" + HEAD)
    felt = gate.viewing.streams["cam"]
    assert (felt.reports, felt.stalls, felt.buffer_s) == (5, 5, 10.0)
    assert len(asked) == 1
    assert answers(one) == 6
    assert is_fast(one)
