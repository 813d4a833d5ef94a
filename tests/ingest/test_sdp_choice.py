import pytest
from sdp_corpus import changed, negotiated, offer

from edge.errors import UnsupportedCodec
from edge.ingest.sdp_choice import MOST_PAYLOAD_TYPES, AudioPreferences
from edge.ingest.sdp_negotiate import negotiate
from edge.ingest.sdp_parse import parse_offer


def video_types(text):
    return negotiated(text).video.payload_types


def test_mode_1_comes_first_and_else_the_clients_order_stays():
    assert [p.number for p in video_types(offer("chromium_156"))] == [102, 108, 116, 104, 114, 39]
    assert [p.number for p in video_types(offer("safari_18"))] == [96, 98]


def test_without_a_packetization_mode_it_is_0():
    types = video_types(offer("firefox_140"))
    assert [(p.number, p.parameters) for p in types] == [
        (126, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        (97, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
    ]


def test_each_payload_type_has_the_retransmission_that_names_it():
    assert {p.number: p.rtx for p in video_types(offer("chromium_156"))} == {
        102: 103, 108: 109, 116: 117, 104: 107, 114: 115, 39: 40,
    }  # fmt: skip
    assert [(p.number, p.rtx) for p in video_types(offer("ffmpeg_8_1"))] == [(106, 105)]
    assert [(p.number, p.rtx) for p in video_types(offer("obs_30"))] == [(96, None)]


def test_any_profile_is_taken_because_the_sps_tells_the_truth():
    text = changed(("profile-level-id=42e01f", "profile-level-id=6e0033"))
    assert video_types(text)[0].parameters == "packetization-mode=1;profile-level-id=6e0033"


def test_a_profile_that_is_no_hex_is_not_said_back():
    text = changed(("profile-level-id=42e01f", "profile-level-id=<b>!<b"))
    assert video_types(text)[0].parameters == "packetization-mode=1"


def test_feedback_is_what_both_know():
    assert video_types(offer("chromium_156"))[0].feedback == (
        "nack", "nack pli", "ccm fir", "goog-remb", "transport-cc",
    )  # fmt: skip
    assert video_types(offer("ffmpeg_8_1"))[0].feedback == ("nack",)
    assert video_types(offer("ffmpeg_8_0"))[0].feedback == ()
    assert negotiated(offer("obs_30")).video.accepts_feedback("nack pli")
    assert not negotiated(offer("obs_30")).video.accepts_feedback("transport-cc")


def test_opus_is_asked_for_stereo_and_a_bitrate():
    parsed = parse_offer(offer("chromium_156"))
    (opus,) = negotiate(parsed).audio.payload_types
    assert (opus.number, opus.codec, opus.rtpmap) == (111, "opus", "opus/48000/2")
    assert opus.parameters == "minptime=10;stereo=1;maxaveragebitrate=128000"
    assert opus.feedback == ("transport-cc",)
    quiet = negotiate(parsed, audio=AudioPreferences(stereo=False, bitrate=32_000)).audio
    assert quiet.payload_types[0].parameters == "minptime=10;maxaveragebitrate=32000"


def test_opus_without_an_fmtp_and_in_capitals_is_opus():
    assert negotiated(offer("ffmpeg_8_1")).audio.payload_types[0].number == 111
    assert negotiated(offer("gstreamer_1_24")).audio.payload_types[0].number == 100


def test_video_without_h264_is_refused_with_what_is_usable_and_what_was_offered():
    text = changed(("a=rtpmap:96 H264/90000", "a=rtpmap:96 VP8/90000"))
    with pytest.raises(UnsupportedCodec, match=r"H\.264 .* is; the offer has VP8\. Choose H\.264") as caught:
        negotiated(text)
    assert caught.value.status == 422


def test_interleaved_h264_is_of_no_use():
    with pytest.raises(UnsupportedCodec, match="the offer has H264"):
        negotiated(changed(("packetization-mode=1", "packetization-mode=2")))


def test_audio_without_opus_is_refused():
    with pytest.raises(UnsupportedCodec, match=r"opus/48000/2\) is; the offer has G722"):
        negotiated(changed(("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 G722/8000")))
    with pytest.raises(UnsupportedCodec, match="MULTIOPUS"):
        negotiated(changed(("opus/48000/2", "multiopus/48000/6")))


def test_the_number_of_payload_types_is_bounded():
    numbers = range(35, 35 + MOST_PAYLOAD_TYPES + 9)
    many = "\n".join(f"a=rtpmap:{number} H264/90000" for number in numbers)
    text = changed(("SAVPF 96", f"SAVPF {' '.join(map(str, numbers))}"), ("a=rtpmap:96 H264/90000", many))
    assert len(video_types(text)) == MOST_PAYLOAD_TYPES
