"""Where a viewer is: a media sequence number and a part in it."""

from typing import NamedTuple


class Position(NamedTuple):
    """(Media Sequence Number, Part Index), ordered as the draft orders them (4.4.4.9, 6.2.5.2)."""

    msn: int
    part: int
