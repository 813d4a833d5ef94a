"""Offers as clients write them, short."""

_HEAD = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE {mids}
a=extmap-allow-mixed
"""
_TRANSPORT = """c=IN IP4 0.0.0.0
a=ice-ufrag:them
a=ice-pwd:their-password-of-32-characters+
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:{mid}
a=sendonly
a=rtcp-mux
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
"""
_AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111
{transport}a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 nack
a=rtcp-fb:111 transport-cc
"""
_VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97
{transport}a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1;profile-level-id=42e01f
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
{feedback}"""
_FEEDBACK = ("nack", "nack pli", "goog-remb", "transport-cc")
_SIMULCAST = """a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
a=rid:h send
a=rid:l send
a=simulcast:send h;l
"""
NO_FINGERPRINT = ":".join(["00"] * 32)


def offer(
    *,
    video: bool = True,
    audio: bool = True,
    feedback: tuple[str, ...] = _FEEDBACK,
    simulcast: bool = False,
    fingerprint: str = NO_FINGERPRINT,
) -> bytes:
    """Audio is mid 0 (type 111), video mid 1 (type 96, retransmissions 97)."""
    mids = [mid for mid, wanted in (("0", audio), ("1", video)) if wanted]
    text = _HEAD.format(mids=" ".join(mids))
    if audio:
        text += _AUDIO.format(transport=_TRANSPORT.format(mid=0, fingerprint=fingerprint))
    if video:
        lines = "".join(f"a=rtcp-fb:96 {value}\n" for value in feedback)
        text += _VIDEO.format(transport=_TRANSPORT.format(mid=1, fingerprint=fingerprint), feedback=lines)
        text += _SIMULCAST if simulcast else ""
    return text.replace("\n", "\r\n").encode()
