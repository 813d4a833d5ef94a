"""NAL units, SPS, PPS, SEI and in-band parameter sets."""

from contextlib import suppress

from edge.errors import MediaError
from edge.media import h264
from edge.media.h264_still import still_of

_START = b"\x00\x00\x00\x01"
_HIGH = bytes.fromhex("67640028acd940780227e584000003000400000300f03c60c658")
_HIGH_444 = bytes.fromhex("67f4001e919b281405ff3c20000003002000000781e2c5b2c0")
_BASELINE = bytes.fromhex("6742c01eda0280bfe584000003000400000300f03c58ba80")
_PPS = bytes.fromhex("68ebe3cb22c0")
_RECOVERY = bytes.fromhex("0601c0000606 01c480")
_IDR = bytes.fromhex("65888400 33fffef5 f8")

SEEDS = [
    _HIGH,
    _HIGH_444,
    _BASELINE,
    _PPS,
    _RECOVERY,
    _START.join((b"", _HIGH, _PPS, _RECOVERY, _IDR)),
    _START.join((b"", _BASELINE, b"\x68\xce\x0f\xc8", b"\x68\x4e\x0f\xc8", _IDR, _HIGH, _PPS, _IDR)),
]


def target(data: bytes) -> None:
    with suppress(MediaError):
        sps = h264.parse_sps(data)
        assert 0 < sps.width <= 16_880
        assert 0 < sps.height <= 16_880
        assert len(sps.codec_string) == 11
    with suppress(MediaError):
        h264.parse_pps(data)
    h264.is_recovery_point(data)
    nals = h264.split_annex_b(data)
    h264.has_b_slice(nals)
    assert len(h264.length_prefixed(nals)) <= len(data) + 4 * len(nals)
    sets = h264.ParameterSets()
    for nal in nals:
        with suppress(MediaError):
            changed = sets.update([nal])
            assert not changed or sets.track() is not None
    with suppress(MediaError):
        if found := sets.sets():
            still = still_of(found[0], found[1:], nals)
            assert len(still.unchanged(1) + still.unchanged(70_000)) < 800
