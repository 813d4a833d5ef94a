import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media.aac import FRAME, aac_track, audio_specific_config
from tests.media import encoded
from tests.media.bit_writer import BitWriter


@pytest.mark.parametrize(
    ("rate", "channels", "config"),
    [
        (48_000, 2, "11 90"),  # 00010 0011 0010 000: LC, rate 3, stereo
        (48_000, 1, "11 88"),
        (44_100, 2, "12 10"),
        (96_000, 8, "10 38"),
        (8_000, 1, "15 88"),
    ],
)
def test_configurations(rate, channels, config):
    assert audio_specific_config(rate, channels) == bytes.fromhex(config)
    track = aac_track(bytes.fromhex(config))
    assert (track.timescale, track.channels) == (rate, channels)


def test_the_track_of_48_khz_stereo():
    track = aac_track(audio_specific_config())
    assert (track.kind, track.codec, track.timescale, track.channels) == ("audio", "aac", 48_000, 2)
    assert track.codec_string == "mp4a.40.2"
    assert track.config == b"\x11\x90"
    assert FRAME == 1024


def test_the_configuration_of_a_real_encoder():
    config, _ = encoded.aac()
    assert config.hex() == "119056e500"  # with "no SBR" behind it
    track = aac_track(config)
    assert (track.timescale, track.channels, track.codec_string) == (48_000, 2, "mp4a.40.2")
    assert track.config == config


def test_a_rate_that_is_written_out():
    written = BitWriter().u(5, 2).u(4, 15).u(24, 48_000).u(4, 2).u(3, 0)
    assert aac_track(written.rbsp()).timescale == 48_000


@pytest.mark.parametrize(("rate", "channels"), [(47_999, 2), (48_000, 0), (48_000, 7), (48_000, 9), (0, 2)])
def test_what_has_no_code_of_its_own(rate, channels):
    with pytest.raises(MediaError):
        audio_specific_config(rate, channels)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "11",
        "2b 92 08 00",  # HE-AAC, told explicitly
        "11 94",  # frames of 960 samples
        "11 80",  # channels in a program config element
        "11 e0",  # channelConfiguration 12
        "16 90",  # rate code 13, reserved
        "f8 00 00 00",  # an escaped object type
        "17 80 00 00 10 80",  # a rate of 33 Hz
        "11 90" + "00" * 63,
    ],
)
def test_what_is_refused(config):
    with pytest.raises(MediaError):
        aac_track(bytes.fromhex(config))


@given(st.binary(max_size=80))
def test_any_bytes_give_a_track_or_our_error(config):
    try:
        track = aac_track(config)
    except MediaError:
        return
    assert 7_350 <= track.timescale <= 96_000
    assert 1 <= track.channels <= 8
