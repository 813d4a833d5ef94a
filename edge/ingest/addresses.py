"""The addresses that publishers are told to send to (RFC 8839, 5.1: host candidates)."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence

import ifaddr

from edge.config import Address, split_host
from edge.errors import ConfigError

Candidate = tuple[str, int]

_MOST = 8
"""A machine full of containers has dozens of interfaces, and a publisher tries each candidate."""

_ANYWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # RFC 5737, RFC 3849: nobody's


async def candidates(listening: Address, advertise: Sequence[str]) -> list[Candidate]:
    """IP addresses and ports, the best first: FFmpeg tries no other than the first IPv4.

    What `webrtc.advertise` names, as "host" or "host:port"; names are looked up. Without it the address that
    is listened on, or for "0.0.0.0" and "[::]" those of the interfaces, first the ones this machine reaches
    others from. ConfigError for a name that has no address.
    """
    if advertise:
        told = [await _resolve(text, listening.port) for text in advertise]
        return list(dict.fromkeys(one for several in told for one in several))
    if not ipaddress.ip_address(listening.host).is_unspecified:
        return [(listening.host, listening.port)]
    families = [socket.AF_INET, socket.AF_INET6] if listening.host == "::" else [socket.AF_INET]
    routed = [host for family in families if (host := own_address(family)) is not None]
    hosts = [*routed, *(host for family in families for host in interface_addresses(family))]
    return [(host, listening.port) for host in list(dict.fromkeys(hosts))[:_MOST] or ["127.0.0.1"]]


def own_address(family: socket.AddressFamily) -> str | None:
    """Where packets to the rest of the world leave from; None without a way there. Sends nothing."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_ANYWHERE[family], 9))
        host: str = probe.getsockname()[0]
        return None if ipaddress.ip_address(host).is_unspecified else host
    return None


def interface_addresses(family: socket.AddressFamily) -> list[str]:
    """Of all interfaces, without those that nobody else can send to as they stand: loopback, link-local."""
    told = (
        ip.ip if isinstance(ip.ip, str) else ip.ip[0] for each in ifaddr.get_adapters() for ip in each.ips
    )
    known = (ipaddress.ip_address(text) for text in told)
    version = 4 if family == socket.AF_INET else 6
    return [
        str(one) for one in known if one.version == version and not (one.is_loopback or one.is_link_local)
    ]


async def _resolve(text: str, default_port: int) -> list[Candidate]:
    host, own_port = split_host(text)
    port = default_port if own_port is None else own_port
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise ConfigError(
            f"webrtc.advertise: {text!r} has no address ({error.strerror}): write a public IP address or "
            "a name that DNS knows"
        ) from error
    ordered = sorted(found, key=lambda one: one[0] != socket.AF_INET)
    return [(str(sockaddr[0]), port) for *_, sockaddr in ordered]
