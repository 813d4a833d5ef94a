"""What an offer and its answer agree on."""

from dataclasses import dataclass
from typing import Literal

from edge.ingest.sdp_choice import PayloadType
from edge.ingest.sdp_streams import Extensions
from edge.ingest.sdp_transport import Fingerprint, Setup


@dataclass(frozen=True, slots=True)
class AcceptedMedia:
    """A media section that we receive. The first of `payload_types` is what a browser will send.

    `rids` are the simulcast layers the answer accepts, all that were offered because OBS gives up otherwise;
    `rid` is the one to take, packets of the others are dropped. `reduced_size`: RTCP of RFC 5506 may be sent.
    `ssrcs` (without retransmissions') and `rtx_ssrcs` (media to retransmissions) are what the offer tells,
    and may be empty.
    """

    kind: Literal["audio", "video"]
    mid: str
    protocol: str
    payload_types: tuple[PayloadType, ...]
    extensions: Extensions
    rids: tuple[str, ...]
    rid: str | None
    simulcast: bool
    reduced_size: bool
    ssrcs: tuple[int, ...]
    rtx_ssrcs: dict[int, int]
    max_bitrate: int | None = None

    def accepts_feedback(self, value: str) -> bool:
        """Whether every accepted payload type takes, say, "nack pli"."""
        return all(value in payload_type.feedback for payload_type in self.payload_types)


@dataclass(frozen=True, slots=True)
class RefusedSection:
    """A section that is answered with port 0; `format` is the first of its formats."""

    kind: str
    mid: str
    protocol: str
    format: str


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the answer says, before our own addresses. `sections` are in the order of the offer.

    `setup` is our DTLS role; `ufrag`, `password` and `fingerprints` are the peer's; `bundle` are the mids
    that share the transport, the first being the one that carries it (RFC 9143, 7.3).
    """

    sections: tuple[AcceptedMedia | RefusedSection, ...]
    setup: Setup
    ufrag: str
    password: str
    fingerprints: tuple[Fingerprint, ...]
    bundle: tuple[str, ...]
    extmap_allow_mixed: bool

    @property
    def audio(self) -> AcceptedMedia | None:
        return next((media for media in self.media if media.kind == "audio"), None)

    @property
    def video(self) -> AcceptedMedia | None:
        return next((media for media in self.media if media.kind == "video"), None)

    @property
    def media(self) -> tuple[AcceptedMedia, ...]:
        return tuple(section for section in self.sections if isinstance(section, AcceptedMedia))

    @property
    def rids(self) -> tuple[str, ...]:
        """The simulcast layers of the video, in the offer's order."""
        return self.video.rids if self.video else ()

    @property
    def tagged(self) -> AcceptedMedia:
        """The section that carries the transport: candidates stand there."""
        return next(
            (media for media in self.media if self.bundle and media.mid == self.bundle[0]), self.media[0]
        )
