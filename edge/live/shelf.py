"""Init segments, segments and parts by the names that playlists give them: what can be taken at once."""

from typing import NamedTuple

from edge.hls.window import LiveWindow
from edge.http.message import Response
from edge.live.replies import Replies

_MOST_DIGITS = 15


class InitName(NamedTuple):
    """`init{number}.mp4`."""

    number: int


class SegmentName(NamedTuple):
    """`{msn}.m4s`."""

    msn: int


class PartName(NamedTuple):
    """`part{number}.m4s`."""

    number: int


_KINDS = (("part", ".m4s", PartName), ("init", ".mp4", InitName), ("", ".m4s", SegmentName))


def parse_name(file: str) -> InitName | SegmentName | PartName | None:
    """What a file name below the prefix means. No number has leading zeros."""
    for start, end, kind in _KINDS:
        if file.startswith(start) and file.endswith(end):
            number = _number(file[len(start) : -len(end)])
            if number is not None:
                return kind(number)
    return None


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text) if text == "0" or text[0] != "0" else None


class Shelf:
    """Looks things up in a window. Bodies are the window's own buffers."""

    def __init__(self, window: LiveWindow, replies: Replies) -> None:
        self._window = window
        self._replies = replies
        self._init_index: int | None = None
        self._type = ""

    def init(self, name: InitName) -> Response:
        """The init segment of that number, while a listed, kept or coming part needs it."""
        init = self._window.init_segment(name.number)
        if init is None:
            return self._replies.missing("There is no such init segment; reload the playlist")
        return self._replies.init(init.body, name.number, self._content_type())

    def segment(self, name: SegmentName) -> Response:
        """A complete segment."""
        segment = self._window.segment(name.msn)
        if segment is None or segment.gap:
            return self._replies.missing(f"Segment {name.msn} is gone or has not come; reload the playlist")
        return self._replies.segment(segment, self._content_type())

    def part(self, name: PartName) -> Response:
        """A part that is there; a hint that came to nothing SHOULD be a 404 (6.2.6)."""
        position = self._window.position_of(name.number)
        part = None if position is None else self._window.part(position)
        if part is None or part.gap:
            return self._replies.missing(f"Part {name.number} is gone or did not come; reload the playlist")
        return self._replies.part(part, self._content_type())

    def _content_type(self) -> str:
        index = self._window.init_index
        if index != self._init_index:
            init = self._window.init
            has_video = init is None or any(track.kind == "video" for track in init.tracks)
            self._init_index, self._type = index, "video/mp4" if has_video else "audio/mp4"
        return self._type
