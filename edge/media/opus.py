"""Opus packets (RFC 6716) and the Opus track (Encapsulation of Opus in ISOBMFF)."""

from struct import Struct

from edge.errors import MediaError
from edge.media.track import AUDIO_TIMESCALE, Track

SILENCE = b"\xfc\xff\xfe"
"""20 ms of stereo silence: CELT, full band, one frame (TOC 0xfc)."""

_FRAME_SAMPLES = (
    *(480, 960, 1920, 2880) * 3,  # SILK, narrow to wide band: 10, 20, 40, 60 ms
    *(480, 960) * 2,  # hybrid: 10, 20 ms
    *(120, 240, 480, 960) * 4,  # CELT: 2.5, 5, 10, 20 ms
)
"""Samples of 48 kHz by the config number, the highest five bits of the TOC (RFC 6716, Table 2)."""

_LONGEST_PACKET = 5760  # 120 ms (RFC 6716, 3.2.5, R5)
_LONGEST_FRAME = 1275  # bytes (RFC 6716, 3.2.1, R2)
_TWO_BYTE_LENGTH = 252
_DOPS = Struct(">BBHIhB")


def packet_duration(packet: bytes) -> int:
    """Samples of 48 kHz that this packet decodes to (RFC 6716, 3.1).

    Raises MediaError for a packet that breaks one of the rules R1 to R7 of RFC 6716, 3.4, which a decoder
    refuses.
    """
    if not packet:
        raise MediaError("an empty Opus packet")  # R1
    samples = _FRAME_SAMPLES[packet[0] >> 3]
    code = packet[0] & 3
    if code == 3:
        return _duration_of_many(packet, samples)
    body = len(packet) - 1
    if code == 0:
        _check_frame(body)
        return samples
    if code == 1:
        if body & 1:
            raise MediaError("two Opus frames of equal size in an odd number of bytes")  # R3
        _check_frame(body // 2)
    else:
        first, at = _frame_length(packet, 1)
        _check_frame(len(packet) - at - first)  # R4
    return 2 * samples


def _duration_of_many(packet: bytes, samples: int) -> int:
    """Code 3: a frame count byte, padding, and as many frames (RFC 6716, 3.2.5)."""
    if len(packet) < 2:
        raise MediaError("an Opus packet without its frame count")  # R6, R7
    count, padded, variable = packet[1] & 0x3F, packet[1] & 0x40, packet[1] & 0x80
    duration = count * samples
    if not 0 < duration <= _LONGEST_PACKET:
        raise MediaError(f"{count} Opus frames of {samples} samples are not 2.5 to 120 ms")  # R5
    at = 2
    end = len(packet)
    if padded:
        padding, at = _padding(packet, at)
        end -= padding
    if variable:
        for _ in range(count - 1):
            length, at = _frame_length(packet, at)
            end -= length
        _check_frame(end - at)  # R7
    elif (end - at) % count:
        raise MediaError("Opus frames of equal size do not fill their packet")  # R6
    else:
        _check_frame((end - at) // count)
    return duration


def _padding(packet: bytes, at: int) -> tuple[int, int]:
    """Bytes of padding at the end, and where the frame lengths begin: 255 is 254 and another byte follows."""
    padding = 0
    while at < len(packet):
        byte = packet[at]
        at += 1
        if byte != 255:
            return padding + byte, at
        padding += 254
    raise MediaError("the padding of an Opus packet has no end")


def _frame_length(packet: bytes, at: int) -> tuple[int, int]:
    """A frame length of one or two bytes (RFC 6716, 3.2.1), and where it ended."""
    if at >= len(packet):
        raise MediaError("an Opus packet ends inside its frame lengths")
    first = packet[at]
    if first < _TWO_BYTE_LENGTH:
        return first, at + 1
    if at + 1 >= len(packet):
        raise MediaError("an Opus packet ends inside its frame lengths")
    return packet[at + 1] * 4 + first, at + 2


def _check_frame(length: int) -> None:
    if not 0 <= length <= _LONGEST_FRAME:
        raise MediaError(f"an Opus frame of {length} bytes")


def is_stereo(packet: bytes) -> bool:
    """The stereo bit of the TOC (RFC 6716, 3.1). Raises MediaError for an empty packet."""
    if not packet:
        raise MediaError("an empty Opus packet")
    return packet[0] & 4 != 0


def opus_track(channels: int = 2) -> Track:
    """The track of a live Opus stream.

    Two channels are right for mono packets too: decoders make stereo of them. Pre-skip is zero: it tells of
    the priming at an encoder's start, and who joins a live stream is past that.
    """
    if channels not in {1, 2}:
        raise MediaError(f"mapping family 0 has one or two channels, not {channels}")
    return Track(
        kind="audio",
        codec="opus",
        timescale=AUDIO_TIMESCALE,
        config=_DOPS.pack(0, channels, 0, AUDIO_TIMESCALE, 0, 0),
        codec_string="Opus",  # so registered; Safari takes no other spelling
        channels=channels,
    )
