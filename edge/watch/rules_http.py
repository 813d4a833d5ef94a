"""Checks of one answer as HTTP: status, types, compression, CORS, cache lifetimes."""

import math
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from edge.watch.exchange import Exchange
from edge.watch.findings import Finding, advice

PLAYLIST_TYPES = ("application/vnd.apple.mpegurl", "audio/mpegurl", "application/x-mpegurl")
MEDIA_TYPES = (
    "video/mp4",
    "video/iso.segment",
    "audio/mp4",
    "application/mp4",
    "video/mp2t",
    "audio/aac",
    "audio/mpeg",
)
ORIGIN = "https://edge-watch.invalid"
"""What requests are said to come from, so that CORS headers are sent."""
_DRIBBLE = 0.5
"""A part whose body takes more than this share of its duration to arrive was not sent as a whole."""


def content_type(exchange: Exchange) -> Iterator[Finding]:
    """LL 1, 77: playlists and media say what they are."""
    given = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not exchange.ok or exchange.kind == "probe":
        return
    if exchange.kind in {"playlist", "multivariant"}:
        known_path = urlsplit(exchange.url).path.endswith((".m3u8", ".m3u"))
        if given not in PLAYLIST_TYPES and not known_path:
            yield Finding(
                "LL 1", "playlist-unknown", f"neither the path nor Content-Type ({given}) says playlist"
            )
        elif given not in PLAYLIST_TYPES:
            yield Finding("LL 77", "playlist-type", f'the playlist has Content-Type "{given}"')
    elif given not in MEDIA_TYPES:
        yield Finding("LL 77", "media-type", f'the {exchange.kind} has Content-Type "{given}"')


def cors(exchange: Exchange) -> Iterator[Finding]:
    """LL 77: pages from elsewhere may read it."""
    allowed = exchange.headers.get("access-control-allow-origin")
    if exchange.ok and allowed not in {"*", ORIGIN}:
        sentence = (
            f"Access-Control-Allow-Origin is {allowed or 'missing'}: players in browsers cannot read it"
        )
        yield Finding("LL 77", "cors", sentence)


def compression(exchange: Exchange) -> Iterator[Finding]:
    """LL 72: a playlist comes gzipped to who accepts that, and says that it varies."""
    if not exchange.ok or exchange.kind not in {"playlist", "multivariant"}:
        return
    if exchange.encoding != "gzip":
        yield Finding("LL 72", "gzip", "gzip was accepted, but the playlist came without it")
    vary = exchange.headers.get("vary", "").lower()
    if "accept-encoding" not in vary and vary.strip() != "*":
        yield Finding("LL 72", "vary", "the playlist comes without Vary: Accept-Encoding")


def redirects(exchange: Exchange) -> Iterator[Finding]:
    """LL 75: media is not redirected."""
    if exchange.redirected and exchange.kind in {"init", "part", "segment"}:
        yield Finding("LL 75", "media-redirect", f"the {exchange.kind} was redirected")


def availability(exchange: Exchange) -> Iterator[Finding]:
    """LL 12: what is listed can be loaded. (Hints are judged when the next playlist has come.)"""
    if exchange.ok or exchange.hinted or exchange.kind not in {"init", "part", "segment"}:
        return
    name = urlsplit(exchange.url).path.rpartition("/")[2]
    yield Finding("LL 12", "media-missing", f"{name} is listed and answered {exchange.status}")


def byte_range_status(exchange: Exchange, *, ranged: bool) -> Iterator[Finding]:
    """LL 47: a range is answered with 206."""
    if ranged and exchange.status == 200:
        yield Finding("LL 47", "range-ignored", "a byte range was asked for and answered 200")


def cache_lifetime(exchange: Exchange, target_duration: int, *, came: bool = True) -> Iterator[Finding]:
    """LL 73: how long caches may keep it; `target_duration` in seconds.

    `came`: whether a playlist has what was waited for; one that has not (the stream stalls) must not be kept
    for others.
    """
    if exchange.kind in {"probe", "multivariant"}:
        return
    age = exchange.max_age()
    if not exchange.ok:
        if age is not None and age > 4 * target_duration:
            yield Finding(
                "LL 73", "error-cached", f"an answer of {exchange.status} may be cached for {age} s"
            )
        return
    if not came:
        if age is not None and age > target_duration:
            sentence = f"a playlist without what was waited for may be cached for {age} s"
            yield Finding("LL 73", "unchanged-cached", sentence)
        return
    name = urlsplit(exchange.url).path.rpartition("/")[2]
    if age is None:
        yield Finding(
            "LL 73", "no-lifetime", f"{name} ({exchange.kind}) comes without Cache-Control: max-age"
        )
    elif exchange.kind == "playlist" and exchange.asked.msn is None:
        if age > max(1, math.ceil(target_duration / 2)):
            sentence = f"the plain playlist may be cached for {age} s, half a target duration is right"
            yield Finding("LL 73", "playlist-cached-long", sentence)
    elif age < 6 * target_duration:
        sentence = (
            f"the {exchange.kind} may be cached for {age} s, six target durations are {6 * target_duration} s"
        )
        yield Finding("LL 73", f"{exchange.kind}-cached-short", sentence)


def whole_parts(exchange: Exchange, duration_s: float, least_s: float) -> Iterator[Finding]:
    """LL 25: no octet of a part before the whole of it can go. `least_s`: what a body of its size takes on
    this path.
    """
    spread = exchange.done_at - exchange.first_at
    if exchange.ok and exchange.kind == "part" and spread > max(_DRIBBLE * duration_s, 4 * least_s):
        sentence = f"the octets of a part of {duration_s:g} s came over {spread:.2f} s"
        yield Finding("LL 25", "part-dribbles", sentence)


def exposed_headers(exchange: Exchange) -> Iterator[Finding]:
    """LL 77: pages may read Age and Date, which players need to know how old an answer is."""
    exposed = exchange.headers.get("access-control-expose-headers", "").lower()
    if exchange.ok and exchange.kind == "playlist" and "*" not in exposed and "age" not in exposed:
        yield advice("LL 77", "age-hidden", "Access-Control-Expose-Headers does not name Age")


CHECKS: tuple[Callable[[Exchange], Iterator[Finding]], ...] = (
    content_type,
    cors,
    compression,
    redirects,
    availability,
    exposed_headers,
)
