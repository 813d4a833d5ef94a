"""What is served by byte range: identity, size and validator."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from edge.http.storing import UNSAID, Storing


@dataclass(frozen=True, slots=True)
class Asset:
    """One version of one thing. Two with the same key, origin and strong `etag` are the same octets."""

    key: str
    """The path below `/vod/`, percent-decoded; to an origin, what of it is below the origin's prefix."""
    size: int
    etag: str
    """As the field has it, with its quotes; may be weak (`W/"..."`), and then its pieces are never joined.
    Empty: it has none."""
    modified: datetime | None
    """Aware, UTC."""
    content_type: str
    origin: str = ""
    """The name of the origin that has it."""
    storing: Storing = UNSAID
    """What the origin lets a cache do."""
    cache_status: str = ""
    """What caches on the way to the origin said (Cache-Status), to go before what we say."""

    @property
    def is_strong(self) -> bool:
        """Whether pieces fetched at different times may be joined (RFC 9110, 8.8.1)."""
        return self.etag.startswith('"')


class BlockKey(NamedTuple):
    """An aligned piece of one version of an asset: the octets from `number` times the block size.

    `origin`: the name of the one that it came from; another's asset under the same path is another asset.
    """

    asset: str
    etag: str
    number: int
    origin: str = ""
