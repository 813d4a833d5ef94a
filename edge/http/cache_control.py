"""How long a cache may keep an answer: draft-pantos-hls-rfc8216bis-22, appendix B.1 (origins send no Age)."""

import math
from dataclasses import dataclass

NO_STORE = "no-store"
"""Refusals and time-outs: never kept."""

REVALIDATE = "no-cache"
"""An answer that did not bring what was asked for: whoever comes next has to ask again."""

UNKNOWN_STREAM = "max-age=1"
"""A name nobody publishes under yet: the publisher may come in the next second."""


_ONLY_IF_CACHED = "only-if-cached"


def is_only_if_cached(asked: str | None) -> bool:
    """Whether a client wants what is stored or nothing, by its Cache-Control (RFC 9111, 5.2.1.7). What else
    it may say there is not followed: one client of many does not make the edge ask its origins.
    """
    if asked is None or _ONLY_IF_CACHED not in asked.lower():
        return False
    return _ONLY_IF_CACHED in {each.strip().lower() for each in asked.split(",")}


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Cache-Control values of one presentation, whole seconds, made once from its target duration."""

    playlist: str
    blocking_playlist: str
    part: str
    segment: str
    segment_s: int
    """The same in seconds, for Expires."""
    missing: str

    @classmethod
    def of(cls, target_duration: int, window_s: float) -> "Lifetimes":
        """`target_duration` in seconds (EXT-X-TARGETDURATION); a segment is kept while it can be listed."""
        blocking = 6 * target_duration
        listed = max(blocking, math.ceil(window_s))
        return cls(
            playlist=f"max-age={max(1, target_duration // 2)}",
            blocking_playlist=f"max-age={blocking}",
            part=f"max-age={blocking}, immutable",
            segment=f"max-age={listed}, immutable",
            segment_s=listed,
            missing=f"max-age={target_duration}",
        )
