"""The multivariant playlist: which renditions there are (draft-pantos-hls-rfc8216bis 4.4.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.hls.playlist import VERSION
from edge.hls.segment import TICKS
from edge.hls.window import LiveWindow


@dataclass(frozen=True, slots=True)
class Variant:
    """One EXT-X-STREAM-INF. Bit rates in bit/s; `frame_rate` 0: no video, or too little of it to tell."""

    uri: str
    peak: int
    average: int
    codecs: str
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    independent_segments: bool = True


def variant(window: LiveWindow, uri: str) -> Variant:
    """Describe a window that has media, as it was measured up to now."""
    init = window.init
    assert init is not None
    inits = [window.init_segment(segment.init_index) for segment in window.segments]
    codecs = [codec for each in [*inits, init] if each is not None for codec in each.codecs.split(",")]
    video = next((track for track in init.tracks if track.kind == "video"), None)
    return Variant(
        uri=uri,
        peak=window.bandwidth.peak,
        average=window.bandwidth.average,
        codecs=",".join(dict.fromkeys(codecs)),
        width=video.width if video else 0,
        height=video.height if video else 0,
        frame_rate=_frame_rate(window),
        independent_segments=all(segment.independent for segment in window.segments),
    )


def _frame_rate(window: LiveWindow) -> float:
    frames = sum(part.frames for segment in window.segments for part in segment.parts)
    ticks = sum(segment.duration_ticks for segment in window.segments)
    return frames * TICKS / ticks if ticks else 0.0


def render_multivariant(variants: Sequence[Variant]) -> bytes:
    """The playlist that a player opens first. There are no captions, and it says so (4.4.6.2)."""
    lines = ["#EXTM3U\n", f"#EXT-X-VERSION:{VERSION}\n"]
    if all(each.independent_segments for each in variants):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS\n")
    lines += [f"#EXT-X-STREAM-INF:{_attributes(each)}\n{each.uri}\n" for each in variants]
    return "".join(lines).encode("ascii")


def _attributes(each: Variant) -> str:
    attributes = [
        f"BANDWIDTH={max(1, each.peak)}",
        f"AVERAGE-BANDWIDTH={max(1, each.average)}",
        f'CODECS="{each.codecs}"',
    ]
    if each.width and each.height:
        attributes.append(f"RESOLUTION={each.width}x{each.height}")
    if each.frame_rate:
        attributes.append(f"FRAME-RATE={each.frame_rate:.3f}")
    attributes.append("CLOSED-CAPTIONS=NONE")
    return ",".join(attributes)
