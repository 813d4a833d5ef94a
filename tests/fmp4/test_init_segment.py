import io
from dataclasses import replace

import av
import pytest

from edge.fmp4.boxes import walk
from edge.fmp4.init_segment import init_segment
from edge.fmp4.inspect import parse_init
from edge.media.aac import aac_track, audio_specific_config
from edge.media.h264 import video_track
from edge.media.opus import opus_track
from tests.media import encoded

SPS = bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80")
VIDEO = video_track(SPS, bytes.fromhex("68ce0fc8"))
AAC = aac_track(audio_specific_config())
CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex"}


def tree(data, depth=0):
    """The kinds of the boxes, children indented below their parents."""
    lines = []
    for found in walk(data):
        lines.append("  " * depth + found.kind.decode())
        if found.kind in CONTAINERS:
            lines += tree(found.payload, depth + 1)
    return lines


def payloads(data, *path):
    """Of all boxes at the end of this path of kinds."""
    if not path:
        return [bytes(data)]
    return [
        inner
        for found in walk(data)
        if found.kind == path[0].encode()
        for inner in payloads(found.payload, *path[1:])
    ]


def entry(track):
    """The payload of the track's sample entry."""
    (stsd,) = payloads(init_segment([track]).body, "moov", "trak", "mdia", "minf", "stbl", "stsd")
    assert stsd[:8].hex() == "0000000000000001"
    (found,) = walk(stsd[8:])
    return found


def test_the_boxes_and_their_order():
    track = """\
  trak
    tkhd
    mdia
      mdhd
      hdlr
      minf
        {media}
        dinf
          dref
        stbl
          stsd
          stts
          stsc
          stsz
          stco
"""
    expected = (
        "ftyp\nmoov\n  mvhd\n"
        + track.format(media="vmhd")
        + track.format(media="smhd")
        + "  mvex\n    trex\n    trex"
    )
    assert "\n".join(tree(init_segment([VIDEO, AAC]).body)) == expected


@pytest.mark.parametrize(
    ("tracks", "brands"),
    [
        ([VIDEO], "6973 6f36 0000 0000 6973 6f36 636d 6663 6d70 3431"),  # iso6, 0; iso6, cmfc, mp41
        ([VIDEO, AAC], "6973 6f36 0000 0000 6973 6f36 6d70 3431"),  # two tracks are not CMAF
    ],
)
def test_brands(tracks, brands):
    (ftyp,) = payloads(init_segment(tracks).body, "ftyp")
    assert ftyp == bytes.fromhex(brands)


def test_the_sample_tables_have_no_entries_and_nothing_has_a_duration():
    body = init_segment([VIDEO, AAC]).body
    stbl = ("moov", "trak", "mdia", "minf", "stbl")
    for kind, size in (("stts", 8), ("stsc", 8), ("stsz", 12), ("stco", 8)):
        assert payloads(body, *stbl, kind) == [bytes(size)] * 2
    (mvhd,) = payloads(body, "moov", "mvhd")
    assert mvhd[16:20] == bytes(4)
    assert mvhd[-4:] == b"\x00\x00\x00\x03"  # next_track_ID
    assert [tkhd[20:24] for tkhd in payloads(body, "moov", "trak", "tkhd")] == [bytes(4)] * 2
    assert [mdhd[16:20] for mdhd in payloads(body, "moov", "trak", "mdia", "mdhd")] == [bytes(4)] * 2
    assert not payloads(body, "moov", "trak", "edts")


def test_trex_byte_by_byte():
    trexs = payloads(init_segment([VIDEO, AAC]).body, "moov", "mvex", "trex")
    assert (
        [trex.hex(" ", 4) for trex in trexs]
        == [
            "00000000 00000001 00000001 00000000 00000000 00000000",  # version and flags, track, entry, no defaults
            "00000000 00000002 00000001 00000000 00000000 00000000",
        ]
    )


def test_avc1_byte_by_byte():
    avc1 = entry(VIDEO)
    assert avc1.kind == b"avc1"
    assert avc1.payload.hex() == (
        "000000000000" + "0001"  # reserved, data reference 1
        + "00" * 16
        + "0280" + "0168"  # 640 x 360
        + "00480000" * 2  # 72 dpi
        + "00000000" + "0001"  # one frame a sample
        + "00" * 32  # compressor name
        + "0018" + "ffff"  # depth
        + "0000002f" + b"avcC".hex() + VIDEO.config.hex()
    )  # fmt: skip


def test_mp4a_byte_by_byte():
    mp4a = entry(AAC)
    assert mp4a.kind == b"mp4a"
    assert mp4a.payload.hex() == (
        "000000000000" + "0001" + "00" * 8
        + "0002" + "0010" + "00000000"  # two channels, 16 bits
        + "bb800000"  # 48 000 Hz as 16.16
        + "00000027" + b"esds".hex() + "00000000"
        + "0319" + "0000" + "00"  # ES_Descriptor of 25 bytes, ES_ID 0, no flags
        + "0411" + "40" + "15" + "000000" + "00000000" * 2  # AAC, audio stream, no buffer size or bit rates
        + "0502" + "1190"  # AudioSpecificConfig
        + "0601" + "02"  # SLConfig: as in MP4
    )  # fmt: skip


def test_opus_byte_by_byte():
    opus = entry(opus_track())
    assert opus.kind == b"Opus"
    assert opus.payload.hex() == (
        "000000000000" + "0001" + "00" * 8
        + "0002" + "0010" + "00000000" + "bb800000"
        + "00000013" + b"dOps".hex() + opus_track().config.hex()
    )  # fmt: skip


def test_a_rate_above_16_bits_is_left_to_the_codec():
    assert entry(aac_track(audio_specific_config(96_000))).payload[24:28] == bytes(4)


@pytest.mark.parametrize(
    ("tracks", "codecs"),
    [
        ([VIDEO, AAC], "avc1.42c01e,mp4a.40.2"),
        ([VIDEO, opus_track()], "avc1.42c01e,Opus"),
        ([VIDEO], "avc1.42c01e"),
        ([opus_track()], "Opus"),
    ],
)
def test_codecs(tracks, codecs):
    init = init_segment(tracks)
    assert init.codecs == codecs
    assert init.tracks == tuple(tracks)
    assert [track.codec for track in parse_init(init.body)] == codecs.split(",")


def test_equal_tracks_make_equal_bytes():
    assert init_segment([VIDEO, AAC]) == init_segment([replace(VIDEO), replace(AAC)])
    assert init_segment([VIDEO]).body != init_segment([replace(VIDEO, width=642)]).body


def test_no_tracks_are_a_mistake_of_ours():
    with pytest.raises(ValueError, match="needs a track"):
        init_segment([])


@pytest.mark.parametrize(
    ("profile", "pix_fmt", "size"),
    [
        ("baseline", "yuv420p", (320, 180)),
        ("high", "yuv420p", (1920, 1080)),
        ("high10", "yuv420p10le", (638, 362)),
    ],
)
def test_ffmpeg_reads_it(profile, pix_fmt, size):
    nals = encoded.nals(encoded.h264(profile, size, pix_fmt, count=1))
    video = video_track(
        next(nal for nal in nals if nal[0] & 31 == 7), [nal for nal in nals if nal[0] & 31 == 8]
    )
    audio = aac_track(encoded.aac()[0])
    with av.open(io.BytesIO(init_segment([video, audio]).body)) as file:
        picture, sound = file.streams
        assert (picture.codec_context.name, picture.width, picture.height) == ("h264", *size)
        assert picture.codec_context.extradata == video.config
        assert picture.time_base.denominator == 90_000
        assert (sound.codec_context.name, sound.sample_rate, sound.channels) == ("aac", 48_000, 2)
        assert sound.codec_context.extradata == audio.config
        assert (picture.id, sound.id) == (1, 2)


def test_ffmpeg_reads_opus():
    with av.open(io.BytesIO(init_segment([opus_track()]).body)) as file:
        (sound,) = file.streams
        assert (sound.codec_context.name, sound.sample_rate, sound.channels) == ("opus", 48_000, 2)
        # FFmpeg translates dOps to the header of Ogg: little-endian, so its parts must have been read right.
        assert sound.codec_context.extradata == b"OpusHead" + bytes.fromhex("01 02 0000 80bb0000 0000 00")
