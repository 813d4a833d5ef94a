"""The SDP fragments of trickle ICE and ICE restarts (RFC 8840, 9; RFC 9725, 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import BadFragment
from edge.ingest.candidates import Candidate, candidate_lines, parse_candidate
from edge.ingest.sdp_answer import ICE_LINES, bundle_lines
from edge.ingest.sdp_negotiated import Negotiated
from edge.ingest.sdp_parse import group_attributes, read_lines
from edge.ingest.sdp_transport import is_credential

MOST_CANDIDATES = 256


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a client sends by PATCH. `ufrag` and `password` are both there or both empty.

    `candidates` are as written, each once, well-formed and not too many: an ICE-lite server asks no more of
    them, because it sends where checks come from.
    """

    ufrag: str = ""
    password: str = ""
    candidates: tuple[Candidate, ...] = ()
    end_of_candidates: bool = False


def parse_fragment(text: str | bytes) -> Fragment:
    """BadFragment for what is no fragment: not SDP lines, nothing about ICE in it, half of the credentials.

    Sections are not told apart: all of them share one transport. So it does not matter that one client
    (medooze) writes the credentials above all sections, and none of those at all in a restart, and another
    (Eyevinn) repeats each candidate in a section `audio 9 RTP/AVP 0` for every mid. Candidates of transports
    that we do not speak, or with names that we do not look up, are no fault (RFC 9725, 4.3.2).
    """
    attributes = group_attributes(read_lines(text, BadFragment))
    ufrag, password = (next(iter(attributes.get(name, ())), "") for name in ("ice-ufrag", "ice-pwd"))
    lines = attributes.get("candidate", ())
    ended = "end-of-candidates" in attributes
    if not (ufrag or password or lines or ended):
        raise BadFragment(
            "The fragment says nothing about ICE: send a=ice-ufrag, a=ice-pwd and candidates (RFC 8840)"
        )
    if (ufrag or password) and not is_credential(ufrag, password):
        raise BadFragment("a=ice-ufrag and a=ice-pwd must be there together, of 4 and 22 characters or more")
    if len(lines) > MOST_CANDIDATES:
        raise BadFragment(f"The fragment has more than {MOST_CANDIDATES} candidates: send the new ones only")
    candidates = [parse_candidate(line) for line in lines]
    if None in candidates:
        raise BadFragment("A candidate is malformed: send the line as the ICE agent gives it (RFC 8839, 5.1)")
    known = dict.fromkeys(candidate for candidate in candidates if candidate is not None)
    return Fragment(ufrag, password, tuple(known), ended)


def answer_fragment(
    negotiated: Negotiated, *, ufrag: str, pwd: str, candidates: Sequence[tuple[str, int]]
) -> str:
    """The body of the 200 that answers an ICE restart: our new credentials, all of our candidates again."""
    media = negotiated.tagged
    number = media.payload_types[0].number
    lines = [
        *ICE_LINES,
        *bundle_lines(negotiated),
        f"m={media.kind} 9 {media.protocol} {number}",
        *([f"a=mid:{media.mid}"] if media.mid else []),
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        *candidate_lines(candidates),
        "a=end-of-candidates",
    ]
    return "".join(f"{line}\r\n" for line in lines)
