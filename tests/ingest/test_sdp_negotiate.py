import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdp_corpus import NAMES, changed, negotiated, offer

from edge.errors import BadOffer, PublishError, UnsupportedOffer
from edge.ingest.sdp_negotiated import RefusedSection

DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:d\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_client_gets_its_media(name):
    agreed = negotiated(offer(name))
    assert agreed.video is not None
    assert (agreed.audio is None) == ("video_only" in name)
    assert agreed.tagged.mid == agreed.bundle[0]


@pytest.mark.parametrize("direction", ["sendonly", "sendrecv"])
def test_what_sends_is_taken(direction):
    assert negotiated(changed(("a=sendonly", f"a={direction}"))).video


def test_a_missing_direction_is_sendrecv():
    assert negotiated(changed(("a=sendonly\n", ""))).video


@pytest.mark.parametrize("direction", ["recvonly", "inactive"])
def test_what_does_not_send_is_refused(direction):
    with pytest.raises(UnsupportedOffer, match=f"audio section is {direction}") as caught:
        negotiated(changed(("a=mid:a\na=sendonly", f"a=mid:a\na={direction}")))
    assert caught.value.status == 422


def test_a_direction_of_the_session_holds_where_a_section_has_none():
    with pytest.raises(UnsupportedOffer, match="inactive"):
        negotiated(changed(("a=sendonly\n", ""), ("t=0 0", "t=0 0\na=inactive")))
    assert negotiated(offer("firefox_140")).video


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_several_of_a_kind_are_refused(kind):
    second = f"m={kind} 9 UDP/TLS/RTP/SAVPF 97\na=mid:x\na=rtcp-mux\n"
    with pytest.raises(UnsupportedOffer, match=f"2 {kind} sections"):
        negotiated(changed(("m=audio", second + "m=audio"), ("BUNDLE a v", "BUNDLE a v x")))


@pytest.mark.parametrize(
    ("audio", "video"),
    [
        ("", ""),
        ("a=msid:one voice\n", "a=msid:one camera\n"),
        ("a=msid:microphone voice\n", "a=msid:screen picture\n"),
        ("a=msid:one voice\na=msid:two voice\n", "a=msid:- camera\n"),
    ],
)
def test_media_streams_are_not_counted(audio, video):
    """4.4.2 has a single MediaStream; a screen with a microphone is two, and FFmpeg names none. All are taken."""
    agreed = negotiated(changed(("a=mid:a\n", f"a=mid:a\n{audio}"), ("a=mid:v\n", f"a=mid:v\n{video}")))
    assert [media.kind for media in agreed.media] == ["audio", "video"]


def test_a_dead_section_of_a_kind_does_not_count():
    dead = "m=video 0 UDP/TLS/RTP/SAVPF 97\na=mid:x\na=inactive\n"
    agreed = negotiated(changed(("m=audio", dead + "m=audio")))
    assert agreed.sections[0] == RefusedSection("video", "x", "UDP/TLS/RTP/SAVPF", "97")
    assert agreed.video is agreed.sections[2]


def test_a_data_channel_is_answered_and_not_accepted():
    agreed = negotiated(changed(("m=audio", DATA + "m=audio"), ("BUNDLE a v", "BUNDLE d a v")))
    assert agreed.sections[0] == RefusedSection("application", "d", "UDP/DTLS/SCTP", "webrtc-datachannel")
    assert agreed.bundle == ("a", "v")
    assert agreed.tagged.mid == "a"


def test_a_data_channel_alone_is_nothing_to_publish():
    head = changed().replace("\r\n", "\n").partition("m=audio")[0]
    with pytest.raises(UnsupportedOffer, match="neither audio nor video"):
        negotiated(head + DATA)


def test_audio_alone_and_video_alone_are_published():
    head, _, rest = changed().partition("m=audio")
    audio, _, video = rest.partition("m=video")
    assert negotiated(head + "m=audio" + audio).video is None
    assert negotiated(head + "m=video" + video).audio is None


def test_ffmpeg_video_only_bundles_only_what_is_there():
    assert negotiated(offer("ffmpeg_8_0_video_only")).bundle == ("1",)


def test_a_single_section_needs_neither_bundle_nor_mid():
    head, _, rest = changed(("a=group:BUNDLE a v\n", ""), ("a=mid:v\n", "")).partition("m=audio")
    agreed = negotiated(head + "m=video" + rest.partition("m=video")[2])
    assert (agreed.bundle, agreed.tagged.mid) == ((), "")


@pytest.mark.parametrize(
    "group", ["", "a=group:BUNDLE a\n", "a=group:LS a v\n", "a=group:BUNDLE a\na=group:BUNDLE v\n"]
)
def test_two_transports_are_refused(group):
    with pytest.raises(UnsupportedOffer, match="max-bundle"):
        negotiated(changed(("a=group:BUNDLE a v\n", group)))


def test_mids_are_any_string():
    assert negotiated(offer("gstreamer_1_24")).bundle == ("video0", "audio1")


def test_rtcp_must_share_the_port():
    with pytest.raises(UnsupportedOffer, match="rtcp-mux"):
        negotiated(changed(("a=rtcp-mux\n", "")))


@pytest.mark.parametrize("protocol", ["TCP/TLS/RTP/SAVPF", "RTP/SAVPF", "udp/tls/rtp/savpf"])
def test_profiles_that_mean_webrtc_are_taken(protocol):
    assert negotiated(changed(("UDP/TLS/RTP/SAVPF", protocol))).video.protocol == protocol


@pytest.mark.parametrize("protocol", ["udp", "UDP/DTLS/SCTP", "RTP/XYZ"])
def test_other_protocols_are_refused(protocol):
    with pytest.raises(UnsupportedOffer, match="WebRTC"):
        negotiated(changed(("UDP/TLS/RTP/SAVPF", protocol)))


def test_one_payload_type_cannot_be_audio_and_video():
    with pytest.raises(BadOffer, match="payload type"):
        negotiated(changed(("SAVPF 111", "SAVPF 96"), ("rtpmap:111", "rtpmap:96")))


def test_two_byte_extensions_are_agreed_at_either_level():
    assert not negotiated(changed()).extmap_allow_mixed
    assert negotiated(changed(("t=0 0", "t=0 0\na=extmap-allow-mixed"))).extmap_allow_mixed
    assert negotiated(changed(("a=mid:v", "a=mid:v\na=extmap-allow-mixed"))).extmap_allow_mixed


def test_reduced_size_rtcp_is_agreed_by_section():
    agreed = negotiated(offer("ffmpeg_8_1"))
    assert (agreed.audio.reduced_size, agreed.video.reduced_size) == (False, True)


@given(st.data())
def test_any_mixture_of_client_lines_gives_an_agreement_or_our_error(data):
    lines = offer(data.draw(st.sampled_from(NAMES))).split("\r\n")
    other = offer(data.draw(st.sampled_from(NAMES))).split("\r\n")
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(1, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 1))] = [data.draw(st.sampled_from(other))]
    with contextlib.suppress(PublishError):
        assert negotiated("\r\n".join(lines)).media
