"""Everything that fills a publication is a source, and a viewer cannot tell sources apart."""

from typing import Protocol


class Source(Protocol):
    """What a publication may ask of whoever fills it (a WHIP session, later a relay)."""

    def request_key_frame(self) -> None:
        """Ask for a key frame soon; the source limits the rate."""

    def close(self, reason: str) -> None:
        """The publication has no use for this source any more (taken over, ended by an operator)."""
