"""The H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1 and Annex E)."""

from dataclasses import dataclass

from edge.errors import MediaError
from edge.media.bits import BitReader

HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
"""Profiles whose SPS tells chroma format and bit depths (7.3.2.1.1)."""

LARGEST_PARAMETER_SET = 4096
"""Bytes. Real ones have 10 to 100; the full scaling lists of a legal one need less than a kilobyte."""

_SUB_SIZE = ((1, 1), (2, 2), (2, 1), (1, 1))  # SubWidthC and SubHeightC by chroma_format_idc (Table 6-1)
_LARGEST_SIDE_MBS = 1055  # A.3.1: the square root of 8 * MaxFS of level 6.2
_LARGEST_FRAME_MBS = 139_264  # MaxFS of level 6.2 (Table A-1)
_EXTENDED_SAR = 255
_INTRA_CONSTRAINT = 0x10  # constraint_set3_flag


@dataclass(frozen=True, slots=True)
class Sps:
    """What a container and a player must know of an SPS.

    `width` and `height` are luma samples after cropping. `constraint_flags` is the whole second byte of the
    profile (constraint_set0_flag is its highest bit). `max_num_reorder_frames` and `frame_rate` (frames a
    second) come from the VUI and are None where it does not tell them; encoders lie about the frame rate, so
    time nothing by it.
    """

    sps_id: int
    profile_idc: int
    constraint_flags: int
    level_idc: int
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    poc_type: int
    max_num_reorder_frames: int | None = None
    frame_rate: float | None = None
    frame_num_bits: int = 4
    poc_lsb_bits: int = 0
    poc_has_deltas: bool = False
    """Slices tell them (picture order count type 1)."""
    max_num_ref_frames: int = 1
    macroblocks: int = 0
    frames_only: bool = True
    separate_planes: bool = False

    @property
    def codec_string(self) -> str:
        """The RFC 6381 name, such as "avc1.64001f": profile, constraints and level as the SPS has them."""
        return f"avc1.{self.profile_idc:02x}{self.constraint_flags:02x}{self.level_idc:02x}"

    @property
    def can_reorder(self) -> bool:
        """May pictures be shown in another order than they are decoded in (so that RTP time is not enough)?

        Baseline has no B slices (A.2.1), picture order count type 2 forbids reordering (8.2.1.3), an intra
        profile has nothing to reorder, and else the VUI tells it; an SPS that says nothing could.
        """
        if self.profile_idc == 66 or self.poc_type == 2 or self.max_num_reorder_frames == 0:
            return False
        intra_only = (
            self.profile_idc in {44, 100, 110, 122, 244} and self.constraint_flags & _INTRA_CONSTRAINT
        )
        return not intra_only


def without_emulation_prevention(nal: bytes) -> bytes:
    """The RBSP of a NAL unit: 00 00 03 becomes 00 00 (7.4.1). Linear: the pattern cannot overlap itself."""
    return nal.replace(b"\x00\x00\x03", b"\x00\x00")


def parse_sps(nal: bytes) -> Sps:
    """The SPS of this NAL unit (header byte included, no start code).

    Raises MediaError when it is not an SPS, is cut off, or has a value that no level allows. A broken VUI
    alone is forgiven (it is left unread), because players forgive it too.
    """
    if len(nal) < 5 or len(nal) > LARGEST_PARAMETER_SET or nal[0] & 0x9F != 7:
        raise MediaError("this is not an H.264 SPS")
    profile_idc, constraint_flags, level_idc = nal[1:4]
    bits = BitReader(without_emulation_prevention(nal[4:]))
    sps_id = bits.ue(31)
    chroma, depth_luma, depth_chroma, separate_planes = 1, 8, 8, False
    if profile_idc in HIGH_PROFILES:
        chroma = bits.ue(3)
        separate_planes = chroma == 3 and bits.flag()
        depth_luma, depth_chroma = 8 + bits.ue(6), 8 + bits.ue(6)
        bits.flag()  # qpprime_y_zero_transform_bypass_flag
        if bits.flag():
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    frame_num_bits = bits.ue(12) + 4
    poc_type, poc_lsb_bits, poc_has_deltas = _picture_order_count(bits)
    max_num_ref_frames = bits.ue(16)
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    width, height, macroblocks, frames_only = _frame_size(bits, 0 if separate_planes else chroma)
    reorder, frame_rate = _forgiving_vui(bits)
    return Sps(
        sps_id=sps_id,
        profile_idc=profile_idc,
        constraint_flags=constraint_flags,
        level_idc=level_idc,
        chroma_format_idc=chroma,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        width=width,
        height=height,
        poc_type=poc_type,
        max_num_reorder_frames=reorder,
        frame_rate=frame_rate,
        frame_num_bits=frame_num_bits,
        poc_lsb_bits=poc_lsb_bits,
        poc_has_deltas=poc_has_deltas,
        max_num_ref_frames=max_num_ref_frames,
        macroblocks=macroblocks,
        frames_only=frames_only,
        separate_planes=separate_planes,
    )


def _skip_scaling_lists(bits: BitReader, lists: int) -> None:
    """7.3.2.1.1.1: a list ends early when its next scale becomes zero."""
    for index in range(lists):
        if not bits.flag():
            continue
        scale = 8
        for _ in range(16 if index < 6 else 64):
            scale = (scale + bits.se()) % 256
            if scale == 0:
                break


def _picture_order_count(bits: BitReader) -> tuple[int, int, bool]:
    """The type, the bits of pic_order_cnt_lsb (type 0), and whether slices tell deltas (type 1)."""
    poc_type = bits.ue(2)
    if poc_type == 0:
        return poc_type, bits.ue(12) + 4, False
    if poc_type == 2:
        return poc_type, 0, False
    always_zero = bits.flag()  # delta_pic_order_always_zero_flag
    bits.se()  # offset_for_non_ref_pic
    bits.se()  # offset_for_top_to_bottom_field
    for _ in range(bits.ue(255)):
        bits.se()  # offset_for_ref_frame
    return poc_type, 0, not always_zero


def _frame_size(bits: BitReader, chroma_array_type: int) -> tuple[int, int, int, bool]:
    """Width and height in luma samples after cropping (7-13 to 7-22), macroblocks, frame_mbs_only_flag."""
    width_mbs = bits.ue(_LARGEST_SIDE_MBS - 1) + 1
    map_units = bits.ue(_LARGEST_SIDE_MBS - 1) + 1
    frames_only = bits.u(1)
    if not frames_only:
        bits.flag()  # mb_adaptive_frame_field_flag
    bits.flag()  # direct_8x8_inference_flag
    height_mbs = map_units * (2 - frames_only)
    if height_mbs > _LARGEST_SIDE_MBS or width_mbs * height_mbs > _LARGEST_FRAME_MBS:
        raise MediaError(f"a picture of {width_mbs}x{height_mbs} macroblocks is larger than any level allows")
    width, height = width_mbs * 16, height_mbs * 16
    if bits.flag():
        unit_x, unit_y = _SUB_SIZE[chroma_array_type]
        unit_y *= 2 - frames_only
        width -= unit_x * (bits.ue() + bits.ue())
        height -= unit_y * (bits.ue() + bits.ue())
    if width <= 0 or height <= 0:
        raise MediaError("the cropping leaves nothing of the picture")
    return width, height, width_mbs * height_mbs, frames_only == 1


def _forgiving_vui(bits: BitReader) -> tuple[int | None, float | None]:
    if not bits.flag():
        return None, None
    try:
        return _vui(bits)
    except MediaError:
        return None, None


def _vui(bits: BitReader) -> tuple[int | None, float | None]:
    """max_num_reorder_frames and frame rate of the VUI (E.1.1)."""
    if bits.flag() and bits.u(8) == _EXTENDED_SAR:  # aspect_ratio_info_present_flag, aspect_ratio_idc
        bits.u(32)
    if bits.flag():  # overscan_info_present_flag
        bits.flag()
    if bits.flag():  # video_signal_type_present_flag
        bits.u(4)
        if bits.flag():  # colour_description_present_flag
            bits.u(24)
    if bits.flag():  # chroma_loc_info_present_flag
        bits.ue(5)
        bits.ue(5)
    frame_rate = _frame_rate(bits) if bits.flag() else None
    nal_hrd = bits.flag()
    if nal_hrd:
        _skip_hrd(bits)
    vcl_hrd = bits.flag()
    if vcl_hrd:
        _skip_hrd(bits)
    if nal_hrd or vcl_hrd:
        bits.flag()  # low_delay_hrd_flag
    bits.flag()  # pic_struct_present_flag
    return (_max_num_reorder_frames(bits) if bits.flag() else None), frame_rate


def _frame_rate(bits: BitReader) -> float | None:
    units, scale = bits.u(32), bits.u(32)
    bits.flag()  # fixed_frame_rate_flag
    return scale / (2 * units) if units and scale else None  # a tick is a field's time (E.2.1)


def _skip_hrd(bits: BitReader) -> None:
    count = bits.ue(31) + 1
    bits.u(8)  # bit_rate_scale, cpb_size_scale
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.flag()
    bits.u(20)  # four lengths of 5 bits


def _max_num_reorder_frames(bits: BitReader) -> int:
    bits.flag()  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):  # max_bytes_per_pic_denom, max_bits_per_mb_denom, two log2_max_mv_length
        bits.ue(16)
    return bits.ue(16)
