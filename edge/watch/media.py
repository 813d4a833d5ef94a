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
    newest: int = 1
    """The longest sample of its last two runs."""
    after_gap: bool = False
    """Its next run may begin anywhere."""
    _last: int = 1

    def add(self, longest: int) -> None:
        """A run, of which the longest sample lasts so long."""
        self.newest, self._last = max(longest, self._last), longest
        self.after_gap = False


@dataclass(slots=True)
class MediaJudge:
    """Follows one playlist's media, part after part in order. All methods give findings and never raise.

    `tracks` are those of the init segment in effect, empty where it could not be read.
    """

    tracks: list[ParsedTrack] = field(default_factory=list)
    _totals: dict[int, TrackTotals] = field(default_factory=dict)
    _declared_s: float = 0.0
    _gaps_s: float = 0.0
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
        self._declared_s = self._gaps_s = self._rounding_s = 0.0

    def gap(self, duration_s: float) -> None:
        """A part without media, in its turn. Its time may be a hole in the timeline, or left out of it, or
        samples that come later last over it.
        """
        self._declared_s += duration_s
        self._gaps_s += duration_s
        self._rounding_s += PRINT_ROUNDING_S
        for totals in self._totals.values():
            totals.after_gap = True

    def part(self, body: bytes, tag: PartTag, name: str) -> Iterator[Finding]:
        """A part in its turn."""
        if not self.tracks:
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
        yield from self._runs(runs, name)
        yield from self._independence(runs, tag, name)
        yield from self._part_duration(tag.duration, name)

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
        if parts is not None:
            yield from self._segment_duration(tag)

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
                if not totals.after_gap:
                    yield Finding("LL 53", "tfdt", sentence)
                self._media_begin[run.track_id] += off
            self._media_begin.setdefault(run.track_id, run.base_decode_time)
            totals.expected = run.base_decode_time + sum(run.durations)
            totals.add(max(run.durations, default=1))

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

    def _part_duration(self, declared_s: float, name: str) -> Iterator[Finding]:
        """Declared durations add up to what the samples last, within a frame of one track.

        They are added up from where we joined, complete segments by EXTINF: a part that was cut on the clock
        holds what starts in it, its last frame may reach into the next one, and sound may come a little later
        than the picture. A part that was closed while the publisher hesitated may be off until its media has
        come, so it is advice here, and a breach where a segment ends (AUTH 8.1 speaks of EXTINF).
        """
        self._declared_s += declared_s
        self._rounding_s += PRINT_ROUNDING_S
        excess, ahead_s = self._ahead()
        if excess > 0:
            sentence = f"with part {name} durations are {ahead_s:+.3f} s off what the samples last"
            yield advice("LL 12", "part-duration", sentence)

    def _segment_duration(self, tag: SegmentTag) -> Iterator[Finding]:
        self._declared_s += tag.longer_than_parts
        gaps_s, self._gaps_s = self._gaps_s, 0.0
        excess, ahead_s = self._ahead()
        if excess > 0 and gaps_s:
            self._gaps_s = gaps_s  # samples have not made up for them
            excess, ahead_s = self._ahead()
        if excess > 0:
            sentence = f"with segment {tag.msn} durations are {ahead_s:+.3f} s off what the samples last"
            yield Finding("LL 12", "durations-drift", sentence)
            self._measure_from_here()

    def _ahead(self) -> tuple[float, float]:
        """Of the track that agrees best."""
        off = [self._off(track) for track in self.tracks if track.track_id in self._media_begin]
        return min(off, default=(0.0, 0.0))

    def _off(self, track: ParsedTrack) -> tuple[float, float]:
        """By how much more than a frame declared time and samples differ, and by how much in all. Sound that
        was behind the picture where we joined may catch up with it.
        """
        totals = self._totals[track.track_id]
        end_s = (totals.expected or 0) / track.timescale
        begins = {self._media_begin[track.track_id] / track.timescale, self._picture_began(track)}
        ahead_s = min((self._declared_s - (end_s - begin_s) for begin_s in begins), key=abs)
        ahead_s -= min(max(0.0, ahead_s), self._gaps_s)
        return abs(ahead_s) - totals.newest / track.timescale - self._rounding_s, ahead_s

    def _picture_began(self, track: ParsedTrack) -> float:
        """Where we joined, in seconds, by the picture; without one, by this track."""
        pictures = [
            each for each in self.tracks if each.kind == "video" and each.track_id in self._media_begin
        ]
        lead = pictures[0] if pictures else track
        return self._media_begin[lead.track_id] / lead.timescale

    def _measure_from_here(self) -> None:
        self._declared_s = self._gaps_s = self._rounding_s = 0.0
        self._media_begin = {
            track_id: totals.expected
            for track_id, totals in self._totals.items()
            if totals.expected is not None
        }

    def _starts_independent(self, runs: list[ParsedRun], tag: SegmentTag) -> Iterator[Finding]:
        video = {track.track_id for track in self.tracks if track.kind == "video"}
        flags = [flag for run in runs if run.track_id in video for flag in run.sync]
        if flags and not any(flags):
            yield Finding("LL 10", "segment-dependent", f"segment {tag.msn} has no independent frame")
        elif flags and not flags[0]:
            yield advice(
                "LL 10", "segment-start", f"segment {tag.msn} does not start with an independent frame"
            )


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
