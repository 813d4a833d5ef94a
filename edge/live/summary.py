"""What an operator wants to know of a publication, as plain values."""

from dataclasses import dataclass

from edge.hls.multivariant import variant
from edge.hls.segment import TICKS
from edge.hls.window import LiveWindow
from edge.live.listing import MEDIA_PLAYLIST
from edge.live.publication import Publication, State
from edge.media.track import Track

_RECENT_SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """One track as it is published. Zero where a number means nothing for its kind."""

    kind: str
    codec: str
    codec_string: str
    width: int
    height: int
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Durations in seconds, rates in bit/s. `segment` and `part`: of the newest part, None before it.

    `viewers` is an estimate, `waiting` the exact number of requests that are held at this moment. `latency_s`
    is from capture to listed, by the publisher's clock.
    """

    name: str
    state: State
    age_s: float
    tracks: tuple[TrackSummary, ...]
    viewers: int
    waiting: int
    bitrate: int
    peak_bitrate: int
    frame_rate: float
    segment: int | None
    part: int | None
    listed_segments: int
    media_sequence: int
    discontinuity_sequence: int
    discontinuities: int
    target_duration_s: int
    part_target_s: float
    latency_s: float | None


def summarise(publication: Publication) -> Summary:
    """A value of this moment, for one publication."""
    rendition = publication.rendition
    window = rendition.window
    last = window.last_part
    has_media = last.part >= 0
    measured = variant(window, MEDIA_PLAYLIST) if window.segments else None
    return Summary(
        name=publication.name,
        state=publication.state,
        age_s=round(publication.age_s, 3),
        tracks=tuple(map(_track, publication.tracks)),
        viewers=rendition.audience.viewers,
        waiting=rendition.waiting,
        bitrate=recent_bitrate(window),
        peak_bitrate=measured.peak if measured else 0,
        frame_rate=round(measured.frame_rate, 3) if measured else 0.0,
        segment=last.msn if has_media else None,
        part=last.part if has_media else None,
        listed_segments=len(window.segments),
        media_sequence=window.media_sequence,
        discontinuity_sequence=window.discontinuity_sequence,
        discontinuities=window.discontinuities,
        target_duration_s=rendition.target_duration_s,
        part_target_s=window.part_target_ticks / TICKS,
        latency_s=None if publication.latency_s is None else round(publication.latency_s, 3),
    )


def _track(track: Track) -> TrackSummary:
    return TrackSummary(
        track.kind,
        track.codec,
        track.codec_string,
        track.width,
        track.height,
        track.timescale if track.kind == "audio" else 0,
        track.channels,
    )


def recent_bitrate(window: LiveWindow) -> int:
    """Of the newest complete segments: what the publisher sends now, container included."""
    recent = list(window.segments)[-_RECENT_SEGMENTS:]
    ticks = sum(segment.duration_ticks for segment in recent)
    return sum(segment.size for segment in recent) * 8 * TICKS // ticks if ticks else 0
