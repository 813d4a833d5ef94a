"""What an operator reads of a configuration that cannot be: each fault with its place and its mend."""

import re
from pathlib import Path

import pytest

from edge.config import load
from edge.errors import ConfigError


def faults(text: str, path: Path) -> list[str]:
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(path, environment={})
    return [line.removeprefix(f"{path}:") for line in str(raised.value).splitlines()]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("hls.part_target=3s", "--set: hls.part_target: is to be at most 2s"),
        ("hls.part_target=20ms", "--set: hls.part_target: is to be at least 0.1s"),
        ("limits.connections=0", "--set: limits.connections: is to be at least 1"),
    ],
)
def test_limits_are_told_in_the_unit_that_is_written(setting: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence) + "$"):
        load(environment={}, overrides=[setting])


def test_a_wrong_value_of_the_environment_is_told_by_the_name_of_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text("[hls]\npart_target = '250ms'\nwindow = '1s'\n")
    with pytest.raises(ConfigError) as raised:
        load(path, environment={"EDGE_HLS__PART_TARGET": "3s"})
    assert str(raised.value).splitlines() == [
        "EDGE_HLS__PART_TARGET: hls.part_target: is to be at most 2s",
        f"{path}:3: hls.window: is to be at least 6s",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[auth]\njwks_url = "id.example"\n', "2: auth.jwks_url: write an address that begins with https"),
        ('[auth]\nwebhook_url = "ftp://a"\n', "2: auth.webhook_url: write an address that begins with https"),
        ('[webrtc]\nice_servers = [{urls = "x"}]\n', '2: webrtc.ice_servers.0.urls: write an address, like "stun:'),
        ('[server]\ntrusted_proxies = ["300.1.1.1"]\n', "2: server.trusted_proxies: '300.1.1.1' is no address"),
        ('[auth]\npublish = "hunter2secretkey"\n', "2: auth.publish: list keys of 8 characters or more, or write"),
        ("[auth]\nplay = 7\n", "2: auth.play: list keys of 8 characters or more, or write"),
        ('[auth]\nplay = ["short"]\n', "2: auth.play: list keys of 8 characters or more, or write"),
        ('[auth]\ntoken_secrets = "hunter2"\n', "2: auth.token_secrets: must be a list"),
        ('[auth]\nwebhook_secret = "hunter2"\n', "2: auth.webhook_secret: must have 16 characters or more"),
        ('[auth]\njwks_url = "http://"\n', "2: auth.jwks_url: write an address, like"),
        ('[auth]\njwks_url = "http://[::1"\n', "2: auth.jwks_url: "),
        ('[live]\ntakeover = "perhaps"\n', "2: live.takeover: must be true or false"),
        ('[limits]\nconnections = "many"\n', "2: limits.connections: must be a whole number"),
        ("[limits]\nidle = 3\n", "2: limits.idle: write a number and a unit"),
        ("[limits]\ningest_bitrate = 0\n", "2: limits.ingest_bitrate: write a number and a unit (bit, "),
    ],
)  # fmt: skip
def test_a_shape_is_told_in_words(tmp_path: Path, text: str, sentence: str) -> None:
    (fault,) = faults(text, tmp_path / "edge.toml")
    assert fault.startswith(sentence)
    assert "hunter2" not in fault, "it may be a secret"


def test_who_may_lacks_two_things_and_is_told_of_both(tmp_path: Path) -> None:
    text = '[server]\nlisten = "127.0.0.1:80"\n[auth]\nplay = "tokens"\npublish = "webhook"\n'
    assert faults(text, tmp_path / "edge.toml") == [
        "3: auth: tokens need token_secrets, token_public_keys or jwks_url to be verified with",
        "3: auth: a webhook needs webhook_url and webhook_secret",
    ]


def test_open_publishing_is_told_among_other_faults(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    found = faults('[server]\nlisten = "0.0.0.0:80"\n[hls]\nwindow = 1\n', path)
    assert [fault[:18] for fault in found] == ["4: hls.window: wri", " server.listen 0.0"]


def test_a_section_that_is_none_is_told_by_what_set_it() -> None:
    with pytest.raises(ConfigError) as raised:
        load(environment={"EDGE_NO__SUCH": "1"}, overrides=["other.thing=1"])
    assert [line.partition(" is")[0] for line in str(raised.value).splitlines()] == [
        "EDGE_NO__SUCH: no:",
        "--set: other:",
    ]
