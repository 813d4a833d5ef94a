"""Exchanges for tests: right in every respect, but for what is given."""

from edge.watch.exchange import Exchange

PLAYLIST = {
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": "max-age=1",
    "vary": "Accept-Encoding",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Age",
}
MEDIA = {
    "content-type": "video/iso.segment",
    "cache-control": "max-age=12, immutable",
    "access-control-allow-origin": "*",
}


def answer(kind="playlist", *, status=200, headers=None, body=b"", took=0.1, spread=0.0, at=100.0, **more):
    """An answer that came at `at`, `took` seconds after it was asked for, its octets over `spread` seconds."""
    if headers is None:
        headers = PLAYLIST if kind == "playlist" else MEDIA
    url = (
        "http://edge.example/live/a/main.m3u8"
        if kind == "playlist"
        else "http://edge.example/live/a/12.0.m4s"
    )
    more = {"encoding": "gzip" if kind == "playlist" else ""} | more
    return Exchange(url, kind, status, headers, body, at - took, at - spread, at, **more)
