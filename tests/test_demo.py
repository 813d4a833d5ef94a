"""The demo publisher's command line."""

import asyncio

from edge.config import Address, AuthConfig
from edge.demo import _command, demo_publisher


def test_it_publishes_to_an_address_that_a_client_can_name() -> None:
    assert _command(Address("0.0.0.0", 80), AuthConfig(publish="open"))[-1] == "http://127.0.0.1:80/whip/demo"
    assert _command(Address("::", 80), AuthConfig(publish="open"))[-1] == "http://[::1]:80/whip/demo"
    assert (
        _command(Address("192.0.2.1", 80), AuthConfig(publish="open"))[-1] == "http://192.0.2.1:80/whip/demo"
    )


def test_it_uses_the_first_key() -> None:
    assert _command(Address("127.0.0.1", 80), AuthConfig(publish=("12345678", "abcdefgh")))[-2:] == [
        "--token",
        "12345678",
    ]


async def test_what_it_says_is_in_the_log(caplog, capfd) -> None:
    """Nobody listens there: it tells that, and the log of the server is of one form."""
    caplog.set_level("INFO")
    async with demo_publisher(Address("127.0.0.1", 9), AuthConfig(), wanted=True):
        for _ in range(200):
            if caplog.records:
                break
            await asyncio.sleep(0.1)
    said = [record.line for record in caplog.records if record.message == "demo.said"]
    assert said
    assert capfd.readouterr() == ("", "")


async def test_without_the_flag_nothing_is_started() -> None:
    async with demo_publisher(Address("127.0.0.1", 1), AuthConfig(), wanted=False):
        pass
