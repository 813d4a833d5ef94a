import json
import re
from collections import deque

import pytest

from edge.config import Config
from edge.errors import Overloaded, PublishError
from edge.hls.past import pack, unpack
from edge.http.message import RequestHead, Response
from edge.live.hub import Hub, Numbers
from edge.media.sample import Sample
from edge.metrics import LIVE_PUBLICATIONS, LIVE_WAITERS


@pytest.mark.parametrize("name", ["", "a b", "ä", "a/b", "x" * 65, "..", "a.b", "a\n"])
def test_a_name_that_is_none(stage, name) -> None:
    with pytest.raises(PublishError, match="1 to 64"):
        stage.hub.claim(name, 0.0, takeover=False)


def test_publications_are_listed_by_name(stage) -> None:
    for name in ("b", "a"):
        stage.hub.claim(name, 0.0, takeover=False)
    assert [each.name for each in stage.hub.list()] == ["a", "b"]
    assert stage.hub.get("a").name == "a"
    assert stage.hub.get("c") is None


def test_viewers_who_come_before_the_publisher_are_told_so_and_no_cache_believes_it_for_long(stage) -> None:
    for path in ("index.m3u8", "main.m3u8", "main.m3u8?_HLS_msn=3", "abc/1.m4s", ""):
        viewer = stage.ask(path, stream="nobody")
        assert viewer.status == 404
        assert viewer.cache_control == "max-age=1"
        assert dict(viewer.response.fields)["Access-Control-Allow-Origin"] == "*"
        assert "Nobody publishes" in json.loads(viewer.text)["detail"]


def test_names_that_viewers_try_leave_no_trace(stage) -> None:
    for number in range(1000):
        stage.ask("index.m3u8", stream=f"guess{number}")
    assert stage.hub._publications == {}
    assert stage.hub.waiting == 0


@pytest.mark.parametrize(
    "path", ["", "other.m3u8", "main.m3u8/", "main.m3u8/x", "/", "//", "../x", "a/b/c/d", "\0"]
)
def test_addresses_that_mean_nothing(live, path) -> None:
    viewer = live.ask(path)
    assert viewer.status == 404
    assert json.loads(viewer.text)["title"] == "Not found"


def test_a_prefix_of_another_life_is_missing(live) -> None:
    assert live.ask("0123abcd/1.m4s").status == 404


def test_methods(live) -> None:
    assert live.ask("main.m3u8", method="HEAD").response is live.ask("main.m3u8").response
    assert live.ask("main.m3u8", method="OPTIONS").status == 204
    refused = live.ask("main.m3u8", method="POST")
    assert refused.status == 405
    assert dict(refused.response.fields)["Allow"] == "GET, HEAD, OPTIONS"


def test_a_new_publisher_of_an_ended_name_begins_a_new_life(live) -> None:
    old = live.publication
    old_numbers = {segment.msn for segment in old.rendition.window.segments}
    old.end(live.now)
    live.wait(1)
    live.go_live(seconds=5)
    new = live.publication
    assert new is not old
    assert new.rendition.prefix != old.rendition.prefix
    assert live.ask(f"{old.rendition.prefix}/1.m4s").status == 404
    playlist = live.ask("main.m3u8").text
    assert "#EXT-X-ENDLIST" not in playlist
    assert not old_numbers & {segment.msn for segment in new.rendition.window.segments}


def test_as_many_publications_as_the_operator_allows(make_stage) -> None:
    stage = make_stage(max_publications=2)
    stage.go_live(seconds=1)
    stage.hub.claim("b", stage.now, takeover=False)
    with pytest.raises(Overloaded, match=r"live\.max_publications") as raised:
        stage.hub.claim("c", stage.now, takeover=False)
    assert raised.value.retry_after_s == 30
    stage.hub.claim("cam", stage.now + 2.5, takeover=False)
    stage.hub.get("b").end(stage.now)
    stage.hub.claim("c", stage.now, takeover=False)


def test_ended_publications_do_not_pile_up(make_stage) -> None:
    stage = make_stage(max_publications=2)
    for number in range(10):
        name = f"s{number}"
        stage.hub.claim(name, stage.now, takeover=False)
        stage.hub._publications[name]._has_media = True
        stage.hub._publications[name].end(stage.now + number)
    assert list(stage.hub._publications) == ["s6", "s7", "s8", "s9"]


def test_as_many_waiters_as_the_operator_allows(make_stage) -> None:
    stage = make_stage(max_waiters=3)
    stage.go_live(seconds=5)
    held = [stage.ask_next() for _ in range(3)]
    refused = stage.ask_next()
    assert refused.status == 503
    assert "live.max_waiters" in refused.text
    assert stage.ask("main.m3u8").status == 200, "what is there is for all"
    held[0].leave()
    assert not stage.ask_next().answers
    stage.play(0.5)
    assert held[1].status == held[2].status == 200


def test_an_over_publication_is_forgotten(stage) -> None:
    stage.hub.claim("cam", 0.0, takeover=False)
    stage.wait(31)
    assert stage.hub._publications == {}


def test_the_node_goes_down(live) -> None:
    source = live.publication._source
    viewer = live.ask_next()
    live.hub.end_all()
    assert viewer.text.endswith("#EXT-X-ENDLIST\n")
    assert source.reasons == ["the server is shutting down"]


def test_gauges(live) -> None:
    live.ask_next()
    live.hub.tick(live.now)
    assert LIVE_WAITERS._value.get() == 1
    assert LIVE_PUBLICATIONS._value.get() == 1


def test_no_address_raises(live) -> None:
    for path in ("/live", "/live/", "", "/", "/live//", "/live/cam", "/live/cam/", "/live/\ud800/x"):
        assert isinstance(live.hub.answer(RequestHead("GET", path), live.now), Response)


def test_a_stream_of_an_earlier_server_holds_its_viewers_and_goes_on_with_its_numbers(stage) -> None:
    stage.hub.expect("cam", Numbers(47, 3), 0.0)
    viewer = stage.ask("main.m3u8?_HLS_msn=20", stream="cam")
    assert viewer.answers == []
    assert stage.hub.waiting == 1
    assert stage.hub.claim("cam", 0.5, takeover=False).rendition.window.next_position.msn == 47
    assert stage.hub.next_numbers() == {"cam": (48, 3)}


def test_when_the_node_goes_who_waits_for_a_playlist_has_what_there_is_and_a_part_is_left_to_the_next(
    live,
) -> None:
    window = live.publication.rendition.window
    playlist = live.ask_next()
    part = live.ask(f"{live.publication.rendition.prefix}/part{window.next_number}.m4s")
    live.hub.let_go()
    assert playlist.status == 200
    assert not part.answers
    assert live.hub.waiting == 1
    assert live.hub.get("cam").state == "live", "a successor goes on"


def test_who_waits_for_a_first_picture_is_told_to_ask_again_when_the_node_goes(stage) -> None:
    stage.go_live()
    waiting = [stage.ask("index.m3u8"), stage.ask("main.m3u8?_HLS_msn=0&_HLS_part=0")]
    stage.hub.let_go()
    assert {one.status for one in waiting} == {503}


def test_without_its_past_a_stream_goes_on_behind_a_discontinuity(stage) -> None:
    """4.4.4.3, 6.2.1: the numbers of discontinuities go on too, whatever was listed before."""
    stage.hub.expect("cam", Numbers(47, 3), 0.0)
    stage.go_live(seconds=5)
    lines = stage.ask("main.m3u8").text.splitlines()
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:3" in lines
    first = next(number for number, line in enumerate(lines) if line.startswith("#EXT-X-MAP"))
    assert lines[first - 1] == "#EXT-X-DISCONTINUITY"
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    assert stage.hub.next_numbers()["cam"].discontinuities == 4


def successor(old, make_stage):
    """Another process with what the old one packed."""
    new = make_stage()
    new.now = old.now + 2
    numbers = old.hub.next_numbers()
    for name, past in old.hub.pasts():
        new.hub.expect(name, numbers[name], new.now, unpack(b"".join(pack(past))))
    return new


def test_with_its_past_a_stream_goes_on_as_after_a_drop(live, make_stage) -> None:
    live.play(40)
    live.publication.detach(live.publication._source, live.now)
    old = live.ask("main.m3u8")
    new = successor(live, make_stage)
    assert new.ask("main.m3u8").text == old.text
    assert etag(new.ask("main.m3u8")) != etag(old)
    addresses = re.findall(r'(?:URI="|\n)([0-9a-f]{8}/[^"\n]+)', old.text)
    assert len(addresses) > 10
    for address in [each for each in addresses if each not in old.text.partition("PRELOAD-HINT")[2]]:
        assert new.ask(address).response.body == live.ask(address).response.body
        assert etag(new.ask(address)) == etag(live.ask(address))
    waiting = new.ask_next()
    new.go_live(seconds=3)
    assert waiting.status == 200
    after = new.ask("main.m3u8").text
    assert "#EXT-X-DISCONTINUITY\n" not in after
    assert after.count("#EXT-X-MAP") == 1
    assert list(read_lines(old.text, after)) == []


def test_each_track_goes_on_where_it_ended(live, make_stage, tracks) -> None:
    """Sound may reach further than pictures: nothing is a tick off."""
    live.publication.detach(live.publication._source, live.now)
    live.go_live(tracks["video"], tracks["audio"], seconds=3)
    for number in range(150):
        live.publication.write(Sample("audio", number * 1024, 1024, True, b"x"), live.now)
    live.publication.detach(live.publication._source, live.now)
    before = live.publication.rendition.segmenter.reach
    new = successor(live, make_stage)
    assert new.publication.rendition.segmenter.reach == before
    assert len(before[1]) == 2


def test_kept_segments_stay_over_a_restart(live, make_stage) -> None:
    """6.2.2: what left the playlist stays available for a while."""
    live.play(60)
    live.publication.detach(live.publication._source, live.now)
    kept = list(live.publication.rendition.window._by_msn)
    new = successor(live, make_stage)
    assert list(new.publication.rendition.window._by_msn) == kept
    assert new.publication.rendition.window.media_sequence == live.publication.rendition.window.media_sequence


def test_another_picture_after_a_restart_is_a_discontinuity(live, make_stage, tracks) -> None:
    live.publication.detach(live.publication._source, live.now)
    new = successor(live, make_stage)
    new.go_live(tracks["smaller"], seconds=3)
    assert new.ask("main.m3u8").text.count("#EXT-X-DISCONTINUITY\n") == 1


def test_other_settings_void_the_past(live) -> None:
    live.publication.detach(live.publication._source, live.now)
    numbers = live.hub.next_numbers()
    ((name, past),) = live.hub.pasts()
    other = Hub(Config.model_validate({"hls": {"part_target": "200ms"}}))
    other.expect(name, numbers[name], 0.0, past)
    assert other.get("cam").rendition.window.segments == deque()


def etag(viewer) -> str:
    return dict(viewer.response.fields)["ETag"]


def read_lines(before: str, after: str):
    """Segments of `before` that `after` tells otherwise."""
    old, new = (dict(re.findall(r"(#EXTINF:.*,)\n(.*)", text)) for text in (before, after))
    return (line for line in old.items() if line[1] in new.values() and line not in new.items())


def test_an_expected_stream_that_nobody_returns_to_ends(stage) -> None:
    stage.hub.expect("cam", Numbers(47, 0), 0.0)
    stage.hub.expect("../x", Numbers(1, 0), 0.0)
    assert set(stage.hub.next_numbers()) == {"cam"}
    stage.hub.tick(31.0)
    assert stage.hub.next_numbers() == {}


def test_a_lease_holds_until_the_same_question_has_another_answer(live) -> None:
    prefix = live.publication.rendition.prefix
    paths = ("main.m3u8", "index.m3u8", f"{prefix}/1.m4s", f"{prefix}/part4.m4s", f"{prefix}/init0.mp4")

    def leases() -> list:
        return [live.ask(path).response.lease for path in paths]

    first = leases()
    assert all(lease.holds for lease in first)
    live.play(0.4)
    assert not any(lease.holds for lease in first)
    live.publication.end(live.now)
    ended = leases()
    assert all(lease.holds for lease in ended)
    live.wait(live.hub._config.hls.window + 1)  # its playlists are let go of
    assert not any(lease.holds for lease in ended)
    assert live.ask("main.m3u8").response.lease is None


def test_a_new_life_and_new_rules_end_every_lease(live) -> None:
    before = live.ask("main.m3u8").response.lease
    live.hub.end_leases()
    assert not before.holds
    live.play(0.4)
    live.publication.end(live.now)
    ended = live.ask("main.m3u8").response.lease
    live.hub.claim("cam", live.now, takeover=False)
    assert not ended.holds


def test_one_wait_serves_all_who_ask_the_same(make_stage, make_viewer) -> None:
    stage = make_stage(max_waiters=2)
    stage.go_live(seconds=5)
    msn, part = stage.publication.rendition.window.next_position
    head = RequestHead("GET", "/live/cam/main.m3u8", f"_HLS_msn={msn}&_HLS_part={part}")
    wait = stage.hub.answer(head, stage.now)
    viewers = [make_viewer() for _ in range(3)]
    for viewer in viewers:
        wait.subscribe(viewer, stage.now).leave(viewer)
    assert stage.hub.waiting == 0
    for viewer in viewers:
        wait.subscribe(viewer, stage.now)
    assert [len(viewer.answers) for viewer in viewers] == [0, 0, 1]
    assert viewers[2].status == 503
    assert wait.lease.holds
    stage.play(0.4)
    assert [viewer.status for viewer in viewers] == [200, 200, 503]
    assert not wait.lease.holds
