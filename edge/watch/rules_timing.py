"""Checks of one playlist: durations and dates."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from edge.watch.findings import Finding, advice
from edge.watch.playlist import PRINT_ROUNDING_S, MediaPlaylist, PartTag, SegmentTag

LEAST_PART = 0.85
_FRAME_S = 0.1
"""Parts of a segment add up to its EXTINF within a frame; pictures come at least ten a second, or audio
frames do.
"""
_DATE_DRIFT_S = 0.5


def target_duration(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 8: EXT-X-TARGETDURATION is there, at least 1, and no rounded EXTINF is above it."""
    target = playlist.target_duration
    if not target:
        yield Finding("LL 8", "target-duration-missing", "EXT-X-TARGETDURATION is missing or zero")
        return
    for segment in playlist.complete:
        if int(segment.duration + 0.5) > target:
            sentence = (
                f"segment {segment.msn} lasts {segment.duration:g} s, the target duration is {target} s"
            )
            yield Finding("LL 8", "segment-too-long", sentence)


def part_target(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 17: where there are parts there is PART-TARGET."""
    if playlist.part_target is None and any(segment.parts for segment in playlist.segments):
        yield Finding("LL 17", "part-inf-missing", "there are parts, but no EXT-X-PART-INF")


def parts_not_too_long(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 19: DURATION is at most PART-TARGET."""
    if playlist.part_target is None:
        return
    for segment in playlist.segments:
        for index, part in enumerate(segment.parts):
            if part.duration > playlist.part_target + PRINT_ROUNDING_S:
                sentence = (
                    f"part {segment.msn}.{index} lasts {part.duration:g} s, above {playlist.part_target:g}"
                )
                yield Finding("LL 19", "part-too-long", f"{sentence} (PART-TARGET)")


def parts_not_too_short(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 19: DURATION is at least 85 % of PART-TARGET, the exceptions aside."""
    if playlist.part_target is None:
        return
    least = LEAST_PART * playlist.part_target - PRINT_ROUNDING_S
    for segment in playlist.segments:
        for index, (part, following) in enumerate(zip(segment.parts, _following(segment), strict=True)):
            if part.duration < least and not (
                part.independent or part.gap or following is None or following.gap
            ):
                yield Finding(
                    "LL 19",
                    "part-too-short",
                    f"part {segment.msn}.{index} lasts {part.duration:g} s,"
                    f" less than 85 % of PART-TARGET ({playlist.part_target:g})",
                )


def _following(segment: SegmentTag) -> Iterator[PartTag | None]:
    """The part after each in its segment; None after the last: even in an open segment it may yet be the
    last.
    """
    yield from segment.parts[1:]
    if segment.parts:
        yield None


def parts_fill_segment(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 20: a segment that lists parts lasts as long as they do together."""
    for segment in playlist.complete:
        if segment.parts and abs(segment.parts_duration - segment.duration) > _FRAME_S:
            sentence = (
                f"the parts of segment {segment.msn} last {segment.parts_duration:g} s, its EXTINF says"
                f" {segment.duration:g}"
            )
            yield Finding("LL 20", "parts-differ-from-segment", sentence)


def dates_present(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 52: there is an EXT-X-PROGRAM-DATE-TIME, and one after each discontinuity."""
    if playlist.skip is None and playlist.segments and all(each.date is None for each in playlist.segments):
        yield Finding("LL 52", "date-missing", "there is no EXT-X-PROGRAM-DATE-TIME")
        return
    for segment in playlist.segments:
        if segment.discontinuity and segment.date is None and (segment.parts or segment.uri):
            sentence = f"segment {segment.msn} follows a discontinuity without EXT-X-PROGRAM-DATE-TIME"
            yield advice("LL 52", "date-after-discontinuity", sentence)


def dates_go_forward(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 52: dates of neighbours are not further back than the media between them (forward they may jump: a
    gap).
    """
    for one, next_one in pairwise(playlist.segments):
        if one.date is None or next_one.date is None or next_one.discontinuity:
            continue
        step = (next_one.date - one.date).total_seconds()
        if step < one.duration - _DATE_DRIFT_S:
            sentence = f"segment {next_one.msn} is dated {step:g} s after one that lasts {one.duration:g} s"
            yield Finding("LL 52", "date-overlap", sentence)


def holds_three_targets(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 13: once segments have been removed, at least six stay (AUTH 8.11)."""
    if playlist.media_sequence > 0 and not playlist.ended and playlist.skip is None:
        count = len(playlist.complete)
        if count < 6 and playlist.target_duration and playlist.duration < 3 * playlist.target_duration:
            sentence = (
                f"{count} segments of {playlist.duration:g} s: less than three target durations are listed"
            )
            yield advice("LL 13", "window-short", sentence)


CHECKS: tuple[Callable[[MediaPlaylist], Iterator[Finding]], ...] = (
    target_duration,
    part_target,
    parts_not_too_long,
    parts_not_too_short,
    parts_fill_segment,
    dates_present,
    dates_go_forward,
    holds_three_targets,
)
