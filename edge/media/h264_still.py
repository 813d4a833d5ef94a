"""Pictures of our own where a source sends none: its last key frame again, and after it pictures in which
nothing has changed (ITU-T H.264: P slices of skipped macroblocks, 7.3.4, 8.4.1.1). They are decoded like any.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import MediaError
from edge.media.bits import BitReader, BitWriter
from edge.media.h264_skipped import skipped_macroblocks
from edge.media.h264_sps import LARGEST_PARAMETER_SET, Sps, parse_sps, without_emulation_prevention

_NAL_PPS = 8
_NAL_IDR = 5
_REFERENCE_SLICE = b"\x41"  # nal_ref_idc 2, nal_unit_type 1
_P_SLICES = 5  # slice_type, of this slice and all others of the picture
_HIGHEST_QP = 51
_MIDDLE_QP = 26
_SLICE_HEADER_BYTES = 64
_MOST_MACROBLOCKS = 36_864  # MaxFS of level 5.2; to say of as many that they are skipped takes some 30 ms
_ESCAPED = re.compile(rb"\x00\x00(?=[\x00-\x03])")


@dataclass(frozen=True, slots=True)
class _Pps:
    """What a slice header depends on (7.3.2.2)."""

    pps_id: int
    has_cabac: bool
    has_bottom_order: bool
    is_weighted: bool
    qp: int
    tells_deblocking: bool
    tells_redundancy: bool


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that stands still."""

    key: tuple[bytes, ...]
    """NAL units of the key frame."""
    _sps: Sps
    _pps: _Pps
    _poc_lsb: int

    def unchanged(self, number: int) -> bytes:
        """The NAL unit of the `number`th picture (1 or more) after the key frame. 64 bytes or so."""
        bits = self._slice_header(number)
        if not self._pps.has_cabac:
            bits.ue(self._sps.macroblocks)  # mb_skip_run
            bits.trail()
            return _REFERENCE_SLICE + _escaped(bits.octets())
        bits.align(1)
        return _REFERENCE_SLICE + _escaped(bits.octets() + skipped_macroblocks(self._sps.macroblocks))

    def _slice_header(self, number: int) -> BitWriter:
        """7.3.3."""
        sps, pps, bits = self._sps, self._pps, BitWriter()
        bits.ue(0)  # first_mb_in_slice
        bits.ue(_P_SLICES)
        bits.ue(pps.pps_id)
        bits.u(sps.frame_num_bits, number)
        if sps.poc_type == 0:
            bits.u(sps.poc_lsb_bits, self._poc_lsb + 2 * number)
        bits.u(_order_deltas(sps, pps), -1)  # each is 0, one bit that is set
        if pps.tells_redundancy:
            bits.ue(0)
        bits.u(1, 1)  # num_ref_idx_active_override_flag
        bits.ue(0)  # one reference, the picture before
        bits.u(1, 0)  # ref_pic_list_modification_flag_l0
        if pps.is_weighted:
            self._write_no_weights(bits)
        bits.u(1, 0)  # adaptive_ref_pic_marking_mode_flag
        if pps.has_cabac:
            bits.ue(0)  # cabac_init_idc
        bits.se(_HIGHEST_QP - pps.qp if pps.has_cabac else 0)
        if pps.tells_deblocking:
            bits.ue(1)  # disable_deblocking_filter_idc
        return bits

    def _write_no_weights(self, bits: BitWriter) -> None:
        """pred_weight_table (7.3.3.2): denominators, and flags that say there are none."""
        has_chroma = self._sps.chroma_format_idc != 0
        bits.ue(0)
        if has_chroma:
            bits.ue(0)
        bits.u(1 + has_chroma, 0)


def still_of(sps: bytes, pps: Sequence[bytes], nals: Sequence[bytes]) -> Still:
    """Of an IDR picture with these parameter sets. MediaError where it is none, or of a kind that is not
    continued.
    """
    parsed = parse_sps(sps)
    slices = tuple(nal for nal in nals if nal and nal[0] & 0x1F == _NAL_IDR)
    if not slices:
        raise MediaError("this is no IDR picture")
    if parsed.macroblocks > _MOST_MACROBLOCKS:
        raise MediaError(f"pictures of more than {_MOST_MACROBLOCKS} macroblocks are not continued")
    if not parsed.frames_only or parsed.separate_planes or not parsed.max_num_ref_frames:
        raise MediaError("pictures of fields, of planes or without references cannot be continued")
    bits = BitReader(without_emulation_prevention(slices[0][1 : 1 + _SLICE_HEADER_BYTES]))
    bits.ue()  # first_mb_in_slice
    bits.ue(9)  # slice_type
    pps_id = bits.ue(255)
    bits.u(parsed.frame_num_bits)
    bits.ue(65535)  # idr_pic_id
    poc_lsb = bits.u(parsed.poc_lsb_bits)
    own = next((one for one in map(_parse_pps, pps) if one.pps_id == pps_id), None)
    if own is None:
        raise MediaError("the PPS of the IDR picture is missing")
    for _ in range(_order_deltas(parsed, own)):
        bits.se()
    if own.tells_redundancy:
        bits.ue(127)
    bits.flag()  # no_output_of_prior_pics_flag
    if bits.flag() and parsed.max_num_ref_frames < 2:
        raise MediaError("a long-term reference leaves no room for others")
    return Still(slices, parsed, own, poc_lsb)


def _order_deltas(sps: Sps, pps: _Pps) -> int:
    """delta_pic_order_cnt_bottom, or delta_pic_order_cnt: how many of them a slice has."""
    has_bottom = pps.has_bottom_order and (sps.poc_type == 0 or sps.poc_has_deltas)
    return sps.poc_has_deltas + has_bottom


def _parse_pps(nal: bytes) -> _Pps:
    if not nal or len(nal) > LARGEST_PARAMETER_SET or nal[0] & 0x1F != _NAL_PPS:
        raise MediaError("this is not an H.264 PPS")
    bits = BitReader(without_emulation_prevention(nal[1:]))
    pps_id, _ = bits.ue(255), bits.ue(31)
    has_cabac, has_bottom_order = bits.flag(), bits.flag()
    if bits.ue(7):
        raise MediaError("slice groups cannot be continued")
    bits.ue(31)  # num_ref_idx_l0_default_active_minus1
    bits.ue(31)
    is_weighted = bits.flag()
    bits.u(2)  # weighted_bipred_idc
    qp = _MIDDLE_QP + bits.se()
    bits.se()  # pic_init_qs_minus26
    bits.se()  # chroma_qp_index_offset
    tells_deblocking = bits.flag()
    bits.flag()  # constrained_intra_pred_flag
    return _Pps(pps_id, has_cabac, has_bottom_order, is_weighted, qp, tells_deblocking, bits.flag())


def _escaped(rbsp: bytes) -> bytes:
    """With emulation prevention (7.4.1)."""
    return _ESCAPED.sub(b"\x00\x00\x03", rbsp)
