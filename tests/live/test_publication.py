import re
from itertools import pairwise

import pytest

from edge.errors import NameTaken, PublishError
from edge.media.sample import Sample


def lines(stage, tag: str) -> list[str]:
    return [line for line in stage.ask("main.m3u8").text.splitlines() if line.startswith(tag)]


def segments(stage) -> list[int]:
    return [int(number) for number in re.findall(r"/(\d+)\.m4s\n", stage.ask("main.m3u8").text)]


def test_states(stage) -> None:
    source = stage.go_live()
    publication = stage.publication
    assert publication.state == "waiting"
    stage.play(1)
    assert publication.state == "live"
    stage.wait(2.1)
    assert publication.state == "reconnecting"
    stage.play(0.1)
    assert publication.state == "live"
    publication.detach(source, stage.now)
    assert publication.state == "reconnecting"
    stage.wait(30)
    assert publication.state == "ended"


def test_a_publisher_that_comes_back_the_same_goes_on_as_if_nothing_had_been(live) -> None:
    before, address = segments(live), live.publication.rendition.prefix
    waiting = live.ask_next()
    live.publication.detach(live.publication._source, live.now)
    live.wait(8)
    assert waiting.status == 200
    live.go_live(seconds=5)
    after = segments(live)
    assert after[: len(before)] == before
    assert after == list(range(after[0], after[0] + len(after)))
    assert live.publication.rendition.prefix == address
    assert lines(live, "#EXT-X-DISCONTINUITY") == ["#EXT-X-DISCONTINUITY-SEQUENCE:0"]
    assert len(lines(live, "#EXT-X-MAP")) == 1


def test_a_publisher_that_comes_back_another_size_brings_a_new_init_segment(live, tracks) -> None:
    before = segments(live)
    live.publication.detach(live.publication._source, live.now)
    live.wait(3)
    live.go_live(tracks["smaller"], seconds=5)
    assert segments(live)[: len(before)] == before
    assert lines(live, "#EXT-X-DISCONTINUITY") == ["#EXT-X-DISCONTINUITY-SEQUENCE:0", "#EXT-X-DISCONTINUITY"]
    assert [line.rpartition("/")[2] for line in lines(live, "#EXT-X-MAP")] == ['init0.mp4"', 'init1.mp4"']
    prefix = live.publication.rendition.prefix
    assert [live.ask(f"{prefix}/init{index}.mp4").status for index in (0, 1, 2)] == [200, 200, 404]
    assert "RESOLUTION=640x360" in live.ask("index.m3u8").text
    assert live.publication.tracks == (tracks["smaller"],)


def test_a_track_that_changes_is_told(live, tracks) -> None:
    live.publication.change_track(tracks["smaller"], live.now)
    live.play(4)
    assert live.publication.tracks == (tracks["smaller"],)
    assert len(lines(live, "#EXT-X-MAP")) == 2


def test_after_the_reconnect_window_it_ends(live) -> None:
    waiting = live.ask_next()
    live.publication.detach(live.publication._source, live.now)
    live.wait(29.8)
    assert live.publication.state == "reconnecting"
    live.wait(0.3)
    assert live.publication.state == "ended"
    assert lines(live, "#EXT-X-ENDLIST")
    assert waiting.status == 200


def test_the_reconnect_window_begins_when_the_source_was_last_heard(live) -> None:
    """A publisher that is killed is missed after twelve seconds at most; its viewers know it from their pictures."""
    killed_at = live.now
    live.wait(12)
    live.publication.detach(live.publication._source, live.now, killed_at)
    live.wait(17.8)
    assert live.publication.state == "reconnecting"
    live.wait(0.3)
    assert live.publication.state == "ended"


def test_where_the_window_is_short_the_end_comes_when_the_source_is_missed(make_stage) -> None:
    stage = make_stage(reconnect_window="3s")
    source = stage.go_live(seconds=5)
    killed_at = stage.now
    viewer = stage.ask_next()
    stage.wait(3)
    assert stage.publication.state == "reconnecting"
    stage.publication.detach(source, stage.now, killed_at)
    stage.wait(0.1)
    assert stage.publication.state == "ended"
    assert viewer.status == 200
    assert lines(stage, "#EXT-X-ENDLIST")


def test_viewers_who_wait_when_it_ends_get_the_end(make_stage) -> None:
    stage = make_stage(reconnect_window="0s")
    source = stage.go_live(seconds=5)
    stage.publication.detach(source, stage.now)
    viewer = stage.ask_next()
    assert not viewer.answers
    stage.wait(0.1)
    assert viewer.text.endswith("#EXT-X-ENDLIST\n")


def test_a_reconnect_window_of_nothing_gives_a_publisher_time_to_begin(make_stage) -> None:
    stage = make_stage(reconnect_window="0s")
    publication = stage.hub.claim("cam", stage.now, takeover=False)
    stage.wait(10)
    assert publication.state == "waiting"
    stage.wait(21)
    assert publication.state == "ended"


def test_a_source_that_stays_but_says_nothing_is_sent_away_at_last(live) -> None:
    source = live.publication._source
    source.now = live.now
    live.wait(29)
    assert source.reasons == []
    live.wait(2)
    assert len(source.reasons) == 1
    assert live.publication.state == "ended"


def test_a_healthy_source_is_not_replaced(live) -> None:
    with pytest.raises(NameTaken, match="'cam'"):
        live.publication.claim(live.now + 1.9, takeover=False)
    assert live.publication._source.reasons == []


def test_a_source_silent_for_two_seconds_is(live) -> None:
    source = live.publication._source
    live.wait(2.05)
    source.now = live.now
    live.publication.claim(live.now, takeover=False)
    assert source.reasons == ["replaced by another publisher"]
    assert live.publication.state == "reconnecting"


def test_takeover_replaces_a_healthy_one_and_viewers_stay(live) -> None:
    source = live.publication._source
    source.now = live.now
    before = segments(live)
    waiting = live.ask_next()
    live.go_live(takeover=True, seconds=3)
    assert source.reasons == ["replaced by another publisher"]
    assert waiting.status == 200
    assert segments(live)[: len(before)] == before
    assert len(lines(live, "#EXT-X-MAP")) == 1


def test_two_who_always_come_back_do_not_throw_each_other_out_for_ever(live) -> None:
    changes = []
    for _ in range(700):
        try:
            live.go_live(takeover=True, seconds=0.5)
        except NameTaken:
            live.play(0.5)
        else:
            changes.append(live.now)
    waits = [later - earlier for earlier, later in pairwise(changes)]
    assert [round(wait) for wait in waits] == [10, 20, 40, 80, 160]


def test_two_who_claim_at_once(stage, make_source) -> None:
    stage.hub.claim("cam", 0.0, takeover=False)
    with pytest.raises(NameTaken):
        stage.hub.claim("cam", 0.5, takeover=False)
    never_attached = make_source()
    stage.publication.detach(never_attached, 0.6)
    stage.hub.claim("cam", 0.7, takeover=False)


def test_whoever_attaches_first_stays(stage, make_source, tracks) -> None:
    publication = stage.hub.claim("cam", 0.0, takeover=False)
    stage.hub.claim("cam", 2.5, takeover=False)
    slow, quick = make_source(), make_source()
    publication.attach(quick, [tracks["video"]], 0.0, 2.6)
    with pytest.raises(NameTaken):
        publication.attach(slow, [tracks["video"]], 0.0, 3.0)
    assert quick.reasons == []
    publication.attach(slow, [tracks["video"]], 0.0, 5.0)
    assert quick.reasons == ["replaced by another publisher"]


def test_a_late_good_bye_of_a_replaced_source_means_nothing(live, make_source, tracks) -> None:
    old = live.publication._source
    live.wait(2.5)
    old.publication = None
    live.publication.claim(live.now, takeover=False)
    live.publication.detach(old, live.now)
    with pytest.raises(NameTaken):
        live.publication.claim(live.now + 1, takeover=False)
    new = make_source()
    live.publication.attach(new, [tracks["video"]], 0.0, live.now)
    live.publication.detach(old, live.now)
    assert live.publication._source is new


def test_nothing_is_taken_after_the_end(live, make_source, tracks) -> None:
    publication = live.publication
    publication.end(live.now)
    publication.end(live.now)
    last = publication.rendition.window.last_part
    publication.write(Sample("video", 0, 3000, is_sync=True, data=b"x"), live.now)
    publication.change_track(tracks["smaller"], live.now)
    publication.advance(99.0, live.now)
    assert not publication.key_frame_due(99.0)
    assert publication.rendition.window.last_part == last
    with pytest.raises(PublishError):
        publication.attach(make_source(), [tracks["video"]], 0.0, live.now)


def test_advance_closes_a_part_that_waits_for_pictures(live) -> None:
    viewer = live.ask_next()
    live.publication.advance(live.source_time / 30 + 1.0, live.now)
    assert viewer.status == 200


def test_playlists_go_a_window_after_the_end_and_media_another_window_later(live) -> None:
    prefix, publication = live.publication.rendition.prefix, live.publication
    publication.end(live.now)
    live.wait(23)
    assert live.ask("main.m3u8").status == 200
    live.wait(2)
    assert live.ask("main.m3u8").status == live.ask("index.m3u8").status == 404
    assert live.ask(f"{prefix}/1.m4s").status == 200
    assert not publication.is_over
    live.wait(24)
    assert publication.is_over
    assert live.ask(f"{prefix}/1.m4s").status == 404
