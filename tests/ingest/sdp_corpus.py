"""Offers of real clients. Those of Chromium, FFmpeg 8.1 and aiortc were captured; the others are written after
their sources and published logs. Addresses are from the documentation ranges.
"""

from pathlib import Path

from edge.ingest.sdp import Negotiated, VideoPreferences, answer, negotiate, parse_offer

FOLDER = Path(__file__).parent / "offers"
NAMES = sorted(path.stem for path in FOLDER.glob("*.sdp"))
ADDRESSES = (("2001:db8::7", 8080), ("198.51.100.7", 8080))
FINGERPRINT = ":".join(["A1"] * 32)

SMALL = """\
v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE a v
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijkl
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:a
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:v
a=sendonly
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack pli
a=fmtp:96 packetization-mode=1;profile-level-id=42e01f
""".format(fingerprint=":".join(["0F"] * 32))


def offer(name: str) -> str:
    """A client's offer with CRLF, as it is on the wire."""
    return FOLDER.joinpath(f"{name}.sdp").read_text("utf-8").replace("\n", "\r\n")


def changed(*changes: tuple[str, str]) -> str:
    """The small offer with parts of it replaced; each must be there."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("\n", "\r\n")


def negotiated(text: str, *, video: VideoPreferences | None = None) -> Negotiated:
    return negotiate(parse_offer(text), video=video or VideoPreferences())


def answered(text: str, *, video: VideoPreferences | None = None, addresses: tuple = ADDRESSES) -> str:
    return answer(
        negotiated(text, video=video),
        ufrag="ourufrag",
        pwd="ourpasswordourpasswordourpasswor",
        fingerprint=FINGERPRINT,
        candidates=addresses,
        session_id=42,
    )


def lines_of(text: str, kind: str = "") -> list[str]:
    """The lines of a session (kind empty) or of the first section of a kind, without their CRLF."""
    parts = text.removesuffix("\r\n").split("\r\nm=")
    if not kind:
        return parts[0].split("\r\n")
    return next(f"m={part}" for part in parts[1:] if part.startswith(f"{kind} ")).split("\r\n")
