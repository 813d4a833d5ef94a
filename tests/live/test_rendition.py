import json
import re

import pytest

from edge.hls.position import Position
from edge.http.message import Response
from edge.live.rendition import FIRST_PLAYLIST_HOLD_S

# The first playlist


def test_early_viewers_are_held_until_three_segments_are_there(stage) -> None:
    stage.go_live()
    early = [stage.ask("index.m3u8"), stage.ask("main.m3u8"), stage.ask("main.m3u8?_HLS_skip=YES")]
    packed = stage.ask("main.m3u8", accept_encoding="gzip")
    while not early[0].answers and stage.now < 5:
        stage.step()
    assert stage.now < 2.0, "playable soon after the first key frame"
    assert len(stage.publication.rendition.window.segments) == 3
    assert [viewer.status for viewer in [*early, packed]] == [200] * 4
    assert early[1].text.count("#EXTINF") == 3
    assert dict(packed.response.fields)["Content-Encoding"] == "gzip"


def test_early_viewers_are_sent_away_before_their_player_gives_up(stage) -> None:
    stage.go_live(seconds=0.2)
    viewers = [stage.ask("index.m3u8"), stage.ask("main.m3u8")]
    asked = stage.now
    stage.wait(FIRST_PLAYLIST_HOLD_S - 0.2)
    assert not any(viewer.answers for viewer in viewers)
    stage.wait(0.4)
    for viewer in viewers:
        assert viewer.status == 503
        assert dict(viewer.response.fields)["Retry-After"] == "2"
        assert viewer.at - asked < 10


def test_a_stream_that_ends_before_it_began_releases_its_viewers(stage) -> None:
    stage.go_live()
    viewers = [stage.ask("index.m3u8"), stage.ask("main.m3u8")]
    stage.publication.end(stage.now)
    assert [viewer.status for viewer in viewers] == [404, 404]


def test_a_short_stream_that_ends_can_be_played(stage) -> None:
    stage.go_live()
    viewers = [stage.ask("index.m3u8"), stage.ask("main.m3u8")]
    stage.play(0.7)
    stage.publication.end(stage.now)
    assert [viewer.status for viewer in viewers] == [200, 200]
    assert "#EXT-X-ENDLIST" in viewers[1].text


# Blocking reload


def test_a_request_for_the_next_part_is_held_until_it_is_listed(live) -> None:
    number = live.publication.rendition.window.next_number
    viewer = live.ask_next()
    assert not viewer.answers
    live.play(0.3)
    assert viewer.status == 200
    assert f'/part{number}.m4s"' in viewer.text


def test_nobody_is_woken_before_the_position_has_come(live) -> None:
    window = live.publication.rendition.window
    while window.next_position.part != 1:
        live.step()
    nearer, further = live.ask_next(), live.ask_next(ahead=2)
    while not nearer.answers:
        live.step()
    assert not further.answers
    while not further.answers:
        live.step()
    assert window.last_part == Position(window.last_part.msn, 3)


def test_a_whole_segment_is_waited_for(live) -> None:
    window = live.publication.rendition.window
    msn = window.next_position.msn
    viewer = live.ask(f"main.m3u8?_HLS_msn={msn}")
    while window.last_complete < msn:
        assert not viewer.answers
        live.step()
    assert f"/{msn}.m4s\n" in viewer.text


def test_a_part_beyond_its_segment_means_the_first_of_the_next(live) -> None:
    """6.2.5.2; hls.js asks so at every segment, because it cannot know that the segment is complete."""
    window = live.publication.rendition.window
    while window.next_position.part < 5:
        live.step()
    msn = window.next_position.msn
    viewer = live.ask(f"main.m3u8?_HLS_msn={msn}&_HLS_part=12")
    while window.last_complete < msn:
        live.step()
    while window.last_part < Position(msn + 1, 0):
        assert not viewer.answers
        live.step()
    assert viewer.status == 200
    assert f"/part{window.number_of(Position(msn + 1, 0))}.m4s" in viewer.text


def test_what_is_listed_already_is_answered_at_once(live) -> None:
    last = live.publication.rendition.window.last_part
    assert live.ask(f"main.m3u8?_HLS_msn={last.msn}&_HLS_part={last.part}").status == 200
    assert live.ask("main.m3u8?_HLS_msn=0").status == 200


@pytest.mark.parametrize("query", ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=1&_HLS_msn=1", "_HLS_msn=99999"])
def test_refused_directives(live, query) -> None:
    viewer = live.ask(f"main.m3u8?{query}")
    assert viewer.status == 400
    assert viewer.cache_control == "no-store"
    assert json.loads(viewer.text)["status"] == 400


def test_everybody_gets_the_same_bytes(live) -> None:
    viewers = [live.ask_next() for _ in range(50)]
    live.play(0.5)
    assert len({id(viewer.response) for viewer in viewers}) == 1


def test_a_viewer_who_left_disturbs_nobody(live) -> None:
    viewers = [live.ask_next() for _ in range(3)]
    viewers[1].leave()
    assert live.hub.waiting == 2
    live.play(0.5)
    assert [len(viewer.answers) for viewer in viewers] == [1, 0, 1]
    assert live.hub.waiting == 0


def test_a_player_can_follow_for_long_without_a_gap(live) -> None:
    """Blocking reload and hinted part, one after the other, as a low-latency player does it."""
    prefix = live.publication.rendition.prefix
    seen: list[str] = []
    reload, part = live.ask_next(), None
    for _ in range(30 * 20):
        live.step()
        if reload.answers:
            assert reload.status == 200
            hint = re.search(r'PRELOAD-HINT:TYPE=PART,URI="(.+?)"', reload.text)[1]
            if part is None or part.answers:
                seen.append(hint)
                part = live.ask(hint)
            reload = live.ask_next()
    assert len(seen) > 70
    assert len(set(seen)) == len(seen)
    assert prefix in seen[0]


# What comes after


def following(stage, rest: str = "") -> list:
    """What is made ready for whoever waits for the next part."""
    rendition = stage.publication.rendition
    msn, part = rendition.window.next_position
    query = f"_HLS_msn={msn}&_HLS_part={part}{rest}"
    wait = rendition.media_playlist(query, gzip=False)
    return [] if isinstance(wait, Response) else [wait.following]


@pytest.mark.parametrize("rest", ["", "&_HLS_skip=YES", "&_HLS_skip=v2"])
def test_what_is_made_ready_is_what_is_asked_next(live, make_viewer, rest) -> None:
    """Over ends of segments, a publisher who is away, and the end."""
    foretold, asked = [], 0
    for at in range(60):
        for tell in foretold:
            (part, media), (playlist, held) = tell()
            assert live.ask(part).response == media
            msn, index = live.publication.rendition.window.next_position
            assert playlist == f"main.m3u8?_HLS_msn={msn}&_HLS_part={index}{rest}"
            reload = live.ask(playlist)
            again = make_viewer()
            held.subscribe(again, live.now)
            assert reload.answers == again.answers == []
            live.play(0.3)
            assert reload.response is again.response
            asked += 1
        foretold = following(live, rest)
        live.play(0.3 if at != 30 else 3)
    assert asked > 50
    live.publication.end(live.now, "over")
    assert all(tell() == [] for tell in foretold)


@pytest.mark.parametrize("rest", ["&_HLS_skip=yes", "&token=x", "&_HLS_skip=YES&a=b"])
def test_nothing_is_made_ready_for_what_only_one_asks_like(live, rest) -> None:
    assert following(live, rest) == [None]


@pytest.mark.parametrize("name", ["msn", "part"])
def test_one_number_in_many_forms_makes_no_work(live, name) -> None:
    msn, part = live.publication.rendition.window.next_position
    query = f"_HLS_msn={msn}&_HLS_part={part}".replace(f"{name}=", f"{name}=0")
    assert live.publication.rendition.media_playlist(query, gzip=False).following is None


# Hinted parts


def test_the_hinted_part_is_held_and_comes_whole(live) -> None:
    window, prefix = live.publication.rendition.window, live.publication.rendition.prefix
    while window.next_position.part != 2:
        live.step()
    position = window.next_position
    viewer = live.ask(f"{prefix}/part{window.next_number}.m4s")
    unhinted = live.ask(f"{prefix}/part{window.next_number + 1}.m4s")
    assert not viewer.answers
    assert unhinted.status == 404
    live.play(0.3)
    assert viewer.response.body[0] is window.part(position).body
    assert viewer.cache_control == "max-age=12, immutable"


def test_a_hint_that_came_to_nothing_is_missing(live) -> None:
    """The source is gone, the segment is sealed: its next part will never be."""
    window, prefix = live.publication.rendition.window, live.publication.rendition.prefix
    while window.next_position.part != 3:
        live.step()
    live.play(0.1)
    hinted = live.ask(f"{prefix}/part{window.next_number}.m4s")
    live.publication.detach(live.publication._source, live.now)
    assert hinted.status == 200, "what was there of it is sealed"
    next_hint = live.ask(f"{prefix}/part{window.next_number}.m4s")
    assert not next_hint.answers
    live.publication.end(live.now)
    assert next_hint.status == 404


def test_no_hint_is_withdrawn_when_a_key_frame_begins_a_segment(live) -> None:
    """The hinted part is then the first of the next segment, under the name that was promised."""
    window, prefix = live.publication.rendition.window, live.publication.rendition.prefix
    began = window.next_position.msn
    while window.next_position.msn < began + 3:
        hinted = live.ask(f"{prefix}/part{window.next_number}.m4s")
        while not hinted.answers:
            live.step()
        assert hinted.status == 200


# Time-outs


def test_a_publisher_that_sends_no_media_that_count_gets_503_for_its_viewers(live) -> None:
    """6.2.5.2: held for three target durations. Sound of no declared track goes nowhere."""
    viewer = live.ask_next()
    rendition = live.publication.rendition
    part = live.ask(f"{rendition.prefix}/part{rendition.window.next_number}.m4s")
    asked = live.now
    while not (viewer.answers and part.answers) and live.now < asked + 10:
        live.publication._heard_at = live.now
        live.wait(0.1)
    for each in (viewer, part):
        assert each.status == 503
        assert each.cache_control == "no-store"
        assert 6.0 <= each.at - asked <= 6.2


def test_while_the_publisher_is_away_nobody_is_held_for_long_and_nothing_fails(live) -> None:
    live.publication.detach(live.publication._source, live.now)
    for _ in range(20):
        viewer = live.ask_next()
        asked = live.now
        while not viewer.answers:
            live.wait(0.1)
        assert viewer.status == 200
        assert "#EXT-X-ENDLIST" not in viewer.text
        assert viewer.cache_control == "no-cache"
        # Three parts are missing, which edge watch wants to see before it calls it a stall; hls.js waits 1.6 s.
        assert 3 * 0.25 < round(viewer.at - asked, 6) <= 1.0


def test_who_waits_for_a_whole_segment_is_not_answered_before_three_parts_are_missing(live) -> None:
    """However long he waited before; parts may still be closed when nothing comes any more (LL 32)."""
    rendition, window = live.publication.rendition, live.publication.rendition.window
    while window.next_position.part != 0:
        live.step()
    viewer = live.ask(f"main.m3u8?_HLS_msn={window.next_position.msn}")
    live.play(1.0)
    last = window.next_position
    live.wait(0.7)
    rendition.advance(live.source_time / 30 + 0.7)
    assert window.next_position > last
    listed = live.now
    while not viewer.answers:
        live.wait(0.1)
    assert viewer.cache_control == "no-cache", "it is what there is"
    assert 3 * 0.25 < round(viewer.at - listed, 6) <= 1.1


def test_a_silent_publisher_is_as_good_as_gone_after_a_second(live) -> None:
    viewer = live.ask_next()
    asked = live.now
    live.wait(0.9)
    assert not viewer.answers
    live.wait(0.3)
    assert viewer.status == 200
    assert viewer.at - asked < 1.6, "hls.js aborts after 0.8 target durations"


def test_whoever_is_held_longer_already_is_answered_first(live) -> None:
    live.publication.detach(live.publication._source, live.now)
    first = live.ask_next()
    live.wait(0.3)
    second = live.ask_next()
    live.wait(0.7)
    assert first.answers
    assert not second.answers


def test_parts_are_held_while_the_publisher_is_away(live) -> None:
    source = live.publication._source
    live.publication.detach(source, live.now)
    window, prefix = live.publication.rendition.window, live.publication.rendition.prefix
    hinted = live.ask(f"{prefix}/part{window.next_number}.m4s")
    live.wait(3)
    assert not hinted.answers
    live.go_live(seconds=0.5)
    assert hinted.status == 200


# Measures


def test_latency_is_from_capture_to_listed(live) -> None:
    rendition = live.publication.rendition
    assert 0 <= rendition.latency_s < 0.3
    live.wait(5)
    live.play(1)
    assert 4.9 < rendition.latency_s < 5.4, "the pictures of our source are five seconds late now"


def test_latency_is_of_the_last_picture_and_not_of_when_its_time_is_over(live) -> None:
    live.wait(0.01)
    live.play(1)
    assert live.publication.rendition.latency_s == pytest.approx(0.01, abs=0.002)


def test_latency_is_never_negative_though_a_clock_may_be_wrong(live) -> None:
    live.now -= 0.1
    live.play(1)
    assert live.publication.rendition.latency_s == 0


def test_viewers_who_are_kept_while_the_publisher_is_away_are_counted(live) -> None:
    live.publication.detach(live.publication._source, live.now)
    viewers = [live.ask_next() for _ in range(12)]
    for _ in range(80):
        live.wait(0.1)
        viewers = [live.ask_next() if one.answers else one for one in viewers]
    assert live.publication.rendition.audience.viewers == 12


def test_viewers_are_counted(live) -> None:
    for _ in range(12):
        for _ in range(4):
            live.ask_next()
        live.play(0.5)
    assert live.publication.rendition.audience.viewers == 4


def test_an_ended_rendition_holds_nobody(live) -> None:
    viewers = [live.ask_next() for _ in range(5)]
    live.publication.end(live.now)
    assert [viewer.status for viewer in viewers] == [200] * 5
    assert all(viewer.text.endswith("#EXT-X-ENDLIST\n") for viewer in viewers)
    assert live.publication.rendition.waiting == live.hub.waiting == 0
