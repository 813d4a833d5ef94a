"""What each real client needs of us, one test for each of their ways; the clients' readers are written after theirs."""

import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from sdp_corpus import NAMES, answered, changed, lines_of, negotiated, offer

from edge.errors import UnsupportedCodec


def read_as_ffmpeg(text):
    """The first of each, and of the candidates the first that is host and udp (libavformat/whip.c, parse_answer)."""
    assert text.startswith("v=")
    assert len(text) < 8192
    ufrag = re.search(r"^a=ice-ufrag:(.*)\r$", text, re.MULTILINE)[1]
    pwd = re.search(r"^a=ice-pwd:(.*)\r$", text, re.MULTILINE)[1]
    candidate = re.search(r"^a=candidate:.*?(udp) (\d+) (\S{1,128}) (\d+) typ host", text, re.MULTILINE)
    assert int(candidate[2]) < 2**31
    return ufrag, pwd, candidate[3], int(candidate[4])


def layers_as_obs_counts_them(text):
    """Semicolons of the first a=simulcast line, which must end with CRLF; another number than offered: OBS gives up."""
    start = text.find("a=simulcast")
    return 1 if start < 0 else text[start : text.index("\r\n", start)].count(";") + 1


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ffmpeg")])
def test_ffmpeg_finds_credentials_and_an_ipv4_candidate_first(name):
    assert read_as_ffmpeg(answered(offer(name))) == (
        "ourufrag",
        "ourpasswordourpasswordourpasswor",
        "198.51.100.7",
        8080,
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ffmpeg")])
def test_ffmpeg_waits_for_our_handshake(name):
    assert "a=setup:active" in lines_of(answered(offer(name)), "video")


def test_ffmpeg_8_0_without_audio_is_bundled_with_what_is_there():
    text = answered(offer("ffmpeg_8_0_video_only"))
    assert "a=group:BUNDLE 1" in lines_of(text)
    assert "a=candidate:1 1 udp 2130706431 198.51.100.7 8080 typ host" in lines_of(text, "video")


def test_ffmpeg_8_1_is_answered_with_its_retransmissions():
    assert lines_of(answered(offer("ffmpeg_8_1")), "video")[0] == "m=video 9 UDP/TLS/RTP/SAVPF 106 105"


def test_ffmpeg_may_send_any_profile():
    assert "profile-level-id=64001e" in answered(offer("ffmpeg_8_1"))


def test_an_offer_may_end_without_a_line_end():
    assert negotiated(offer("ffmpeg_8_1").rstrip()) == negotiated(offer("ffmpeg_8_1"))


def test_obs_offers_no_candidates_and_is_answered_all_the_same():
    assert "candidate" not in offer("obs_30")
    assert "a=candidate:1" in answered(offer("obs_30"))


def test_obs_aborts_unless_every_layer_is_accepted():
    text = answered(offer("obs_32_simulcast"))
    assert layers_as_obs_counts_them(text) == 3
    assert [line for line in lines_of(text, "video") if line.startswith("a=rid")] == [
        "a=rid:0 recv", "a=rid:1 recv", "a=rid:2 recv",
    ]  # fmt: skip
    assert "a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" in lines_of(text, "video")


def test_obs_without_simulcast_sees_none():
    assert layers_as_obs_counts_them(answered(offer("obs_30"))) == 1


def test_obs_has_its_transport_at_session_level_in_30_and_at_media_level_in_32():
    assert negotiated(offer("obs_30")).fingerprints[0].value.startswith("3C:4D")
    assert negotiated(offer("obs_32_simulcast")).password == "Tn4Vb9Ws2Ek6Rz1Yc8Hu3A"


def test_obs_may_offer_hevc_or_av1_beside_h264_and_not_alone():
    av1 = offer("obs_30").replace("SAVPF 96", "SAVPF 97 96") + "a=rtpmap:97 AV1/90000\r\n"
    assert [p.number for p in negotiated(av1).video.payload_types] == [96]
    with pytest.raises(UnsupportedCodec, match="the offer has H265"):
        negotiated(offer("obs_30").replace("H264/90000", "H265/90000"))


def test_chromium_has_low_payload_types_too():
    assert "39" in lines_of(answered(offer("chromium_156")), "video")[0].split()


def test_chromium_sends_the_first_codec_of_the_answer_so_mode_1_leads():
    first = lines_of(answered(offer("chromium_156")), "video")[0].split()[3]
    assert (
        f"a=fmtp:{first} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"
        in answered(offer("chromium_156"))
    )


def test_chromium_simulcast_is_accepted_whole_in_its_order():
    assert "a=simulcast:recv q;h;f" in lines_of(answered(offer("chromium_156_simulcast")), "video")


def test_chromium_gets_transport_wide_feedback_for_audio_and_video():
    text = answered(offer("chromium_156"))
    for kind, number in (("audio", 111), ("video", 102)):
        assert f"a=rtcp-fb:{number} transport-cc" in lines_of(text, kind)
        assert any("transport-wide-cc" in line for line in lines_of(text, kind))


def test_safari_offers_high_profile_first_and_may_use_it():
    text = lines_of(answered(offer("safari_18")), "video")
    assert text[0] == "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99"
    assert "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f" in text


def test_firefox_writes_bundle_only_with_port_0_and_is_answered_with_a_live_section():
    assert lines_of(answered(offer("firefox_140")), "video")[0] == "m=video 9 UDP/TLS/RTP/SAVPF 126 127 97 98"


def test_firefox_receives_extensions_that_we_do_not_send():
    assert "playout-delay" not in answered(offer("firefox_140"))
    assert "csrc-audio-level" not in answered(offer("firefox_140"))


def test_gstreamer_names_its_mids_and_puts_video_first():
    text = answered(offer("gstreamer_1_24"))
    assert "a=group:BUNDLE video0 audio1" in lines_of(text)
    assert text.index("m=video") < text.index("m=audio")
    assert "a=candidate:1 1 udp 2130706431 198.51.100.7 8080 typ host" in lines_of(text, "video")


def test_gstreamer_offers_vp8_first_and_is_answered_with_h264():
    assert lines_of(answered(offer("gstreamer_1_24")), "video")[0].split()[3:] == ["98", "99"]


def test_the_example_of_the_rfc_has_only_vp8():
    with pytest.raises(UnsupportedCodec, match="the offer has VP8"):
        negotiated(changed(("a=rtpmap:96 H264/90000", "a=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000")))


async def test_a_real_aiortc_peer_takes_the_answer():
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(AudioStreamTrack())
    peer.addTrack(VideoStreamTrack())
    await peer.setLocalDescription(await peer.createOffer())
    try:
        text = answered(peer.localDescription.sdp, addresses=[("127.0.0.1", 9)])
        await peer.setRemoteDescription(RTCSessionDescription(sdp=text, type="answer"))
        transceivers = peer.getTransceivers()
        assert [transceiver.currentDirection for transceiver in transceivers] == ["sendonly", "sendonly"]
        assert [transceiver._codecs[0].name for transceiver in transceivers] == ["opus", "H264"]
    finally:
        await peer.close()
