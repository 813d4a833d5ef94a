import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdp_corpus import changed, negotiated, offer

from edge.errors import BadFragment
from edge.ingest.fragment import MOST_CANDIDATES, Fragment, answer_fragment, parse_fragment

CREDENTIALS = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"

RFC_EXAMPLE = (
    "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    + CREDENTIALS
    + CANDIDATE
    + "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2\r\n"
    "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0\r\n"
    "a=end-of-candidates\r\n"
)
MEDOOZE_RESTART = CREDENTIALS
MEDOOZE_TRICKLE = (
    CREDENTIALS + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" + CANDIDATE + "a=end-of-candidates\r\n"
)
MEDOOZE_IN_FIREFOX = CREDENTIALS + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=\r\na=end-of-candidates\r\n"
EYEVINN = CREDENTIALS + "".join(
    f"m=audio 9 RTP/AVP 0\r\na=mid:{mid}\r\na=candidate:842163049 0 udp 1677729535 203.0.113.5 3478 typ srflx raddr 0.0.0.0 rport 0\r\n"
    for mid in (0, 1)
)


def test_the_example_of_the_rfc():
    fragment = parse_fragment(RFC_EXAMPLE)
    assert (fragment.ufrag, fragment.password) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
    assert [candidate.transport for candidate in fragment.candidates] == ["udp", "udp", "tcp"]
    assert fragment.end_of_candidates
    assert parse_fragment(RFC_EXAMPLE.encode()) == fragment


def test_medooze_writes_the_credentials_above_the_sections():
    fragment = parse_fragment(MEDOOZE_TRICKLE)
    assert fragment.ufrag == "EsAw"
    assert len(fragment.candidates) == 1


def test_medooze_restarts_without_any_section():
    assert parse_fragment(MEDOOZE_RESTART) == Fragment("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")


def test_medooze_in_firefox_sends_the_empty_last_candidate():
    fragment = parse_fragment(MEDOOZE_IN_FIREFOX)
    assert fragment.candidates == ()
    assert fragment.end_of_candidates


def test_eyevinn_repeats_component_0_in_a_section_of_old_rtp_for_every_mid():
    (candidate,) = parse_fragment(EYEVINN).candidates
    assert (candidate.component, candidate.host) == (0, "203.0.113.5")


def test_a_fragment_may_have_no_credentials():
    assert parse_fragment(CANDIDATE).ufrag == ""
    assert parse_fragment("a=end-of-candidates\r\n").end_of_candidates


def test_names_and_unknown_transports_are_no_fault():
    text = "a=candidate:1 1 udp 1 65f3253a.local 9 typ host\r\na=candidate:2 1 carrier-pigeon 1 x.y 9 typ host\r\n"
    assert len(parse_fragment(text).candidates) == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "nothing about ICE"),
        ("a=group:BUNDLE 0\r\n", "nothing about ICE"),
        ("hello", "Line 1"),
        ('{"candidate": "x"}', "Line 1"),
        ("a=ice-ufrag:EsAw\r\n", "together"),
        ("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n", "together"),
        (CREDENTIALS.replace("EsAw", "E"), "together"),
        ("a=candidate:nonsense\r\n", "candidate is malformed"),
        (CANDIDATE * (MOST_CANDIDATES + 1), "256 candidates"),
        (CANDIDATE * 1500, "64 KiB"),
    ],
)
def test_what_is_no_fragment_is_refused(text, named):
    with pytest.raises(BadFragment, match=named) as caught:
        parse_fragment(text)
    assert caught.value.status == 400


def test_the_answer_to_a_restart():
    text = answer_fragment(
        negotiated(offer("gstreamer_1_24")),
        ufrag="289b31b7",
        pwd="0b66f472495ef0ccac7bda653ab6be49",
        candidates=[("2001:db8::7", 8080), ("198.51.100.7", 8080)],
    )
    assert text == (
        "a=ice-lite\r\n"
        "a=ice-options:trickle ice2\r\n"
        "a=group:BUNDLE video0 audio1\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 98\r\n"
        "a=mid:video0\r\n"
        "a=ice-ufrag:289b31b7\r\n"
        "a=ice-pwd:0b66f472495ef0ccac7bda653ab6be49\r\n"
        "a=candidate:1 1 udp 2130706431 198.51.100.7 8080 typ host\r\n"
        "a=candidate:2 1 udp 2130706175 2001:db8::7 8080 typ host\r\n"
        "a=end-of-candidates\r\n"
    )
    assert parse_fragment(text).ufrag == "289b31b7"


def test_the_answer_for_a_section_without_mid():
    head, _, rest = changed(("a=group:BUNDLE a v\n", ""), ("a=mid:v\n", "")).partition("m=audio")
    agreed = negotiated(head + "m=video" + rest.partition("m=video")[2])
    text = answer_fragment(agreed, ufrag="u" * 8, pwd="p" * 32, candidates=[])
    assert "mid" not in text
    assert "BUNDLE" not in text


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(EYEVINN.splitlines() + RFC_EXAMPLE.splitlines())).map("\n".join)
)
def test_any_text_is_a_fragment_or_a_bad_one(text):
    with contextlib.suppress(BadFragment):
        parse_fragment(text)
