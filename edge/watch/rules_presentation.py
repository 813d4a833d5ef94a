"""Checks of a multivariant playlist, and of its media playlists side by side (draft 4.4.6, 6.2.4, B.1)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from edge.fmp4.inspect import ParsedTrack
from edge.watch.findings import Finding, advice
from edge.watch.multivariant import MultivariantPlaylist
from edge.watch.playlist import MediaPlaylist

_DATE_SLACK_S = 1.0


def bandwidth(playlist: MultivariantPlaylist) -> Iterator[Finding]:
    """LL 63: BANDWIDTH is there, AVERAGE-BANDWIDTH too (AUTH 9.14), not above it."""
    for variant in playlist.variants:
        if not variant.bandwidth:
            yield Finding("LL 63", "bandwidth-missing", f"the variant {variant.uri} has no BANDWIDTH")
        elif variant.average_bandwidth is None:
            yield advice("LL 63", "average-missing", f"the variant {variant.uri} has no AVERAGE-BANDWIDTH")
        elif variant.average_bandwidth > variant.bandwidth:
            yield Finding(
                "LL 63", "average-above-peak", f"{variant.uri}: AVERAGE-BANDWIDTH is above BANDWIDTH"
            )


def codecs(playlist: MultivariantPlaylist) -> Iterator[Finding]:
    """LL 64: CODECS always, RESOLUTION and FRAME-RATE for pictures."""
    for variant in playlist.variants:
        if variant.codecs is None:
            yield Finding("LL 64", "codecs-missing", f"the variant {variant.uri} has no CODECS")
        elif _has_video(variant.codecs):
            for name in ("RESOLUTION", "FRAME-RATE"):
                if name not in variant.attributes:
                    yield Finding(
                        "LL 64", f"{name.lower()}-missing", f"the variant {variant.uri} has no {name}"
                    )


def _has_video(names: str) -> bool:
    return any(
        name.strip()[:4] in {"avc1", "avc3", "hvc1", "hev1", "av01", "vp09"} for name in names.split(",")
    )


def groups(playlist: MultivariantPlaylist) -> Iterator[Finding]:
    """LL 65: groups have one name each, one default at most; groups that are named exist."""
    names = Counter((each.type, each.group, each.name) for each in playlist.renditions)
    for (_, group, name), count in names.items():
        if count > 1:
            yield Finding("LL 65", "name-twice", f'the group "{group}" has the NAME "{name}" twice')
    defaults = Counter((each.type, each.group) for each in playlist.renditions if each.default)
    for (_, group), count in defaults.items():
        if count > 1:
            yield Finding("LL 65", "default-twice", f'the group "{group}" has more than one DEFAULT=YES')
    known = {(each.type, each.group) for each in playlist.renditions}
    for variant in playlist.variants:
        for kind in ("AUDIO", "VIDEO", "SUBTITLES"):
            wanted = variant.attributes.get(kind)
            if wanted is not None and (kind, wanted) not in known:
                yield Finding("LL 65", "group-unknown", f'{variant.uri} names the {kind} group "{wanted}"')


def independent_once(playlist: MultivariantPlaylist, media: MediaPlaylist) -> Iterator[Finding]:
    """LL 57: EXT-X-INDEPENDENT-SEGMENTS stands here or there."""
    if playlist.independent_segments and media.independent_segments:
        yield advice("LL 57", "independent-twice", "EXT-X-INDEPENDENT-SEGMENTS is in both kinds of playlist")


def codecs_match(names: str | None, tracks: list[ParsedTrack]) -> Iterator[Finding]:
    """LL 64: CODECS lists every format that the init segment has."""
    if names is None:
        return
    listed = [name.strip().lower() for name in names.split(",")]
    for track in tracks:
        if track.kind != "other" and track.codec.lower() not in listed:
            sentence = f"the init segment has {track.codec}, CODECS says {names}"
            yield Finding("LL 64", "codecs-differ", sentence)


def same_targets(playlists: Mapping[str, MediaPlaylist]) -> Iterator[Finding]:
    """LL 9, 30: one target duration, one server control."""
    values = list(playlists.values())
    if len({each.target_duration for each in values}) > 1:
        sentence = f"target durations differ: {sorted({each.target_duration or 0 for each in values})}"
        yield Finding("LL 9", "target-durations-differ", sentence)
    live = [each for each in values if not each.ended]
    if any(each.control != live[0].control for each in live[1:]):
        yield Finding("LL 30", "server-control-differs", "EXT-X-SERVER-CONTROL differs between playlists")


def same_discontinuities(playlists: Mapping[str, MediaPlaylist]) -> Iterator[Finding]:
    """LL 66, 52: all or none have dates; the same media sequence number has about the same date."""
    values = [each for each in playlists.values() if each.segments]
    dated = {any(segment.date for segment in each.segments) for each in values}
    if len(dated) > 1:
        yield Finding("LL 52", "dates-in-some", "some playlists have EXT-X-PROGRAM-DATE-TIME, some have not")
    for other in values[1:]:
        for segment in other.segments:
            twin = values[0].segment(segment.msn)
            if twin is None or twin.date is None or segment.date is None:
                continue
            if twin.discontinuity != segment.discontinuity:
                yield Finding(
                    "LL 66", "discontinuity-differs", f"segment {segment.msn} differs in EXT-X-DISCONTINUITY"
                )
            if abs((twin.date - segment.date).total_seconds()) > _DATE_SLACK_S:
                yield advice(
                    "LL 66", "dates-differ", f"segment {segment.msn} is dated differently between playlists"
                )


def reports_complete(url: str, playlist: MediaPlaylist, others: list[str]) -> Iterator[Finding]:
    """LL 50: a report for every other playlist. `url` is this one's, `others` are absolute."""
    if playlist.ended or not playlist.low_latency:
        return
    reported = {_bare(urljoin(url, report.uri)) for report in playlist.reports}
    for other in others:
        if _bare(other) not in reported:
            name = urlsplit(other).path.rpartition("/")[2]
            yield Finding("LL 50", "report-missing", f"there is no EXT-X-RENDITION-REPORT for {name}")


def reports_well_formed(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 49: relative URIs, and where the other playlist is."""
    for report in playlist.reports:
        if urlsplit(report.uri).scheme:
            yield Finding("LL 49", "report-absolute", f"the report's URI is not relative: {report.uri}")
        if report.last_msn is None or (playlist.low_latency and report.last_part is None):
            yield advice(
                "LL 49", "report-attributes", f"the report of {report.uri} has no LAST-MSN or LAST-PART"
            )


def reports_fresh(playlist: MediaPlaylist) -> Iterator[Finding]:
    """LL 51: a report is as fresh as its playlist: at most two parts, or the segment's change, behind."""
    position = playlist.next_position
    for report in playlist.reports:
        if report.last_msn is None:
            continue
        behind = position.msn - report.last_msn
        parts = position.part - 1 - (report.last_part or 0)
        if behind > 1 or (behind == 0 and parts > 2):
            sentence = (
                f"{report.uri} is reported at {report.last_msn}.{report.last_part},"
                f" this playlist is before {position.msn}.{position.part}"
            )
            yield Finding("LL 51", "report-stale", sentence)


def _bare(url: str) -> str:
    return url.partition("?")[0]


CHECKS: tuple[Callable[[MultivariantPlaylist], Iterator[Finding]], ...] = (bandwidth, codecs, groups)
