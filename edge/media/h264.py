"""H.264 NAL units (ITU-T H.264) and how they stand in a file (ISO 14496-15)."""

from collections.abc import Iterable, Sequence
from struct import Struct

from edge.errors import MediaError
from edge.media.bits import BitReader
from edge.media.h264_sps import (
    HIGH_PROFILES,
    LARGEST_PARAMETER_SET,
    Sps,
    parse_sps,
    without_emulation_prevention,
)
from edge.media.track import VIDEO_TIMESCALE, Track

__all__ = [
    "NAL_AUD",
    "NAL_FILLER",
    "NAL_IDR",
    "NAL_PPS",
    "NAL_SEI",
    "NAL_SLICE",
    "NAL_SPS",
    "ParameterSets",
    "Sps",
    "has_b_slice",
    "is_recovery_point",
    "length_prefixed",
    "length_prefixed_pieces",
    "nal_type",
    "parse_pps",
    "parse_sps",
    "split_annex_b",
    "video_track",
]

NAL_SLICE = 1
NAL_IDR = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8
NAL_AUD = 9
NAL_FILLER = 12

_KEPT_OUT_OF_SAMPLES = frozenset(
    {NAL_SPS, NAL_PPS, NAL_AUD, NAL_FILLER, 13, 15}
)  # 13, 15: SPS extension, subset SPS
_SEI_RECOVERY_POINT = 6
_B_SLICE = 1
_NAL_LENGTH = Struct(">I")
_SLICE_HEADER_BYTES = (
    16  # first_mb, slice_type and pps id are three codes of at most 9 bytes in sum, escapes included
)
_MOST_PPS_IN_AVCC = 255
_MOST_NEW_SPS = 4  # in one access unit; encoders send one, with layers two
_MOST_PPS = 64  # in one access unit


def nal_type(nal: bytes) -> int:
    """nal_unit_type (7.3.1); 0, an unspecified type, for an empty one."""
    return nal[0] & 0x1F if nal else 0


def split_annex_b(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream with start codes (Annex B), without trailing zeros and empty ones.

    Bytes before the first start code are no NAL unit and are dropped.
    """
    pieces = data.split(b"\x00\x00\x01")[1:]
    return [nal for nal in (piece.rstrip(b"\x00") for piece in pieces) if nal]


def length_prefixed(nals: Iterable[bytes]) -> bytes:
    """The data of an avc1 sample: every NAL unit behind its length in 4 bytes (ISO 14496-15, 5.3.2).

    Parameter sets are left out (they stand in the sample entry, else it would be avc3), and so are access
    unit delimiters and filler data, which carry nothing in a file.
    """
    return b"".join(length_prefixed_pieces(nals))


def length_prefixed_pieces(nals: Iterable[bytes]) -> tuple[bytes, ...]:
    """The same, not copied: lengths and NAL units in turns."""
    pack = _NAL_LENGTH.pack
    pieces: list[bytes] = []
    for nal in nals:
        if nal and nal[0] & 0x1F not in _KEPT_OUT_OF_SAMPLES:
            pieces += (pack(len(nal)), nal)
    return tuple(pieces)


def is_recovery_point(sei: bytes) -> bool:
    """Does this SEI NAL unit hold a recovery point message (7.3.2.3.1, D.1.8)? Malformed ones do not."""
    if nal_type(sei) != NAL_SEI:
        return False
    rbsp = without_emulation_prevention(sei[1 : 1 + LARGEST_PARAMETER_SET])
    at = 0
    while at + 2 < len(rbsp):  # the last byte is the trailing bits
        kind, at = _sei_number(rbsp, at)
        size, at = _sei_number(rbsp, at)
        if kind == _SEI_RECOVERY_POINT:
            return size > 0 and at + size <= len(rbsp)
        at += size
    return False


def _sei_number(rbsp: bytes, at: int) -> tuple[int, int]:
    """A number (each ff counts 255, the first other byte ends it) and where it ended (7.3.2.3.1)."""
    start = at
    while at < len(rbsp) and rbsp[at] == 0xFF:
        at += 1
    last = rbsp[at] if at < len(rbsp) else 0
    return (at - start) * 255 + last, at + 1


def has_b_slice(nals: Iterable[bytes]) -> bool:
    """Is one of the slices a B slice? Then RTP time does not tell when the picture is shown."""
    for nal in nals:
        if nal_type(nal) == NAL_SLICE:
            try:
                slice_type, _ = _slice_header(nal)
            except MediaError:
                continue
            if slice_type == _B_SLICE:
                return True
    return False


def _slice_header(nal: bytes) -> tuple[int, int]:
    """slice_type modulo 5 and pic_parameter_set_id of a slice (7.3.3)."""
    bits = BitReader(without_emulation_prevention(nal[1 : 1 + _SLICE_HEADER_BYTES]))
    bits.ue()  # first_mb_in_slice
    return bits.ue(9) % 5, bits.ue(255)


def parse_pps(nal: bytes) -> tuple[int, int]:
    """The PPS's own id and the id of the SPS that it refers to (7.3.2.2). Raises MediaError."""
    if len(nal) > LARGEST_PARAMETER_SET or nal_type(nal) != NAL_PPS:
        raise MediaError("this is not an H.264 PPS")
    bits = BitReader(without_emulation_prevention(nal[1 : 1 + _SLICE_HEADER_BYTES]))
    return bits.ue(255), bits.ue(31)


def video_track(sps: bytes, pps: bytes | Sequence[bytes]) -> Track:
    """The track that these parameter sets describe. Raises MediaError when they cannot be read."""
    parsed = parse_sps(sps)
    sets = [pps] if isinstance(pps, bytes) else list(pps)
    return Track(
        kind="video",
        codec="h264",
        timescale=VIDEO_TIMESCALE,
        config=_avcc(parsed, sps, sets),
        codec_string=parsed.codec_string,
        width=parsed.width,
        height=parsed.height,
    )


def _avcc(parsed: Sps, sps: bytes, pps: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1.2)."""
    if not 1 <= len(pps) <= _MOST_PPS_IN_AVCC:
        raise MediaError(f"a track needs 1 to {_MOST_PPS_IN_AVCC} PPS, not {len(pps)}")
    for one in pps:
        parse_pps(one)
    record = bytearray((1, parsed.profile_idc, parsed.constraint_flags, parsed.level_idc))
    record += b"\xff\xe1"  # reserved bits, NAL lengths of 4 bytes, 1 SPS
    record += len(sps).to_bytes(2, "big") + sps
    record.append(len(pps))
    for one in pps:
        record += len(one).to_bytes(2, "big") + one
    if parsed.profile_idc in HIGH_PROFILES:
        record.append(0xFC | parsed.chroma_format_idc)
        record.append(0xF8 | (parsed.bit_depth_luma - 8))
        record.append(0xF8 | (parsed.bit_depth_chroma - 8))
        record.append(0)  # no SPS extensions
    return bytes(record)


class ParameterSets:
    """The parameter sets that a stream sent in band, and the track that its newest key frame belongs to.

    Memory is bounded by the ids there are (32 SPS and 256 PPS of at most LARGEST_PARAMETER_SET bytes), time
    by a limit on the sets in one access unit.
    """

    __slots__ = ("_active_sps", "_chosen", "_pps", "_pps_of", "_sps", "_track")

    def __init__(self) -> None:
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._pps_of: dict[int, int] = {}  # PPS id to SPS id
        self._active_sps: int | None = None
        self._chosen: tuple[bytes, ...] = ()  # the SPS and its PPS that `_track` was made of
        self._track: Track | None = None

    def track(self) -> Track | None:
        """The track of the active sets; None until an SPS and a PPS for it have come."""
        return self._track

    def sets(self) -> tuple[bytes, ...]:
        """The SPS and its PPS that the track is of."""
        return self._chosen

    def update(self, nals: Iterable[bytes]) -> bool:
        """Take the sets of one access unit. True when the track is another one: bytes count, not repetition.

        The active SPS is the one that the IDR slice refers to through its PPS (7.4.1.2.1); where no slice
        tells, the newest. Raises MediaError for sets that cannot be read; those before the bad one are kept.
        """
        fresh_sps: list[int] = []
        fresh_pps: list[int] = []
        idr: bytes | None = None
        for nal in nals:
            kind = nal[0] & 0x1F if nal else 0
            if kind == NAL_SPS:
                self._take_sps(nal, fresh_sps)
            elif kind == NAL_PPS:
                self._take_pps(nal, fresh_pps)
            elif kind == NAL_IDR and idr is None:
                idr = nal
        self._forget_replaced(fresh_sps, fresh_pps)
        if idr is not None:
            self._activate(idr)
        return self._choose(at_idr=idr is not None)

    def _take_sps(self, nal: bytes, fresh: list[int]) -> None:
        for sps_id, known in self._sps.items():
            if known == nal:  # by far the most frequent case: repeated before every key frame
                self._active_sps = sps_id
                return
        if len(fresh) == _MOST_NEW_SPS:
            raise MediaError(f"an access unit with more than {_MOST_NEW_SPS} new SPS")
        self._active_sps = parse_sps(nal).sps_id
        self._sps[self._active_sps] = nal
        fresh.append(self._active_sps)

    def _take_pps(self, nal: bytes, fresh: list[int]) -> None:
        if len(fresh) == _MOST_PPS:
            raise MediaError(f"an access unit with more than {_MOST_PPS} PPS")
        pps_id, sps_id = parse_pps(nal)
        self._pps[pps_id] = nal
        self._pps_of[pps_id] = sps_id
        fresh.append(pps_id)

    def _forget_replaced(self, fresh_sps: list[int], fresh_pps: list[int]) -> None:
        """A new SPS that came with its own PPS leaves the older PPS of the replaced one without use."""
        for sps_id in fresh_sps:
            own = {pps_id for pps_id, of in self._pps_of.items() if of == sps_id}
            if not own.isdisjoint(fresh_pps):
                for pps_id in own.difference(fresh_pps):
                    del self._pps[pps_id], self._pps_of[pps_id]

    def _activate(self, idr: bytes) -> None:
        try:
            _, pps_id = _slice_header(idr)
        except MediaError:
            return  # the slice is judged by whoever decodes it
        sps_id = self._pps_of.get(pps_id)
        if sps_id in self._sps:
            self._active_sps = sps_id

    def _choose(self, *, at_idr: bool) -> bool:
        active = self._active_sps
        if active is None:
            return False
        pps = [self._pps[pps_id] for pps_id in sorted(self._pps) if self._pps_of[pps_id] == active]
        chosen = (self._sps[active], *pps)
        if not pps or chosen == self._chosen:
            return False
        if self._chosen and chosen[0] != self._chosen[0] and not at_idr:
            return False  # a new SPS takes effect at an IDR picture, even where it came earlier (7.4.1.2.1)
        self._track = video_track(chosen[0], pps)
        self._chosen = chosen
        return True
