"""How the packets of a section tell whose they are: header extensions, simulcast layers, SSRCs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.ingest.sdp_parse import Offer, Section, is_token

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

MOST_LAYERS = 8
_MOST_SSRCS = 64
_EXTMAP = re.compile(r"([0-9]{1,3})(?:/([a-z]+))?\s+(\S+).*")
_LIMIT = re.compile(r"(max-width|max-height|max-br)=([0-9]{1,9})")
_LARGEST_BY_NAME = ("f", "full", "hi", "high")


@dataclass(frozen=True, slots=True)
class Extensions:
    """Ids of the RTP header extensions (RFC 8285) that both sides use; None: not used."""

    mid: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None
    transport_cc: int | None = None
    abs_send_time: int | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Streams:
    """What SSRCs an offer tells. `rtx` maps that of media to that of its retransmissions (RFC 4588, 8)."""

    ssrcs: tuple[int, ...] = ()
    rtx: Mapping[int, int] = field(default_factory=dict)


def extensions_of(offer: Offer, section: Section, *, absolute_send_time: bool) -> Extensions:
    """Those that we read. One that the client only receives (`/recvonly`, as Firefox writes) is not for us.

    urn:3gpp:video-orientation is left out on purpose: a browser then turns the pictures of a phone itself.
    """
    fields = {MID: "mid", RID: "rid", REPAIRED_RID: "repaired_rid", TRANSPORT_CC: "transport_cc"}
    if absolute_send_time:
        fields[ABS_SEND_TIME] = "abs_send_time"
    found: dict[str, int] = {}
    lines = []
    for value in offer.values(section, "extmap"):
        match = _EXTMAP.fullmatch(value)
        name = fields.pop(match[3], None) if match and match[2] not in {"recvonly", "inactive"} else None
        if match is None or name is None or not 1 <= int(match[1]) <= 255 or int(match[1]) in found.values():
            continue
        found[name] = int(match[1])
        lines.append(f"{found[name]}{'/recvonly' if match[2] == 'sendonly' else ''} {match[3]}")
    return Extensions(**found, lines=tuple(lines))


def layers_of(section: Section) -> tuple[str, ...]:
    """The rids that the client sends, in its order; of alternatives the first (RFC 8853, 5.3.2)."""
    sent = [value.split()[0] for value in section.values("rid") if value.split()[1:2] == ["send"]]
    words = section.first("simulcast").split()
    if "send" in words[:-1]:
        lists = words[words.index("send") + 1].removeprefix("rid=").split(";")
        sent = [alternatives.split(",")[0].removeprefix("~") for alternatives in lists]
    return tuple(dict.fromkeys(rid for rid in sent if is_token(rid)))[:MOST_LAYERS]


def best_layer(section: Section, rids: tuple[str, ...]) -> str | None:
    """The layer to take: the largest by the limits on its a=rid, else by a name that is in use for the full
    picture, else the first, which is the full one of OBS (the order is a preference: RFC 8853, 5.1).
    """
    if not rids:
        return None
    limits = {value.split()[0]: _limit(value) for value in section.values("rid") if value}
    if any(limits.get(rid) for rid in rids):
        return max(rids, key=lambda rid: limits.get(rid, 0))
    return next((name for name in _LARGEST_BY_NAME if name in rids), rids[0])


def streams_of(section: Section) -> Streams:
    """From a=ssrc and a=ssrc-group:FID (RFC 5576). What is no SSRC is passed over."""
    told = [number for value in section.values("ssrc") for number in _ssrcs(value.partition(" ")[0])]
    pairs = [
        _ssrcs(value.partition(" ")[2]) for value in section.values("ssrc-group") if value.startswith("FID ")
    ]
    rtx = {pair[0]: pair[1] for pair in pairs[:_MOST_SSRCS] if len(pair) == 2}
    repair = set(rtx.values())
    media = dict.fromkeys(number for number in (*told, *rtx) if number not in repair)
    return Streams(tuple(media)[:_MOST_SSRCS], rtx)


def _ssrcs(text: str) -> list[int]:
    words = [word for word in text.split() if word.isascii() and word.isdecimal() and len(word) <= 10]
    return [number for number in map(int, words) if number < 2**32]


def _limit(rid: str) -> int:
    return max((int(value) for _, value in _LIMIT.findall(rid)), default=0)
