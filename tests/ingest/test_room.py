"""Who may come beside those that are here."""

from dataclasses import dataclass

import pytest

from edge.config import Config
from edge.errors import Overloaded, TooManyRequests
from edge.ingest.room import MOST_PENDING, check_room


@dataclass
class Here:
    client: str
    bitrate: float = 0.0
    is_connected: bool = True


def limited(**limits: object) -> Config:
    return Config.model_validate({"limits": limits})


def test_without_limits_bits_do_not_count():
    check_room(Config(), [Here("192.0.2.1", 1e12)] * 49, "192.0.2.1")


def test_bits_in_all_whoever_sends_them():
    """At the limit is full."""
    config, here = limited(ingest_bitrate="10Mbit"), [Here("192.0.2.1", 4e6), Here("127.0.0.1", 5.9e6)]
    check_room(config, here, "192.0.2.9")
    here[0].bitrate = 4.1e6
    for client in ("192.0.2.9", "192.0.2.1", "127.0.0.1"):
        with pytest.raises(Overloaded, match=r"10\.0 Mbit/s .* limits\.ingest_bitrate\)") as refused:
            check_room(config, here, client)
        assert refused.value.retry_after_s == 5
    here[1].bitrate = 1e6
    check_room(config, here, "192.0.2.9")


def test_bits_of_an_address():
    """Of IPv6: of a /64. Programs on this machine are not one publisher's."""
    config = limited(ingest_bitrate_per_address="10Mbit")
    here = [Here(f"2001:db8::{host}", 5e6) for host in (1, 2)] + [Here("127.0.0.1", 2e7)]
    with pytest.raises(Overloaded, match=r"Your address .* limits\.ingest_bitrate_per_address\)") as refused:
        check_room(config, here, "2001:db8::3")
    assert refused.value.retry_after_s == 5
    check_room(config, here, "2001:db8:0:1::1")
    check_room(config, here, "127.0.0.1")
    check_room(config, here[1:], "2001:db8::3")


def test_publishers_in_all_and_of_an_address():
    config = Config.model_validate({"webrtc": {"max_sessions": 3}, "limits": {"publishers_per_address": 2}})
    here = [Here("192.0.2.1"), Here("192.0.2.1")]
    check_room(config, here, "192.0.2.2")
    with pytest.raises(Overloaded, match="publishers_per_address"):
        check_room(config, here, "192.0.2.1")
    with pytest.raises(Overloaded, match="max_sessions"):
        check_room(config, [*here, Here("192.0.2.2")], "192.0.2.3")


def test_who_is_not_connected_yet():
    here = [Here("192.0.2.1", is_connected=False)] * MOST_PENDING
    with pytest.raises(TooManyRequests):
        check_room(Config(), here, "192.0.2.1")
    check_room(Config(), here[1:], "192.0.2.1")
    check_room(Config(), here, "192.0.2.2")
