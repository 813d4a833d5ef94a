import pytest
from sdp_corpus import FINGERPRINT, NAMES, answered, changed, lines_of, negotiated, offer

from edge.errors import UnsupportedOffer
from edge.ingest.sdp_answer import LARGEST_ANSWER_BYTES, answer
from edge.ingest.sdp_negotiate import VideoPreferences

SMALL_ANSWER = f"""\
v=0
o=- 42 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE a v
a=ice-lite
a=ice-options:trickle ice2
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:ourufrag
a=ice-pwd:ourpasswordourpasswordourpasswor
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:passive
a=mid:a
a=recvonly
a=rtcp-mux
a=rtcp-mux-only
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;stereo=1;maxaveragebitrate=128000
a=candidate:1 1 udp 2130706431 198.51.100.7 8080 typ host
a=candidate:2 1 udp 2130706175 2001:db8::7 8080 typ host
a=end-of-candidates
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:ourufrag
a=ice-pwd:ourpasswordourpasswordourpasswor
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:passive
a=mid:v
a=recvonly
a=rtcp-mux
a=rtcp-mux-only
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack pli
a=fmtp:96 packetization-mode=1;profile-level-id=42e01f
"""


def test_a_whole_answer():
    assert answered(changed()) == SMALL_ANSWER.replace("\n", "\r\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_client_gets_an_answer_by_the_rules(name):
    text = answered(offer(name))
    assert text.startswith("v=0\r\n")
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    assert len(text.encode()) <= LARGEST_ANSWER_BYTES < 8192
    assert "a=ice-lite" in lines_of(text)
    assert text.count("m=") == offer(name).count("\r\nm=")
    assert text.count("a=recvonly\r\n") == text.count("a=rtcp-mux-only\r\n") == text.count("\r\nm=")
    assert "actpass" not in text
    assert "a=ssrc" not in text
    assert text.count("a=end-of-candidates") == 1


def test_payload_types_of_the_answer_are_in_order_of_preference_with_their_retransmissions():
    video = lines_of(answered(offer("chromium_156")), "video")
    assert video[0] == "m=video 9 UDP/TLS/RTP/SAVPF 102 103 108 109 116 117 104 107 114 115 39 40"
    assert "a=rtpmap:103 rtx/90000" in video
    assert "a=fmtp:103 apt=102" in video
    assert not any(" VP8/" in line or " red/" in line for line in video)


def test_a_bitrate_is_asked_of_the_video_only():
    text = answered(changed(), video=VideoPreferences(max_bitrate=8_000_000))
    assert lines_of(text, "video")[2] == "b=TIAS:8000000"
    assert text.count("b=TIAS") == 1


def test_candidates_stand_in_the_section_that_carries_the_bundle():
    text = answered(changed(("BUNDLE a v", "BUNDLE v a")))
    assert not any("candidate" in line for line in lines_of(text, "audio"))
    assert lines_of(text, "video")[-1] == "a=end-of-candidates"
    assert "a=group:BUNDLE v a" in lines_of(text)


def test_refused_sections_keep_their_place_and_their_mid():
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:d\n"
    text = answered(changed(("m=video", data + "m=video"), ("BUNDLE a v", "BUNDLE a d v")))
    assert [line for line in text.split("\r\n") if line.startswith("m=")][1] == (
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    )
    assert "a=mid:d" in lines_of(text, "application")
    assert "a=group:BUNDLE a v" in lines_of(text)


def test_two_byte_extensions_are_answered_where_they_were_offered():
    assert "a=extmap-allow-mixed" in lines_of(answered(offer("chromium_156")))
    assert "a=extmap-allow-mixed" not in answered(offer("obs_30"))


def test_a_section_without_mid_is_answered_without():
    head, _, rest = changed(("a=group:BUNDLE a v\n", ""), ("a=mid:v\n", "")).partition("m=audio")
    text = answered(head + "m=video" + rest.partition("m=video")[2])
    assert "a=mid" not in text
    assert "BUNDLE" not in text
    assert "a=candidate:1" in text


def test_an_answer_that_no_client_could_read_is_not_made():
    dead = "".join(f"m=x{'y' * 60} 0 {'p' * 60} {'f' * 60}\na=mid:{n:064}\n" for n in range(30))
    with pytest.raises(UnsupportedOffer, match="too many"):
        answered(changed(("m=audio", dead + "m=audio")))


def test_our_fingerprint_is_said_in_capitals():
    text = answer(negotiated(changed()), ufrag="u", pwd="p", fingerprint="ab:cd", candidates=[], session_id=1)
    assert "a=fingerprint:sha-256 AB:CD\r\n" in text
