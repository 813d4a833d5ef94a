"""Who asks, seen through the proxies that the operator trusts."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

UNIX = "unix:"
"""In `server.trusted_proxies`: whoever may connect to a Unix socket of ours. Such a peer has no address."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = tuple[Network | None, ...]
"""None: Unix sockets."""

_MOST_HOPS = 32
_ZONE = re.compile(r"[A-Za-z0-9._-]{1,32}")  # of an address of one link: a number or an interface's name


def trusted_networks(texts: Iterable[str]) -> Networks:
    """Of `server.trusted_proxies`. ValueError for what is no network."""
    return tuple(None if text == UNIX else ipaddress.ip_network(text) for text in texts)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Networks) -> str:
    """The peer; or, if it is a trusted proxy, the last address in X-Forwarded-For that is none.

    Read from the right, where trusted proxies write: what stands further left may be made up by the client.
    A malformed entry ends the reading at the proxy that passed it on.
    """
    if not trusted or not forwarded_for or not _is_in(peer, trusted):
        return peer
    hops = [hop.strip() for field in forwarded_for for hop in field.split(",")][-_MOST_HOPS:]
    client = peer
    for hop in reversed(hops):
        if _parsed(hop) is None:
            return client
        client = hop
        if not _is_in(hop, trusted):
            return client
    return client


def _is_in(text: str, networks: Networks) -> bool:
    if not text:
        return None in networks
    address = _parsed(text)
    return address is not None and any(address in network for network in networks if network is not None)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    bare, mark, zone = text.partition("%")
    if mark and not _ZONE.fullmatch(zone):
        return None
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
