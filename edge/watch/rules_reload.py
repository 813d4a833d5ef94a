"""Checks of a playlist request with delivery directives against what came (draft 6.2.5)."""

from collections.abc import Iterator

from edge.hls.position import Position
from edge.watch.exchange import Exchange
from edge.watch.findings import Finding, advice, note
from edge.watch.playlist import MediaPlaylist

STALL_PARTS = 3
"""No new part for this many part targets: the stream visibly stalls, and a hold or an unchanged answer is
forgiven.

A publisher may be away and come back (that is what makes a good edge); the draft knows only parts that come
in time or a
stream that ends. So an unchanged answer in a stall is a note, and a breach of LL 32 or 33 at any other time.
"""


def answered(exchange: Exchange, playlist: MediaPlaylist, *, quiet_s: float) -> Iterator[Finding]:
    """LL 32, 33: a blocked request is answered when what it waits for is there, not before.

    `quiet_s`: how long no new part had come when the answer did.
    """
    asked = exchange.asked
    if asked.msn is None or playlist.ended:
        return
    if asked.part is None:
        rule, came = "LL 32", playlist.last_complete_msn >= asked.msn
        wanted = f"segment {asked.msn}"
    else:
        rule, came = "LL 33", playlist.contains(Position(asked.msn, asked.part))
        wanted = f"part {asked.msn}.{asked.part}"
    if came:
        return
    sentence = f"asked to wait for {wanted}, the server answered without it after {exchange.took_s:.2f} s"
    if quiet_s > STALL_PARTS * (playlist.part_target or 0):
        yield note(rule, "unchanged-in-stall", f"{sentence}; no part had come for {quiet_s:.1f} s")
    else:
        yield Finding(rule, "early-answer", sentence)


def refused(
    exchange: Exchange, target_duration: int, *, quiet_s: float, part_target: float
) -> Iterator[Finding]:
    """LL 33, 39: a blocked request for the next part is not refused, but with 503 when nothing comes for
    long.
    """
    if exchange.ok:
        return
    stalled = quiet_s > STALL_PARTS * part_target
    if exchange.status == 503:
        level = note if stalled else Finding
        sentence = f"503 after {exchange.took_s:.1f} s (three target durations are {3 * target_duration} s)"
        yield level("LL 39", "blocked-503", sentence)
        return
    wanted = f"{exchange.asked.msn}.{exchange.asked.part}"
    yield Finding("LL 33", "blocked-refused", f"waiting for part {wanted} was answered {exchange.status}")


def held_too_long(exchange: Exchange, target_duration: int) -> Iterator[Finding]:
    """LL 39: after three target durations there SHOULD be a 503."""
    if exchange.asked.msn is not None and exchange.took_s > 3 * target_duration + 1:
        limit = 3 * target_duration
        sentence = f"a request was blocked for {exchange.took_s:.1f} s, three target durations are {limit} s"
        yield advice("LL 39", "blocked-long", sentence)


def skip_honoured(exchange: Exchange, playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 41: _HLS_skip gives a delta update where there is something to skip, and never where it is not
    offered.
    """
    control = playlist.control
    boundary = control.can_skip_until if control else None
    if playlist.skip is not None:
        if not exchange.asked.skip:
            yield Finding("LL 41", "delta-unasked", "EXT-X-SKIP came without _HLS_skip")
        elif boundary is None or playlist.ended:
            yield Finding(
                "LL 41", "delta-not-offered", "EXT-X-SKIP came without CAN-SKIP-UNTIL, or after the end"
            )
        return
    if exchange.asked.skip and boundary is not None and not playlist.ended and _skippable(playlist, boundary):
        yield Finding(
            "LL 41", "delta-missing", "_HLS_skip was asked, older segments are there, EXT-X-SKIP is not"
        )


def _skippable(playlist: MediaPlaylist, boundary: float) -> bool:
    """Whether whole segments are further than the boundary from the end of the last segment."""
    distance = 0.0
    for segment in reversed(playlist.complete):
        if distance > boundary:
            return True
        distance += segment.duration
    return False


def skip_respects_boundary(delta: MediaPlaylist) -> Iterator[Finding]:
    """LL 42: segments within the Skip Boundary are not skipped."""
    boundary = delta.control.can_skip_until if delta.control else None
    if delta.skip is None or boundary is None:
        return
    left = sum(segment.duration for segment in delta.complete)
    if left < boundary - 0.01:
        sentence = f"the delta update keeps {left:g} s of segments, the Skip Boundary is {boundary:g} s"
        yield Finding("LL 42", "skip-too-much", sentence)


def segment_due(playlist: MediaPlaylist, since_s: float, quiet_s: float) -> Iterator[Finding]:
    """LL 11: a new segment within 1.5 target durations of the one before (unless the stream stalls, which is
    noted).
    """
    target, part_target = playlist.target_duration or 0, playlist.part_target or 0
    if since_s > 1.5 * target + 0.25 and not playlist.ended and quiet_s <= STALL_PARTS * part_target:
        sentence = f"{since_s:.1f} s since the last new segment, 1.5 target durations are {1.5 * target:g} s"
        yield Finding("LL 11", "segment-late", sentence)
