"""What the methods of a WHIP resource give back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Created:
    """A session was made (201). `etag` is an entity-tag with its quotes, `session_id` is of [A-Za-z0-9_-]."""

    session_id: str
    answer: str
    etag: str


@dataclass(frozen=True, slots=True)
class Patched:
    """A fragment was taken: 204 for candidates, without body and etag; 200 for a restart, with both."""

    status: int = 204
    body: str | None = None
    etag: str | None = None
