"""The configuration: sections named after the rooms, every fault at once with its key and the mend."""

import contextlib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, cast
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from edge.config_faults import explain
from edge.config_section import Section, secrets
from edge.config_vod import VodConfig
from edge.errors import ConfigError
from edge.units import BitRate, Seconds

ENVIRONMENT_PREFIX = "EDGE_"
STREAM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Address(NamedTuple):
    """A host (an IP address or "localhost") and a port to listen on."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "127.0.0.1:8080" or "[::1]:8080". ValueError names the mend."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
            raise ValueError('write address:port, like "0.0.0.0:8080" or "[::]:8080"')
        if host != "localhost":
            ipaddress.ip_address(host)
        return cls("127.0.0.1" if host == "localhost" else host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback


def split_host(text: str) -> tuple[str, int | None]:
    """Of "host", "host:port", "[::1]", "[::1]:port": what is told to publishers."""
    if text.startswith("[") or text.count(":") == 1:
        host, _, port = text.rpartition(":")
        if port.isascii() and port.isdecimal():
            return host.strip("[]"), int(port)
    return text.strip("[]"), None


class ServerConfig(Section):
    listen: str = "127.0.0.1:8080"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    drain: Seconds = Field(default="10s", ge=0, le=600)  # type: ignore[assignment]
    state_dir: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    access_log: float = Field(default=0.0, ge=0, le=1)

    _listens = field_validator("listen")(lambda text: str(Address.parse(text)))

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                _ = text == "unix:" or ipaddress.ip_network(text)
            except ValueError as error:
                raise ValueError(
                    f'{text!r} is no address or network: write "10.0.0.1", "10.0.0.0/8" or "unix:" ({error})'
                ) from error
        return texts

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: name both or none")
        return self

    @property
    def address(self) -> Address:
        return Address.parse(self.listen)


class IceServer(Section):
    urls: str = Field(pattern=r"^(stun|turn|turns):[^<>\s,;]+$")
    username: str | None = None
    credential: str | None = None


class WebrtcConfig(Section):
    listen: str = ""
    advertise: tuple[str, ...] = ()
    max_bitrate: BitRate = Field(default="8Mbit", gt=0)  # type: ignore[assignment]
    max_sessions: int = Field(default=200, ge=1)
    ice_servers: tuple[IceServer, ...] = ()

    @field_validator("listen")
    @classmethod
    def _listens(cls, text: str) -> str:
        return text and str(Address.parse(text))

    @field_validator("advertise")
    @classmethod
    def _can_be_sent_to(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Names are looked up when the server begins."""
        for text in texts:
            host, port = split_host(text)
            with contextlib.suppress(ValueError):
                address = ipaddress.ip_address(host)
                needs_zone = address.version == 6 and address.is_link_local
                if address.is_unspecified or address.is_multicast or needs_zone:
                    host = ""
            if not host or not (port is None or 0 < port < 65_536):
                raise ValueError(
                    f"{text!r}: nobody can send there: write a public address or name, "
                    'with a port where it is another one, like "203.0.113.7:4000"'
                )
        return texts


class HlsConfig(Section):
    part_target: Seconds = Field(default="250ms", ge=0.1, le=2)  # type: ignore[assignment]
    segment_target: Seconds = Field(default="2s", ge=1, le=10)  # type: ignore[assignment]
    window: Seconds = Field(default="60s", ge=6, le=3600)  # type: ignore[assignment]
    part_hold_back: Seconds | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.segment_target < 2 * self.part_target:
            raise ValueError(
                "segment_target must be at least twice part_target: raise it or shorten the parts"
            )
        if self.part_hold_back is not None and self.part_hold_back < 3 * self.part_target:
            raise ValueError("part_hold_back must be at least three times part_target (Apple's rule 14.3)")
        return self


class LiveConfig(Section):
    reconnect_window: Seconds = Field(default="30s", ge=0, le=3600)  # type: ignore[assignment]
    takeover: bool = False
    max_publications: int = Field(default=200, ge=1)
    max_waiters: int = Field(default=20_000, ge=1)


class AudioConfig(Section):
    codec: Literal["aac", "opus"] = "aac"
    bitrate: BitRate = Field(default="128kbit", ge=32_000, le=512_000)  # type: ignore[assignment]


Keys = tuple[str, ...]
Policy = Literal["open", "tokens", "webhook"] | Keys


class AuthConfig(Section):
    publish: Policy | None = None
    play: Policy = "open"
    admin: str | Keys | None = None
    metrics: Literal["open", "admin"] = "open"
    token_secrets: Keys = ()
    token_public_keys: tuple[Path, ...] = ()
    token_audience: str | None = None
    jwks_url: str | None = Field(default=None, pattern=r"^https?://")
    jwks_refresh: Seconds = Field(default="5m", ge=1, le=86_400)  # type: ignore[assignment]
    revoked: Keys = ()
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    webhook_secret: str | None = Field(default=None, min_length=16)
    webhook_timeout: Seconds = Field(default="2s", ge=0.05, le=30)  # type: ignore[assignment]
    webhook_cache: Seconds = Field(default="10s", ge=0, le=3600)  # type: ignore[assignment]
    webhook_fail: Literal["closed", "open"] = "closed"

    _read = field_validator("publish", "play", "admin", "token_secrets", "webhook_secret", mode="before")(
        secrets
    )

    @field_validator("jwks_url", "webhook_url")
    @classmethod
    def _are_addresses(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")  # ValueError: its port, its brackets
        if not parts.hostname or parts.port == 0:
            raise ValueError('write an address, like "https://auth.example.net/edge"')
        return url

    @field_validator("publish", "play", "admin")
    @classmethod
    def _keys_are_long(cls, keys: object) -> object:
        if isinstance(keys, str) and keys in {"open", "tokens", "webhook"}:
            return keys
        listed = (keys,) if isinstance(keys, str) else keys
        if isinstance(listed, tuple) and (not listed or any(len(key) < 8 for key in listed)):
            raise ValueError('list keys of 8 characters or more, or write "open", "tokens" or "webhook"')
        return keys

    @field_validator("token_secrets")
    @classmethod
    def _secrets_are_long(cls, given: Keys) -> Keys:
        if any(len(each.encode()) < 32 for each in given):
            raise ValueError("a secret has 32 octets or more (RFC 7518, 3.2): `openssl rand -hex 32`")
        return given

    @model_validator(mode="after")
    def _what_is_used_is_there(self) -> Self:
        used = {self.publish, self.play, self.admin}
        faults = []
        if self.admin == "open":
            faults.append('admin cannot be "open": everybody could end streams; list keys')
        if "tokens" in used and not (self.token_secrets or self.token_public_keys or self.jwks_url):
            faults.append("tokens need token_secrets, token_public_keys or jwks_url to be verified with")
        if "webhook" in used and not (self.webhook_url and self.webhook_secret):
            faults.append("a webhook needs webhook_url and webhook_secret")
        if faults:
            raise ValueError("\n".join(faults))
        return self


class LimitsConfig(Section):
    connections: int = Field(default=50_000, ge=1)
    connections_per_address: int = Field(default=2_000, ge=1)
    waiters_per_address: int = Field(default=2_000, ge=1)
    publishers_per_address: int = Field(default=50, ge=1)
    ingest_bitrate: BitRate = Field(default="0bit")  # type: ignore[assignment]
    ingest_bitrate_per_address: BitRate = Field(default="0bit")  # type: ignore[assignment]
    requests: int = Field(default=0, ge=0)
    requests_per_address: int = Field(default=0, ge=0)
    slow_head: Seconds = Field(default="10s", ge=1, le=600)  # type: ignore[assignment]
    idle: Seconds = Field(default="75s", ge=1, le=86_400)  # type: ignore[assignment]
    slow_reader: Seconds = Field(default="20s", ge=1, le=600)  # type: ignore[assignment]
    overload_lag: Seconds = Field(default="150ms", ge=0.01, le=10)  # type: ignore[assignment]
    turn_away_lag: Seconds = Field(default="50ms", ge=0, le=10)  # type: ignore[assignment]


class Config(Section):
    """The whole configuration, checked. Durations are seconds, sizes octets, rates bits a second."""

    server: ServerConfig = ServerConfig()
    webrtc: WebrtcConfig = WebrtcConfig()
    hls: HlsConfig = HlsConfig()
    live: LiveConfig = LiveConfig()
    audio: AudioConfig = AudioConfig()
    vod: VodConfig = VodConfig()
    auth: AuthConfig = AuthConfig()
    limits: LimitsConfig = LimitsConfig()

    @model_validator(mode="after")
    def _open_publishing_is_written_out(self) -> Self:
        if fault := _unguarded(self.server, self.auth):
            raise ValueError(fault)
        return self

    @property
    def webrtc_address(self) -> Address:
        """Where media arrives: `webrtc.listen`, or the same number as `server.listen`."""
        return Address.parse(self.webrtc.listen) if self.webrtc.listen else self.server.address


def _unguarded(server: ServerConfig, auth: AuthConfig) -> str | None:
    if auth.publish is not None or server.address.is_loopback:
        return None
    return (
        f"server.listen {server.listen} is reachable from outside and anyone could publish: "
        'set auth.publish to a list of keys, or write auth.publish = "open"'
    )


def load(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    overrides: Iterable[str] = (),
) -> Config:
    """Read the file, then EDGE_SECTION__KEY, then `section.key=value`; ConfigError lists every fault."""
    faults: list[str] = []
    tree = _read(path) if path else {}
    from_environment = _from_environment(environment)
    settings = [*from_environment, *((text, text) for text in overrides)]
    for place, text in settings:
        _override(tree, place, text, faults)
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        named = {text.partition("=")[0]: name for name, text in from_environment}
        named.update((text.partition("=")[0].strip(), "--set") for text in overrides)
        faults.extend(explain(error, path, named, Config))
        faults.extend(_across(tree, faults, path))
    if faults:
        raise ConfigError("\n".join(faults))
    return config


def healthy(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    overrides: Iterable[str] = (),
) -> Config:
    """The sections that `load` finds no fault in, others as if they were not there: to look at what they
    name. ConfigError where nothing can be read.
    """
    tree = _read(path) if path else {}
    for place, text in [*_from_environment(environment), *((text, text) for text in overrides)]:
        _override(tree, place, text, [])
    sections: dict[str, Any] = {}
    for name, field in Config.model_fields.items():
        with contextlib.suppress(ValidationError):
            sections[name] = cast(type[Section], field.annotation).model_validate(tree.get(name, {}))
    return Config.model_construct(None, **sections)


def _across(tree: Mapping[str, Any], told: Sequence[str], path: Path | None) -> Iterable[str]:
    """What the whole would be told of if each section were well by itself."""
    try:
        server = ServerConfig.model_validate(tree.get("server", {}))
        auth = AuthConfig.model_validate(tree.get("auth", {}))
    except ValidationError:
        return
    fault = _unguarded(server, auth)
    if fault and not any(fault in each for each in told):
        yield f"{path}: {fault}" if path else fault


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}): name a file that is there with -c"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, value in sorted(environment.items()):
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and separator:
            found.append((name, f"{section.lower()}.{key.lower()}={value}"))
    return found


def _override(tree: dict[str, Any], place: str, text: str, faults: list[str]) -> None:
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        faults.append(f"{place}: write section.key=value")
        return
    table = tree.setdefault(section, {})
    if isinstance(table, dict):
        table[key] = _value(value.strip())


def _value(text: str) -> object:
    """A TOML value where it is one, else the text itself: `hls.window=30s` needs no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
