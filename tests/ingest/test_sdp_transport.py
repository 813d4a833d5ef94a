import pytest
from sdp_corpus import changed, negotiated, offer

from edge.errors import BadOffer, UnsupportedOffer
from edge.ingest.sdp_transport import Fingerprint, is_credential

SHA256 = ":".join(["0F"] * 32)


@pytest.mark.parametrize(
    ("offered", "ours"),
    [("actpass", "passive"), ("active", "passive"), ("passive", "active"), ("ACTPASS", "passive")],
)
def test_our_dtls_role_is_the_one_that_is_left(offered, ours):
    assert negotiated(changed(("a=setup:actpass", f"a=setup:{offered}"))).setup == ours


def test_without_a_role_the_client_begins():
    assert negotiated(changed(("a=setup:actpass\n", ""))).setup == "passive"


def test_ffmpeg_waits_so_we_begin():
    assert negotiated(offer("ffmpeg_8_1")).setup == "active"


@pytest.mark.parametrize("role", ["holdconn", "nonsense"])
def test_another_role_is_refused(role):
    with pytest.raises(UnsupportedOffer, match=f"setup:{role}"):
        negotiated(changed(("a=setup:actpass", f"a=setup:{role}")))


def test_credentials_of_session_and_section():
    assert (negotiated(offer("obs_30")).ufrag, negotiated(offer("obs_32_simulcast")).ufrag) == (
        "ZfGH",
        "pQx7",
    )
    assert negotiated(offer("firefox_140")).password == "c4951a693666c544a590efd4a155da5b"


def test_credentials_are_those_of_the_section_that_carries_the_bundle():
    own = "a=ice-ufrag:{0}{0}{0}{0}\na=ice-pwd:" + "{0}" * 22
    text = changed(
        ("a=mid:a", f"a=mid:a\n{own.format('A')}"),
        ("a=mid:v", f"a=mid:v\n{own.format('V')}"),
        ("BUNDLE a v", "BUNDLE v a"),
    )
    assert negotiated(text).ufrag == "VVVV"


def test_a_bundle_only_section_needs_no_transport_of_its_own():
    transport = (
        "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijkl\na=fingerprint:sha-256 "
        + SHA256
        + "\na=setup:actpass\n"
    )
    text = changed(
        (transport, ""),
        ("a=mid:a\n", f"a=mid:a\n{transport}"),
        ("m=video 9", "m=video 0"),
        ("a=mid:v", "a=mid:v\na=bundle-only"),
    )
    assert negotiated(text).ufrag == "abcd"
    assert negotiated(text).video is not None


@pytest.mark.parametrize(
    "change",
    [
        ("a=ice-ufrag:abcd\n", ""),
        ("a=ice-pwd:0123456789abcdefghijkl\n", ""),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:abc"),
        ("a=ice-pwd:0123456789abcdefghijkl", "a=ice-pwd:0123456789abcdefghijk"),
    ],
)
def test_without_ice_credentials_an_offer_is_malformed(change):
    with pytest.raises(BadOffer, match="ice-ufrag"):
        negotiated(changed(change))


def test_credentials_are_of_visible_characters():
    assert is_credential("ab+/", "x" * 22)
    assert not is_credential("a b+", "x" * 22)
    assert not is_credential("abcd", "ä" * 22)
    assert not is_credential("x" * 257, "x" * 22)


def test_fingerprints_are_put_into_one_case():
    text = changed((f"sha-256 {SHA256}", f"SHA-256 {SHA256.lower()}"))
    assert negotiated(text).fingerprints == (Fingerprint("sha-256", SHA256),)


def test_all_usable_fingerprints_are_kept_each_once():
    fingerprints = negotiated(offer("aiortc_1_16")).fingerprints
    assert [f.algorithm for f in fingerprints] == ["sha-256", "sha-384", "sha-512"]
    with_old = changed(
        (f"sha-256 {SHA256}", f"sha-1 {':'.join(['0F'] * 20)}\na=fingerprint:sha-256 {SHA256}")
    )
    assert [f.algorithm for f in negotiated(with_old).fingerprints] == ["sha-256"]


def test_a_weak_fingerprint_alone_is_refused():
    with pytest.raises(UnsupportedOffer, match="sha-256"):
        negotiated(changed((f"sha-256 {SHA256}", f"sha-1 {':'.join(['0F'] * 20)}")))


@pytest.mark.parametrize(
    "value", ["sha-256", "sha-256 zz", f"sha-256 {SHA256[:-3]}", f"sha-256 {SHA256} x", ""]
)
def test_a_malformed_fingerprint_is_refused(value):
    with pytest.raises(BadOffer, match="fingerprint"):
        negotiated(changed((f"a=fingerprint:sha-256 {SHA256}", f"a=fingerprint:{value}")))


def test_without_a_fingerprint_nothing_is_encrypted():
    with pytest.raises(BadOffer, match="DTLS-SRTP"):
        negotiated(changed((f"a=fingerprint:sha-256 {SHA256}\n", "")))
