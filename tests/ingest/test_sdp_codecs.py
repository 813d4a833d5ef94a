import pytest
from sdp_corpus import changed, offer

from edge.errors import BadOffer
from edge.ingest.sdp_codecs import media_names, offered_codecs
from edge.ingest.sdp_parse import parse_offer


def codecs(text, kind="video"):
    section = next(section for section in parse_offer(text).sections if section.kind == kind)
    return {codec.payload_type: codec for codec in offered_codecs(section)}


def test_codecs_come_in_the_clients_order_with_all_that_is_said_of_them():
    found = codecs(offer("chromium_156"))
    assert list(found)[:4] == [96, 97, 102, 103]
    assert found[102].name == "h264"
    assert found[102].clock_rate == 90_000
    assert found[102].parameters == {
        "level-asymmetry-allowed": "1",
        "packetization-mode": "1",
        "profile-level-id": "42001f",
    }
    assert found[102].feedback == ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
    assert found[103].parameters == {"apt": "102"}


def test_an_fmtp_may_stand_before_its_rtpmap_as_firefox_writes_it():
    assert codecs(offer("firefox_140"))[126].parameters["packetization-mode"] == "1"


def test_blanks_in_an_fmtp_do_not_count():
    text = changed(
        ("packetization-mode=1;profile-level-id=42e01f", "packetization-mode=1; Profile-Level-ID = 42e01f ;")
    )
    assert codecs(text)[96].parameters == {"packetization-mode": "1", "profile-level-id": "42e01f"}


def test_feedback_for_all_payload_types_and_doubled_feedback_count_once():
    text = changed(
        (
            "a=rtcp-fb:96 nack pli",
            "a=rtcp-fb:* nack\na=rtcp-fb:96  nack  pli\na=rtcp-fb:96 nack\na=rtcp-fb:96 nack pli",
        )
    )
    assert codecs(text)[96].feedback == ("nack", "nack pli")


def test_channels_and_case_of_names():
    assert codecs(offer("gstreamer_1_24"), "audio")[100].name == "opus"
    assert codecs(offer("gstreamer_1_24"), "audio")[100].channels == 2
    assert codecs(offer("firefox_140"), "audio")[9].channels == 1


def test_a_payload_type_without_a_map_is_left_out():
    assert 0 not in codecs(changed(("SAVPF 111", "SAVPF 0 111")), "audio")


@pytest.mark.parametrize("value", ["96", "96 H264", "x H264/90000", "300 H264/90000", "96 H264/x"])
def test_a_malformed_map_is_refused(value):
    with pytest.raises(BadOffer, match="rtpmap"):
        codecs(changed(("a=rtpmap:96 H264/90000", f"a=rtpmap:{value}")))


def test_an_offer_is_described_by_its_media_codecs():
    assert media_names(tuple(codecs(offer("chromium_156")).values())) == "VP8, H264, AV1, VP9"
    assert media_names(tuple(codecs(offer("chromium_156"), "audio").values())) == "opus, G722, PCMU, PCMA"
    assert media_names(()) == "none that is known"
