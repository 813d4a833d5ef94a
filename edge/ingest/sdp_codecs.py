"""The codecs of a media section: rtpmap, fmtp and rtcp-fb put together by payload type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge.errors import BadOffer
from edge.ingest.sdp_parse import Section

_RTPMAP = re.compile(r"([0-9]{1,3})\s+([^\s/]+)\s*/\s*([0-9]{1,9})(?:\s*/\s*([0-9]{1,3}))?")
_REPAIR = frozenset({"rtx", "red", "ulpfec", "flexfec", "flexfec-03", "cn", "telephone-event"})


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """A payload type of an offer. `name` and the names of `parameters` are lower case.

    `feedback` are rtcp-fb values like "nack pli" (RFC 4585, 4.2), those for `*` among them, each once.
    """

    payload_type: int
    name: str
    clock_rate: int
    channels: int
    parameters: Mapping[str, str]
    feedback: tuple[str, ...]


def offered_codecs(section: Section) -> tuple[OfferedCodec, ...]:
    """In the order of the m= line, which is the client's preference. BadOffer for a malformed rtpmap.

    An fmtp may stand before its rtpmap, and be written with blanks after its semicolons.
    """
    maps = _rtpmaps(section)
    parameters = {number: _parameters(text) for number, text in _by_payload_type(section.values("fmtp"))}
    feedback: dict[str, list[str]] = {}
    for number, text in _by_payload_type(section.values("rtcp-fb")):
        feedback.setdefault(number, []).append(" ".join(text.split()))
    return tuple(
        OfferedCodec(
            int(number),
            *maps[number],
            parameters.get(number, {}),
            tuple(dict.fromkeys((*feedback.get("*", ()), *feedback.get(number, ())))),
        )
        for number in dict.fromkeys(section.formats)
        if number in maps
    )


def media_names(codecs: tuple[OfferedCodec, ...]) -> str:
    """What the offer has, for a sentence: names of media codecs without the repair formats, each once."""
    names = dict.fromkeys(codec.name for codec in codecs if codec.name not in _REPAIR)
    shown = [name.upper() if name != "opus" else name for name in list(names)[:12]]
    return ", ".join(name[:24] for name in shown) or "none that is known"


def _rtpmaps(section: Section) -> dict[str, tuple[str, int, int]]:
    found = {}
    for value in section.values("rtpmap"):
        match = _RTPMAP.fullmatch(value)
        if match is None or int(match[1]) > 127:
            raise BadOffer("An a=rtpmap is malformed: it is payload type, name/clock (RFC 8866, 6.6)")
        found[str(int(match[1]))] = (match[2].lower(), int(match[3]), int(match[4] or 1))
    return found


def _by_payload_type(values: tuple[str, ...]) -> list[tuple[str, str]]:
    split = (value.partition(" ") for value in values)
    return [(number, rest.strip()) for number, _, rest in split]


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
