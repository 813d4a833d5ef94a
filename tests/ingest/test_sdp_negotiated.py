import pytest
from sdp_corpus import NAMES, changed, negotiated, offer

from edge.ingest.sdp_negotiated import RefusedSection


@pytest.mark.parametrize("name", NAMES)
def test_sections_stand_in_the_order_of_the_offer(name):
    kinds = [line[2:].split()[0] for line in offer(name).split("\r\n") if line.startswith("m=")]
    assert [section.kind for section in negotiated(offer(name)).sections] == kinds


def test_audio_and_video_are_found_by_kind():
    agreed = negotiated(offer("gstreamer_1_24"))
    assert (agreed.video, agreed.audio) == agreed.media
    assert negotiated(offer("ffmpeg_8_0_video_only")).audio is None


def test_a_refused_section_is_no_media():
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:d\n"
    agreed = negotiated(changed(("m=audio", data + "m=audio")))
    assert isinstance(agreed.sections[0], RefusedSection)
    assert [media.mid for media in agreed.media] == ["a", "v"]


def test_the_tagged_section_is_the_first_of_the_bundle_and_not_of_the_offer():
    agreed = negotiated(changed(("BUNDLE a v", "BUNDLE v a")))
    assert agreed.tagged is agreed.video
    assert agreed.media[0] is agreed.audio


def test_rids_are_those_of_the_video():
    assert negotiated(offer("obs_32_simulcast")).rids == ("0", "1", "2")
    assert negotiated(offer("obs_30")).rids == ()


def test_feedback_is_accepted_where_every_payload_type_has_it():
    text = changed(
        ("SAVPF 96", "SAVPF 96 97"),
        ("a=rtpmap:96 H264/90000", "a=rtpmap:96 H264/90000\na=rtpmap:97 H264/90000\na=rtcp-fb:* nack"),
    )
    video = negotiated(text).video
    assert video.accepts_feedback("nack")
    assert not video.accepts_feedback("nack pli")
