"""The section `vod`: origins, and the disk cache in front of them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from edge.config_section import Section, secret
from edge.units import Bytes, Seconds

SMALLEST_BLOCK = 65_536
LARGEST_BLOCK = 16 * 1024 * 1024


class OriginConfig(Section):
    """`name`: in logs and metrics, and in the identity of blocks on disk. Left out: made of where it is."""

    prefix: str = Field(default="/", pattern=r"^/([^/]+(/[^/]+)*)?$")
    name: str | None = Field(default=None, pattern=r"^[\x21-\x7e]{1,64}$")

    @field_validator("prefix")
    @classmethod
    def _can_be_asked_for(cls, prefix: str) -> str:
        if {".", ".."} & set(prefix.split("/")) or prefix.startswith("/~"):
            raise ValueError("nobody can ask for it: no dot segments, and no ~ first (a token has that)")
        return prefix


class FileOriginConfig(OriginConfig):
    kind: Literal["file"] = "file"
    root: Path = Path("media")
    cached: bool = False

    @property
    def label(self) -> str:
        return self.name or f"file:{self.root}"


class _FarOriginConfig(OriginConfig):
    cached: bool = True
    connect_timeout: Seconds = Field(default="5s", ge=0.05, le=60)  # type: ignore[assignment]
    timeout: Seconds = Field(default="10s", ge=0.05, le=300)  # type: ignore[assignment]
    slowest: Bytes = Field(default="16KiB", ge=0)  # type: ignore[assignment]
    tries: int = Field(default=3, ge=1, le=10)
    connections: int = Field(default=1024, ge=1)


class HttpOriginConfig(_FarOriginConfig):
    kind: Literal["http"]
    mirrors: tuple[str, ...] = Field(min_length=1)
    allow: tuple[str, ...] = ()

    @field_validator("mirrors")
    @classmethod
    def _are_addresses(cls, mirrors: tuple[str, ...]) -> tuple[str, ...]:
        for mirror in mirrors:
            parts = urlsplit(mirror)  # ValueError: its port, its brackets
            plain = not (parts.username or parts.password or parts.query or parts.fragment)
            plain = plain and not any(map(str.isspace, mirror))
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or not plain:
                raise ValueError('write base addresses, like "https://origin.example.net/videos"')
        return mirrors

    @field_validator("allow")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if any(not host or "/" in host or "@" in host for host in hosts):
            raise ValueError('write hosts, like "cdn.example.net" or "cdn.example.net:8443"')
        return hosts

    @property
    def label(self) -> str:
        return self.name or f"http:{self.mirrors[0]}"


class S3OriginConfig(_FarOriginConfig):
    kind: Literal["s3"]
    bucket: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/\s@]+(/[^\s@?#]*)?$")
    region: str = "us-east-1"
    folder: str = ""
    access_key: str | None = None
    secret_key: str | None = None

    _read = field_validator("access_key", "secret_key", mode="before")(
        lambda value: secret(value) if isinstance(value, str) else value
    )

    @model_validator(mode="after")
    def _keys_are_whole(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError(
                "access_key and secret_key belong together: name both, or none and they are looked for where "
                "AWS's tools look"
            )
        return self

    @property
    def label(self) -> str:
        return self.name or f"s3:{self.bucket}/{self.folder}"


def _kind(value: object) -> str | None:
    kind = value.get("kind", "file") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return kind if kind in {"file", "http", "s3"} else None


AnyOrigin = Annotated[
    Annotated[FileOriginConfig, Tag("file")]
    | Annotated[HttpOriginConfig, Tag("http")]
    | Annotated[S3OriginConfig, Tag("s3")],
    Discriminator(
        _kind,
        custom_error_type="kind",
        custom_error_message='kind: write "file", "http" or "s3"',
    ),
]


class VodConfig(Section):
    origins: tuple[AnyOrigin, ...] = (FileOriginConfig(),)
    max_age: Seconds = Field(default="60s", ge=0, le=31_536_000)  # type: ignore[assignment]
    cache_dir: Path | None = None
    capacity: Bytes = Field(default="10GiB", ge=1024 * 1024)  # type: ignore[assignment]
    block_size: Bytes = Field(default="1MiB", ge=SMALLEST_BLOCK, le=LARGEST_BLOCK)  # type: ignore[assignment]
    head_quota: Bytes = Field(default="1GiB", ge=0)  # type: ignore[assignment]
    policy: Literal["lru", "s3-fifo"] = "lru"
    read_ahead: int = Field(default=2, ge=0, le=16)
    fills: int = Field(default=64, ge=1, le=4096)
    fill_wait: Seconds = Field(default="10s", ge=0, le=300)  # type: ignore[assignment]
    fresh: Seconds = Field(default="10s", ge=0, le=31_536_000)  # type: ignore[assignment]
    missing: Seconds = Field(default="2s", ge=0, le=3600)  # type: ignore[assignment]
    stale_while_revalidate: Seconds = Field(default="0s", ge=0, le=31_536_000)  # type: ignore[assignment]
    stale_if_error: Seconds = Field(default="1h", ge=0, le=31_536_000)  # type: ignore[assignment]

    @field_validator("cache_dir")
    @classmethod
    def _is_a_path(cls, folder: Path | None) -> Path | None:
        text = "" if folder is None else str(folder)
        if text in {".", "..", "/"} or text.startswith("~") or "\0" in text:
            raise ValueError(
                'write the whole path of a folder of its own, like "/var/cache/edge" (~ means nothing here)'
            )
        return folder

    @field_validator("origins")
    @classmethod
    def _prefixes_differ(cls, origins: tuple[AnyOrigin, ...]) -> tuple[AnyOrigin, ...]:
        prefixes = [origin.prefix for origin in origins]
        if len(set(prefixes)) < len(prefixes):
            raise ValueError("two origins have the same prefix: which of both would be meant?")
        return origins

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.head_quota > self.capacity and "head_quota" in self.model_fields_set:
            raise ValueError("head_quota is a part of capacity: lower it, or raise capacity")
        if self.capacity < 4 * self.block_size:
            raise ValueError("capacity holds four blocks at least: raise it, or lower block_size")
        return self

    @model_validator(mode="after")
    def _cache_is_apart(self) -> Self:
        """Without a look at the disk: links are the operator's."""
        cache = Path(os.path.abspath(self.cache_folder))  # noqa: PTH100  resolve() looks
        for number, origin in enumerate(self.origins if self.is_cached else ()):
            root = Path(os.path.abspath(origin.root)) if isinstance(origin, FileOriginConfig) else None  # noqa: PTH100
            if root is not None and (cache.is_relative_to(root) or root.is_relative_to(cache)):
                raise ValueError(
                    f"cache_dir ({cache}) and origins.{number}.root ({root}) lie one in the other, and "
                    "blocks would be assets: give the cache a folder of its own"
                )
        return self

    @property
    def cache_folder(self) -> Path:
        """`cache_dir`, or `vod` below the service manager's cache folder, the user's, or ~/.cache."""
        if self.cache_dir is not None:
            return self.cache_dir
        if given := os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]:
            return Path(given, "vod")
        user = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(user) if user.startswith("/") else Path.home() / ".cache") / "edge" / "vod"

    @property
    def is_cached(self) -> bool:
        """Whether any origin has the disk cache in front of it."""
        return any(origin.cached for origin in self.origins)

    def hidden(self, dumped: dict[str, Any]) -> None:
        """Takes the secrets out of what `model_dump` gave."""
        for origin in dumped["origins"]:
            for key in {"access_key", "secret_key"} & set(origin):
                origin[key] = origin[key] and "(hidden)"
