import io
import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.fmp4.boxes import walk
from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.fmp4.inspect import parse_fragment, parse_init
from edge.media.aac import aac_track
from edge.media.opus import SILENCE, opus_track
from edge.media.sample import Sample
from tests.fmp4.fmp4_material import START, parts, track_of, video_samples
from tests.media import encoded


def test_a_fragment_of_two_tracks_byte_by_byte():
    picture = Sample("video", 180_000, 3_000, True, b"\x00\x00\x00\x02\x65\x88")
    next_picture = Sample("video", 183_000, 3_003, False, b"\x00\x00\x00\x01\x41", -1)
    sound = Sample("audio", 96_000, 960, True, b"\xfc\xff\xfe")
    made = fragment(7, [Run(1, 180_000, [picture, next_picture]), Run(2, 2**32, [sound])])
    assert made.hex() == (
        "000000c8" + b"moof".hex()
        + "00000010" + b"mfhd".hex() + "00000000" + "00000007"  # sequence number
        + "00000060" + b"traf".hex()
        + "00000010" + b"tfhd".hex() + "00020000" + "00000001"  # default-base-is-moof, track
        + "00000014" + b"tfdt".hex() + "01000000" + "000000000002bf20"  # version 1, decode time 180 000
        + "00000034" + b"trun".hex() + "01000f01" + "00000002"  # version 1, two samples
        + "000000d0"  # data offset: the moof's 200 bytes and the mdat's header
        + "00000bb8" + "00000006" + "02000000" + "00000000"  # duration, size, sync, composition offset
        + "00000bbb" + "00000005" + "01010000" + "ffffffff"  # not sync, shown a tick earlier
        + "00000050" + b"traf".hex()
        + "00000010" + b"tfhd".hex() + "00020000" + "00000002"
        + "00000014" + b"tfdt".hex() + "01000000" + "0000000100000000"  # beyond 32 bits
        + "00000024" + b"trun".hex() + "01000f01" + "00000001"
        + "000000db"  # behind the 11 bytes of video
        + "000003c0" + "00000003" + "02000000" + "00000000"
        + "00000016" + b"mdat".hex()
        + "000000026588" + "0000000141" + "fcfffe"
    )  # fmt: skip


def test_runs_without_samples_are_left_out():
    sound = Sample("audio", 0, 960, True, SILENCE)
    assert fragment(1, [Run(1, 0, []), Run(2, 5, [sound])]) == fragment(1, [Run(2, 5, [sound])])


SAMPLES = st.builds(
    Sample,
    kind=st.sampled_from(["video", "audio"]),
    dts=st.integers(0, 2**63),
    duration=st.integers(0, 2**32 - 1),
    is_sync=st.booleans(),
    data=st.binary(max_size=50),
    composition_offset=st.integers(-(2**31), 2**31 - 1),
)
RUNS = st.lists(
    st.builds(Run, st.integers(1, 2**32 - 1), st.integers(0, 2**64 - 1), st.lists(SAMPLES, min_size=1, max_size=8)),
    max_size=4,
)  # fmt: skip


@given(st.integers(0, 2**32 - 1), RUNS)
def test_what_was_written_is_read(sequence_number, runs):
    made = fragment(sequence_number, runs)
    assert [found.kind for found in walk(made)] == [b"moof", b"mdat"]
    parsed = parse_fragment(made)
    assert len(parsed) == len(runs)
    for run, read in zip(runs, parsed, strict=True):
        assert (read.track_id, read.base_decode_time) == (run.track_id, run.base_decode_time)
        assert read.sequence_number == sequence_number
        assert read.durations == tuple(sample.duration for sample in run.samples)
        assert read.sizes == tuple(len(sample.data) for sample in run.samples)
        assert read.sync == tuple(sample.is_sync for sample in run.samples)
        assert read.composition_offsets == tuple(sample.composition_offset for sample in run.samples)
        data = b"".join(sample.data for sample in run.samples)
        assert made[read.data_start : read.data_start + len(data)] == data


@given(st.lists(st.lists(st.binary(max_size=9), max_size=5), min_size=1, max_size=4))
def test_data_in_pieces_are_written_as_if_they_were_one(pictures):
    whole = [Sample("video", 0, 1, True, b"".join(pieces)) for pieces in pictures]
    cut = [Sample("video", 0, 1, True, tuple(pieces)) for pieces in pictures]
    assert fragment(7, [Run(1, 0, cut)]) == fragment(7, [Run(1, 0, whole)])


@pytest.mark.parametrize(
    "run",
    [
        Run(1, -1, [Sample("video", 0, 1, True, b"")]),
        Run(1, 0, [Sample("video", 0, -1, True, b"")]),
        Run(1, 0, [Sample("video", 0, 2**32, True, b"")]),
        Run(1, 0, [Sample("video", 0, 1, True, b"", 2**31)]),
    ],
)
def test_numbers_that_do_not_fit_are_a_mistake_of_ours(run):
    with pytest.raises(struct.error):
        fragment(1, [run])


# --- FFmpeg as the judge


def decoded_directly(pictures):
    codec = av.CodecContext.create("h264", "r")
    stream = [b"".join(b"\x00\x00\x00\x01" + nal for nal in picture.nals) for picture in pictures]
    frames = [frame for data in stream for frame in codec.decode(av.Packet(data))]
    return [planes(frame) for frame in frames + codec.decode(None)]


def planes(frame):
    return [bytes(plane) for plane in frame.planes]


@pytest.mark.parametrize(
    ("profile", "pix_fmt", "extra"),
    [
        ("baseline", "yuv420p", ()),
        ("high", "yuv420p", (("bf", "0"),)),
        ("high", "yuv420p", (("bf", "2"),)),
        ("high10", "yuv420p10le", (("bf", "0"),)),
    ],
)
def test_ffmpeg_finds_every_picture_and_frame_at_its_time(profile, pix_fmt, extra):
    pictures = encoded.h264(profile, pix_fmt=pix_fmt, count=18, extra=extra)
    video = video_samples(pictures, START)
    config, frames = encoded.aac()
    audio = [Sample("audio", 480_000 + 1024 * at, 1024, True, data) for at, data in enumerate(frames)]
    init = init_segment([track_of(pictures), aac_track(config)])
    with av.open(io.BytesIO(init.body + b"".join(parts(video, audio, 5, 8)))) as file:
        packets = [packet for packet in file.demux() if packet.size]
    for index, samples in enumerate((video, audio)):
        own = [packet for packet in packets if packet.stream_index == index]
        assert [packet.dts for packet in own] == [sample.dts for sample in samples]
        assert [packet.pts for packet in own] == [
            sample.dts + sample.composition_offset for sample in samples
        ]
        assert [packet.duration for packet in own] == [sample.duration for sample in samples]
        assert [packet.is_keyframe for packet in own] == [sample.is_sync for sample in samples]
        assert [bytes(packet) for packet in own] == [sample.data for sample in samples]


@pytest.mark.parametrize(("profile", "extra"), [("baseline", ()), ("high", (("bf", "2"),))])
def test_the_pictures_are_those_of_the_encoder_to_the_bit(profile, extra):
    pictures = encoded.h264(profile, count=18, extra=extra)
    video = video_samples(pictures, START)
    body = init_segment([track_of(pictures)]).body + b"".join(parts(video, [], 5, 1))
    with av.open(io.BytesIO(body)) as file:
        shown = list(file.decode(video=0))
    times = sorted(sample.dts + sample.composition_offset for sample in video)
    assert [frame.pts for frame in shown] == times
    assert [planes(frame) for frame in shown] == decoded_directly(pictures)
    assert sum(frame.key_frame for frame in shown) == 3


def test_audio_decodes_without_an_error():
    config, frames = encoded.aac()
    audio = [Sample("audio", 1024 * at, 1024, True, data) for at, data in enumerate(frames)]
    body = init_segment([aac_track(config)]).body
    made = b"".join(fragment(at, [Run(1, run[0].dts, run)]) for at, run in enumerate((audio[:7], audio[7:])))
    with av.open(io.BytesIO(body + made)) as file:
        heard = list(file.decode(audio=0))
    assert [frame.pts for frame in heard] == [1024 * at for at in range(len(frames))]
    assert {frame.samples for frame in heard} == {1024}


def test_opus_decodes_without_an_error():
    samples = [Sample("audio", 960 * at, 960, True, SILENCE) for at in range(10)]
    with av.open(io.BytesIO(init_segment([opus_track()]).body + fragment(1, [Run(1, 0, samples)]))) as file:
        heard = list(file.decode(audio=0))
    assert [frame.pts for frame in heard] == [960 * at for at in range(10)]
    assert sum(frame.samples for frame in heard) == 9_600


def test_each_independent_part_plays_by_itself():
    """A player that joins reads the init segment and the newest independent part, nothing before it."""
    pictures = encoded.h264("high", count=18, gop=6, extra=(("bf", "0"),))
    video = video_samples(pictures, START)
    init = init_segment([track_of(pictures)])
    for at, part in enumerate(parts(video, [], 6, 1)):
        with av.open(io.BytesIO(init.body + part)) as file:
            assert [frame.pts for frame in file.decode(video=0)] == [
                START + 3_000 * (6 * at + n) for n in range(6)
            ]


def test_a_decode_time_of_weeks_is_kept():
    far = 90_000 * 86_400 * 30  # 30 days: far beyond 32 bits
    pictures = encoded.h264("baseline", count=6)
    init = init_segment([track_of(pictures)])
    with av.open(io.BytesIO(init.body + parts(video_samples(pictures, far), [], 6, 1)[0])) as file:
        assert [packet.pts for packet in file.demux() if packet.size] == [far + 3_000 * at for at in range(6)]
    assert parse_init(init.body)[0].timescale == 90_000
