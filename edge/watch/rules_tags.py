"""Checks of one playlist: which tags and attributes it must have, and where."""

from collections.abc import Callable, Iterator

from edge.watch.findings import Finding, advice
from edge.watch.playlist import PRINT_ROUNDING_S, MediaPlaylist

_MAP_VERSION, _SKIP_VERSION, _SKIP_DATERANGES_VERSION = 6, 9, 10


def version(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 4: EXT-X-VERSION is as high as the tags need (section 8)."""
    needed = 1
    if any(segment.map for segment in playlist.segments):
        needed = _MAP_VERSION
    if playlist.skip is not None:
        needed = _SKIP_DATERANGES_VERSION if playlist.skip.removed_dateranges else _SKIP_VERSION
    if (playlist.version or 1) < needed:
        sentence = f"EXT-X-VERSION is {playlist.version or 'missing'}, the tags need {needed}"
        yield Finding("LL 4", "version-too-low", sentence)


def late_tags(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 21: a segment's tags stand before its first part."""
    for segment in playlist.segments:
        for tag in segment.late_tags:
            yield Finding(
                "LL 21", "tag-after-part", f"{tag} of segment {segment.msn} stands after its first part"
            )


def server_control(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 26: blocking reload is offered (B.1)."""
    if not playlist.low_latency or playlist.ended:
        return
    if playlist.control is None:
        yield Finding("LL 26", "server-control-missing", "there is no EXT-X-SERVER-CONTROL")
    elif not playlist.control.can_block_reload:
        yield Finding("LL 26", "no-blocking-reload", "EXT-X-SERVER-CONTROL has no CAN-BLOCK-RELOAD=YES")


def skip_boundary(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 27: CAN-SKIP-UNTIL is at least six target durations."""
    control, target = playlist.control, playlist.target_duration or 0
    if control is None:
        return
    until = control.can_skip_until
    if until is not None and until < 6 * target - PRINT_ROUNDING_S:
        sentence = f"CAN-SKIP-UNTIL is {until:g} s, six target durations are {6 * target} s"
        yield Finding("LL 27", "skip-boundary", sentence)
    if control.can_skip_dateranges and until is None:
        yield Finding("LL 27", "skip-dateranges", "CAN-SKIP-DATERANGES stands without CAN-SKIP-UNTIL")


def hold_back(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 28: HOLD-BACK is at least three target durations."""
    control, target = playlist.control, playlist.target_duration or 0
    if (
        control is not None
        and control.hold_back is not None
        and control.hold_back < 3 * target - PRINT_ROUNDING_S
    ):
        sentence = f"HOLD-BACK is {control.hold_back:g} s, three target durations are {3 * target} s"
        yield Finding("LL 28", "hold-back", sentence)


def part_hold_back(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 29: PART-HOLD-BACK is there, and at least three part targets."""
    if playlist.part_target is None:
        return
    value = playlist.control.part_hold_back if playlist.control else None
    if value is None:
        yield Finding("LL 29", "part-hold-back-missing", "there is EXT-X-PART-INF, but no PART-HOLD-BACK")
    elif value < 3 * playlist.part_target - PRINT_ROUNDING_S:
        sentence = f"PART-HOLD-BACK is {value:g} s, three part targets are {3 * playlist.part_target:g} s"
        yield Finding("LL 29", "part-hold-back", sentence)


def hints(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 44, 45: one hint a type, of the next part while there is one to come, none after the end."""
    types = [hint.type for hint in playlist.hints]
    if playlist.ended and types:
        yield Finding("LL 44", "hint-after-end", "EXT-X-PRELOAD-HINT stands beside EXT-X-ENDLIST")
    for kind in {kind for kind in types if types.count(kind) > 1}:
        yield advice("LL 44", "hint-twice", f"there is more than one EXT-X-PRELOAD-HINT:TYPE={kind}")
    has_parts = any(segment.parts for segment in playlist.segments)
    if has_parts and not playlist.ended and "PART" not in types:
        yield Finding("LL 45", "hint-missing", "there are parts, but no EXT-X-PRELOAD-HINT:TYPE=PART")


def hint_is_new(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 44: the hinted part is not one that is listed already."""
    hint = playlist.hint()
    if hint is None or hint.byte_range is not None:
        return
    if any(part.uri == hint.uri for segment in playlist.segments for part in segment.parts):
        yield Finding("LL 44", "hint-of-listed-part", f"the hinted part {hint.uri} is listed already")


def old_parts(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 23: parts more than three target durations from the end SHOULD be gone."""
    if not playlist.target_duration:
        return
    distance = playlist.open.parts_duration if playlist.open else 0.0
    for segment in reversed(playlist.complete):
        if segment.parts and distance > 3 * playlist.target_duration:
            sentence = f"parts of segment {segment.msn} are listed {distance:.1f} s from the end"
            yield advice("LL 23", "old-parts", sentence)
            return
        distance += segment.duration


def maps(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 54: an EXT-X-MAP applies to every segment of fragmented MP4."""
    for segment in playlist.segments:
        name = segment.uri or (segment.parts[0].uri if segment.parts else "")
        path = name.partition("?")[0].lower()
        if name and segment.map is None and not path.endswith((".ts", ".aac", ".mp3", ".vtt", ".ac3")):
            yield Finding("LL 54", "map-missing", f"no EXT-X-MAP applies to segment {segment.msn}")


def map_change(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 53: another init segment comes with a discontinuity (only SHOULD, if no more than parameters
    change).
    """
    before = None
    for segment in playlist.segments:
        if before is not None and segment.map != before and segment.map and not segment.discontinuity:
            sentence = f"EXT-X-MAP changes at segment {segment.msn} without EXT-X-DISCONTINUITY"
            yield advice("LL 53", "map-change", sentence)
        before = segment.map


def discontinuity_sequence(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 16: a live playlist with discontinuities counts those that left."""
    live = not playlist.ended and playlist.type is None
    if (
        live
        and playlist.discontinuity_sequence is None
        and any(each.discontinuity for each in playlist.segments)
    ):
        sentence = "there is an EXT-X-DISCONTINUITY, but no EXT-X-DISCONTINUITY-SEQUENCE"
        yield Finding("LL 16", "discontinuity-sequence-missing", sentence)


def start(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 58: EXT-X-START is not within three target durations of a live end."""
    offset, target = playlist.start_offset, playlist.target_duration or 0
    if offset is None or playlist.ended:
        return
    from_end = -offset if offset < 0 else playlist.duration - offset
    if from_end < 3 * target - PRINT_ROUNDING_S:
        yield Finding(
            "LL 58", "start-near-end", f"EXT-X-START is {from_end:g} s from the end of a live playlist"
        )


def date_ranges(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 60: date ranges need a date to map to."""
    if playlist.date_ranges and all(segment.date is None for segment in playlist.segments):
        yield Finding(
            "LL 60", "daterange-without-date", "EXT-X-DATERANGE without any EXT-X-PROGRAM-DATE-TIME"
        )


CHECKS: tuple[Callable[[MediaPlaylist], Iterator[Finding]], ...] = (
    version,
    late_tags,
    server_control,
    skip_boundary,
    hold_back,
    part_hold_back,
    hints,
    hint_is_new,
    old_parts,
    maps,
    map_change,
    discontinuity_sequence,
    start,
    date_ranges,
)
