"""Multivariant playlists (draft-pantos-hls-rfc8216bis-22 4.4.6), read as strictly."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.errors import MediaError
from edge.watch.attributes import Attributes, parse_attributes
from edge.watch.findings import Finding
from edge.watch.lines import read_lines

_MEDIA_TAGS = (
    "#EXTINF:",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-PART",
    "#EXT-X-SERVER-CONTROL",
    "#EXT-X-MAP",
    "#EXT-X-ENDLIST",
    "#EXT-X-PLAYLIST-TYPE",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """EXT-X-STREAM-INF and its URI. `attributes` as written."""

    uri: str
    bandwidth: int | None
    average_bandwidth: int | None
    codecs: str | None
    resolution: str | None
    frame_rate: float | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendition:
    """EXT-X-MEDIA."""

    type: str
    group: str
    name: str
    uri: str | None
    default: bool
    autoselect: bool
    language: str | None


@dataclass(frozen=True, slots=True)
class MultivariantPlaylist:
    variants: tuple[Variant, ...]
    renditions: tuple[Rendition, ...]
    independent_segments: bool
    variables: Mapping[str, str]
    faults: tuple[Finding, ...]

    def audio_of(self, variant: Variant) -> Rendition | None:
        """The rendition that plays with `variant` where its audio is a playlist of its own: the default, or
        the first.
        """
        group = variant.attributes.get("AUDIO")
        members = [
            each for each in self.renditions if each.type == "AUDIO" and each.group == group and each.uri
        ]
        return next((each for each in members if each.default), members[0] if members else None)

    def media_uris(self) -> tuple[str, ...]:
        """Every media playlist, once each, in order; I-frame playlists and subtitles are not among them."""
        uris = [variant.uri for variant in self.variants]
        uris += [each.uri for each in self.renditions if each.uri and each.type in {"AUDIO", "VIDEO"}]
        return tuple(dict.fromkeys(uris))


def is_multivariant(body: bytes) -> bool:
    """Whether `body` is a multivariant playlist rather than a media playlist."""
    return b"#EXT-X-STREAM-INF:" in body or b"#EXT-X-MEDIA:" in body


def parse_multivariant(body: bytes, variables: Mapping[str, str] | None = None) -> MultivariantPlaylist:
    """Read a multivariant playlist. Raises MediaError where no client could go on."""
    faults: list[Finding] = []
    variants: list[Variant] = []
    renditions: list[Rendition] = []
    pending: Attributes | None = None
    independent = False
    for line in read_lines(body, faults.append, variables or {}):
        if line.startswith(_MEDIA_TAGS):
            faults.append(Finding("LL 7", "media-tag", f"{line[:40]} stands in a multivariant playlist"))
        elif line.startswith("#EXT-X-STREAM-INF:"):
            pending = _attributes("EXT-X-STREAM-INF", line, faults)
        elif line.startswith("#EXT-X-MEDIA:"):
            renditions.append(_rendition(_attributes("EXT-X-MEDIA", line, faults), faults))
        elif line == "#EXT-X-INDEPENDENT-SEGMENTS":
            independent = True
        elif not line.startswith("#"):
            if pending is None:
                faults.append(
                    Finding("LL 2", "uri-without-tag", f"`{line[:60]}` follows no EXT-X-STREAM-INF")
                )
            variants.append(_variant(line, pending or Attributes(), faults))
            pending = None
    if not variants:
        raise MediaError("the multivariant playlist lists no variant")
    return MultivariantPlaylist(
        tuple(variants), tuple(renditions), independent, dict(variables or {}), tuple(faults)
    )


def _attributes(tag: str, line: str, faults: list[Finding]) -> Attributes:
    attributes = parse_attributes(line.partition(":")[2])
    faults.extend(Finding("LL 2", "attribute-list", f"{tag}: {problem}") for problem in attributes.problems)
    attributes.problems.clear()
    return attributes


def _values(tag: str, rule: str, attributes: Attributes, faults: list[Finding]) -> None:
    faults.extend(Finding(rule, "attribute-value", f"{tag}: {problem}") for problem in attributes.problems)


def _variant(uri: str, attributes: Attributes, faults: list[Finding]) -> Variant:
    variant = Variant(
        uri,
        attributes.integer("BANDWIDTH"),
        attributes.integer("AVERAGE-BANDWIDTH"),
        attributes.quoted("CODECS"),
        attributes.enumerated("RESOLUTION"),
        attributes.seconds("FRAME-RATE"),
        attributes.plain(),
    )
    _values("EXT-X-STREAM-INF", "LL 63", attributes, faults)
    return variant


def _rendition(attributes: Attributes, faults: list[Finding]) -> Rendition:
    rendition = Rendition(
        attributes.enumerated("TYPE") or "",
        attributes.quoted("GROUP-ID") or "",
        attributes.quoted("NAME") or "",
        attributes.quoted("URI"),
        attributes.yes("DEFAULT"),
        attributes.yes("AUTOSELECT"),
        attributes.quoted("LANGUAGE"),
    )
    _values("EXT-X-MEDIA", "LL 65", attributes, faults)
    return rendition
