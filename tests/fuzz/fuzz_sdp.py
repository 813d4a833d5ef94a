"""Offers: any bytes give an answer that is short enough and well-formed, or our own error."""

import contextlib
from pathlib import Path

from edge.errors import PublishError
from edge.ingest.sdp import answer, negotiate, parse_offer

SEEDS = [
    path.read_bytes().replace(b"\n", b"\r\n")
    for path in sorted(Path(__file__).parents[1].joinpath("ingest/offers").glob("*.sdp"))
]


def target(data: bytes) -> None:
    with contextlib.suppress(PublishError):
        negotiated = negotiate(parse_offer(data))
        text = answer(
            negotiated,
            ufrag="ufrag",
            pwd="password",
            fingerprint="AB:CD",
            candidates=[("198.51.100.7", 8080)],
            session_id=1,
        )
        assert len(text) < 8192
        assert text.startswith("v=0\r\n")
        assert all(line.isprintable() for line in text.split("\r\n"))
        assert len(parse_offer(text).sections) == len(negotiated.sections)
