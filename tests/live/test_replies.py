import json
from datetime import UTC, datetime

from edge.hls.front import Front
from edge.hls.playlist import Playlist
from edge.hls.position import Position
from edge.hls.segment import Part, Segment, SegmentHead
from edge.live.replies import Replies, not_playable_yet, overloaded, stalled

PLAYLIST = Playlist(Position(7, 1), Front(b"#EXTM3U\npl"), Front(b"#EXTM3U\ndelt"), b"ain\n")


def make() -> Replies:
    return Replies("k3y", 2, 60.0)


def test_a_playlist_tells_caches_and_pages_what_it_is() -> None:
    response = make().media_playlist(PLAYLIST, 9, delta=False, gzip=False, cache_control="max-age=12")
    assert response.body == (b"#EXTM3U\nplain\n",)
    fields = dict(response.fields)
    assert len(fields) == len(response.fields), "no field twice"
    assert fields["Content-Type"] == "application/vnd.apple.mpegurl"
    assert fields["Vary"] == "Accept-Encoding"
    assert fields["Cache-Control"] == "max-age=12"
    assert fields["ETag"] == '"k3y-9"'
    assert fields["Access-Control-Allow-Origin"] == "*"
    assert fields["Priority"] == "u=1"
    assert "Content-Encoding" not in fields
    assert "Age" not in fields


def test_each_form_has_its_own_entity_tag() -> None:
    tags = set()
    for delta in (False, True):
        for gzip in (False, True):
            response = make().media_playlist(PLAYLIST, 9, delta=delta, gzip=gzip, cache_control="no-cache")
            tags.add(dict(response.fields)["ETag"])
            assert dict(response.fields).get("Content-Encoding") == ("gzip" if gzip else None)
    assert tags == {'"k3y-9"', '"k3y-9z"', '"k3y-9d"', '"k3y-9dz"'}


def test_a_part_never_changes() -> None:
    part = Part(Position(7, 1), 22_500, independent=True, body=b"moof")
    response = make().part(part, "video/mp4")
    fields = dict(response.fields)
    assert (fields["Cache-Control"], fields["ETag"]) == ("max-age=12, immutable", '"k3y-7.1"')
    assert response.body[0] is part.body
    assert int(fields["Priority"].removeprefix("u=")) > 1


def test_a_segment_tells_when_it_expires() -> None:
    """6.2.2: a server that will remove a segment SHOULD say in Expires how long it means to keep it."""
    part = Part(Position(7, 0), 22_500, independent=True, body=b"moof")
    segment = Segment(SegmentHead(7, 0, False, datetime(2026, 1, 1, tzinfo=UTC)), (part,), 22_500)
    replies = Replies("k3y", 2, 60.0, wall_clock=lambda: 1_767_225_600.5)
    fields = dict(replies.segment(segment, "video/mp4").fields)
    assert fields["Cache-Control"] == "max-age=60, immutable"
    assert fields["Expires"] == "Thu, 01 Jan 2026 00:01:00 GMT"


def test_lifetimes_follow_the_promised_target_duration() -> None:
    replies = make()
    replies.promise(4)
    assert replies.lifetimes.blocking_playlist == "max-age=24"


def test_refusals_are_not_kept_and_say_when_to_come_back() -> None:
    for response in (stalled(), not_playable_yet(), overloaded()):
        fields = dict(response.fields)
        assert response.status == 503
        assert fields["Cache-Control"] == "no-store"
        assert int(fields["Retry-After"]) in {1, 2}
        assert fields["Access-Control-Allow-Origin"] == "*"
        assert json.loads(response.body[0])["detail"]
