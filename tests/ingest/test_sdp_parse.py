import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdp_corpus import NAMES, changed, offer

from edge.errors import BadFragment, BadOffer
from edge.ingest.sdp_parse import MOST_LINES, is_token, parse_offer, read_lines


@pytest.mark.parametrize("name", NAMES)
def test_every_client_is_read_from_text_and_from_bytes(name):
    text = offer(name)
    assert parse_offer(text) == parse_offer(text.encode())
    assert all(section.mid for section in parse_offer(text).sections)


def test_sections_hold_what_their_line_says():
    video = parse_offer(offer("chromium_156")).sections[1]
    assert (video.kind, video.port, video.protocol) == ("video", 9, "UDP/TLS/RTP/SAVPF")
    assert video.formats[:4] == ("96", "97", "102", "103")
    assert video.values("rtcp-fb")[0] == "96 goog-remb"
    assert video.first("setup") == "actpass"
    assert video.first("nothing") == ""


def test_lines_may_end_with_lf_alone_and_blank_lines_are_passed_over():
    text = changed()
    assert parse_offer(text.replace("\r\n", "\n")) == parse_offer(text)
    assert parse_offer("\r\n" + text.replace("\r\n", " \r\n\r\n")) == parse_offer(text)


def test_a_byte_order_mark_is_passed_over():
    assert parse_offer(b"\xef\xbb\xbf" + changed().encode()).sections


def test_attributes_of_the_session_hold_for_sections_that_have_none():
    parsed = parse_offer(offer("obs_30"))
    assert parsed.values(parsed.sections[1], "ice-ufrag") == ("ZfGH",)
    parsed = parse_offer(changed(("a=mid:v", "a=mid:v\na=ice-ufrag:mine")))
    assert parsed.values(parsed.sections[1], "ice-ufrag") == ("mine",)


def test_a_bundle_group_may_name_a_mid_that_is_not_there():
    parsed = parse_offer(offer("ffmpeg_8_0_video_only"))
    assert parsed.bundles() == [("1",)]


def test_port_0_is_a_dead_section_unless_it_is_bundle_only():
    assert [section.is_live for section in parse_offer(offer("firefox_140")).sections] == [True, True]
    assert not parse_offer(changed(("m=video 9", "m=video 0"))).sections[1].is_live


def test_a_port_may_have_a_count():
    assert parse_offer(changed(("m=video 9 ", "m=video 9/2 "))).sections[1].port == 9


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("v=0", "v=1"), "v=0"),
        (("v=0\n", ""), "v=0"),
        (("s=-", "nonsense"), "Line 3"),
        (("s=-", "S=-"), "Line 3"),
        (("s=-", "s=\x00"), "Line 3"),
        (("s=-", "s=" + "x" * 9000), "Line 3"),
        (("m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 UDP/TLS/RTP/SAVPF"), "m= line"),
        (("m=video 9 ", "m=video 99999 "), "m= line"),
        (("m=video 9 ", "m=video ² "), "m= line"),
        (("m=video 9 ", "m=video -1 "), "m= line"),
        (("a=mid:v", "a=mid:" + "v" * 65), "mid"),
        (("a=mid:v", "a=mid:v v"), "mid"),
        (("a=mid:v", "a=mid:a"), "a=mid"),
        (("UDP/TLS/RTP/SAVPF 96", "UDP/TLS/<script> 96"), "no token"),
    ],
)
def test_what_is_malformed_is_named(change, named):
    with pytest.raises(BadOffer, match=named):
        parse_offer(changed(change))


def test_an_offer_without_media_is_refused():
    with pytest.raises(BadOffer, match="no media section"):
        parse_offer("v=0\r\n")
    with pytest.raises(BadOffer, match="v=0"):
        parse_offer(b"")


def test_size_lines_and_sections_are_bounded():
    text = changed()
    with pytest.raises(BadOffer, match="64 KiB"):
        parse_offer(text + "a=x\r\n" * 14_000)
    with pytest.raises(BadOffer, match="2000 lines"):
        parse_offer(text + "a=x\r\n" * MOST_LINES)
    with pytest.raises(BadOffer, match="32 media sections"):
        parse_offer(text + "m=video 0 RTP/AVP 0\r\n" * 31)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(BadOffer, match="UTF-8"):
        parse_offer(b"v=0\r\ns=\xff\r\n")


def test_the_callers_error_is_raised():
    with pytest.raises(BadFragment):
        read_lines("?", BadFragment)


def test_only_what_may_be_said_back_is_a_token():
    assert is_token("{b1c2d3e4-0f1a}")
    assert not any(map(is_token, ("", "a b", "a\r\nb", "a:b", "ä", "x" * 65)))


@given(st.text(max_size=400) | st.lists(st.sampled_from(changed().split("\r\n"))).map("\r\n".join))
def test_any_text_is_an_offer_or_a_bad_one(text):
    with contextlib.suppress(BadOffer):
        assert parse_offer(text).sections
