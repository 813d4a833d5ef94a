"""The strict reader of media playlists: bytes in, a `MediaPlaylist` with its faults out. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from edge.errors import MediaError
from edge.watch.attributes import decimal_float, decimal_integer
from edge.watch.findings import Finding, advice
from edge.watch.lines import read_lines
from edge.watch.playlist import (
    ByteRange,
    Hint,
    MapTag,
    MediaPlaylist,
    PartTag,
    Report,
    SegmentTag,
    ServerControl,
    Skip,
)
from edge.watch.tag_faults import TagFaults

MULTIVARIANT_TAGS = ("#EXT-X-STREAM-INF:", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:")
_ONCE = {
    "EXT-X-VERSION": "LL 4",
    **dict.fromkeys(
        (
            "EXT-X-TARGETDURATION",
            "EXT-X-MEDIA-SEQUENCE",
            "EXT-X-DISCONTINUITY-SEQUENCE",
            "EXT-X-ENDLIST",
            "EXT-X-PLAYLIST-TYPE",
            "EXT-X-I-FRAMES-ONLY",
            "EXT-X-PART-INF",
            "EXT-X-SERVER-CONTROL",
            "EXT-X-SKIP",
            "EXT-X-INDEPENDENT-SEGMENTS",
            "EXT-X-START",
        ),
        "LL 7",
    ),
}
_MOST_SKIPPED = 1_000_000


def parse_media_playlist(body: bytes, variables: Mapping[str, str] | None = None) -> MediaPlaylist:
    """Read a media playlist.

    `variables` are those that EXT-X-DEFINE may import or take from the query. Raises MediaError where no
    client could go
    on: not UTF-8, no #EXTM3U, a variable without a value, or a multivariant playlist.
    """
    reader = _Reader()
    for line in read_lines(body, reader.fault, variables or {}):
        reader.line(line)
    return reader.playlist()


def _byte_range(text: str) -> ByteRange | None:
    length, at, offset = text.partition("@")
    first, second = decimal_integer(length), decimal_integer(offset) if at else None
    if first is None or (at and second is None):
        return None
    return ByteRange(first, second)


@dataclass(slots=True)
class _Pending:
    """Tags met since the last segment's URI."""

    duration: float | None = None
    parts: list[PartTag] = field(default_factory=list)
    late_tags: list[str] = field(default_factory=list)
    discontinuity: bool = False
    gap: bool = False
    date: datetime | None = None
    byte_range: ByteRange | None = None
    touched: bool = False


class _Reader(TagFaults):
    """One pass over the lines; each tag has a method."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._part_target: float | None = None
        self._control: ServerControl | None = None
        self._segments: list[SegmentTag] = []
        self._pending = _Pending()
        self._map: MapTag | None = None
        self._key: str | None = None
        self._bitrate: int | None = None
        self._hints: list[Hint] = []
        self._reports: list[Report] = []
        self._skip: Skip | None = None
        self._date_ranges: dict[str, dict[str, str]] = {}
        self._type: str | None = None
        self._start_offset: float | None = None
        self._tags: dict[str, Callable[[str], None]] = {
            "EXT-X-VERSION": lambda text: self._number("EXT-X-VERSION", text, "LL 4"),
            "EXT-X-TARGETDURATION": lambda text: self._number("EXT-X-TARGETDURATION", text, "LL 8"),
            "EXT-X-MEDIA-SEQUENCE": lambda text: self._number("EXT-X-MEDIA-SEQUENCE", text, "LL 15"),
            "EXT-X-DISCONTINUITY-SEQUENCE": self._discontinuity_sequence,
            "EXT-X-PLAYLIST-TYPE": self._playlist_type,
            "EXT-X-PART-INF": self._part_inf,
            "EXT-X-SERVER-CONTROL": self._server_control,
            "EXT-X-START": self._start,
            "EXT-X-SKIP": self._skip_tag,
            "EXTINF": self._extinf,
            "EXT-X-PART": self._part,
            "EXT-X-BYTERANGE": self._range,
            "EXT-X-DISCONTINUITY": self._discontinuity,
            "EXT-X-GAP": self._gap,
            "EXT-X-MAP": self._map_tag,
            "EXT-X-KEY": self._key_tag,
            "EXT-X-PROGRAM-DATE-TIME": self._date,
            "EXT-X-BITRATE": self._bitrate_tag,
            "EXT-X-DATERANGE": self._date_range,
            "EXT-X-PRELOAD-HINT": self._hint,
            "EXT-X-RENDITION-REPORT": self._report,
        }

    def line(self, line: str) -> None:
        """One line that is neither blank nor a comment."""
        if not line.startswith("#"):
            self._uri(line)
            return
        if line.startswith(MULTIVARIANT_TAGS):
            raise MediaError(f"a multivariant playlist tag stands in a media playlist: {line[:60]}")
        name, _, text = line[1:].partition(":")
        if name in _ONCE:
            self._counts[name] = self._counts.get(name, 0) + 1
            if self._counts[name] == 2:
                self.fault(Finding(_ONCE[name], "tag-twice", f"{name} appears more than once"))
        handle = self._tags.get(name)
        if handle is not None:
            handle(text)

    def playlist(self) -> MediaPlaylist:
        """What was read."""
        if self._pending.touched:
            self._close(uri=None)
        return MediaPlaylist(
            version=self._numbers.get("EXT-X-VERSION"),
            target_duration=self._numbers.get("EXT-X-TARGETDURATION"),
            media_sequence=self._numbers.get("EXT-X-MEDIA-SEQUENCE", 0),
            discontinuity_sequence=self._numbers.get("EXT-X-DISCONTINUITY-SEQUENCE"),
            part_target=self._part_target,
            control=self._control,
            segments=self._numbered(),
            hints=tuple(self._hints),
            reports=tuple(self._reports),
            skip=self._skip,
            date_ranges=self._date_ranges,
            ended="EXT-X-ENDLIST" in self._counts,
            type=self._type,
            independent_segments="EXT-X-INDEPENDENT-SEGMENTS" in self._counts,
            iframes_only="EXT-X-I-FRAMES-ONLY" in self._counts,
            start_offset=self._start_offset,
            faults=tuple(self.faults),
        )

    def _numbered(self) -> tuple[SegmentTag, ...]:
        first = self._numbers.get("EXT-X-MEDIA-SEQUENCE", 0) + (self._skip.segments if self._skip else 0)
        return tuple(replace(segment, msn=first + index) for index, segment in enumerate(self._segments))

    def _number(self, tag: str, text: str, rule: str) -> None:
        value = decimal_integer(text)
        if value is None:
            self.fault(Finding(rule, "not-a-number", f"{tag}:{text[:40]} is not a decimal-integer"))
        elif tag not in self._numbers:
            self._numbers[tag] = value
        if tag == "EXT-X-MEDIA-SEQUENCE" and self._segments:
            self.fault(
                Finding(
                    "LL 15", "media-sequence-place", "EXT-X-MEDIA-SEQUENCE stands after the first segment"
                )
            )

    def _discontinuity_sequence(self, text: str) -> None:
        self._number("EXT-X-DISCONTINUITY-SEQUENCE", text, "LL 16")
        if self._segments or self._pending.discontinuity:
            sentence = "EXT-X-DISCONTINUITY-SEQUENCE stands after a segment or an EXT-X-DISCONTINUITY"
            self.fault(Finding("LL 16", "discontinuity-sequence-place", sentence))

    def _playlist_type(self, text: str) -> None:
        self._type = text
        if text not in {"EVENT", "VOD"}:
            self.fault(
                Finding("LL 6", "playlist-type", f"EXT-X-PLAYLIST-TYPE:{text[:40]} is neither EVENT nor VOD")
            )

    def _part_inf(self, text: str) -> None:
        attributes = self.attributes("EXT-X-PART-INF", text)
        self._part_target = attributes.seconds("PART-TARGET") or None
        self.values("EXT-X-PART-INF", attributes, "LL 17")
        if self._part_target is None:
            self.fault(
                Finding("LL 17", "part-target-missing", "EXT-X-PART-INF has no PART-TARGET above zero")
            )

    def _server_control(self, text: str) -> None:
        attributes = self.attributes("EXT-X-SERVER-CONTROL", text)
        self._control = ServerControl(
            can_block_reload=attributes.yes("CAN-BLOCK-RELOAD"),
            can_skip_until=attributes.seconds("CAN-SKIP-UNTIL"),
            can_skip_dateranges=attributes.yes("CAN-SKIP-DATERANGES"),
            hold_back=attributes.seconds("HOLD-BACK"),
            part_hold_back=attributes.seconds("PART-HOLD-BACK"),
            attributes=attributes.plain(),
        )
        self.values("EXT-X-SERVER-CONTROL", attributes, "LL 26")

    def _start(self, text: str) -> None:
        attributes = self.attributes("EXT-X-START", text)
        offset = attributes.enumerated("TIME-OFFSET") or ""
        size = decimal_float(offset.removeprefix("-"))
        if size is None:
            self.fault(Finding("LL 58", "start-offset", "EXT-X-START has no TIME-OFFSET that is a number"))
        else:
            self._start_offset = -size if offset.startswith("-") else size

    def _skip_tag(self, text: str) -> None:
        attributes = self.attributes("EXT-X-SKIP", text)
        count = attributes.integer("SKIPPED-SEGMENTS")
        removed = attributes.quoted("RECENTLY-REMOVED-DATERANGES") or ""
        self.values("EXT-X-SKIP", attributes, "LL 42")
        if count is None or self._segments or count > _MOST_SKIPPED:
            sentence = "EXT-X-SKIP needs SKIPPED-SEGMENTS and its place before the first segment"
            self.fault(Finding("LL 42", "skip-tag", sentence))
            return
        self._skip = Skip(count, tuple(removed.split("\t")) if removed else ())

    def _extinf(self, text: str) -> None:
        number = text.partition(",")[0]
        duration = decimal_float(number)
        if duration is None:
            self.fault(
                Finding(
                    "LL 3", "decimal", f"EXTINF:{number[:40]} is not a decimal-floating-point or -integer"
                )
            )
        if "," not in text:
            self.fault(Finding("LL 2", "extinf-comma", f"EXTINF:{text[:40]} has no comma after the duration"))
        self._pending.duration = duration or 0.0
        self._pending.touched = True

    def _part(self, text: str) -> None:
        attributes = self.attributes("EXT-X-PART", text)
        uri, duration = attributes.quoted("URI"), attributes.seconds("DURATION")
        span = attributes.quoted("BYTERANGE")
        part = PartTag(
            uri or "",
            duration or 0.0,
            attributes.yes("INDEPENDENT"),
            attributes.yes("GAP"),
            None if span is None else _byte_range(span),
        )
        self.values("EXT-X-PART", attributes, "LL 18")
        if not uri or duration is None:
            self.fault(Finding("LL 18", "part-attributes", "EXT-X-PART has no URI or no DURATION"))
        if span is not None and part.byte_range is None:
            self.fault(
                Finding("LL 18", "part-byterange", f"BYTERANGE={span[:40]} of EXT-X-PART is not n[@o]")
            )
        self._pending.parts.append(part)
        self._pending.touched = True

    def _late(self, tag: str) -> None:
        """A tag of the segment that must stand before the segment's first part (LL 21)."""
        self._pending.touched = True
        if self._pending.parts:
            self._pending.late_tags.append(tag)

    def _range(self, text: str) -> None:
        self._pending.byte_range = _byte_range(text)
        self._pending.touched = True
        if self._pending.byte_range is None:
            self.fault(Finding("LL 2", "byterange", f"EXT-X-BYTERANGE:{text[:40]} is not n[@o]"))

    def _discontinuity(self, _text: str) -> None:
        self._late("EXT-X-DISCONTINUITY")
        self._pending.discontinuity = True

    def _gap(self, _text: str) -> None:
        self._pending.gap = self._pending.touched = True

    def _map_tag(self, text: str) -> None:
        attributes = self.attributes("EXT-X-MAP", text)
        uri, span = attributes.quoted("URI"), attributes.quoted("BYTERANGE")
        self.values("EXT-X-MAP", attributes, "LL 54")
        if not uri:
            self.fault(Finding("LL 54", "map-uri", "EXT-X-MAP has no URI"))
            return
        self._late("EXT-X-MAP")
        self._map = MapTag(uri, None if span is None else _byte_range(span))

    def _key_tag(self, text: str) -> None:
        self._late("EXT-X-KEY")
        self._key = None if text.startswith("METHOD=NONE") else text

    def _date(self, text: str) -> None:
        self._late("EXT-X-PROGRAM-DATE-TIME")
        try:
            date = datetime.fromisoformat(text[:64])
        except ValueError:
            self.fault(
                Finding("LL 52", "date", f"EXT-X-PROGRAM-DATE-TIME:{text[:64]} is not an ISO 8601 date")
            )
            return
        if date.tzinfo is None:
            sentence = f"EXT-X-PROGRAM-DATE-TIME:{text[:64]} has no time zone"
            self.fault(advice("LL 52", "date-zone", sentence))
        elif "." not in text:
            sentence = f"EXT-X-PROGRAM-DATE-TIME:{text[:64]} has no milliseconds"
            self.fault(advice("LL 52", "date-precision", sentence))
        self._pending.date = date if date.tzinfo is not None else None

    def _bitrate_tag(self, text: str) -> None:
        self._bitrate = decimal_integer(text)
        if self._bitrate is None:
            self.fault(Finding("LL 61", "bitrate", f"EXT-X-BITRATE:{text[:40]} is not a decimal-integer"))

    def _date_range(self, text: str) -> None:
        attributes = self.attributes("EXT-X-DATERANGE", text)
        name = attributes.quoted("ID")
        start = attributes.quoted("START-DATE")
        self.values("EXT-X-DATERANGE", attributes, "LL 60")
        if not name:
            self.fault(Finding("LL 60", "daterange-id", "EXT-X-DATERANGE has no ID"))
            return
        values = attributes.plain()
        known = self._date_ranges.setdefault(name, {})
        if any(known.get(key, value) != value for key, value in values.items()):
            self.fault(Finding("LL 60", "daterange-changed", f'EXT-X-DATERANGE "{name[:60]}" is given twice'))
        known.update(values)
        if start is None and "START-DATE" not in known:
            self.fault(
                Finding("LL 60", "daterange-start", f'EXT-X-DATERANGE "{name[:60]}" has no START-DATE')
            )

    def _hint(self, text: str) -> None:
        attributes = self.attributes("EXT-X-PRELOAD-HINT", text)
        kind, uri = attributes.enumerated("TYPE"), attributes.quoted("URI")
        start, length = attributes.integer("BYTERANGE-START"), attributes.integer("BYTERANGE-LENGTH")
        self.values("EXT-X-PRELOAD-HINT", attributes, "LL 44")
        if not kind or not uri:
            self.fault(Finding("LL 44", "hint-attributes", "EXT-X-PRELOAD-HINT has no TYPE or no URI"))
            return
        ranged = start is not None or length is not None
        self._hints.append(Hint(kind, uri, ByteRange(length, start or 0) if ranged else None))

    def _report(self, text: str) -> None:
        attributes = self.attributes("EXT-X-RENDITION-REPORT", text)
        uri = attributes.quoted("URI")
        report = Report(uri or "", attributes.integer("LAST-MSN"), attributes.integer("LAST-PART"))
        self.values("EXT-X-RENDITION-REPORT", attributes, "LL 49")
        if not uri:
            self.fault(Finding("LL 49", "report-uri", "EXT-X-RENDITION-REPORT has no URI"))
            return
        self._reports.append(report)

    def _uri(self, line: str) -> None:
        if self._pending.duration is None:
            self.fault(
                Finding("LL 2", "segment-without-extinf", f"`{line[:60]}` is a segment without EXTINF")
            )
        self._close(uri=line)

    def _close(self, uri: str | None) -> None:
        pending, self._pending = self._pending, _Pending()
        self._segments.append(
            SegmentTag(
                msn=0,
                uri=uri,
                duration=pending.duration or 0.0 if uri is not None else 0.0,
                parts=tuple(pending.parts),
                discontinuity=pending.discontinuity,
                map=self._map,
                key=self._key,
                date=pending.date,
                gap=pending.gap,
                byte_range=pending.byte_range,
                bitrate=None if pending.byte_range else self._bitrate,
                late_tags=tuple(pending.late_tags),
            )
        )
