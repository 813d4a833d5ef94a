"""The playlists of one rendition as answers: each form made when a viewer needs it, once per change."""

import gzip as gzip_format
from typing import Literal, NamedTuple

from edge.hls.multivariant import render_multivariant, variant
from edge.hls.playlist import MediaPlaylist, Playlist
from edge.hls.window import LiveWindow
from edge.http.message import Response
from edge.live.replies import UNCHANGED, Replies

MEDIA_PLAYLIST = "main.m3u8"

Answering = Literal["plain", "blocking", "unchanged"]
"""What a playlist answers: a request without a position, one whose position is there, one whose is not."""


class Form(NamedTuple):
    """In which of its four forms a viewer wants the media playlist."""

    delta: bool
    gzip: bool


class Listing:
    """Renders a window. Whoever changes the window calls `changed`; nobody else makes work here."""

    def __init__(self, window: LiveWindow, replies: Replies, prefix: str) -> None:
        self._window = window
        self._replies = replies
        self._writer = MediaPlaylist(window, prefix)
        self._revision = 0
        self._rendered: Playlist | None = None
        self._media: dict[tuple[Form, Answering], Response] = {}
        self._multivariant: dict[bool, Response] = {}

    def changed(self) -> None:
        """The window is not what it was."""
        self._revision += 1
        self._rendered = None
        self._media.clear()
        self._multivariant.clear()

    def media_playlist(self, form: Form, answering: Answering) -> Response:
        """The window must have a segment and a target duration, or have ended."""
        response = self._media.get((form, answering))
        if response is None:
            response = self._media[form, answering] = self._make(form, answering)
        return response

    def multivariant(self, *, gzip: bool) -> Response:
        """The playlist that names the media playlist; as the window."""
        response = self._multivariant.get(gzip)
        if response is None:
            response = self._multivariant[gzip] = self._make_multivariant(gzip=gzip)
        return response

    def _make(self, form: Form, answering: Answering) -> Response:
        if not self._window.segments:
            return self._nothing()
        if self._rendered is None:
            self._rendered = self._writer.render()
        lifetimes = self._replies.lifetimes
        lifetime = lifetimes.playlist
        if answering == "unchanged":
            lifetime = UNCHANGED
        elif answering == "blocking" and not self._window.ended:
            # An ended one has the address of the next life's playlists: it must be forgotten soon.
            lifetime = lifetimes.blocking_playlist
        return self._replies.media_playlist(
            self._rendered,
            self._revision,
            delta=form.delta,
            gzip=form.gzip,
            cache_control=lifetime,
            plain=answering == "plain",
        )

    def _make_multivariant(self, *, gzip: bool) -> Response:
        if not self._window.segments:
            return self._nothing()
        body = render_multivariant([variant(self._window, MEDIA_PLAYLIST)])
        if gzip:
            body = gzip_format.compress(body, mtime=0)
        return self._replies.multivariant(body, self._revision, gzip=gzip)

    def _nothing(self) -> Response:
        return self._replies.missing("The stream ended before it had begun")
