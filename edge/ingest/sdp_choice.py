"""Which of the offered codecs we receive: Opus and H.264, because they can go into HLS untouched."""

from dataclasses import dataclass
from typing import Literal

from edge.errors import UnsupportedCodec
from edge.ingest.sdp_codecs import OfferedCodec, media_names

MOST_PAYLOAD_TYPES = 16
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
_AUDIO_FEEDBACK = ("nack", "transport-cc")
_HEX = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class AudioPreferences:
    """What we ask of an Opus encoder (RFC 7587, 6.1): browsers send mono speech unless they are asked."""

    stereo: bool = True
    bitrate: int = 128_000


@dataclass(frozen=True, slots=True)
class PayloadType:
    """An accepted payload type. `rtpmap` and `parameters` (fmtp) are as the answer says them.

    `rtx` is the payload type of its retransmissions (RFC 4588), where the offer has one.
    """

    number: int
    codec: Literal["h264", "opus"]
    rtpmap: str
    parameters: str = ""
    feedback: tuple[str, ...] = ()
    rtx: int | None = None


def opus(codecs: tuple[OfferedCodec, ...], wanted: AudioPreferences) -> PayloadType:
    """The first Opus. In-band FEC is not asked for: nothing behind us decodes it, and it costs bits."""
    codec = next((codec for codec in codecs if codec.name == "opus" and codec.clock_rate == 48_000), None)
    if codec is None:
        raise UnsupportedCodec(
            f"No usable audio codec is offered: Opus (opus/48000/2) is; the offer has {media_names(codecs)}. "
            "Choose Opus in the encoder",
        )
    stereo = ";stereo=1" if wanted.stereo else ""
    return PayloadType(
        codec.payload_type,
        "opus",
        "opus/48000/2",
        f"minptime=10{stereo};maxaveragebitrate={wanted.bitrate}",
        tuple(value for value in _AUDIO_FEEDBACK if value in codec.feedback),
    )


def h264(codecs: tuple[OfferedCodec, ...]) -> tuple[PayloadType, ...]:
    """All H.264 but interleaved, packetization-mode 1 first (RFC 6184, 8.1), else as the client likes."""
    usable = [
        codec for codec in codecs if codec.name == "h264" and codec.clock_rate == 90_000 and _mode(codec) < 2
    ]
    if not usable:
        raise UnsupportedCodec(
            "No usable video codec is offered: H.264 (packetization-mode 0 or 1, any profile) is; "
            f"the offer has {media_names(codecs)}. Choose H.264 in the encoder",
        )
    usable.sort(key=_mode, reverse=True)
    return tuple(_h264_payload_type(codec, codecs) for codec in usable[:MOST_PAYLOAD_TYPES])


def _mode(codec: OfferedCodec) -> int:
    text = codec.parameters.get("packetization-mode", "0")
    return {"0": 0, "1": 1}.get(text, 2)


def _h264_payload_type(codec: OfferedCodec, codecs: tuple[OfferedCodec, ...]) -> PayloadType:
    apt = str(codec.payload_type)
    return PayloadType(
        codec.payload_type,
        "h264",
        "H264/90000",
        _h264_parameters(codec),
        tuple(value for value in _VIDEO_FEEDBACK if value in codec.feedback),
        next(
            (rtx.payload_type for rtx in codecs if rtx.name == "rtx" and rtx.parameters.get("apt") == apt),
            None,
        ),
    )


def _h264_parameters(codec: OfferedCodec) -> str:
    """What must be the same on both sides (RFC 6184, 8.2.2), said back as it was offered."""
    said = {"packetization-mode": str(_mode(codec))}
    if codec.parameters.get("level-asymmetry-allowed") == "1":
        said = {"level-asymmetry-allowed": "1", **said}
    profile = codec.parameters.get("profile-level-id", "")
    if len(profile) == 6 and _HEX.issuperset(profile):
        said["profile-level-id"] = profile
    return ";".join(f"{name}={value}" for name, value in said.items())
