"""ICE candidate lines, read and written (RFC 8839, 5.1)."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

_TYPE_PREFERENCE_HOST = 126
_CANDIDATE = re.compile(
    r"[A-Za-z0-9+/]{1,64} +([0-9]{1,5}) +([A-Za-z0-9-]{1,16}) +([0-9]{1,10}) +"  # to the priority
    r"(\S{1,253}) +([0-9]{1,5}) +typ +(\S{1,32})( .*)?",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate of the peer. `host` is an address or a name (.local names of browsers), `port` 0-65535."""

    component: int
    transport: str
    priority: int
    host: str
    port: int
    kind: str


def parse_candidate(value: str) -> Candidate | None:
    """Of the text after `candidate:`; None where it is malformed. Component 0 (Eyevinn) is fine."""
    match = _CANDIDATE.fullmatch(value.strip())
    if match is None or int(match[5]) > 65535:
        return None
    return Candidate(int(match[1]), match[2].lower(), int(match[3]), match[4], int(match[5]), match[6])


def candidate_lines(addresses: Sequence[tuple[str, int]]) -> list[str]:
    """`a=` lines of our UDP host candidates, the best first: IPv4, names, IPv6, each in the given order.

    FFmpeg uses only the first `udp ... host` line of an answer, and few of its users have IPv6 everywhere.
    """
    ordered = sorted(dict.fromkeys(addresses), key=lambda address: _rank(address[0]))
    return [
        f"a=candidate:{number} 1 udp {_priority(number)} {host} {port} typ host"
        for number, (host, port) in enumerate(ordered, 1)
    ]


def _priority(number: int) -> int:
    """RFC 8445, 5.1.2.1, component 1; fits 31 bits, which is what FFmpeg reads."""
    return _TYPE_PREFERENCE_HOST << 24 | (65536 - number) << 8 | 255


def _rank(host: str) -> int:
    try:
        return 0 if ipaddress.ip_address(host).version == 4 else 2
    except ValueError:
        return 1
