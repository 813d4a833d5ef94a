"""Playlist delta updates (draft-pantos-hls-rfc8216bis-22 4.4.5.2, 6.2.5.1): put them on what was there
before.
"""

from collections.abc import Iterator
from dataclasses import replace

from edge.watch.findings import Finding
from edge.watch.playlist import MediaPlaylist, SegmentTag


def apply_delta(previous: MediaPlaylist, delta: MediaPlaylist) -> MediaPlaylist | None:
    """The whole playlist that `delta` stands for, None where `previous` lacks skipped segments."""
    if delta.skip is None:
        return delta
    skipped = range(delta.media_sequence, delta.media_sequence + delta.skip.segments)
    kept: list[SegmentTag] = []
    for msn in skipped:
        segment = previous.segment(msn)
        if segment is None or segment.uri is None:
            return None
        kept.append(segment)
    return replace(
        delta,
        segments=(*kept, *_inherited(delta.segments, kept)),
        skip=None,
        date_ranges=_date_ranges(previous, delta),
    )


def _inherited(segments: tuple[SegmentTag, ...], kept: list[SegmentTag]) -> Iterator[SegmentTag]:
    """EXT-X-MAP and EXT-X-KEY go on applying across the skip where the delta does not repeat them."""
    first = kept[-1] if kept else None
    for segment in segments:
        if first is None:
            yield segment
            continue
        yield replace(segment, map=segment.map or first.map, key=segment.key or first.key)


def _date_ranges(previous: MediaPlaylist, delta: MediaPlaylist) -> dict[str, dict[str, str]]:
    removed = delta.skip.removed_dateranges if delta.skip else ()
    merged = {name: dict(values) for name, values in previous.date_ranges.items() if name not in removed}
    merged.update({name: dict(values) for name, values in delta.date_ranges.items()})
    return merged


def delta_equals_whole(merged: MediaPlaylist, whole: MediaPlaylist) -> Iterator[Finding]:
    """LL 42: what a delta update gave must be what the whole playlist gives, as far as both are at the same
    point.

    The two were loaded one after the other, so `whole` may be further on; then only what both list is
    compared.
    """
    for segment in merged.complete:
        other = whole.segment(segment.msn)
        if other is None or other.uri is None:
            continue
        if _essence(segment) != _essence(other):
            sentence = f"segment {segment.msn} differs between the delta update and the whole playlist"
            yield Finding("LL 42", "delta-differs", sentence)
            return
    if merged.next_position == whole.next_position and merged.media_sequence != whole.media_sequence:
        sentence = (
            f"EXT-X-MEDIA-SEQUENCE: {merged.media_sequence} in the delta, {whole.media_sequence} in whole"
        )
        yield Finding("LL 42", "delta-media-sequence", sentence)
    if (merged.discontinuity_sequence or 0) != (
        whole.discontinuity_sequence or 0
    ) and merged.media_sequence == whole.media_sequence:
        yield Finding(
            "LL 42", "delta-discontinuity-sequence", "EXT-X-DISCONTINUITY-SEQUENCE differs in the delta"
        )


def _essence(segment: SegmentTag) -> tuple[object, ...]:
    return (
        segment.uri,
        segment.duration,
        segment.discontinuity,
        segment.map,
        segment.gap,
        segment.byte_range,
    )
