"""Slice data of skipped macroblocks in CABAC (ITU-T H.264, 9.3): all that is to be said of a picture in which
nothing has changed.
"""

from functools import lru_cache

from edge.media.bits import BitWriter

_FIRST_STATE = 42
"""pStateIdx of mb_skip_flag (ctxIdx 11) in a slice of QP 51 with cabac_init_idc 0; 1 is its likely value."""

_LAST_STATE = 62
_LPS_RANGES = bytes.fromhex(
    "1014171b 0f131619 0e121518 0e111417 0d101316 0c0f1215 0c0e1114 0b0e1013 0b0d0f12 0a0c0f11 0a0c0e10"
    "090b0d0f 090b0c0e 080a0c0e 08090b0d 07090b0c 07090a0c 07080a0b 0608090b 0607090a 06070809"
)
"""rangeTabLPS (Table 9-44) from the first state to the last, four for each."""


@lru_cache(maxsize=64)
def skipped_macroblocks(count: int) -> bytes:
    """From where the slice header was aligned to the end of the RBSP."""
    encoder = _Encoder()
    state = 0
    for left in range(count - 1, -1, -1):
        encoder.likely(4 * state)
        state = min(state + 1, _LAST_STATE - _FIRST_STATE)
        encoder.ends(is_last=left == 0)
    return encoder.octets()


class _Encoder:
    """9.3.4.2, as far as it is needed."""

    def __init__(self) -> None:
        self._low = 0
        self._range = 510
        self._outstanding = 0
        self._is_first = True
        self._bits = BitWriter()

    def likely(self, row: int) -> None:
        """A bin with its likely value, in the state whose ranges begin there in the table."""
        self._range -= _LPS_RANGES[row + (self._range >> 6 & 3)]
        self._renormalize()

    def ends(self, *, is_last: bool) -> None:
        """end_of_slice_flag. The last one flushes, with rbsp_stop_one_bit."""
        self._range -= 2
        if is_last:
            self._low += self._range
            self._range = 2
        self._renormalize()

    def octets(self) -> bytes:
        """After the last end."""
        self._put(self._low >> 9 & 1)
        self._bits.u(2, self._low >> 7 & 3 | 1)
        self._bits.align(0)
        return self._bits.octets()

    def _renormalize(self) -> None:
        while self._range < 256:
            if self._low < 256:
                self._put(0)
            elif self._low >= 512:
                self._low -= 512
                self._put(1)
            else:
                self._low -= 256
                self._outstanding += 1
            self._range <<= 1
            self._low <<= 1

    def _put(self, bit: int) -> None:
        if not self._is_first:
            self._bits.u(1, bit)
        self._is_first = False
        for _ in range(self._outstanding):
            self._bits.u(1, 1 - bit)
        self._outstanding = 0
