"""What an offer and this server have in common (RFC 9725, 4.2 and 4.4; RFC 9429, 5.3.1).

Nothing is accepted by halves: where one media section cannot be taken, the whole offer is refused with a
sentence that tells the publisher what to change (RFC 9725, 4.4.3). Only sections that are no media, such as a
data channel, are answered with port 0.
"""

from dataclasses import dataclass

from edge.errors import BadOffer, UnsupportedOffer
from edge.ingest.sdp_choice import AudioPreferences, h264, opus
from edge.ingest.sdp_codecs import offered_codecs
from edge.ingest.sdp_negotiated import AcceptedMedia, Negotiated, RefusedSection
from edge.ingest.sdp_parse import Offer, Section
from edge.ingest.sdp_streams import best_layer, extensions_of, layers_of, streams_of
from edge.ingest.sdp_transport import transport_of

_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(frozen=True, slots=True)
class VideoPreferences:
    """`max_bitrate` (bit/s) is said as b=TIAS; `absolute_send_time` accepts that header extension."""

    max_bitrate: int | None = None
    absolute_send_time: bool = False


_AUDIO = AudioPreferences()
_VIDEO = VideoPreferences()


def negotiate(
    offer: Offer, *, audio: AudioPreferences = _AUDIO, video: VideoPreferences = _VIDEO
) -> Negotiated:
    """Choose what we receive. UnsupportedCodec and UnsupportedOffer (422) tell what to change; else BadOffer.

    MediaStreams are not counted: audio of one and video of another (a screen and a microphone) are published
    together, and clients that leave `a=msid` out are welcome.
    """
    media = [section for section in offer.sections if section.kind in {"audio", "video"} and section.is_live]
    _check_sections(offer, media)
    bundle = _bundle(offer, media)
    transport = transport_of(offer, media, bundle)
    sections = tuple(_answered(offer, section, media, audio, video) for section in offer.sections)
    mixed = any("extmap-allow-mixed" in place for place in (offer.attributes, *(s.attributes for s in media)))
    negotiated = Negotiated(
        sections,
        transport.setup,
        transport.ufrag,
        transport.password,
        transport.fingerprints,
        bundle,
        mixed,
    )
    _check_payload_types(negotiated)
    return negotiated


def _check_sections(offer: Offer, media: list[Section]) -> None:
    """RFC 9725, 4.2 (direction), 4.4.1 (multiplexing) and 4.4.2 (one of each kind)."""
    if not media:
        raise UnsupportedOffer("The offer has neither audio nor video: add a track before making the offer")
    for kind in ("audio", "video"):
        count = sum(section.kind == kind for section in media)
        if count > 1:
            raise UnsupportedOffer(
                f"The offer has {count} {kind} sections: publish one, or as several streams"
            )
    for section in media:
        direction = _direction(offer, section)
        if direction not in {"sendonly", "sendrecv"}:
            raise UnsupportedOffer(
                f"The {section.kind} section is {direction}: offer it as sendonly, or leave it out"
            )
        profile = section.protocol.upper().rpartition("RTP/")
        if profile[1] == "" or profile[2] not in {"SAVPF", "SAVP", "AVPF", "AVP"}:
            raise UnsupportedOffer(
                f"{section.protocol} is not spoken here: offer UDP/TLS/RTP/SAVPF, which is WebRTC"
            )
    if not any(name in section.attributes for section in media for name in ("rtcp-mux", "rtcp-mux-only")):
        raise UnsupportedOffer("RTP and RTCP must share a port: offer a=rtcp-mux")


def _direction(offer: Offer, section: Section) -> str:
    """Of the section, else of the session, which Firefox writes too; none is sendrecv (RFC 8866, 6.7)."""
    for attributes in (section.attributes, offer.attributes):
        for direction in _DIRECTIONS:
            if direction in attributes:
                return direction
    return "sendrecv"


def _bundle(offer: Offer, media: list[Section]) -> tuple[str, ...]:
    """The mids that share one transport; a single section needs no group."""
    mids = {section.mid for section in media}
    groups = [tuple(mid for mid in group if mid in mids) for group in offer.bundles()]
    bundle = next((group for group in groups if len(group) == len(media)), ())
    if len(media) > 1 and not bundle:
        raise UnsupportedOffer(
            "Audio and video must share one transport: offer them in one BUNDLE group (max-bundle)"
        )
    return bundle


def _answered(
    offer: Offer, section: Section, media: list[Section], audio: AudioPreferences, video: VideoPreferences
) -> AcceptedMedia | RefusedSection:
    if section not in media:
        return RefusedSection(section.kind, section.mid, section.protocol, section.formats[0])
    codecs = offered_codecs(section)
    chosen = (opus(codecs, audio),) if section.kind == "audio" else h264(codecs)
    rids = layers_of(section)
    streams = streams_of(section)
    return AcceptedMedia(
        kind="audio" if section.kind == "audio" else "video",
        mid=section.mid,
        protocol=section.protocol,
        payload_types=chosen,
        extensions=extensions_of(offer, section, absolute_send_time=video.absolute_send_time),
        rids=rids,
        rid=best_layer(section, rids),
        simulcast="simulcast" in section.attributes and bool(rids),
        reduced_size="rtcp-rsize" in section.attributes,
        ssrcs=streams.ssrcs,
        rtx_ssrcs=dict(streams.rtx),
        max_bitrate=video.max_bitrate if section.kind == "video" else None,
    )


def _check_payload_types(negotiated: Negotiated) -> None:
    """One number, one meaning: packets of a bundle are told apart by it (RFC 9143, 9.1)."""
    numbers = [
        number
        for media in negotiated.media
        for payload_type in media.payload_types
        for number in (payload_type.number, payload_type.rtx)
        if number is not None
    ]
    if len(set(numbers)) != len(numbers):
        raise BadOffer("Two codecs have the same payload type: each needs its own within a BUNDLE group")
