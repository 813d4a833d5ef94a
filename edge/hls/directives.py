"""Delivery directives: what a playlist request asks to be held for (draft-pantos-hls-rfc8216bis 6.2.5)."""

from dataclasses import dataclass
from functools import lru_cache

from edge.errors import BadDirective, TooFarAhead
from edge.hls.position import Position
from edge.hls.segment import TICKS
from edge.hls.window import WHOLE_SEGMENT, LiveWindow

_MOST_DIGITS = 15
_SEGMENTS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Directives:
    """`_HLS_msn`, `_HLS_part` and `_HLS_skip`. A `skip` of YES and of v2 is the same here: no date ranges."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Now:
    """Answer with the playlist as it is."""


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Answer when `LiveWindow.has(position)`."""

    position: Position


NONE = Directives()
NOW = Now()


@lru_cache(maxsize=256)  # viewers at the live edge all ask the same
def parse(query: str) -> Directives:
    """The directives in a raw query, in any order; parameters of others (tokens) are none of our business.

    BadDirective: twice the same, not a decimal integer, or a part without its segment (6.2.5.2: MUST be a
    400). An unknown value of `_HLS_skip` asks for nothing.
    """
    if "_HLS_" not in query:
        return NONE
    found: dict[str, str] = {}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        if name not in {"_HLS_msn", "_HLS_part", "_HLS_skip"}:
            continue
        if name in found:
            raise BadDirective(f"{name} is given twice; give it once")
        found[name] = value
    if "_HLS_part" in found and "_HLS_msn" not in found:
        raise BadDirective("_HLS_part needs _HLS_msn beside it")
    return Directives(
        _number(found, "_HLS_msn"), _number(found, "_HLS_part"), found.get("_HLS_skip") in {"YES", "v2"}
    )


def _number(found: dict[str, str], name: str) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise BadDirective(f"{name} must be a decimal integer of at most {_MOST_DIGITS} digits")
    return int(value)


def resolve(directives: Directives, window: LiveWindow) -> Now | WaitFor:
    """What to do with a playlist request (6.2.5.2).

    Before the window is playable every request waits until it is. TooFarAhead: a position that will not
    come soon.
    """
    if window.ended:
        return NOW  # with EXT-X-ENDLIST the directives MUST be ignored
    msn, part = directives.msn, directives.part
    position = window.first_playable
    if msn is not None:
        _check_distance(msn, part, window)
        position = max(position, Position(msn, WHOLE_SEGMENT if part is None else part))
    return NOW if window.has(position) else WaitFor(position)


def _check_distance(msn: int, part: int | None, window: LiveWindow) -> None:
    """400 for more than two segments, or the Advance Part Limit, beyond what is listed.

    The segment that grows counts as the last one from its first part on.
    """
    last = window.last_part
    newest = max(last.msn, window.last_complete)
    if msn > newest + _SEGMENTS_AHEAD:
        raise TooFarAhead(f"_HLS_msn={msn} is more than {_SEGMENTS_AHEAD} segments after {newest}")
    if part is None or msn <= window.last_complete:
        return  # a part index that a complete segment did not reach means the next segment (6.2.5.2)
    target = window.part_target_ticks
    limit = -(-3 * TICKS // target) if target < TICKS else 3
    ahead = part - last.part if msn == last.msn else part
    if ahead > limit:
        raise TooFarAhead(f"_HLS_part={part} of segment {msn} is more than {limit} parts ahead")
