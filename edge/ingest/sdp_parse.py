"""An SDP offer as session attributes and media sections (RFC 8866), read with bounds on everything."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge.errors import BadOffer, PublishError

LARGEST_OFFER_BYTES = 64 * 1024
MOST_LINES = 2_000
LONGEST_LINE = 8_192
MOST_SECTIONS = 32
LONGEST_TOKEN = 64

Attributes = Mapping[str, tuple[str, ...]]
"""Values by attribute name, in order; a flag's value is empty."""

_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_LINE = re.compile(r"([a-z])=(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Section:
    """One m= section. `port` 0 is a refused section, unless `a=bundle-only` says otherwise (RFC 9143, 6)."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: Attributes

    @property
    def mid(self) -> str:
        """The media identification (RFC 5888): any token; empty where there is none."""
        return self.first("mid")

    @property
    def is_live(self) -> bool:
        return self.port != 0 or "bundle-only" in self.attributes

    def values(self, name: str) -> tuple[str, ...]:
        return self.attributes.get(name, ())

    def first(self, name: str) -> str:
        """The first value, or "" where the attribute is not there."""
        return next(iter(self.attributes.get(name, ())), "")


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as it was written; `negotiate` gives it a meaning."""

    attributes: Attributes
    sections: tuple[Section, ...]

    def values(self, section: Section, name: str) -> tuple[str, ...]:
        """Of the section, else of the session: many attributes may stand at either level."""
        return section.values(name) or self.attributes.get(name, ())

    def bundles(self) -> list[tuple[str, ...]]:
        """Of each BUNDLE group (RFC 9143) the mids that a live section has: FFmpeg names two, always."""
        live = {section.mid for section in self.sections if section.mid and section.is_live}
        groups = (group.split() for group in self.attributes.get("group", ()))
        return [
            tuple(dict.fromkeys(mid for mid in words[1:] if mid in live))
            for words in groups
            if words and words[0].upper() == "BUNDLE"
        ]


def parse_offer(text: str | bytes) -> Offer:
    """Read an offer of at most 64 KiB. BadOffer names what is malformed; `negotiate` judges the rest."""
    lines = read_lines(text, BadOffer)
    if not lines or lines[0] != ("v", "0"):
        raise BadOffer("The body does not begin with v=0: send the SDP offer itself, as application/sdp")
    starts = [number for number, (kind, _) in enumerate(lines) if kind == "m"]
    if not starts:
        raise BadOffer("The offer has no media section: add an audio or a video track before making it")
    if len(starts) > MOST_SECTIONS:
        raise BadOffer(
            f"The offer has more than {MOST_SECTIONS} media sections: send one of audio and one of video"
        )
    ends = [*starts[1:], len(lines)]
    sections = tuple(_section(lines[start:end]) for start, end in zip(starts, ends, strict=True))
    mids = [section.mid for section in sections if section.mid]
    if len(set(mids)) != len(mids):
        raise BadOffer("Two media sections have the same a=mid: each needs its own (RFC 5888, 9.1)")
    return Offer(group_attributes(lines[: starts[0]]), sections)


def read_lines(text: str | bytes, malformed: type[PublishError]) -> list[tuple[str, str]]:
    """(type, value) of each line that is not empty, ended by CRLF or LF; `malformed` is what is raised."""
    if len(text) > LARGEST_OFFER_BYTES:
        raise malformed(
            f"The body is larger than {LARGEST_OFFER_BYTES // 1024} KiB: send one offer and no more"
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise malformed("The body is not UTF-8: send SDP as text") from error
    raw = text.split("\n")
    if len(raw) > MOST_LINES:
        raise malformed(f"The body has more than {MOST_LINES} lines: send one offer and no more")
    return [_line(number, line, malformed) for number, line in enumerate(raw, 1) if line.strip()]


def _line(number: int, line: str, malformed: type[PublishError]) -> tuple[str, str]:
    match = _LINE.fullmatch(line.strip(" \t\r"))
    if match is None or len(line) > LONGEST_LINE or _CONTROL.search(match[2]):
        raise malformed(
            f"Line {number} is not SDP: each is a letter, =, and text of up to {LONGEST_LINE} characters"
        )
    return match[1], match[2]


def group_attributes(lines: Iterable[tuple[str, str]]) -> Attributes:
    """The a= lines among `lines`; `a=` with nothing after it (an empty candidate of Firefox) is left out."""
    found: dict[str, list[str]] = {}
    for kind, text in lines:
        name, _, value = text.partition(":")
        if kind == "a" and name:
            found.setdefault(name.strip(), []).append(value.strip())
    return {name: tuple(values) for name, values in found.items()}


def is_token(text: str) -> bool:
    """A token of RFC 8866, short enough to be said back in an answer."""
    return len(text) <= LONGEST_TOKEN and _TOKEN.fullmatch(text) is not None


def _section(lines: list[tuple[str, str]]) -> Section:
    words = lines[0][1].split()
    port = words[1].partition("/")[0] if len(words) >= 4 else ""
    if not (port.isascii() and port.isdecimal() and int(port[:6]) <= 65535):
        raise BadOffer("An m= line is malformed: it is kind, port, protocol and formats (RFC 8866, 5.14)")
    attributes = group_attributes(lines[1:])
    told_back = [words[0], words[3], *words[2].split("/"), *attributes.get("mid", ())]
    if not all(map(is_token, told_back)):
        raise BadOffer(
            f"A kind, protocol, format or mid of an m= section is no token of {LONGEST_TOKEN} characters"
        )
    return Section(words[0].lower(), int(port), words[2], tuple(words[3:]), attributes)
