import io
import struct
from functools import cache

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.fmp4.boxes import box, full_box, walk
from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.fmp4.inspect import ParsedTrack, parse_fragment, parse_init
from edge.media.aac import aac_track
from edge.media.h264 import video_track
from edge.media.opus import SILENCE, opus_track
from edge.media.sample import Sample
from tests.fmp4.fmp4_material import START, parts, track_of, video_samples
from tests.media import encoded

VIDEO = video_track(
    bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80"), bytes.fromhex("68ce0fc8")
)
INIT = init_segment([VIDEO, opus_track()]).body
FRAGMENT = fragment(
    3,
    [
        Run(1, 90_000, [Sample("video", 0, 3_000, True, b"\x00\x00\x00\x01\x65")]),
        Run(2, 48_000, [Sample("audio", 0, 960, True, SILENCE)] * 2),
    ],
)


def words(*values):
    return struct.pack(f">{len(values)}I", *values)


def moof(tfhd, *truns, tfdt=None, track=1, mdat=bytes(100)):
    """A fragment of one traf, whose boxes are given as (flags, words behind the fixed ones)."""
    flags, more = tfhd
    boxes = [full_box(b"tfhd", 0, flags, words(track), more)]
    boxes.append(full_box(b"tfdt", 0, 0, words(1_000)) if tfdt is None else tfdt)
    boxes += [full_box(b"trun", version, flags, more) for version, flags, more in truns]
    return box(b"moof", full_box(b"mfhd", 0, 0, words(9)), box(b"traf", *boxes)) + box(b"mdat", mdat)


MOOF_RELATIVE = 0x020000


def test_our_own_init_segment():
    assert parse_init(INIT) == [
        ParsedTrack(1, "video", "avc1.42c01e", 90_000, 640, 360, has_trex=True),
        ParsedTrack(2, "audio", "Opus", 48_000, has_trex=True),
    ]


def test_our_own_fragment():
    video, audio = parse_fragment(FRAGMENT)
    assert (video.track_id, video.base_decode_time, video.sequence_number) == (1, 90_000, 3)
    assert (video.durations, video.sizes, video.sync) == ((3_000,), (5,), (True,))
    assert (audio.durations, audio.sizes, audio.sync) == ((960, 960), (3, 3), (True, True))
    assert FRAGMENT[audio.data_start :] == SILENCE * 2


def test_a_segment_of_several_fragments():
    runs = parse_fragment(box(b"styp", b"msdh", bytes(4)) + FRAGMENT + box(b"prft", bytes(20)) + FRAGMENT)
    assert [(run.track_id, run.sequence_number) for run in runs] == [(1, 3), (2, 3), (1, 3), (2, 3)]
    assert runs[2].data_start - runs[0].data_start == len(FRAGMENT) + 28


# --- what FFmpeg writes


@cache
def remuxed(movflags):
    """H.264 with B frames and AAC as FFmpeg's own muxer cuts them: a fragment a key frame."""
    video = video_samples(encoded.h264("high", count=12, gop=6, extra=(("bf", "2"),)), START)
    config, frames = encoded.aac()
    audio = [Sample("audio", 480_000 + 1024 * at, 1024, True, data) for at, data in enumerate(frames)]
    init = init_segment(
        [track_of(encoded.h264("high", count=12, gop=6, extra=(("bf", "2"),))), aac_track(config)]
    )
    source, made = io.BytesIO(init.body + b"".join(parts(video, audio, 6, 10))), io.BytesIO()
    options = {"movflags": f"frag_keyframe+{movflags}", "use_editlist": "0"}
    with av.open(source) as file, av.open(made, "w", format="mp4", options=options) as out:
        streams = [out.add_stream_from_template(stream) for stream in file.streams]
        for packet in file.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return made.getvalue(), video, audio


@pytest.mark.parametrize(
    ("movflags", "moof_relative", "offset_shift"),
    [
        ("empty_moov+default_base_moof", True, 0),
        ("cmaf+negative_cts_offsets", True, -6_000),  # trun version 1
        ("empty_moov+omit_tfhd_offset", False, 0),  # relative to the moof for the first traf only
        ("empty_moov", False, 0),  # base-data-offset from the begin of the file
    ],
)
def test_what_ffmpeg_writes(movflags, moof_relative, offset_shift):
    data, video, audio = remuxed(movflags)
    tracks = parse_init(data)
    assert [(track.kind, track.codec, track.timescale) for track in tracks] == [
        ("video", "avc1.64000d", 90_000),
        ("audio", "mp4a.40.2", 48_000),
    ]
    assert (tracks[0].width, tracks[0].height) == (320, 180)
    runs = parse_fragment(data, tracks)
    for track_id, samples, shift in ((1, video, offset_shift), (2, audio, 0)):
        own = [run for run in runs if run.track_id == track_id]
        assert len(own) == 2
        assert [run.base_decode_time for run in own] == [0, sum(own[0].durations)]
        assert [at for run in own for at in run.durations] == [sample.duration for sample in samples]
        assert [at for run in own for at in run.sizes] == [len(sample.data) for sample in samples]
        assert [at for run in own for at in run.sync] == [sample.is_sync for sample in samples]
        assert [at - shift for run in own for at in run.composition_offsets] == [
            sample.composition_offset for sample in samples
        ]
        if moof_relative:
            pieces = [data[run.data_start : run.data_start + sum(run.sizes)] for run in own]
            assert b"".join(pieces) == b"".join(sample.data for sample in samples)
        else:
            assert [run.data_start for run in own] == [None, None]


# --- layouts that others use


def test_defaults_of_tfhd_stand_in_for_the_fields_of_trun():
    tfhd = (MOOF_RELATIVE | 0x38, words(1_024, 7, 0x0200_0000))
    (run,) = parse_fragment(moof(tfhd, (0, 1, words(3, 100))))
    assert (run.durations, run.sizes, run.sync) == ((1_024,) * 3, (7,) * 3, (True,) * 3)
    assert run.data_start == 100


def test_defaults_of_trex_stand_in_for_those_of_tfhd():
    track = ParsedTrack(1, "video", "avc1.42c01e", 90_000, 0, 0, True, 3_000, 5, 0x0101_0000)
    data = moof((MOOF_RELATIVE | 0x10, words(6)), (0, 1, words(2, 100)))
    (run,) = parse_fragment(data, [track])
    assert (run.durations, run.sizes, run.sync) == ((3_000, 3_000), (6, 6), (False, False))
    (run,) = parse_fragment(data)  # without them nothing is known
    assert run.durations == (0, 0)


def test_other_fields_of_tfhd_are_stepped_over():
    tfhd = (0x1 | 0x2 | 0x8, struct.pack(">Q", 77) + words(2, 500))  # base-data-offset, sample description
    (run,) = parse_fragment(moof(tfhd, (0, 0, words(1))))
    assert (run.durations, run.data_start) == ((500,), None)


def test_first_sample_flags_are_those_of_the_first_only():
    tfhd = (MOOF_RELATIVE | 0x20, words(0x0101_0000))
    (run,) = parse_fragment(moof(tfhd, (0, 5, words(3, 100, 0x0200_0000))))
    assert run.sync == (True, False, False)


def test_several_truns_are_one_run():
    tfhd = (MOOF_RELATIVE, b"")
    data = moof(tfhd, (0, 0x301, words(1, 100, 10, 4)), (0, 0x301, words(2, 104, 20, 5, 30, 6)))
    (run,) = parse_fragment(data)
    assert (run.durations, run.sizes, run.data_start) == ((10, 20, 30), (4, 5, 6), 100)


@pytest.mark.parametrize(("version", "offset"), [(0, 0xFFFF_FFFF), (1, -1)])
def test_composition_offsets_have_a_sign_in_version_1(version, offset):
    (run,) = parse_fragment(moof((MOOF_RELATIVE, b""), (version, 0x801, words(1, 100, 0xFFFF_FFFF))))
    assert run.composition_offsets == (offset,)


@pytest.mark.parametrize(
    ("tfdt", "time"),
    [
        (full_box(b"tfdt", 0, 0, words(0xFFFF_FFFF)), 0xFFFF_FFFF),
        (full_box(b"tfdt", 1, 0, words(1, 0)), 2**32),
    ],
)
def test_decode_times_of_32_and_64_bits(tfdt, time):
    (run,) = parse_fragment(moof((MOOF_RELATIVE, b""), (0, 1, words(1, 100)), tfdt=tfdt))
    assert run.base_decode_time == time


def audio_init(entry):
    """An init segment with this sample entry in the place of our Opus one; the sizes around it are mended."""

    def swap(data):
        made = []
        for found in walk(data):
            if found.kind in {b"moov", b"trak", b"mdia", b"minf", b"stbl"}:
                made.append(box(found.kind, swap(found.payload)))
            elif found.kind == b"stsd":
                made.append(full_box(b"stsd", 0, 0, words(1), entry))
            else:
                made.append(bytes(data[found.start : found.end]))
        return b"".join(made)

    return swap(init_segment([opus_track()]).body)


@pytest.mark.parametrize(
    ("descriptors", "codec"),
    [
        ("03 19 0000 00  04 11 40 15 000000 00000000 00000000  05 02 1190  06 01 02", "mp4a.40.2"),
        # lengths of four bytes, as FFmpeg and Apple write them
        ("03808080 22 0000 00  04808080 14 40 15 000000 00000000 00000000  05808080 02 1190", "mp4a.40.2"),
        # dependsOn, a URL of 2 bytes and OCR in front
        ("03 1f 0000 e0 0001 02 6161 0002  04 11 40 15 000000 00000000 00000000  05 02 2b92", "mp4a.40.5"),
        ("03 19 0000 00  04 12 40 15 000000 00000000 00000000  05 03 f8e000", "mp4a.40.39"),  # escaped type
        ("03 12 0000 00  04 0d 6b 15 000000 00000000 00000000", "mp4a.6b"),  # MP3
    ],
)
def test_codecs_of_mp4a(descriptors, codec):
    esds = full_box(b"esds", 0, 0, bytes.fromhex(descriptors))
    (track,) = parse_init(audio_init(box(b"mp4a", bytes(28), esds)))
    assert track.codec == codec


@pytest.mark.parametrize(
    "descriptors", ["", "04 11", "03 03 0000 00", "03", "03 19 0000 00 06 01 02", "03ffffffff"]
)
def test_broken_descriptors_are_refused(descriptors):
    esds = full_box(b"esds", 0, 0, bytes.fromhex(descriptors))
    with pytest.raises(MediaError):
        parse_init(audio_init(box(b"mp4a", bytes(28), esds)))


def test_an_unknown_sample_entry_is_named():
    (track,) = parse_init(audio_init(box(b"ac-3", bytes(28))))
    assert track.codec == "ac-3"


def test_a_missing_trex_is_told():
    (track,) = parse_init(INIT.replace(b"mvex", b"free"))[:1]
    assert not track.has_trex


# --- hostile bytes


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "'moov' is missing"),
        (INIT.replace(b"tkhd", b"free"), "'tkhd' is missing"),
        (INIT.replace(b"stsd", b"free"), "'stsd' is missing"),
        (INIT.replace(b"avcC", b"free"), "'avcC' is missing"),
        (INIT[:-3], "has a size of"),
        (box(b"moov", box(b"trak", box(b"tkhd"), box(b"mdia", box(b"mdhd")))), "cut off"),
        (audio_init(b""), "no sample entry"),
    ],
)
def test_broken_init_segments_are_refused(data, why):
    with pytest.raises(MediaError, match=why):
        parse_init(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (FRAGMENT.replace(b"tfdt", b"free"), "'tfdt' is missing"),
        (FRAGMENT.replace(b"tfhd", b"free"), "'tfhd' is missing"),
        (FRAGMENT.replace(b"mfhd", b"free"), "'mfhd' is missing"),
        (FRAGMENT[:-1], "lie outside"),
        (moof((MOOF_RELATIVE, b""), (0, 0x301, words(1, 100))), "cut off"),
        (moof((MOOF_RELATIVE | 0x8, b""), (0, 1, words(1, 100))), "cut off"),
        (moof((MOOF_RELATIVE, b""), (0, 0x201, words(1, 100, 1_000))), "lie outside"),
        (moof((MOOF_RELATIVE, b""), (0, 0x201, words(1, 0xFFFF_FF00, 1))), "lie outside"),
        # four thousand million samples that need no bytes of their own
        (moof((MOOF_RELATIVE, b""), (0, 1, words(0xFFFF_FFFF, 100))), "more than 100000 samples"),
        (moof((MOOF_RELATIVE, b""), *[(0, 0, words(60_000))] * 2), "more than 100000 samples"),
    ],
)
def test_broken_fragments_are_refused(data, why):
    with pytest.raises(MediaError, match=why):
        parse_fragment(data)


@pytest.mark.parametrize("data", [INIT, FRAGMENT])
def test_every_cut_is_refused_or_read(data):
    for end in range(len(data)):
        for parse in (parse_init, parse_fragment):
            try:
                parse(data[:end])
            except MediaError:
                continue
            assert parse is parse_fragment


@given(st.integers(0, len(INIT + FRAGMENT) - 1), st.integers(0, 255))
def test_every_changed_byte_is_refused_or_read(at, value):
    data = bytearray(INIT + FRAGMENT)
    data[at] = value
    try:
        parse_fragment(bytes(data), parse_init(bytes(data)))
    except MediaError:
        return
