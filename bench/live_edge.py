"""What a viewer takes out of a media playlist: the newest parts, what to ask for next, what is hinted."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from urllib.parse import urljoin

_NEWEST = 16
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class LiveEdge:
    """The end of one playlist. Everything is a request target, ready for a request line.

    `reload` waits for the successor of this playlist; `reload_delta` asks for a delta update where the server
    offers them.
    """

    parts: tuple[bytes, ...]
    hint: bytes | None
    reload: bytes
    reload_delta: bytes
    target_duration_s: int

    @property
    def last(self) -> bytes | None:
        """The newest listed part."""
        return self.parts[-1] if self.parts else None

    @cached_property
    def _listed(self) -> dict[bytes | None, bytes | None]:
        return {**dict(pairwise(self.parts)), self.last: None, self.hint: None, None: self.last}

    @cached_property
    def _following(self) -> dict[bytes, bytes]:
        return dict(pairwise((*self.parts, *((self.hint,) if self.hint else ()))))

    def listed_after(self, part: bytes | None) -> bytes | None:
        """The listed part that follows; of one that is not listed any more: the newest. None: nothing new."""
        return self._listed.get(part, self.last)

    def coming_after(self, part: bytes | None) -> bytes | None:
        """As `listed_after`, and the hinted part after the last one."""
        return None if part == self.hint else self._following.get(part, self.hint)


class LiveEdges:
    """Of one media playlist. All viewers get the same octets, so they are read once: the generator's core is
    for asking.
    """

    def __init__(self, target: str) -> None:
        """`target`: path and query of the playlist."""
        self._target = target
        self._known: dict[bytes, LiveEdge] = {}

    def of(self, body: bytes) -> LiveEdge:
        """Of an answer's body, packed or not. ValueError: no media playlist."""
        edge = self._known.get(body)
        if edge is None:
            if len(self._known) > 64:
                self._known.clear()
            edge = self._known[body] = read(body, self._target)
        return edge


def unpacked(body: bytes) -> bytes:
    """Without its gzip coding, if it has one."""
    return zlib.decompress(body, 31) if body.startswith(_GZIP_MAGIC) else body


def read(body: bytes, target: str) -> LiveEdge:
    """ValueError: no media playlist, or one whose parts are byte ranges."""
    lines = unpacked(body).decode().splitlines()
    msn, index, duration, skips = 0, 0, 0, False
    parts: list[bytes] = []
    hint = None
    for line in lines:
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            msn += int(line[22:])
        elif line.startswith("#EXT-X-SKIP:"):
            msn += int(_attribute(line, "SKIPPED-SEGMENTS="))
        elif line.startswith("#EXT-X-TARGETDURATION:"):
            duration = int(line[22:])
        elif line.startswith("#EXT-X-SERVER-CONTROL:"):
            skips = "CAN-SKIP-UNTIL=" in line
        elif line.startswith("#EXT-X-PART:"):
            if "BYTERANGE=" in line:
                raise ValueError("parts that are byte ranges are not asked for here")
            parts.append(_target(target, line))
            index += 1
        elif line.startswith("#EXT-X-PRELOAD-HINT:TYPE=PART"):
            hint = _target(target, line)
        elif line and not line.startswith("#"):
            msn, index = msn + 1, 0
    if not duration:
        raise ValueError("no media playlist")
    reload = f"{target}{'&' if '?' in target else '?'}_HLS_msn={msn}&_HLS_part={index}"
    delta = f"{reload}&_HLS_skip=YES" if skips else reload
    return LiveEdge(tuple(parts[-_NEWEST:]), hint, reload.encode(), delta.encode(), duration)


def first_variant(body: bytes, target: str) -> str | None:
    """The first media playlist of a multivariant playlist, as a request target; None: it is none."""
    lines = unpacked(body).decode().splitlines()
    if not any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return None
    return urljoin(target, next(line for line in lines if line and not line.startswith("#")))


def _attribute(line: str, name: str) -> str:
    """ValueError if it is not there."""
    start = line.index(name) + len(name)
    end = line.find('"' if name.endswith('"') else ",", start)
    return line[start : end if end >= 0 else len(line)]


def _target(playlist: str, line: str) -> bytes:
    return urljoin(playlist, _attribute(line, 'URI="')).encode()
