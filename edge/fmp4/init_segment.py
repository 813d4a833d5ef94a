"""The init segment: ftyp and a moov without samples (ISO 14496-12; draft-pantos-hls-rfc8216bis 3.1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from edge.fmp4.boxes import box, full_box
from edge.media.track import Track

_MOVIE_TIMESCALE = 1000  # of durations that are all zero
_UNITY_MATRIX = pack(">9I", 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
_UNDETERMINED = 0x55C4  # the language "und", three letters of 5 bits
_TRACK_ENABLED_IN_MOVIE = 3
_HIGHEST_ENTRY_RATE = 0xFFFF  # the sample rate of an entry is 16.16


@dataclass(frozen=True, slots=True)
class InitSegment:
    """What a player must read before the fragments of these tracks.

    `codecs` is the value of a CODECS attribute (RFC 6381). Track ids are 1, 2, ... in the order of `tracks`.
    """

    tracks: tuple[Track, ...]
    body: bytes
    codecs: str


def init_segment(tracks: Sequence[Track]) -> InitSegment:
    """The init segment of one to many tracks; video first, then audio, is what players know best.

    There are no edit lists: players disagree about them (Chromium obeys, Safari does not), and tfdt tells all
    that is needed. An Opus track has no "roll" sample group, for its only form that needs no box in every
    fragment (sgpd version 2) is laid out differently by different parsers, and players do without.
    """
    if not tracks:
        raise ValueError("an init segment needs a track")
    traks = [_trak(track_id, track) for track_id, track in enumerate(tracks, 1)]
    trexs = [full_box(b"trex", 0, 0, pack(">5I", i, 1, 0, 0, 0)) for i in range(1, len(tracks) + 1)]
    moov = box(b"moov", _mvhd(len(tracks) + 1), *traks, box(b"mvex", *trexs))
    return InitSegment(
        tracks=tuple(tracks),
        body=_ftyp(len(tracks)) + moov,
        codecs=",".join(track.codec_string for track in tracks),
    )


def _ftyp(tracks: int) -> bytes:
    """iso6 brings tfdt and default-base-is-moof; cmfc is CMAF, whose files have one track (ISO 23000-19)."""
    brands = (b"iso6", b"mp41") if tracks > 1 else (b"iso6", b"cmfc", b"mp41")
    return box(b"ftyp", b"iso6", pack(">I", 0), *brands)


def _mvhd(next_track_id: int) -> bytes:
    return full_box(
        b"mvhd",
        0,
        0,
        pack(">4I", 0, 0, _MOVIE_TIMESCALE, 0),  # created, modified, timescale, duration
        pack(">IH10x", 0x1_0000, 0x100),  # rate 1.0, volume 1.0
        _UNITY_MATRIX,
        pack(">24xI", next_track_id),
    )


def _trak(track_id: int, track: Track) -> bytes:
    is_video = track.kind == "video"
    media_header = full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    minf = box(b"minf", media_header, _dinf(), _stbl(track))
    mdhd = full_box(b"mdhd", 0, 0, pack(">4IHH", 0, 0, track.timescale, 0, _UNDETERMINED, 0))
    handler, name = (b"vide", b"video\x00") if is_video else (b"soun", b"audio\x00")
    hdlr = full_box(b"hdlr", 0, 0, pack(">4x4s12x", handler), name)
    return box(b"trak", _tkhd(track_id, track), box(b"mdia", mdhd, hdlr, minf))


def _tkhd(track_id: int, track: Track) -> bytes:
    volume = 0x100 if track.kind == "audio" else 0
    return full_box(
        b"tkhd",
        0,
        _TRACK_ENABLED_IN_MOVIE,
        pack(">5I8x", 0, 0, track_id, 0, 0),  # created, modified, id, reserved, duration
        pack(">HHHH", 0, 0, volume, 0),  # layer, alternate group
        _UNITY_MATRIX,
        pack(">II", track.width << 16, track.height << 16),
    )


def _dinf() -> bytes:
    """The media are in this file."""
    return box(b"dinf", full_box(b"dref", 0, 0, pack(">I", 1), full_box(b"url ", 0, 1)))


def _stbl(track: Track) -> bytes:
    """The sample tables, all of them there and empty."""
    entry = {"h264": _avc1, "aac": _mp4a, "opus": _opus}[track.codec](track)
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )


def _avc1(track: Track) -> bytes:
    """AVCSampleEntry (ISO 14496-15, 5.4.2.1): the parameter sets stand here, none in the samples."""
    return box(
        b"avc1",
        pack(">6xH16x", 1),  # data reference
        pack(">HHII4xH", track.width, track.height, 72 << 16, 72 << 16, 1),  # 72 dpi, one frame a sample
        pack(">32xHh", 24, -1),  # no compressor name, depth
        box(b"avcC", track.config),
    )


def _mp4a(track: Track) -> bytes:
    return box(b"mp4a", _audio_entry(track), _esds(track.config))


def _opus(track: Track) -> bytes:
    """OpusSampleEntry (Encapsulation of Opus in ISOBMFF, 4.3.1)."""
    return box(b"Opus", _audio_entry(track), box(b"dOps", track.config))


def _audio_entry(track: Track) -> bytes:
    """AudioSampleEntry (ISO 14496-12, 12.2.3). A rate above 16 bits stands in the codec's box alone."""
    rate = track.timescale if track.timescale <= _HIGHEST_ENTRY_RATE else 0
    return pack(">6xH8xHH4xI", 1, track.channels, 16, rate << 16)


def _esds(config: bytes) -> bytes:
    """ESDBox (ISO 14496-14, 5.6) with the descriptors of ISO 14496-1, 7.2.6."""
    specific = _descriptor(5, config)
    about = pack(
        ">BBHB", 0x40, 0x15, 0, 0
    )  # MPEG-4 audio; the buffer size and then the bit rates are not told
    decoder = _descriptor(4, about, bytes(8), specific)
    sync_layer = _descriptor(6, b"\x02")  # as in all MP4 files
    return full_box(b"esds", 0, 0, _descriptor(3, pack(">HB", 0, 0), decoder, sync_layer))


def _descriptor(tag: int, *payload: bytes) -> bytes:
    """A descriptor with a length of one byte, enough for all that an AAC-LC track has to tell."""
    body = b"".join(payload)
    assert len(body) < 0x80
    return bytes((tag, len(body))) + body
