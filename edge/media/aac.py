"""AAC-LC: the AudioSpecificConfig (ISO 14496-3, 1.6.2.1) and the track it describes."""

from edge.errors import MediaError
from edge.media.bits import BitReader
from edge.media.track import Track

FRAME = 1024
"""Samples a channel in one AAC-LC frame."""

_AAC_LC = 2
_ESCAPED_OBJECT_TYPE = 31
_ESCAPED_RATE = 15
_RATES = (
    96_000,
    88_200,
    64_000,
    48_000,
    44_100,
    32_000,
    24_000,
    22_050,
    16_000,
    12_000,
    11_025,
    8_000,
    7_350,
)
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)  # by channelConfiguration (Table 1.19)
_LARGEST_CONFIG = 64  # bytes; two tell it all, extensions make it five to seven


def audio_specific_config(sample_rate: int = 48_000, channels: int = 2) -> bytes:
    """The two bytes of an AAC-LC configuration: 11 90 for 48 kHz stereo.

    Raises MediaError for a rate or a number of channels that has no code of its own.
    """
    if sample_rate not in _RATES or channels not in _CHANNELS[1:]:
        raise MediaError(f"AAC-LC has no short configuration for {channels} channels of {sample_rate} Hz")
    config = _AAC_LC << 11 | _RATES.index(sample_rate) << 7 | _CHANNELS.index(channels) << 3
    return config.to_bytes(2, "big")


def aac_track(config: bytes) -> Track:
    """The track of an AudioSpecificConfig (an encoder's extradata), whose timescale is its sample rate.

    Only AAC-LC with frames of 1024 samples is taken; everything else raises MediaError. Extensions behind it
    (FFmpeg adds 56 e5 00, "no SBR") are kept.
    """
    if len(config) > _LARGEST_CONFIG:
        raise MediaError("an AAC configuration that is longer than any")
    bits = BitReader(config)
    object_type = bits.u(5)
    if object_type == _ESCAPED_OBJECT_TYPE:
        object_type = 32 + bits.u(6)
    rate_code = bits.u(4)
    rate = bits.u(24) if rate_code == _ESCAPED_RATE else _RATES[rate_code] if rate_code < len(_RATES) else 0
    channel_code = bits.u(4)
    short_frames = bits.flag()  # frameLengthFlag: 960 samples
    if object_type != _AAC_LC or short_frames:
        raise MediaError("only AAC-LC with frames of 1024 samples is supported")
    if not 1 <= channel_code < len(_CHANNELS) or not _RATES[-1] <= rate <= _RATES[0]:
        raise MediaError("an AAC configuration without a usable sample rate and number of channels")
    return Track(
        kind="audio",
        codec="aac",
        timescale=rate,
        config=config,
        codec_string=f"mp4a.40.{object_type}",
        channels=_CHANNELS[channel_code],
    )
