import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media import h264
from edge.media.h264 import ParameterSets
from tests.media import encoded
from tests.media.bit_writer import BitWriter

SPS = bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80")  # Baseline, 640x360, id 0
PPS = bytes.fromhex("68ce0fc8")  # id 0, of SPS 0


def sps(sps_id=0, width_mbs=40, tail=0):
    """A Baseline SPS without VUI; `tail` makes other bytes of equal meaning (a larger max_num_ref_frames)."""
    bits = BitWriter().u(24, 0x42C01F).ue(sps_id, 0, 2, tail).flags(0).ue(width_mbs - 1, 22).flags(1, 1, 0, 0)
    return bits.nal(0x67)


def pps(pps_id=0, sps_id=0, tail=0):
    return BitWriter().ue(pps_id, sps_id).flags(0, 0).ue(0, tail, 0).nal(0x68)


def idr(pps_id=0):
    return BitWriter().ue(0, 7, pps_id).u(32, 0xDEADBEEF).nal(0x65)


def avcc_sets(config):
    """The SPS and PPS lists of an avcC, read independently of its writer, and what follows them."""
    at, lists = 5, []
    for mask in (0x1F, 0xFF):
        count, at, found = config[at] & mask, at + 1, []
        for _ in range(count):
            size = int.from_bytes(config[at : at + 2], "big")
            found.append(config[at + 2 : at + 2 + size])
            at += 2 + size
        lists.append(found)
    return *lists, config[at:]


# --- NAL units


def test_nal_types():
    assert [h264.nal_type(nal) for nal in (SPS, PPS, b"\x65\x88", b"\x41\x9a", b"\x06\x05", b"\x09\xf0")] == [
        h264.NAL_SPS, h264.NAL_PPS, h264.NAL_IDR, h264.NAL_SLICE, h264.NAL_SEI, h264.NAL_AUD,
    ]  # fmt: skip
    assert h264.nal_type(b"") == 0


def test_a_byte_stream_is_split_at_both_start_codes():
    stream = bytes.fromhex("00000001 67aabb 000001 68cc 00000001 000001 65 00 11 000000 000001 41")
    assert [nal.hex() for nal in h264.split_annex_b(stream)] == ["67aabb", "68cc", "650011", "41"]


def test_bytes_without_a_start_code_are_no_nal_units():
    assert h264.split_annex_b(b"") == []
    assert h264.split_annex_b(b"\x67\x42\x00") == []


NALS = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda body: b"\x41" + body.replace(b"\x00", b"\x01")), max_size=8
)


@given(NALS)
def test_splitting_undoes_joining(nals):
    assert h264.split_annex_b(b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)) == nals


def test_a_sample_is_length_prefixed_and_holds_no_parameter_sets():
    nals = [b"\x09\xf0", SPS, PPS, b"\x06\x01\x02", b"\x65\x88\x84", b"", b"\x0c\xff\xff\x80", b"\x65\x40"]
    assert (
        h264.length_prefixed(nals).hex(" ", 1)
        == "00 00 00 03 06 01 02 00 00 00 03 65 88 84 00 00 00 02 65 40"
    )


@given(NALS)
def test_the_lengths_lead_from_unit_to_unit(nals):
    data, found = h264.length_prefixed(nals), []
    while data:
        size = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    assert found == nals


# --- SEI and slices


@pytest.mark.parametrize(
    ("sei", "is_one"),
    [
        ("06 06 01 c4 80", True),  # payload 6, 1 byte: recovery_frame_cnt 0, exact
        ("06 01 02 aa bb 06 01 c4 80", True),  # behind a picture timing message
        ("06 05 ff 01 " + "00 11 " * 128 + "06 01 c4 80", True),  # behind user data of 256 bytes
        ("06 05 02 06 01 80", False),  # "06 01" inside of user data
        ("06 06 05 c4 80", False),  # cut off
        ("06 06 00 80", False),
        ("06", False),
        ("06 ff ff ff", False),
        ("65 06 01 c4 80", False),  # not an SEI
        ("", False),
    ],
)
def test_recovery_points(sei, is_one):
    assert h264.is_recovery_point(bytes.fromhex(sei)) is is_one


def test_intra_refresh_of_a_real_encoder_has_recovery_points_instead_of_idr():
    pictures = encoded.h264("high", count=14, gop=5, extra=(("intra-refresh", "1"), ("bf", "0")))
    assert sum(h264.nal_type(nal) == h264.NAL_IDR for nal in encoded.nals(pictures)) == 1
    assert sum(h264.is_recovery_point(nal) for nal in encoded.nals(pictures)) >= 2


def test_b_slices_of_a_real_encoder_are_seen():
    assert h264.has_b_slice(encoded.nals(encoded.h264("high", extra=(("bf", "2"),))))
    assert not h264.has_b_slice(encoded.nals(encoded.h264("high", extra=(("bf", "0"),))))
    assert not h264.has_b_slice([b"", b"\x41", b"\x41\x00\x00\x00", b"\x65\xff"])


# --- the track


def test_avcc_of_baseline_byte_by_byte():
    track = h264.video_track(SPS, PPS)
    assert track.config.hex() == (
        "01"  # configurationVersion
        "42c01e"  # profile, constraints, level: the SPS's bytes
        "ff"  # NAL lengths of 4 bytes
        "e10018" + SPS.hex() +  # one SPS of 24 bytes
        "010004" + PPS.hex()  # one PPS of 4 bytes
    )  # fmt: skip
    assert (track.kind, track.codec, track.timescale) == ("video", "h264", 90_000)
    assert (track.codec_string, track.width, track.height) == ("avc1.42c01e", 640, 360)


@pytest.mark.parametrize(
    ("profile", "pix_fmt", "extension"),
    [
        ("baseline", "yuv420p", ""),
        ("main", "yuv420p", ""),
        ("high", "yuv420p", "fdf8f800"),  # 4:2:0, 8 bits, 8 bits, no SPS extensions
        ("high10", "yuv420p10le", "fdfafa00"),
        ("high422", "yuv422p10le", "fefafa00"),
        ("high444", "yuv444p", "fff8f800"),
    ],
)
def test_high_profiles_tell_chroma_and_depth_in_avcc(profile, pix_fmt, extension):
    nals = encoded.nals(encoded.h264(profile, pix_fmt=pix_fmt, count=1))
    own_sps = next(nal for nal in nals if h264.nal_type(nal) == h264.NAL_SPS)
    own_pps = next(nal for nal in nals if h264.nal_type(nal) == h264.NAL_PPS)
    config = h264.video_track(own_sps, own_pps).config
    assert avcc_sets(config) == ([own_sps], [own_pps], bytes.fromhex(extension))


def test_several_pps_stand_in_avcc():
    sets = [pps(0), pps(1), pps(200)]
    assert avcc_sets(h264.video_track(sps(), sets).config) == ([sps()], sets, b"")


@pytest.mark.parametrize(
    "sets",
    [
        [],
        [SPS],
        [b""],
        [b"\x68"],
        [pps()] * 256,
        [b"\x68" + bytes(40)],
        [PPS + bytes(5000)],
        [pps(255, 31), pps(256)],
    ],
)
def test_a_track_without_usable_pps_is_refused(sets):
    with pytest.raises(MediaError):
        h264.video_track(SPS, sets)


def test_pps_ids():
    assert h264.parse_pps(PPS) == (0, 0)
    assert h264.parse_pps(pps(255, 31)) == (255, 31)


# --- sets in band


def test_a_track_is_there_when_both_sets_have_come():
    sets = ParameterSets()
    assert sets.update([b"\x41\x9a"]) is False
    assert sets.track() is None
    assert sets.update([SPS]) is False  # OBS sends them as separate packets
    assert sets.track() is None
    assert sets.update([PPS, idr()]) is True
    assert sets.track() == h264.video_track(SPS, PPS)


def test_repeated_sets_change_nothing():
    sets = ParameterSets()
    assert sets.update([SPS, PPS, idr()])
    track = sets.track()
    for _ in range(3):
        assert not sets.update([b"\x41\x9a\x00"])
        assert not sets.update([SPS, PPS, idr()])
    assert sets.track() is track


def test_a_resolution_change_is_seen_once():
    sets = ParameterSets()
    sets.update([sps(width_mbs=40), pps(), idr()])
    assert sets.update([sps(width_mbs=20), pps(), idr()])
    assert sets.track().width == 320
    assert not sets.update([sps(width_mbs=20), pps(), idr()])
    assert sets.update([sps(width_mbs=40), pps(), idr()])


def test_a_new_sps_that_comes_early_waits_for_its_idr():
    sets = ParameterSets()
    sets.update([sps(width_mbs=40), pps(), idr()])
    assert not sets.update([sps(width_mbs=20)])
    assert not sets.update([pps()])
    assert not sets.update([b"\x41\x9a"])
    assert sets.track().width == 640
    assert sets.update([idr()])
    assert sets.track().width == 320


def test_bytes_count_even_where_the_meaning_is_the_same():
    sets = ParameterSets()
    sets.update([sps(tail=1), pps()])
    assert sets.update([sps(tail=2), idr()])
    assert sets.update([pps(tail=3)])
    assert sets.track() == h264.video_track(sps(tail=2), pps(tail=3))


def test_all_pps_of_the_active_sps_are_taken_in_the_order_of_their_ids():
    sets = ParameterSets()
    assert sets.update([sps(), pps(3), pps(1), idr(3)])
    assert avcc_sets(sets.track().config)[1] == [pps(1), pps(3)]
    assert not sets.update([sps(), pps(1), idr(1)])
    assert sets.update([pps(2)])
    assert avcc_sets(sets.track().config)[1] == [pps(1), pps(2), pps(3)]


def test_a_new_sps_with_its_own_pps_drops_those_of_the_old_one():
    sets = ParameterSets()
    sets.update([sps(), pps(0), pps(1), idr()])
    assert sets.update([sps(width_mbs=20), pps(0), idr()])
    assert avcc_sets(sets.track().config) == ([sps(width_mbs=20)], [pps(0)], b"")


def test_a_new_sps_alone_keeps_the_pps():
    sets = ParameterSets()
    sets.update([sps(), pps(0), pps(1), idr()])
    assert sets.update([sps(width_mbs=20), idr()])
    assert avcc_sets(sets.track().config) == ([sps(width_mbs=20)], [pps(0), pps(1)], b"")


def test_the_slice_tells_which_of_several_sps_is_active():
    both = [sps(0, 40), pps(0, 0), sps(1, 20), pps(1, 1)]
    sets = ParameterSets()
    assert sets.update([*both, idr(0)])
    assert sets.track().width == 640
    assert not sets.update([*both, idr(0)])
    assert sets.update([*both, idr(1)])
    assert avcc_sets(sets.track().config) == ([sps(1, 20)], [pps(1, 1)], b"")


def test_damaged_sets_do_not_harm_those_that_are_there():
    sets = ParameterSets()
    sets.update([SPS, PPS, idr()])
    before = sets.track()
    for bad in (b"\x67", b"\x68", SPS[:6], b"\x68\x00"):
        with pytest.raises(MediaError):
            sets.update([bad])
    assert sets.track() is before
    assert not sets.update([SPS, PPS, idr()])


@pytest.mark.parametrize(
    ("flood", "taken"),
    [
        ([sps(at) for at in range(32)], 4),
        ([sps(tail=at % 2) for at in range(32)], 4),  # one that changes all the time
        ([sps(), *[pps(at) for at in range(256)]], 64),
        ([sps(), *[pps()] * 100], 64),
    ],
)
def test_a_flood_of_sets_in_one_access_unit_is_cut_off(flood, taken):
    sets = ParameterSets()
    with pytest.raises(MediaError, match=f"more than {taken}"):
        sets.update(flood)


def test_the_first_key_frame_of_a_real_encoder_gives_its_track():
    pictures = encoded.h264("high", (638, 362))
    sets = ParameterSets()
    changes = [sets.update(picture.nals) for picture in pictures]
    assert changes == [True] + [False] * (len(pictures) - 1)
    assert (sets.track().width, sets.track().height) == (638, 362)


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_nal_units_give_a_track_or_our_error(bodies):
    sets = ParameterSets()
    for index, body in enumerate(bodies):
        try:
            sets.update([bytes([(0x67, 0x68, 0x65)[index % 3]]) + body, body])
        except MediaError:
            continue
