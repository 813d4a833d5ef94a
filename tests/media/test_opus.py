import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media import opus


@pytest.mark.parametrize(
    ("config", "ms"),
    [
        (0, 10), (1, 20), (2, 40), (3, 60), (7, 60), (11, 60),  # SILK
        (12, 10), (13, 20), (14, 10), (15, 20),  # hybrid
        (16, 2.5), (17, 5), (18, 10), (19, 20), (31, 20),  # CELT
    ],
)  # fmt: skip
def test_frame_sizes_of_rfc_6716_table_2(config, ms):
    assert opus.packet_duration(bytes([config << 3, 1, 2])) == ms * 48


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        ("fc ff fe", 960),  # one frame of 20 ms
        ("f8", 960),  # DTX: a TOC and nothing else
        ("fd 01 02", 1920),  # two of equal size
        ("fe 01 aa bb", 1920),  # two, the first of 1 byte
        ("fe fc 01" + "00" * 256, 1920),  # the first of 252 + 4 = 256 bytes
        ("ff 03 01 02 03", 2880),  # three of equal size
        ("ff 83 01 02 aa bb bb cc", 2880),  # three, of 1, 2 and 1 bytes
        ("ff 43 02 01 02 03 00 00", 2880),  # three of 1 byte and 2 bytes of padding
        ("ff 41 ff 01 aa" + "00" * 255, 960),  # padding of 254 + 1 bytes
        ("83 30" + "00" * 48, 5760),  # 48 frames of 2.5 ms: the longest packet
        ("1b 02 01 01", 5760),  # two of 60 ms
    ],
)
def test_durations(packet, samples):
    assert opus.packet_duration(bytes.fromhex(packet)) == samples


@pytest.mark.parametrize(
    ("packet", "rule"),
    [
        ("", "R1"),
        ("fc" + "00" * 1276, "R2"),
        ("fd 01", "R3"),
        ("fe", "R4"),
        ("fe 05 aa", "R4"),
        ("fe fc", "R4"),
        ("ff 00", "R5"),  # no frames
        ("ff 07" + "00" * 7, "R5"),  # 140 ms
        ("1b 03 01 01 01", "R5"),  # 180 ms
        ("ff", "R6"),
        ("ff 03 01 02", "R6"),
        ("ff 42 09 01", "R6"),  # more padding than packet
        ("ff 42 ff ff", "R6"),  # padding without end
        ("ff 83 01", "R7"),
        ("ff 83 05 05 aa", "R7"),
    ],
)
def test_the_rules_of_rfc_6716_3_4(packet, rule):
    with pytest.raises(MediaError):
        opus.packet_duration(bytes.fromhex(packet))


@given(st.binary(max_size=1500))
def test_any_bytes_last_2_5_to_120_ms_or_are_refused(packet):
    try:
        samples = opus.packet_duration(packet)
    except MediaError:
        return
    assert 120 <= samples <= 5760
    assert samples % 120 == 0


def decode(packets):
    codec = av.CodecContext.create("libopus", "r")
    return [frame for packet in packets for frame in codec.decode(av.Packet(packet))]


@pytest.mark.parametrize("ms", [10, 20, 40, 60])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_packets_of_a_real_encoder(ms, layout):
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, layout, "s16"
    codec.options = {"frame_duration": str(ms), "apply_phase_inv": "0"}
    packets = []
    for index in range(4):
        frame = av.AudioFrame(format="s16", layout=layout, samples=48 * ms)
        frame.sample_rate, frame.pts = 48_000, index * 48 * ms
        frame.planes[0].update(bytes((at * 37) & 0x3F for at in range(frame.planes[0].buffer_size)))
        packets += [bytes(packet) for packet in codec.encode(frame)]
    assert len(packets) >= 3
    for packet in packets:
        assert opus.packet_duration(packet) == 48 * ms
        assert opus.is_stereo(packet) is (layout == "stereo")
    assert [frame.samples for frame in decode(packets)][1:] == [48 * ms] * (len(packets) - 1)


def test_silence_is_silent():
    assert opus.packet_duration(opus.SILENCE) == 960
    assert opus.is_stereo(opus.SILENCE)
    decoded = decode([opus.SILENCE] * 5)
    assert len(decoded) == 5
    for frame in decoded:
        assert frame.format.name == "s16"
        assert bytes(frame.planes[0])[: frame.samples * 4] == bytes(frame.samples * 4)


def test_stereo_is_a_bit_of_the_toc():
    assert not opus.is_stereo(b"\xf8\xff\xfe")
    with pytest.raises(MediaError):
        opus.is_stereo(b"")


def test_the_track_with_its_dops_byte_by_byte():
    track = opus.opus_track()
    assert track.config.hex(" ") == (
        "00 "  # Version
        "02 "  # OutputChannelCount
        "00 00 "  # PreSkip: nothing is primed in a live stream
        "00 00 bb 80 "  # InputSampleRate, big-endian unlike in Ogg
        "00 00 "  # OutputGain
        "00"  # ChannelMappingFamily
    )
    assert (track.kind, track.codec, track.timescale, track.channels) == ("audio", "opus", 48_000, 2)
    assert track.codec_string == "Opus"
    assert opus.opus_track(1).config[1] == 1
    with pytest.raises(MediaError):
        opus.opus_track(3)
