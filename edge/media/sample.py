"""A sample: one coded unit, ready for a file."""

from typing import NamedTuple

from edge.media.track import Kind


class Sample(NamedTuple):
    """One coded unit of the track of this `kind`. A tuple: made in a third of the time.

    `dts`, `composition_offset` and `duration` are ticks of the track's timescale. From a source, `dts` is on
    the source's own timeline (zero at or before its first media, one clock for audio and video) and
    `duration` is its best guess, because the next unit has not come yet; out of the segmenter both are final.
    `data` is length-prefixed NAL units (4 bytes each, no parameter sets) for h264, a raw frame for aac and
    opus; or the pieces of that, which are first put together in the file.
    """

    kind: Kind
    dts: int
    duration: int
    is_sync: bool
    data: bytes | tuple[bytes, ...]
    composition_offset: int = 0
