"""The configuration: the shipped file is the documentation, and every fault is told at once."""

import re
import tomllib
from pathlib import Path

import pytest

from edge.config import Address, Config, load
from edge.errors import ConfigError

SHIPPED = Path(__file__).parents[1] / "config" / "edge.toml"


def faults(**arguments: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(**{"environment": {}, **arguments})  # type: ignore[arg-type]
    return caught.value.detail.splitlines()


def test_the_shipped_file_equals_the_defaults() -> None:
    assert load(SHIPPED, environment={}) == Config()


def test_the_shipped_file_names_every_key() -> None:
    text = SHIPPED.read_text()
    uncommented = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))
    named = {f"{section}.{key}" for section, table in uncommented.items() for key in table}
    known = {f"{name}.{key}" for name, section in Config() for key in type(section).model_fields}
    assert named == known


def test_quantities_are_written_with_units() -> None:
    config = load(
        environment={}, overrides=["hls.part_target=200ms", "hls.window=2m", "webrtc.max_bitrate=2.5Mbit"]
    )
    assert (config.hls.part_target, config.hls.window, config.webrtc.max_bitrate) == (0.2, 120.0, 2_500_000)


def test_all_faults_come_at_once_with_key_and_mend(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[hls]\nwindow = 60\nparts = "1s"\n[server]\nlisten = "8080"\n')
    assert faults(path=path) == [
        f'{path}:5: server.listen: write address:port, like "0.0.0.0:8080" or "[::]:8080"',
        f'{path}:2: hls.window: write a number and a unit (us, ms, s, m, min, h, d), like "250ms"',
        f"{path}:3: hls.parts: is not a key we know: see config/edge.toml for all keys",
    ]


def test_off_loopback_open_publishing_is_written_out() -> None:
    (fault,) = faults(overrides=["server.listen=0.0.0.0:8080"])
    assert 'write auth.publish = "open"' in fault
    assert load(environment={}, overrides=["server.listen=0.0.0.0:8080", "auth.publish=open"])
    assert load(environment={}, overrides=["server.listen=[::]:80", 'auth.publish=["12345678"]'])


def test_environment_then_set_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[hls]\nwindow = "10s"\n[server]\nlisten = "127.0.0.1:1"\n')
    environment = {"EDGE_HLS__WINDOW": "20s", "EDGE_SERVER__LISTEN": "127.0.0.1:2", "EDGE_HOME": "elsewhere"}
    config = load(path, environment=environment, overrides=["server.listen=127.0.0.1:3"])
    assert (config.hls.window, config.server.listen) == (20.0, "127.0.0.1:3")


@pytest.mark.parametrize("override", ["nonsense", "hls=1", ".x=1", "hls.=1", "=", "hls.window"])
def test_an_override_that_is_not_one_is_told(override: str) -> None:
    assert faults(overrides=[override])[0] == f"{override}: write section.key=value"


def test_a_missing_or_broken_file_is_told(tmp_path: Path) -> None:
    assert "name a file that is there" in faults(path=tmp_path / "none.toml")[0]
    (tmp_path / "broken.toml").write_bytes(b"\xff[")
    assert "is not TOML" in faults(path=tmp_path / "broken.toml")[0]
    (tmp_path / "scalar.toml").write_text("hls = 1")
    assert faults(path=tmp_path / "scalar.toml", overrides=["hls.window=10s"])


@pytest.mark.parametrize(
    "text", ["", ":", "8080", "host:80", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "[::1:80x"]
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        Address.parse(text)


def test_addresses() -> None:
    assert Address.parse("[::1]:80") == ("::1", 80)
    assert str(Address.parse("[::1]:80")) == "[::1]:80"
    assert Address.parse("localhost:0").is_loopback
    assert not Address.parse("[::]:80").is_loopback


def test_media_arrives_on_the_same_number_unless_told() -> None:
    assert Config().webrtc_address == ("127.0.0.1", 8080)
    assert load(environment={}, overrides=["webrtc.listen=127.0.0.1:9"]).webrtc_address.port == 9


def test_hls_rules_are_kept() -> None:
    assert "three times part_target" in faults(overrides=["hls.part_hold_back=500ms"])[0]
    assert "twice part_target" in faults(overrides=["hls.part_target=1s", "hls.segment_target=1s"])[0]


@pytest.mark.parametrize(
    "text",
    ["", "0.0.0.0", "[::]:4000", "198.51.100.1:0", "198.51.100.1:65536", "224.0.0.1", "fe80::1", ":4000"],
)
def test_publishers_are_told_only_where_they_can_send(text: str) -> None:
    with pytest.raises(ConfigError, match=r"webrtc\.advertise: .*nobody can send there"):
        load(environment={}, overrides=[f"webrtc.advertise=['edge.example.net:4000', '{text}']"])
