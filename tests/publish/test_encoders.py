from fractions import Fraction
from itertools import pairwise

import av
import pytest

from edge.media.h264 import NAL_IDR, NAL_PPS, NAL_SPS, nal_type, split_annex_b
from edge.media.h264_sps import parse_sps
from edge.publish import clock_strip
from edge.publish.encoders import H264Encoder, OpusEncoder
from edge.publish.moving_clock import _frame
from edge.publish.picture import TestPicture


def encoded(count, *, gop_s=0.0, keys=(), bitrate=300_000, fps=30.0):
    encoder = H264Encoder(320, 180, fps=fps, bitrate=bitrate, gop_s=gop_s)
    picture = TestPicture(320, 180)
    for number in range(count):
        picture.draw(1_767_225_600_000 + number * 33, number)
        yield from encoder.encode(_frame(picture), number * 3000, key=number in keys)


def test_one_packet_a_picture_at_once_and_in_order():
    assert [packet.pts for packet in encoded(20)] == [number * 3000 for number in range(20)]


def test_key_frames_come_when_asked_with_their_parameter_sets():
    packets = list(encoded(30, keys={17}))
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 17]
    types = [nal_type(nal) for nal in split_annex_b(bytes(packets[17]))]
    assert NAL_SPS in types
    assert NAL_PPS in types
    assert NAL_IDR in types
    sps = parse_sps(next(nal for nal in split_annex_b(bytes(packets[17])) if nal_type(nal) == NAL_SPS))
    assert (sps.width, sps.height, sps.profile_idc) == (320, 180, 66)


def test_gop_is_the_longest_time_between_key_frames_and_counts_from_the_last():
    packets = list(encoded(100, gop_s=1.0, keys={40}))
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 30, 40, 70]


@pytest.mark.parametrize("bitrate", [200_000, 800_000])
def test_the_bit_rate_is_near_what_was_asked(bitrate):
    sizes = [packet.size for packet in encoded(150, bitrate=bitrate, gop_s=2.0)]
    assert sum(sizes) * 8 / 5 == pytest.approx(bitrate, rel=0.25)


def test_the_clock_survives_the_encoder():
    decoder = av.CodecContext.create("h264", "r")
    read = []
    for packet in encoded(40, bitrate=100_000, keys={20}):
        for frame in decoder.decode(packet):
            plane = frame.planes[0]
            octets, stride = bytes(plane), plane.line_size
            read.append(clock_strip.read(lambda x, y, o=octets, s=stride: o[y * s + x], 320, 180))
    assert read == [1_767_225_600_000 + number * 33 for number in range(len(read))]
    assert len(read) >= 38


def test_opus_packets_of_twenty_milliseconds():
    encoder = OpusEncoder()
    packets = [packet for number in range(10) for packet in encoder.encode(bytes(3840), number * 960)]
    assert len(packets) == 10
    assert {later.pts - packet.pts for packet, later in pairwise(packets)} == {960}
    assert packets[0].time_base == Fraction(1, 48_000)
