"""Init segments, segments and parts by the names that playlists give them: what can be taken at once."""

from typing import NamedTuple

from edge.hls.position import Position
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


def parse_name(file: str) -> InitName | SegmentName | Position | None:
    """What a file name below the prefix means; a part is its position. No number has leading zeros."""
    stem, _, extension = file.rpartition(".")
    if extension == "mp4":
        index = _number(stem[4:]) if stem.startswith("init") else None
        return None if index is None else InitName(index)
    if extension != "m4s":
        return None
    first, dot, second = stem.partition(".")
    msn, part = _number(first), _number(second)
    if msn is None or (dot and part is None):
        return None
    return SegmentName(msn) if part is None else Position(msn, part)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text) if text == "0" or text[0] != "0" else None


class Shelf:
    """Looks things up in a window. Bodies are the window's own buffers."""

    def __init__(self, window: LiveWindow, replies: Replies) -> None:
        self._window = window
        self._replies = replies

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

    def part(self, position: Position) -> Response:
        """A part that is there; a hint that came to nothing SHOULD be a 404 (6.2.6)."""
        part = self._window.part(position)
        if part is None or part.gap:
            return self._replies.missing(
                f"Part {position.part} of segment {position.msn} is gone or did not come; reload the playlist"
            )
        return self._replies.part(part, self._content_type())

    def _content_type(self) -> str:
        init = self._window.init
        has_video = init is None or any(track.kind == "video" for track in init.tracks)
        return "video/mp4" if has_video else "audio/mp4"
