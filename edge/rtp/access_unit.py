"""What comes out of this room: one coded picture or one Opus packet."""

from typing import NamedTuple

from edge.media.track import Kind


class AccessUnit(NamedTuple):
    """One access unit, in the order it was sent.

    `rtp_time` is the unwrapped RTP time in ticks of the clock of this `ssrc` (90 kHz or 48 kHz; pictures that
    are shown out of order make it go back a little). `arrival` is when its last packet came. `nals` are the
    NAL units of a picture without start codes, in order, parameter sets included; for audio, the one Opus
    packet. `key`: decoding can start here. `damaged`: packets of this unit, or of one that it builds on, are
    lost.
    """

    kind: Kind
    ssrc: int
    rtp_time: int
    arrival: float
    nals: tuple[bytes, ...]
    key: bool
    damaged: bool = False

    @property
    def payload(self) -> bytes:
        """The Opus packet of an audio unit."""
        return self.nals[0]
