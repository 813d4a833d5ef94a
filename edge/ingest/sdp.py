"""Offer in, answer out: the SDP of a WHIP publisher (RFC 9725).

offer = parse_offer(body)
negotiated = negotiate(offer)
text = answer(negotiated, ufrag=..., pwd=..., fingerprint=..., candidates=..., session_id=...)
"""

from edge.ingest.sdp_answer import answer
from edge.ingest.sdp_choice import AudioPreferences, PayloadType
from edge.ingest.sdp_negotiate import VideoPreferences, negotiate
from edge.ingest.sdp_negotiated import AcceptedMedia, Negotiated, RefusedSection
from edge.ingest.sdp_parse import Offer, parse_offer
from edge.ingest.sdp_streams import Extensions
from edge.ingest.sdp_transport import Fingerprint

__all__ = [
    "AcceptedMedia",
    "AudioPreferences",
    "Extensions",
    "Fingerprint",
    "Negotiated",
    "Offer",
    "PayloadType",
    "RefusedSection",
    "VideoPreferences",
    "answer",
    "negotiate",
    "parse_offer",
]
