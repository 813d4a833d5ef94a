"""The answer to an offer, ours to receive (RFC 9725, 4.2; RFC 9429, 5.3.1)."""

from collections.abc import Sequence

from edge.errors import UnsupportedOffer
from edge.ingest.candidates import candidate_lines
from edge.ingest.sdp_choice import PayloadType
from edge.ingest.sdp_negotiated import AcceptedMedia, Negotiated, RefusedSection

LARGEST_ANSWER_BYTES = 8 * 1024 - 1
"""FFmpeg reads no more."""

ICE_LINES = ("a=ice-lite", "a=ice-options:trickle ice2")
"""The same in every answer and fragment of ours, as they must be (RFC 9725, 4.3.3)."""


def answer(
    negotiated: Negotiated,
    *,
    ufrag: str,
    pwd: str,
    fingerprint: str,
    candidates: Sequence[tuple[str, int]],
    session_id: int,
) -> str:
    """SDP with CRLF line ends, shorter than 8 KiB.

    `fingerprint` is the sha-256 of our certificate in hex with colons; `candidates` are the (host, port) that
    we listen on, all of them: a WHIP server cannot add one later (4.3.2). `session_id` is the number of the
    o= line. UnsupportedOffer where the offer has so many sections that an answer would be too long.
    """
    transport = [
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        f"a=fingerprint:sha-256 {fingerprint.upper()}",
        f"a=setup:{negotiated.setup}",
    ]
    lines = ["v=0", f"o=- {session_id} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += bundle_lines(negotiated)
    lines += ["a=extmap-allow-mixed"] if negotiated.extmap_allow_mixed else []
    lines += ICE_LINES
    for section in negotiated.sections:
        if isinstance(section, RefusedSection):
            lines += _refused(section)
            continue
        lines += _accepted(section, transport)
        if section is negotiated.tagged:
            lines += [*candidate_lines(candidates), "a=end-of-candidates"]
    text = "".join(f"{line}\r\n" for line in lines)
    if len(text.encode()) > LARGEST_ANSWER_BYTES:
        raise UnsupportedOffer(
            "The offer has too many sections and codecs: send one of audio and one of video"
        )
    return text


def bundle_lines(negotiated: Negotiated) -> list[str]:
    """BUNDLE with the accepted mids only, in the offer's order (RFC 9143, 7.3.1); none without a group."""
    return [f"a=group:BUNDLE {' '.join(negotiated.bundle)}"] if negotiated.bundle else []


def _refused(section: RefusedSection) -> list[str]:
    mid = [f"a=mid:{section.mid}"] if section.mid else []
    return [f"m={section.kind} 0 {section.protocol} {section.format}", "c=IN IP4 0.0.0.0", *mid, "a=inactive"]


def _accepted(media: AcceptedMedia, transport: list[str]) -> list[str]:
    """Transport lines stand in every section: not all clients look them up in the tagged one."""
    numbers = [n for p in media.payload_types for n in (p.number, p.rtx) if n is not None]
    return [
        f"m={media.kind} 9 {media.protocol} {' '.join(map(str, numbers))}",
        "c=IN IP4 0.0.0.0",
        *([f"b=TIAS:{media.max_bitrate}"] if media.max_bitrate else []),
        "a=rtcp:9 IN IP4 0.0.0.0",
        *transport,
        *([f"a=mid:{media.mid}"] if media.mid else []),
        *(f"a=extmap:{line}" for line in media.extensions.lines),
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        *(["a=rtcp-rsize"] if media.reduced_size else []),
        *(line for payload_type in media.payload_types for line in _codec(payload_type)),
        *(f"a=rid:{rid} recv" for rid in media.rids),
        *([f"a=simulcast:recv {';'.join(media.rids)}"] if media.simulcast else []),
    ]


def _codec(payload_type: PayloadType) -> list[str]:
    number, rtx = payload_type.number, payload_type.rtx
    return [
        f"a=rtpmap:{number} {payload_type.rtpmap}",
        *(f"a=rtcp-fb:{number} {value}" for value in payload_type.feedback),
        *([f"a=fmtp:{number} {payload_type.parameters}"] if payload_type.parameters else []),
        *([f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={number}"] if rtx is not None else []),
    ]
