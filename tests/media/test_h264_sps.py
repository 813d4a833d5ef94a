from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media.h264 import NAL_SPS, nal_type
from edge.media.h264_sps import LARGEST_PARAMETER_SET, Sps, parse_sps, without_emulation_prevention
from tests.media import encoded
from tests.media.bit_writer import BitWriter

BASELINE = bytes.fromhex(
    "67"  # nal_ref_idc 3, type 7
    "42c01e"  # Baseline (66), constraint_set0 and 1, level 3.0
    "da0280bf"  # id 0, frame numbers, poc type 2, 1 reference, 40 x 23 macroblocks, cropping of 8 lines
    "e584000003000400000300f03c58ba80"  # VUI: tick 1/60 s, no reordering
)


def fields(profile=66, *, high=None, poc=None, size=(39, 22), frames_only=True, crop=None, vui=None):
    """The SPS written field by field as 7.3.2.1.1 lists them."""
    bits = BitWriter().u(8, profile).u(8, 0xC0).u(8, 31).ue(0)
    if high is not None:
        high(bits)
    bits.ue(0)
    if poc is None:
        bits.ue(2)
    else:
        poc(bits)
    bits.ue(1).flags(0).ue(*size).flags(frames_only)
    if not frames_only:
        bits.flags(0)
    bits.flags(1)
    bits.flags(crop is not None)
    if crop is not None:
        bits.ue(*crop)
    bits.flags(vui is not None)
    if vui is not None:
        vui(bits)
    return bits.nal(0x67)


def test_a_baseline_sps_of_x264():
    assert parse_sps(BASELINE) == Sps(
        sps_id=0,
        profile_idc=66,
        constraint_flags=0xC0,
        level_idc=30,
        chroma_format_idc=1,
        bit_depth_luma=8,
        bit_depth_chroma=8,
        width=640,
        height=360,
        poc_type=2,
        max_num_reorder_frames=0,
        frame_rate=30.0,
        frame_num_bits=4,
        max_num_ref_frames=1,
        macroblocks=40 * 23,
    )
    assert parse_sps(BASELINE).codec_string == "avc1.42c01e"


@pytest.mark.parametrize(
    ("profile", "idc", "pix_fmt", "chroma", "depth"),
    [
        ("baseline", 66, "yuv420p", 1, 8),
        ("main", 77, "yuv420p", 1, 8),
        ("high", 100, "yuv420p", 1, 8),
        ("high10", 110, "yuv420p10le", 1, 10),
        ("high422", 122, "yuv422p10le", 2, 10),
        ("high444", 244, "yuv444p", 3, 8),
    ],
)
@pytest.mark.parametrize("size", [(320, 180), (638, 362), (176, 146)])
def test_every_profile_of_a_real_encoder(profile, idc, pix_fmt, chroma, depth, size):
    pictures = encoded.h264(profile, size, pix_fmt, count=1, rate=Fraction(24))
    sps = parse_sps(next(nal for nal in encoded.nals(pictures) if nal_type(nal) == NAL_SPS))
    assert (sps.width, sps.height) == size
    assert (sps.profile_idc, sps.chroma_format_idc) == (idc, chroma)
    assert (sps.bit_depth_luma, sps.bit_depth_chroma) == (depth, depth)
    assert sps.frame_rate == 24.0


def test_interlaced_frames_are_cut_from_2_field_lines_at_a_time():
    pictures = encoded.h264("high", (1920, 1080), count=1, extra=(("flags", "+ildct+ilme"),))
    sps = parse_sps(next(nal for nal in encoded.nals(pictures) if nal_type(nal) == NAL_SPS))
    assert (sps.width, sps.height) == (1920, 1080)
    written = parse_sps(fields(77, size=(119, 33), frames_only=False, crop=(0, 0, 0, 2)))
    assert (written.width, written.height) == (1920, 1080)


@pytest.mark.parametrize(
    ("chroma", "unit"),
    [(0, (1, 1)), (1, (2, 2)), (2, (2, 1)), (3, (1, 1))],
)
def test_crop_units_follow_the_chroma_format(chroma, unit):
    def high(bits):
        bits.ue(chroma)
        if chroma == 3:
            bits.flags(0)
        bits.ue(0, 0).flags(0, 0)

    sps = parse_sps(fields(100, high=high, size=(9, 9), crop=(1, 2, 3, 4)))
    assert (sps.width, sps.height) == (160 - 3 * unit[0], 160 - 7 * unit[1])


def test_separate_planes_are_cropped_as_luma():
    sps = parse_sps(
        fields(
            244, high=lambda bits: bits.ue(3).flags(1).ue(0, 0).flags(0, 0), size=(9, 9), crop=(1, 0, 1, 0)
        )
    )
    assert (sps.width, sps.height) == (159, 159)


@pytest.mark.parametrize(("chroma", "lists"), [(1, 8), (3, 12)])
def test_scaling_lists_are_read_over(chroma, lists):
    def high(bits):
        bits.ue(chroma)
        if chroma == 3:
            bits.flags(0)
        bits.ue(0, 0).flags(0, 1)
        for index in range(lists):
            match index % 3:
                case 0:
                    bits.flags(0)  # not present
                case 1:
                    bits.flags(1).se(-8)  # use the default: the next scale is zero at once
                case 2:
                    bits.flags(1).se(*[1] * (16 if index < 6 else 64))

    sps = parse_sps(fields(100, high=high))
    assert (sps.width, sps.height) == (640, 368)


def test_poc_type_1_with_all_its_offsets():
    sps = parse_sps(fields(poc=lambda bits: bits.ue(1).flags(0).se(-5, 5).ue(255).se(*range(255))))
    assert (sps.width, sps.poc_type) == (640, 1)


def test_a_vui_with_everything_in_it():
    def hrd(bits):
        bits.ue(1).u(8, 0)
        for _ in range(2):
            bits.ue(1000, 2000).flags(1)
        bits.u(20, 0)

    def vui(bits):
        bits.flags(1).u(8, 255).u(32, 4 << 16 | 3)  # extended SAR
        bits.flags(1, 0)  # overscan
        bits.flags(1).u(4, 10).flags(1).u(24, 0x010101)  # video signal type with colours
        bits.flags(1).ue(0, 0)  # chroma location
        bits.flags(1).u(32, 1001).u(32, 60_000).flags(1)  # timing
        bits.flags(1)
        hrd(bits)
        bits.flags(1)
        hrd(bits)
        bits.flags(0, 0)  # low delay, picture structure
        bits.flags(1, 1).ue(0, 0, 11, 11, 3, 4)  # bitstream restriction

    sps = parse_sps(fields(77, vui=vui))
    assert sps.frame_rate == pytest.approx(29.97, abs=0.001)
    assert sps.max_num_reorder_frames == 3


def test_a_vui_of_zero_timing_tells_no_frame_rate():
    sps = parse_sps(fields(vui=lambda bits: bits.flags(0, 0, 0, 0, 1).u(32, 0).u(32, 0).flags(0, 0, 0, 0, 0)))
    assert sps.frame_rate is None
    assert sps.max_num_reorder_frames is None


def test_a_vui_that_is_cut_off_is_left_unread():
    whole = parse_sps(BASELINE)
    cut = parse_sps(BASELINE[:-8])
    assert (cut.width, cut.height) == (whole.width, whole.height)
    assert (cut.frame_rate, cut.max_num_reorder_frames) == (None, None)


@pytest.mark.parametrize(
    ("profile", "flags", "poc_type", "reorder", "can"),
    [
        (66, 0xC0, 0, None, False),  # Baseline has no B slices
        (100, 0x0C, 2, None, False),  # poc type 2
        (77, 0x00, 0, 0, False),  # the VUI says so
        (77, 0x00, 0, 2, True),
        (100, 0x00, 0, None, True),  # nothing is told
        (100, 0x10, 0, None, False),  # High intra
        (77, 0x10, 0, None, True),  # the same bit means nothing in Main
    ],
)
def test_reordering(profile, flags, poc_type, reorder, can):
    sps = Sps(0, profile, flags, 31, 1, 8, 8, 640, 360, poc_type, reorder)
    assert sps.can_reorder is can


@pytest.mark.parametrize(
    ("nal", "why"),
    [
        (b"", "not an H.264 SPS"),
        (b"\x67", "not an H.264 SPS"),
        (b"\x68" + BASELINE[1:], "not an H.264 SPS"),
        (b"\xe7" + BASELINE[1:], "not an H.264 SPS"),  # forbidden_zero_bit
        (BASELINE[:6], "ends too early"),
        (BASELINE + bytes(LARGEST_PARAMETER_SET), "not an H.264 SPS"),
        (b"\x67\x42\x00\x1f" + bytes(64), "longer than any legal"),
        (fields(size=(1054, 1054)), "larger than any level"),
        (fields(size=(1055, 0)), "highest legal value is 1054"),
        (fields(size=(10, 1000), frames_only=False), "larger than any level"),
        (fields(size=(0, 0), crop=(4, 4, 0, 0)), "leaves nothing"),
        (fields(size=(0, 0), crop=(0, 0, 0, 2**31)), "leaves nothing"),
        (fields(100, high=lambda bits: bits.ue(4)), "highest legal value is 3"),
        (fields(100, high=lambda bits: bits.ue(1, 7)), "highest legal value is 6"),
        (fields(poc=lambda bits: bits.ue(3)), "highest legal value is 2"),
        (fields(poc=lambda bits: bits.ue(1).flags(0).se(0, 0).ue(256)), "highest legal value is 255"),
    ],
)
def test_hostile_sets_are_refused(nal, why):
    with pytest.raises(MediaError, match=why):
        parse_sps(nal)


@given(st.binary(max_size=80))
def test_any_bytes_give_an_sps_or_our_error(data):
    for nal in (data, b"\x67" + data, BASELINE[:5] + data, b"\x67\x64\x00\x28" + data):
        try:
            sps = parse_sps(nal)
        except MediaError:
            continue
        assert 0 < sps.width <= 16_880
        assert 0 < sps.height <= 16_880


@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), max_size=40).map(bytes))
def test_emulation_prevention_is_undone(rbsp):
    out, zeros = bytearray(), 0
    for byte in rbsp:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    assert without_emulation_prevention(bytes(out)) == rbsp
