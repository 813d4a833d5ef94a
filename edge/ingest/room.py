"""Whether there is room for one more publisher: in all, and of its address."""

from collections.abc import Collection, Iterable

from edge.config import Config
from edge.errors import Overloaded, TooManyRequests
from edge.http.network import network_of
from edge.ingest.session import WhipSession

MOST_PENDING = 32
"""Sessions of one client address that are not connected yet (RFC 9725, 5)."""

_BITRATE_RETRY_S = 5
"""Longer than it takes to measure who has just come."""


def check_room(config: Config, live: Collection[WhipSession], client: str) -> None:
    """Overloaded (503) names the key whose limit is reached; TooManyRequests (429). This machine is limited
    in all only. `live`: who publishes and stays.
    """
    limits, most = config.limits, config.webrtc.max_sessions
    if len(live) >= most:
        raise Overloaded(
            f"This server has {most} publishers, its limit (the operator's key: webrtc.max_sessions)",
            retry_after_s=30,
        )
    _check_bitrate(live, limits.ingest_bitrate, "This server takes", "ingest_bitrate")
    network = network_of(client)
    theirs = [one for one in live if network_of(one.client) == network]
    if network is not None:
        most = limits.publishers_per_address
        if len(theirs) >= most:
            raise Overloaded(
                f"Your address has {most} publishers here, as many as it may "
                "(the operator's key: limits.publishers_per_address)",
                retry_after_s=30,
            )
        most = limits.ingest_bitrate_per_address
        _check_bitrate(theirs, most, "Your address sends", "ingest_bitrate_per_address")
    pending = sum(not one.is_connected for one in theirs)
    if pending >= MOST_PENDING:
        raise TooManyRequests(
            f"{pending} sessions of this address are not connected yet: let them connect first",
            retry_after_s=5,
        )


def _check_bitrate(live: Iterable[WhipSession], limit: int, who: str, key: str) -> None:
    """`limit`: of the sum, in bit/s; 0: none."""
    if limit and (bitrate := sum(one.bitrate for one in live)) >= limit:
        raise Overloaded(
            f"{who} {bitrate / 1e6:.1f} Mbit/s of publishers, where {limit / 1e6:.1f} are allowed "
            f"(the operator's key: limits.{key})",
            retry_after_s=_BITRATE_RETRY_S,
        )
