"""The lite side of ICE (RFC 8445, 2.5): it answers connectivity checks and remembers where they came from."""

import base64
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Literal, Self, TypeVar

from edge.ingest.stun import (
    BINDING_REQUEST,
    ROLE_CONFLICT,
    UNKNOWN_ATTRIBUTE,
    StunMessage,
    binding_error,
    binding_success,
)

MOST_PATHS = 8
"""Validated paths a session remembers; a laptop with three networks and two address families has six."""

_CHECKS_PER_SECOND = 100.0
_MOST_CHECKS_AT_ONCE = 200.0
_REMEMBERED_TRANSACTIONS = 64

Path = TypeVar("Path", bound=Hashable)

Refusal = Literal["unauthentic_check", "too_many_checks"]


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """ice-ufrag and ice-pwd (RFC 8839, 5.4), both of ice-char."""

    ufrag: str
    password: str

    @classmethod
    def generate(cls) -> Self:
        """8 and 32 characters from the system's source of randomness: 48 and 192 bits (RFC 8445, 5.3)."""
        ufrag, password = (base64.b64encode(secrets.token_bytes(size)).decode() for size in (6, 24))
        return cls(ufrag, password)


@dataclass(frozen=True, slots=True)
class Check(Generic[Path]):
    """What became of a connectivity check.

    `reply` goes back where the check came from. `is_valid`: the path is validated from now on.
    `retired_ufrag`: our old credentials ended with this check (a restart is complete). An `evicted` path is
    not validated any more. `refused`: it was not answered, for this reason.
    """

    reply: bytes | None = None
    is_valid: bool = False
    retired_ufrag: str | None = None
    evicted: Path | None = None
    refused: Refusal | None = None


@dataclass(slots=True)
class _Generation:
    """One pair of credentials: ours, and the peer's ufrag."""

    local: IceCredentials
    username: bytes
    password: bytes

    @classmethod
    def of(cls, local: IceCredentials, remote_ufrag: str) -> Self:
        return cls(local, f"{local.ufrag}:{remote_ufrag}".encode(), local.password.encode())


class IceLite(Generic[Path]):
    """The ICE state of one session. A path is whatever the caller can send to; equal paths are the same path.

    A check counts only with the right USERNAME and MESSAGE-INTEGRITY; whatever else comes is not answered, so
    that a stranger learns nothing and nobody is hit by our answers. PRIORITY and ICE-CONTROLLING are not
    asked for: FFmpeg 8.0 sends neither, and a lite agent has no use for them.
    """

    def __init__(self, local: IceCredentials, remote_ufrag: str) -> None:
        self.selected: Path | None = None
        self._generation = _Generation.of(local, remote_ufrag)
        self._next: _Generation | None = None
        self._paths: OrderedDict[Path, None] = OrderedDict()
        self._transactions: OrderedDict[bytes, Path] = OrderedDict()
        self._is_nominated = False
        self._allowance = _MOST_CHECKS_AT_ONCE
        self._allowance_at = 0.0

    @property
    def local(self) -> IceCredentials:
        """The newest credentials of ours: those that an answer tells."""
        return (self._next or self._generation).local

    @property
    def ufrags(self) -> tuple[str, ...]:
        """All our ufrags that are good for a check now."""
        both = (self._generation, self._next)
        return tuple(one.local.ufrag for one in both if one)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All validated paths."""
        return tuple(self._paths)

    def restart(self, local: IceCredentials, remote_ufrag: str) -> str | None:
        """New credentials on both sides (RFC 8445, 9); the old ones stay good until a check uses the new.

        Returns our ufrag of an earlier restart that was never used and is void now.
        """
        void = self._next.local.ufrag if self._next else None
        self._next = _Generation.of(local, remote_ufrag)
        return void

    def check(self, message: StunMessage, path: Path, source: tuple[str, int], now: float) -> Check[Path]:
        """Judge a Binding request (RFC 8445, 7.3) that came over `path` from `source`."""
        if not self._may_check(now):
            return Check(refused="too_many_checks")
        generation = self._authentic(message, path)
        if generation is None:
            return Check(refused="unauthentic_check")
        if message.unknown:
            error = (UNKNOWN_ATTRIBUTE, generation.password, message.unknown)
            return Check(reply=binding_error(message.transaction_id, *error))
        if message.is_controlled:  # a lite agent never controls (RFC 8445, 6.1.1)
            return Check(reply=binding_error(message.transaction_id, ROLE_CONFLICT, generation.password))
        retired = self._promote(generation)
        return Check(
            reply=binding_success(message.transaction_id, source, generation.password),
            is_valid=True,
            retired_ufrag=retired,
            evicted=self._validated(path, is_nominated=message.use_candidate),
        )

    def _authentic(self, message: StunMessage, path: Path) -> _Generation | None:
        if message.kind != BINDING_REQUEST:
            return None
        for generation in (self._generation, self._next):
            if generation and message.username == generation.username:
                good = message.has_integrity(generation.password)
                return generation if good and self._is_fresh(message.transaction_id, path) else None
        return None

    def _may_check(self, now: float) -> bool:
        """A bucket of tokens: an HMAC costs more than a packet of media, so strangers get only so many."""
        refill = (now - self._allowance_at) * _CHECKS_PER_SECOND
        self._allowance_at = now
        self._allowance = min(_MOST_CHECKS_AT_ONCE, self._allowance + max(0.0, refill))
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _is_fresh(self, transaction_id: bytes, path: Path) -> bool:
        """A check is sent again on its own path only: one that was overheard must not move the session."""
        known = self._transactions.setdefault(transaction_id, path)
        if len(self._transactions) > _REMEMBERED_TRANSACTIONS:
            self._transactions.popitem(last=False)
        return known == path

    def _promote(self, generation: _Generation) -> str | None:
        if generation is self._generation:
            return None
        retired = self._generation.local.ufrag
        self._generation, self._next = generation, None
        self._is_nominated = False
        return retired

    def _validated(self, path: Path, *, is_nominated: bool) -> Path | None:
        """Remember the path, send over it if it is nominated or if none is; gives the path that had to go."""
        self._paths[path] = None
        self._paths.move_to_end(path)
        if is_nominated or not self._is_nominated:
            self.selected = path
            self._is_nominated = self._is_nominated or is_nominated
        if len(self._paths) <= MOST_PATHS:
            return None
        oldest = next(one for one in self._paths if one != self.selected)
        del self._paths[oldest]
        return oldest
