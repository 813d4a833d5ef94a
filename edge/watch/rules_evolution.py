"""Checks of two playlists, one loaded after the other: what a server may change (draft 6.2.1, 6.2.2)."""

from collections.abc import Callable, Iterator

from edge.watch.findings import Finding, Level, advice
from edge.watch.playlist import MediaPlaylist, PartTag, SegmentTag

_BREACH: Level = "breach"
_NOTE: Level = "note"


def constants(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 8, 17, 5: target durations and server control stay as they are."""
    if old.target_duration != new.target_duration:
        sentence = f"EXT-X-TARGETDURATION went from {old.target_duration} to {new.target_duration}"
        yield Finding("LL 8", "target-duration-changed", sentence)
    if old.part_target != new.part_target and not new.ended:
        sentence = f"PART-TARGET went from {old.part_target} to {new.part_target}"
        yield Finding("LL 17", "part-target-changed", sentence)
    if old.control != new.control and not new.ended:
        yield Finding("LL 5", "server-control-changed", "EXT-X-SERVER-CONTROL changed")


def media_sequence(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 15: EXT-X-MEDIA-SEQUENCE never decreases."""
    if new.media_sequence < old.media_sequence:
        sentence = f"EXT-X-MEDIA-SEQUENCE went from {old.media_sequence} back to {new.media_sequence}"
        yield Finding("LL 15", "media-sequence-back", sentence)


def nothing_vanishes(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 5: what was listed at the end is still there."""
    if new.next_position < old.next_position and new.media_sequence >= old.media_sequence:
        sentence = f"the playlist ended before {old.next_position}, now it ends before {new.next_position}"
        yield Finding("LL 5", "end-went-back", sentence)


def segments_stay(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 5: a complete segment's URI, duration and tags are never rewritten."""
    if new.media_sequence < old.media_sequence:
        return
    for segment in old.complete:
        other = new.segment(segment.msn)
        if other is None:
            continue
        for what, before, after in _differences(segment, other):
            yield Finding(
                "LL 5", f"{what}-rewritten", f"segment {segment.msn}: {what} was {before}, now {after}"
            )


def _differences(old: SegmentTag, new: SegmentTag) -> Iterator[tuple[str, object, object]]:
    pairs = (
        ("uri", old.uri, new.uri),
        ("duration", old.duration, new.duration),
        ("discontinuity", old.discontinuity, new.discontinuity),
        ("map", old.map, new.map),
        ("gap", old.gap, new.gap),
        ("byterange", old.byte_range, new.byte_range),
    )
    yield from ((what, before, after) for what, before, after in pairs if before != after)
    if old.date is not None and new.date is not None and old.date != new.date:
        yield "date", old.date.isoformat(), new.date.isoformat()


def parts_stay(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 5: parts are appended, and leave from the front with their segment's others; they are never
    rewritten.
    """
    if new.media_sequence < old.media_sequence:
        return
    for segment in old.segments:
        other = new.segment(segment.msn)
        if other is None or not segment.parts or (not other.parts and other.uri is not None):
            continue
        if not _goes_on(segment.parts, other.parts):
            yield Finding("LL 5", "parts-rewritten", f"the parts of segment {segment.msn} changed")


def _goes_on(old: tuple[PartTag, ...], new: tuple[PartTag, ...]) -> bool:
    """Whether `new` is `old`, the first ones perhaps gone, perhaps with more behind."""
    if not new or new[0] not in old:
        return False
    gone = old.index(new[0])
    return old[gone:] == new[: len(old) - gone]


def open_segment_stays(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 21: what applies to the open segment (discontinuity, map) is known from its first part on."""
    before = old.open
    after = new.segment(before.msn) if before is not None and before.parts else None
    if before is None or after is None:
        return
    if (before.discontinuity, before.map) != (after.discontinuity, after.map):
        sentence = f"EXT-X-DISCONTINUITY or EXT-X-MAP of segment {before.msn} changed after its first part"
        yield Finding("LL 21", "open-segment-changed", sentence)


def parts_removed_late(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 23: part tags stay until they are three target durations from the end."""
    target = new.target_duration or 0
    distance = new.open.parts_duration if new.open else 0.0
    for segment in reversed(new.complete):
        distance += segment.duration  # of its first part from the end
        before = old.segment(segment.msn)
        gone = before is not None and before.parts and not segment.parts
        if gone and distance < 3 * target and not new.ended:
            sentence = f"the parts of segment {segment.msn} were removed {distance:.1f} s from the end"
            yield advice("LL 23", "parts-removed-early", sentence)


def discontinuity_sequence(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 16: EXT-X-DISCONTINUITY-SEQUENCE goes up by the discontinuities that left, and else stays."""
    if not old.media_sequence <= new.media_sequence <= old.last_complete_msn + 1:
        return
    left = [each for each in old.segments if each.msn < new.media_sequence]
    expected = (old.discontinuity_sequence or 0) + sum(segment.discontinuity for segment in left)
    if (new.discontinuity_sequence or 0) != expected:
        sentence = f"EXT-X-DISCONTINUITY-SEQUENCE is {new.discontinuity_sequence or 0}, {expected} is right"
        yield Finding("LL 16", "discontinuity-sequence-wrong", sentence)


def window_shrinks(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 13: a removal leaves at least three target durations."""
    removed = new.media_sequence > old.media_sequence
    complete = sum(segment.duration for segment in new.complete)
    if removed and not new.ended and new.target_duration and complete < 3 * new.target_duration - 0.01:
        sentence = f"a removal left {complete:g} s, three target durations are {3 * new.target_duration} s"
        yield Finding("LL 13", "window-too-short", sentence)


def playlist_type(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 6: no EXT-X-PLAYLIST-TYPE where segments are removed."""
    if new.type is not None and new.media_sequence > old.media_sequence:
        yield Finding(
            "LL 6", "type-and-removal", f"EXT-X-PLAYLIST-TYPE:{new.type}, but segments were removed"
        )


def after_the_end(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 56: EXT-X-ENDLIST stays, and nothing is appended."""
    if old.ended and not new.ended:
        yield Finding("LL 56", "end-taken-back", "EXT-X-ENDLIST was there and is gone")
    elif old.ended and new.next_position != old.next_position:
        yield Finding("LL 56", "goes-on-after-end", "segments were added after EXT-X-ENDLIST")


def hint_came_true(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 44: the part that came where one was hinted has the hinted URI.

    When the segment turned out to be complete, the hint may be withdrawn (6.2.6 has such a resource answer
    404), which
    costs every player a request: a note.
    """
    hint, position = old.hint(), old.next_position
    segment = new.segment(position.msn)
    if hint is None or segment is None:
        return
    if len(segment.parts) > position.part:
        came, level = segment.parts[position.part], _BREACH
    else:
        following = new.segment(position.msn + 1)
        if segment.uri is None or following is None or not following.parts:
            return
        came, level = following.parts[0], _NOTE
    if came.uri != hint.uri:
        check = "hint-broken" if level == _BREACH else "hint-withdrawn"
        yield Finding("LL 44", check, f"{hint.uri} was hinted, {came.uri} came", level)


def date_ranges(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Finding]:
    """LL 60: attributes of a date range are added, not changed."""
    for name, values in old.date_ranges.items():
        now = new.date_ranges.get(name)
        if now is not None and any(now.get(key) != value for key, value in values.items()):
            yield Finding("LL 60", "daterange-changed", f'EXT-X-DATERANGE "{name[:60]}" changed')


CHECKS: tuple[Callable[[MediaPlaylist, MediaPlaylist], Iterator[Finding]], ...] = (
    constants,
    media_sequence,
    nothing_vanishes,
    segments_stay,
    parts_stay,
    open_segment_stays,
    parts_removed_late,
    discontinuity_sequence,
    window_shrinks,
    playlist_type,
    after_the_end,
    hint_came_true,
    date_ranges,
)
