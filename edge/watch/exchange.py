"""One request and its answer: the HTTP facts that checks look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge.hls.position import Position

Kind = Literal["multivariant", "playlist", "init", "part", "segment", "probe"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Delivery directives of a playlist request (draft-pantos-hls-rfc8216bis-22 6.2.5). `part` without `msn`
    is a fault.
    """

    msn: int | None = None
    part: int | None = None
    skip: bool = False

    @property
    def query(self) -> str:
        """Sorted as clients must send them (6.3.2), without a question mark."""
        pairs = []
        if self.msn is not None:
            pairs.append(f"_HLS_msn={self.msn}")
        if self.part is not None:
            pairs.append(f"_HLS_part={self.part}")
        if self.skip:
            pairs.append("_HLS_skip=YES")
        return "&".join(pairs)

    @property
    def position(self) -> Position | None:
        """What the answer must contain."""
        return None if self.msn is None or self.part is None else Position(self.msn, self.part)


PLAIN = Asked()


@dataclass(frozen=True, slots=True)
class Exchange:
    """`headers` have lower-case names. Times are monotonic seconds; `first_at` is when the first octet of the
    body came.

    `body` is decoded; `encoding` says what it was ("gzip" or ""). `hinted`: asked for before it was listed.
    """

    url: str
    kind: Kind
    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: float
    first_at: float
    done_at: float
    asked: Asked = PLAIN
    redirected: bool = False
    encoding: str = ""
    hinted: bool = False

    @property
    def took_s(self) -> float:
        return self.done_at - self.sent_at

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def max_age(self) -> int | None:
        """Cache-Control: seconds a shared cache may keep it; 0 for no-store and no-cache, None where nothing
        is said.
        """
        control = self.headers.get("cache-control")
        if control is None:
            return None
        ages: dict[str, int] = {}
        for directive in control.lower().split(","):
            name, _, value = directive.strip().partition("=")
            if name in {"no-store", "no-cache", "private"}:
                return 0
            value = value.strip('"')
            if name in {"max-age", "s-maxage"} and value.isascii() and value.isdigit():
                ages[name] = int(value[:10])
        return ages.get("s-maxage", ages.get("max-age"))
