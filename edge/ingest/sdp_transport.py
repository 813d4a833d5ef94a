"""The transport that an offer tells: ICE credentials, certificate fingerprints and DTLS role."""

import re
from dataclasses import dataclass
from typing import Literal

from edge.errors import BadOffer, UnsupportedOffer
from edge.ingest.sdp_parse import Offer, Section

Setup = Literal["active", "passive"]

_DIGEST_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_MOST_FINGERPRINTS = 8
_OUR_ROLES: dict[str, Setup] = {"": "passive", "actpass": "passive", "active": "passive", "passive": "active"}
_HEX_PAIRS = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2})*")
_CREDENTIAL = re.compile(r"[!-~]{4,256}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A digest of the peer's certificate (RFC 8122): `algorithm` lower case, `value` upper, with colons."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Transport:
    """`setup` is the role that is left for us: never actpass, which libdatachannel refuses in an answer."""

    setup: Setup
    ufrag: str
    password: str
    fingerprints: tuple[Fingerprint, ...]


def transport_of(offer: Offer, media: list[Section], bundle: tuple[str, ...]) -> Transport:
    """Of the section that carries the bundle: a bundle-only one has none of its own (RFC 9143, 7.2.1).

    BadOffer where something is missing or malformed, UnsupportedOffer where it is there and of no use.
    """
    ordered = sorted(media, key=lambda section: not bundle or section.mid != bundle[0])
    ufrag, password = _first(offer, ordered, "ice-ufrag"), _first(offer, ordered, "ice-pwd")
    if not is_credential(ufrag, password):
        raise BadOffer(
            "a=ice-ufrag or a=ice-pwd is missing or too short: make the offer with an ICE agent (RFC 8839)"
        )
    setup = _first(offer, ordered, "setup").lower()
    if setup not in _OUR_ROLES:
        raise UnsupportedOffer(f"a=setup:{setup[:16]} cannot be answered: offer actpass, active or passive")
    return Transport(_OUR_ROLES[setup], ufrag, password, _fingerprints(offer, ordered))


def is_credential(ufrag: str, password: str) -> bool:
    """Lengths of RFC 8839, 5.4; any visible ASCII is taken, as ICE agents do."""
    return bool(_CREDENTIAL.fullmatch(ufrag) and _CREDENTIAL.fullmatch(password) and len(password) >= 22)


def _first(offer: Offer, sections: list[Section], name: str) -> str:
    return next((value for section in sections for value in offer.values(section, name)), "")


def _fingerprints(offer: Offer, sections: list[Section]) -> tuple[Fingerprint, ...]:
    values = next((found for section in sections if (found := offer.values(section, "fingerprint"))), ())
    if not values:
        raise BadOffer("a=fingerprint is missing: media must be encrypted with DTLS-SRTP (RFC 8827, 6.5)")
    parsed = dict.fromkeys(_fingerprint(value) for value in values[:_MOST_FINGERPRINTS])
    usable = tuple(fingerprint for fingerprint in parsed if fingerprint.algorithm in _DIGEST_SIZES)
    if not usable:
        raise UnsupportedOffer(
            "The certificate's fingerprint is of a weak or unknown kind: offer a=fingerprint:sha-256"
        )
    return usable


def _fingerprint(text: str) -> Fingerprint:
    words = text.split()
    algorithm, value = (words[0].lower(), words[1].upper()) if len(words) == 2 else ("", "")
    size = _DIGEST_SIZES.get(algorithm, (len(value) + 1) // 3)
    if not _HEX_PAIRS.fullmatch(value) or len(value) != size * 3 - 1:
        raise BadOffer("a=fingerprint is malformed: it is a hash name and pairs of hex digits (RFC 8122, 5)")
    return Fingerprint(algorithm, value)
