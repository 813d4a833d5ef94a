"""A part of a stream as one movie fragment: moof and mdat (ISO 14496-12, 8.8)."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct
from typing import NamedTuple, Protocol

SYNC_SAMPLE = 0x0200_0000
"""Sample flags (ISO 14496-12, 8.8.3.1): depends on no other sample."""

OTHER_SAMPLE = 0x0101_0000
"""Sample flags: depends on other samples and is not a sync sample."""

_MOOF = Struct(">I4sI4sII")  # the header of moof, then mfhd whole
_MOOF_BYTES = 24
_MDAT = Struct(">I4s")
_MDAT_HEADER_BYTES = 8
_TRAF = ">I4sI4sIII4sIQI4sIII"  # the header of traf, tfhd and tfdt whole, the head of trun
_TRAF_BYTES = 64
_TRUN_BYTES = 20
_SAMPLE = "IIIi"  # duration, size, flags, composition offset
_SAMPLE_BYTES = 16

_DEFAULT_BASE_IS_MOOF = 0x02_0000
_TFDT = 0x0100_0000  # version 1: 64 bits
_TRUN = 0x0100_0F01  # version 1: signed offsets; data offset, and all four fields for every sample


class Coded(Protocol):
    """What a fragment holds of a sample: see Sample."""

    @property
    def duration(self) -> int: ...
    @property
    def is_sync(self) -> bool: ...
    @property
    def data(self) -> bytes | tuple[bytes, ...]: ...
    @property
    def composition_offset(self) -> int: ...


class Run(NamedTuple):
    """Samples of one track that follow each other without a hole.

    `base_decode_time` is the decode time of the first one in ticks of the track; the durations tell that of
    the others, so the next run of this track has to begin at base_decode_time + their sum.
    """

    track_id: int
    base_decode_time: int
    samples: Sequence[Coded]


def fragment(sequence_number: int, runs: Sequence[Run]) -> bytes:
    """One moof and its mdat: the whole of a part.

    Addressing is relative to the moof and tfdt is always there (draft-pantos-hls-rfc8216bis 3.1.2). Every
    field of every sample is written out, so nothing depends on defaults of a moov. Runs without samples are
    left out. The media bytes are copied once, into the result.

    Durations are 0 to 2^32 - 1, decode times not below zero, a run has its samples' data below 4 GiB;
    struct.error tells that the caller broke this. The loop is written for speed: it runs for every sample of
    every part.
    """
    runs = [run for run in runs if run.samples]
    moof_bytes = _MOOF_BYTES
    for run in runs:
        moof_bytes += _TRAF_BYTES + _SAMPLE_BYTES * len(run.samples)
    pieces = [_MOOF.pack(moof_bytes, b"moof", 16, b"mfhd", 0, sequence_number)]
    media: list[bytes] = []
    offset = moof_bytes + _MDAT_HEADER_BYTES
    for run in runs:
        count = len(run.samples)
        samples_bytes = _SAMPLE_BYTES * count
        traf = [
            *(_TRAF_BYTES + samples_bytes, b"traf"),
            *(16, b"tfhd", _DEFAULT_BASE_IS_MOOF, run.track_id),
            *(20, b"tfdt", _TFDT, run.base_decode_time),
            *(_TRUN_BYTES + samples_bytes, b"trun", _TRUN, count, offset),
        ]
        for sample in run.samples:
            data = sample.data
            if isinstance(data, bytes):
                size = len(data)
                media.append(data)
            else:
                size = sum(map(len, data))
                media += data
            offset += size
            flags = SYNC_SAMPLE if sample.is_sync else OTHER_SAMPLE
            traf += (sample.duration, size, flags, sample.composition_offset)
        pieces.append(_traf_packer(count)(*traf))
    pieces.append(_MDAT.pack(offset - moof_bytes, b"mdat"))
    return b"".join(pieces + media)


@lru_cache(maxsize=256)
def _traf_packer(samples: int) -> Callable[..., bytes]:
    """Packs a whole traf with this many samples at once; a stream's parts have few different counts."""
    return Struct(_TRAF + _SAMPLE * samples).pack
