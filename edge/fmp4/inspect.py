"""Reading init segments and fragments that others wrote, to judge them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct, error
from typing import Literal

from edge.errors import MediaError
from edge.fmp4.boxes import Box, walk

_U16 = Struct(">H")
_U32 = Struct(">I")
_U64 = Struct(">Q")
_TREX = Struct(">4xII3I")
_VIDEO_ENTRY_BYTES = 78
_AUDIO_ENTRY_BYTES = 28
_MOST_SAMPLES = 100_000  # of all runs: a sample needs no bytes of its own, so their number must be bounded
_NOT_SYNC = 0x1_0000
_SAMPLE_FIELDS = (0x100, 0x200, 0x400, 0x800)  # duration, size, flags, composition offset

_KINDS: dict[bytes, Literal["video", "audio"]] = {b"vide": "video", b"soun": "audio"}


@dataclass(frozen=True, slots=True)
class ParsedTrack:
    """A track of a moov. `codec` is its RFC 6381 name, or the bare sample entry where we know no more of it.

    The defaults are those of trex (ISO 14496-12, 8.8.3), `has_trex` is False where it is missing.
    """

    track_id: int
    kind: Literal["video", "audio", "other"]
    codec: str
    timescale: int
    width: int = 0
    height: int = 0
    has_trex: bool = False
    default_duration: int = 0
    default_size: int = 0
    default_flags: int = 0


@dataclass(frozen=True, slots=True)
class ParsedRun:
    """The samples of one traf, in ticks of the track and bytes.

    `data_start` is where in the parsed buffer the bytes of the first sample begin, the others' following, and
    None where addressing is not relative to the moof (draft-pantos-hls-rfc8216bis 3.1.2 demands that it is).
    """

    track_id: int
    base_decode_time: int
    durations: tuple[int, ...]
    sizes: tuple[int, ...]
    sync: tuple[bool, ...]
    composition_offsets: tuple[int, ...]
    sequence_number: int
    data_start: int | None


def parse_init(data: bytes) -> list[ParsedTrack]:
    """The tracks of an init segment in their order. Raises MediaError when it cannot be read."""
    try:
        moov = _only(data, b"moov")
        trexs = {}
        for mvex in _all(moov, b"mvex"):
            for trex in _all(mvex.payload, b"trex"):
                track_id, _, *defaults = _TREX.unpack_from(trex.payload)
                trexs[track_id] = defaults
        return [_track(trak.payload, trexs) for trak in _all(moov, b"trak")]
    except (error, IndexError) as fault:
        raise MediaError(f"a box of the init segment is cut off: {fault}") from fault


def parse_fragment(data: bytes, tracks: Sequence[ParsedTrack] = ()) -> list[ParsedRun]:
    """The runs of all moofs in `data`, which may be a part or a whole segment.

    `tracks` gives the defaults of trex to fragments that rely on them. Raises MediaError when a box cannot be
    read, a traf has no tfdt, or samples lie outside of `data`.
    """
    by_id = {track.track_id: track for track in tracks}
    runs: list[ParsedRun] = []
    samples = 0
    try:
        for moof in _all(data, b"moof"):
            sequence_number = _U32.unpack_from(_only(moof.payload, b"mfhd"), 4)[0]
            for traf in _all(moof.payload, b"traf"):
                run = _Traf(traf.payload, by_id, _MOST_SAMPLES - samples).run(sequence_number, moof.start)
                samples += len(run.sizes)
                if run.data_start is not None and not 0 <= run.data_start <= len(data) - sum(run.sizes):
                    raise MediaError(f"samples of track {run.track_id} lie outside of the fragment")
                runs.append(run)
    except (error, IndexError) as fault:
        raise MediaError(f"a box of the fragment is cut off: {fault}") from fault
    return runs


def _all(data: bytes | memoryview, kind: bytes) -> Iterator[Box]:
    return (found for found in walk(data) if found.kind == kind)


def _only(data: bytes | memoryview, kind: bytes) -> memoryview:
    found = next(_all(data, kind), None)
    if found is None:
        raise MediaError(f"the box {kind!r} is missing")
    return found.payload


def _track(trak: memoryview, trexs: dict[int, list[int]]) -> ParsedTrack:
    tkhd, mdia = _only(trak, b"tkhd"), _only(trak, b"mdia")
    mdhd = _only(mdia, b"mdhd")
    track_id = _U32.unpack_from(tkhd, 20 if tkhd[0] == 1 else 12)[0]
    timescale = _U32.unpack_from(mdhd, 20 if mdhd[0] == 1 else 12)[0]
    if timescale == 0:
        raise MediaError(f"track {track_id} has a timescale of zero")
    handler = bytes(_only(mdia, b"hdlr")[8:12])
    stsd = _only(_only(_only(mdia, b"minf"), b"stbl"), b"stsd")
    entry = next(walk(stsd[8:]), None)
    if entry is None:
        raise MediaError(f"track {track_id} has no sample entry")
    width = height = 0
    if handler == b"vide":
        width, height = _U16.unpack_from(entry.payload, 24)[0], _U16.unpack_from(entry.payload, 26)[0]
    defaults = trexs.get(track_id)
    duration, size, flags = defaults or (0, 0, 0)
    return ParsedTrack(
        track_id=track_id,
        kind=_KINDS.get(handler, "other"),
        codec=_codec(entry),
        timescale=timescale,
        width=width,
        height=height,
        has_trex=defaults is not None,
        default_duration=duration,
        default_size=size,
        default_flags=flags,
    )


def _codec(entry: Box) -> str:
    name = entry.kind.decode("latin-1")
    if entry.kind in {b"avc1", b"avc3"}:
        avcc = _only(entry.payload[_VIDEO_ENTRY_BYTES:], b"avcC")
        return f"{name}.{avcc[1]:02x}{avcc[2]:02x}{avcc[3]:02x}"
    if entry.kind == b"mp4a":
        return _mp4a_codec(_only(entry.payload[_AUDIO_ENTRY_BYTES:], b"esds")[4:])
    return name


def _mp4a_codec(descriptors: memoryview) -> str:
    """From ES_Descriptor (3), DecoderConfigDescriptor (4), DecoderSpecificInfo (5) (ISO 14496-1, 7.2.6)."""
    es = _descriptor(descriptors, 3)
    flags = es[2]
    at = 3 + (2 if flags & 0x80 else 0)
    if flags & 0x40:
        at += 1 + es[at]
    config = _descriptor(es[at + (2 if flags & 0x20 else 0) :], 4)
    if config[0] != 0x40:
        return f"mp4a.{config[0]:02x}"
    specific = _descriptor(config[13:], 5)
    object_type = specific[0] >> 3
    if object_type == 31:
        object_type = 32 + ((specific[0] & 7) << 3 | specific[1] >> 5)
    return f"mp4a.40.{object_type}"


def _descriptor(data: memoryview, tag: int) -> memoryview:
    """The payload of the descriptor that begins `data`: its length takes one to four bytes of seven bits."""
    if data[0] != tag:
        raise MediaError(f"esds has descriptor {data[0]} where {tag} belongs")
    length = 0
    for at in range(1, 5):
        length = length << 7 | data[at] & 0x7F
        if not data[at] & 0x80:
            break
    return data[at + 1 : at + 1 + length]


class _Traf:
    """One traf while its boxes are read (ISO 14496-12, 8.8.6 to 8.8.8, 8.8.12)."""

    def __init__(self, traf: memoryview, tracks: dict[int, ParsedTrack], most_samples: int) -> None:
        self._traf = traf
        self._most_samples = most_samples
        tfhd = _only(traf, b"tfhd")
        flags, self._track_id = _U32.unpack_from(tfhd)[0], _U32.unpack_from(tfhd, 4)[0]
        self._moof_relative = flags & 0x02_0001 == 0x02_0000
        known = tracks.get(self._track_id)
        self._defaults = [0, 0, 0]
        if known is not None:
            self._defaults = [known.default_duration, known.default_size, known.default_flags]
        at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
        for index, present in enumerate((0x08, 0x10, 0x20)):
            if flags & present:
                self._defaults[index] = _U32.unpack_from(tfhd, at)[0]
                at += 4
        self._samples: list[tuple[int, int, int, int]] = []
        self._data_offset: int | None = None

    def run(self, sequence_number: int, moof_start: int) -> ParsedRun:
        tfdt = _only(self._traf, b"tfdt")
        base_decode_time = (_U64 if tfdt[0] == 1 else _U32).unpack_from(tfdt, 4)[0]
        for trun in _all(self._traf, b"trun"):
            self._read_trun(trun.payload)
        offset = self._data_offset
        relative = self._moof_relative and offset is not None
        return ParsedRun(
            track_id=self._track_id,
            base_decode_time=base_decode_time,
            durations=tuple(sample[0] for sample in self._samples),
            sizes=tuple(sample[1] for sample in self._samples),
            sync=tuple(not sample[2] & _NOT_SYNC for sample in self._samples),
            composition_offsets=tuple(sample[3] for sample in self._samples),
            sequence_number=sequence_number,
            data_start=moof_start + offset if relative and offset is not None else None,
        )

    def _read_trun(self, trun: memoryview) -> None:
        word, count = _U32.unpack_from(trun)[0], _U32.unpack_from(trun, 4)[0]
        if len(self._samples) + count > self._most_samples:
            raise MediaError(f"a fragment of more than {_MOST_SAMPLES} samples")
        at = 8
        if word & 1:
            offset = int.from_bytes(trun[at : at + 4], "big", signed=True)
            self._data_offset = offset if self._data_offset is None else self._data_offset
            at += 4
        first_flags = None
        if word & 4:
            first_flags = _U32.unpack_from(trun, at)[0]
            at += 4
        signed_offsets = word >> 24 > 0
        for _ in range(count):
            fields = [*self._defaults, 0]
            for index, present in enumerate(_SAMPLE_FIELDS):
                if word & present:
                    fields[index] = _U32.unpack_from(trun, at)[0]
                    at += 4
            if first_flags is not None:
                fields[2], first_flags = first_flags, None
            if signed_offsets and fields[3] >= 1 << 31:
                fields[3] -= 1 << 32
            self._samples.append((fields[0], fields[1], fields[2], fields[3]))
