"""Checks of the media itself: init segments, parts, and segments made of them (fragmented MP4 only)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge.errors import MediaError
from edge.fmp4.boxes import walk
from edge.fmp4.inspect import ParsedRun, ParsedTrack, parse_fragment, parse_init
from edge.watch.findings import Finding, advice
from edge.watch.playlist import PRINT_ROUNDING_S, PartTag, SegmentTag


@dataclass(slots=True)
class TrackTotals:
    """Of one track across parts. Ticks of the track."""

    expected: int | None = None
    """The tfdt that must come next (AUTH 7.3)."""
    longest: int = 1
    newest: int = 1
    """The longest sample of its newest run; it may reach into the part after."""


@dataclass(slots=True)
class MediaJudge:
    """Follows one playlist's media, part after part in order. All methods give findings and never raise.

    `tracks` are those of the init segment in effect, empty where it could not be read.
    """

    tracks: list[ParsedTrack] = field(default_factory=list)
    _totals: dict[int, TrackTotals] = field(default_factory=dict)
    _declared_s: float = 0.0
    _media_begin: dict[int, int] = field(default_factory=dict)
    _rounding_s: float = 0.0

    def init(self, body: bytes, *, discontinuity: bool) -> Iterator[Finding]:
        """A new init segment, for what comes next."""
        try:
            tracks = parse_init(body)
            kinds = [box.kind for box in walk(body)]
        except MediaError as error:
            self.tracks = []
            yield Finding("CMAF 1", "init-unreadable", f"the init segment cannot be read: {error.detail}")
            return
        if b"moof" in kinds or b"mdat" in kinds:
            yield Finding("LL 54", "init-with-samples", "the init segment has samples in it")
        if kinds[:1] != [b"ftyp"]:
            yield Finding("CMAF 1", "init-without-ftyp", "the init segment does not start with ftyp")
        for track in tracks:
            if not track.has_trex:
                yield Finding("CMAF 1", "trex-missing", f"track {track.track_id} has no trex (mvex)")
        if self.tracks and not discontinuity and _shape(tracks) != _shape(self.tracks):
            yield Finding("LL 53", "tracks-changed", "tracks or formats changed without EXT-X-DISCONTINUITY")
        self.tracks = tracks

    def restart(self) -> None:
        """A discontinuity, or parts that were not loaded: the next part starts a timeline of its own."""
        self._totals.clear()
        self._media_begin.clear()
        self._declared_s = self._rounding_s = 0.0

    def part(self, body: bytes, tag: PartTag, name: str) -> Iterator[Finding]:
        """A part in its turn."""
        if tag.gap or not self.tracks:
            return
        try:
            kinds = [box.kind for box in walk(body)]
            runs = parse_fragment(body, self.tracks)
        except MediaError as error:
            yield Finding("CMAF 2", "part-unreadable", f"part {name} cannot be read: {error.detail}")
            return
        if kinds.count(b"moof") != 1 or kinds.count(b"mdat") != 1:
            sentence = f"part {name} has {kinds.count(b'moof')} moof and {kinds.count(b'mdat')} mdat"
            yield advice("CMAF 2", "fragments-in-part", sentence)
        yield from self._durations(runs, tag.duration, name)
        yield from self._runs(runs, name)
        yield from self._independence(runs, tag, name)

    def segment(self, tag: SegmentTag, body: bytes, parts: Sequence[bytes] | None) -> Iterator[Finding]:
        """A complete segment, against its parts where all of them were loaded. The timeline is the parts' to
        follow.
        """
        if tag.gap or not self.tracks:
            return
        try:
            runs = parse_fragment(body, self.tracks)
            joined = b"" if parts is None else b"".join(parts)
            same = (
                parts is None
                or body == joined
                or _samples(body, runs) == _samples(joined, parse_fragment(joined, self.tracks))
            )
        except MediaError as error:
            yield Finding("CMAF 2", "segment-unreadable", f"segment {tag.msn} cannot be read: {error.detail}")
            return
        if not same:
            yield Finding(
                "LL 20", "segment-differs", f"segment {tag.msn} does not hold the samples of its parts"
            )
        yield from self._starts_independent(runs, tag)
        yield from self._drift(tag)

    def _runs(self, runs: list[ParsedRun], name: str) -> Iterator[Finding]:
        known = {track.track_id for track in self.tracks}
        for run in runs:
            if run.track_id not in known:
                yield Finding(
                    "CMAF 1", "track-unknown", f"part {name} has track {run.track_id}, the init has not"
                )
                continue
            if run.data_start is None:
                yield Finding(
                    "CMAF 2", "addressing", f"part {name} does not address its samples from the moof"
                )
            totals = self._totals.setdefault(run.track_id, TrackTotals())
            if totals.expected is not None and run.base_decode_time != totals.expected:
                off = run.base_decode_time - totals.expected
                sentence = (
                    f"part {name}: tfdt of track {run.track_id} is {off:+d} ticks off the end of the last"
                )
                yield Finding("LL 53", "tfdt", sentence)
            self._media_begin.setdefault(run.track_id, run.base_decode_time)
            totals.expected = run.base_decode_time + sum(run.durations)
            totals.newest = max(run.durations, default=1)
            totals.longest = max(totals.longest, totals.newest)

    def _independence(self, runs: list[ParsedRun], tag: PartTag, name: str) -> Iterator[Finding]:
        """INDEPENDENT agrees with the sync flags of the picture, or of the sound if that is all."""
        video = {track.track_id for track in self.tracks if track.kind == "video"}
        flags = [flag for run in runs if not video or run.track_id in video for flag in run.sync]
        if tag.independent and not any(flags):
            yield Finding(
                "LL 18", "independent-untrue", f"part {name} says INDEPENDENT=YES and has no sync sample"
            )
        elif not tag.independent and any(flags):
            yield advice(
                "LL 18", "independent-unsaid", f"part {name} has a sync sample and no INDEPENDENT=YES"
            )

    def _durations(self, runs: list[ParsedRun], declared_s: float, name: str) -> Iterator[Finding]:
        """DURATION is what the samples last, within a frame of one track, be it the last one of the part
        before.

        (A part cut on the clock holds what starts in it; a frame that lasts into the next part leaves less
        for that.)
        """
        self._declared_s += declared_s
        self._rounding_s += PRINT_ROUNDING_S
        off = [self._off(run, declared_s) for run in runs if self._scale(run.track_id)]
        if off and min(excess for excess, _ in off) > 0:
            _, seconds = min(off)
            sentence = f"part {name} says {declared_s:g} s, its samples last {seconds:.3f} s"
            yield Finding("LL 12", "part-duration", sentence)

    def _off(self, run: ParsedRun, declared_s: float) -> tuple[float, float]:
        """By how much more than a frame the samples of `run` differ from what is declared, and what they
        last.
        """
        scale = self._scale(run.track_id)
        seconds = sum(run.durations) / scale
        before = self._totals.get(run.track_id)
        frame = max(max(run.durations, default=0), before.newest if before else 0) / scale
        return abs(seconds - declared_s) - frame - PRINT_ROUNDING_S, seconds

    def _drift(self, tag: SegmentTag) -> Iterator[Finding]:
        """Declared durations add up to the media's, within a frame and what printing rounds (AUTH 8.1)."""
        off: list[float] = []
        for track_id, begin in self._media_begin.items():
            scale, totals = self._scale(track_id), self._totals[track_id]
            if scale and totals.expected is not None:
                media_s = (totals.expected - begin) / scale
                off.append(abs(media_s - self._declared_s) - 2 * totals.longest / scale - self._rounding_s)
        if off and min(off) > 0:
            sentence = (
                f"at segment {tag.msn} durations add up to {min(off):.3f} s (and a frame) beside the media"
            )
            yield Finding("LL 12", "durations-drift", sentence)

    def _starts_independent(self, runs: list[ParsedRun], tag: SegmentTag) -> Iterator[Finding]:
        video = {track.track_id for track in self.tracks if track.kind == "video"}
        flags = [flag for run in runs if run.track_id in video for flag in run.sync]
        if flags and not any(flags):
            yield Finding("LL 10", "segment-dependent", f"segment {tag.msn} has no independent frame")
        elif flags and not flags[0]:
            yield advice(
                "LL 10", "segment-start", f"segment {tag.msn} does not start with an independent frame"
            )

    def _scale(self, track_id: int) -> int:
        return next((track.timescale for track in self.tracks if track.track_id == track_id), 0)


def _shape(tracks: list[ParsedTrack]) -> list[tuple[object, ...]]:
    return [
        (each.track_id, each.kind, each.codec, each.timescale, each.width, each.height) for each in tracks
    ]


def _samples(body: bytes, runs: list[ParsedRun]) -> dict[int, tuple[object, ...]]:
    """Per track: where it starts, and each sample's time, flag and octets. Equal for the same media, however
    cut.
    """
    tracks: dict[int, list[object]] = {}
    starts: dict[int, int] = {}
    for run in runs:
        starts.setdefault(run.track_id, run.base_decode_time)
        at = run.data_start or 0
        samples = tracks.setdefault(run.track_id, [])
        for duration, size, sync in zip(run.durations, run.sizes, run.sync, strict=True):
            samples.append((duration, sync, bytes(body[at : at + size])))
            at += size
    return {track_id: (starts[track_id], *samples) for track_id, samples in tracks.items()}
