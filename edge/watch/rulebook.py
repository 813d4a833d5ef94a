"""The rules by name: where each is written, and what it says in a few words.

"draft" is draft-pantos-hls-rfc8216bis-22, "AUTH" Apple's HLS authoring specification, "B.1" the draft's
low-latency server
configuration profile (Appendix B.1), which AUTH 14.1 makes a MUST. Not judged, because one client cannot see
them from
outside or aiohttp cannot speak them: LL 24, 40, 67-71 (HTTP/2, priorities), 74 (caches), 76 (keep-alive
counts), 78.
"""

RULES: dict[str, tuple[str, str]] = {
    "LL 1": ("draft 4", "a playlist is known by its path or its Content-Type"),
    "LL 2": ("draft 4.1, 4.2", "UTF-8, #EXTM3U first, well-formed lines and attribute lists"),
    "LL 3": ("draft 4.2", "decimal-floating-point has no sign and no exponent"),
    "LL 4": ("draft 4.4.1.2, 8", "EXT-X-VERSION: at most one, and high enough"),
    "LL 5": ("draft 6.2.1", "a playlist only grows at its end and shrinks at its start"),
    "LL 6": ("draft 6.2.2", "no EXT-X-PLAYLIST-TYPE where segments are removed"),
    "LL 7": ("draft 4.4.3", "media playlist tags once each, never in a multivariant playlist"),
    "LL 8": ("draft 4.4.3.1, AUTH 7.7", "EXT-X-TARGETDURATION bounds every segment and does not change"),
    "LL 9": ("draft 6.2.4", "one target duration in all playlists"),
    "LL 10": ("B.1, AUTH 7.4", "segments start with, or at least have, an independent frame"),
    "LL 11": ("draft 6.2.1", "a new segment within 1.5 target durations"),
    "LL 12": ("draft 6.2.1, AUTH 8.1", "what is listed can be loaded, and durations are precise"),
    "LL 13": ("draft 6.2.2, AUTH 8.11", "a live playlist keeps three target durations"),
    "LL 14": ("draft 6.2.2", "removed segments stay available for a while"),
    "LL 15": ("draft 6.2.2", "EXT-X-MEDIA-SEQUENCE never decreases"),
    "LL 16": ("draft 6.2.2, AUTH 8.17", "EXT-X-DISCONTINUITY-SEQUENCE counts removed discontinuities"),
    "LL 17": ("draft 4.4.3.7", "EXT-X-PART-INF with PART-TARGET, unchanging"),
    "LL 18": ("draft 4.4.4.9", "attributes of EXT-X-PART"),
    "LL 19": ("draft 4.4.4.9", "a part lasts 85-100 % of PART-TARGET"),
    "LL 20": ("draft 3.2", "a segment is exactly its parts"),
    "LL 21": ("draft 4.4.4.9", "a segment's tags stand before its first part"),
    "LL 22": ("draft 6.2.1", "a new part within a part target"),
    "LL 23": ("draft 6.2.2", "part tags go after three target durations, parts stay three more"),
    "LL 25": ("draft 6.2.6", "no byte of a part before all of it can be sent"),
    "LL 26": ("draft 4.4.3.8, B.1", "CAN-BLOCK-RELOAD=YES"),
    "LL 27": ("draft 4.4.3.8", "CAN-SKIP-UNTIL is six target durations or more"),
    "LL 28": ("draft 4.4.3.8", "HOLD-BACK is three target durations or more"),
    "LL 29": ("draft 4.4.3.8, AUTH 14.3", "PART-HOLD-BACK is three part targets or more"),
    "LL 30": ("draft 6.2.4", "the same EXT-X-SERVER-CONTROL in all playlists"),
    "LL 31": ("draft 6.2.5", "foreign query parameters do no harm"),
    "LL 32": ("draft 6.2.5.2", "_HLS_msn holds until the segment is there"),
    "LL 33": ("draft 6.2.5.2", "_HLS_msn and _HLS_part hold until the part is there"),
    "LL 34": ("draft 6.2.5.2", "a part index past the segment's last means the next segment's first"),
    "LL 35": ("draft 6.2.5.2", "an old position is answered with the whole current playlist"),
    "LL 36": ("draft 6.2.5.1, 6.2.5.2", "directives are ignored once there is EXT-X-ENDLIST"),
    "LL 37": ("draft 6.2.5.2", "too far ahead is 400"),
    "LL 38": ("draft 6.2.5.2", "_HLS_part without _HLS_msn is 400"),
    "LL 39": ("draft 6.2.5.2", "503 after three target durations of blocking"),
    "LL 41": ("draft 6.2.5.1", "_HLS_skip gives a delta update exactly where CAN-SKIP-UNTIL is offered"),
    "LL 42": ("draft 4.4.5.2", "a delta update says what the whole playlist says"),
    "LL 43": ("B.1", "directives combine, requests are idempotent"),
    "LL 44": ("draft 4.4.5.3", "a preload hint names the resource that comes"),
    "LL 45": ("B.1", "the next part is hinted"),
    "LL 46": ("draft 6.2.6", "a hinted resource can be asked for at once"),
    "LL 47": ("draft 6.2.6, RFC 8673", "byte-range parts answer 206"),
    "LL 49": ("draft 4.4.5.4", "attributes of EXT-X-RENDITION-REPORT"),
    "LL 50": ("B.1", "a report for every other playlist"),
    "LL 51": ("B.1", "reports are as fresh as the playlist that carries them"),
    "LL 52": (
        "B.1, draft 4.4.4.6, 6.2.4",
        "EXT-X-PROGRAM-DATE-TIME in every playlist, precise and consistent",
    ),
    "LL 53": (
        "draft 4.4.4.3, 6.2.1, AUTH 7.3",
        "EXT-X-DISCONTINUITY where tracks, format or timestamps change",
    ),
    "LL 54": ("draft 3.1.2", "EXT-X-MAP for every fMP4 segment, without samples in it"),
    "LL 55": ("draft 4.4.4.7", "only gaps have no media"),
    "LL 56": ("draft 6.2.1", "nothing changes after EXT-X-ENDLIST"),
    "LL 57": ("draft 4.4.2.1", "EXT-X-INDEPENDENT-SEGMENTS in one place, and true"),
    "LL 58": ("draft 4.4.2.2", "EXT-X-START not within three target durations of the end"),
    "LL 59": ("draft 4.4.2.3", "EXT-X-DEFINE defines what is used"),
    "LL 60": ("draft 4.4.5.1, 6.2.1", "EXT-X-DATERANGE is complete and stays as it is"),
    "LL 61": ("draft 4.4.4.8", "EXT-X-BITRATE within 10 %"),
    "LL 62": ("draft 6.2.3", "EXT-X-KEY stays while it applies"),
    "LL 63": ("draft 4.4.6.2, AUTH 1.29, 9.14", "BANDWIDTH and AVERAGE-BANDWIDTH"),
    "LL 64": ("draft 6.2.4, AUTH 9.1, 9.2, 9.15", "CODECS, RESOLUTION and FRAME-RATE"),
    "LL 65": ("draft 4.4.6.1", "groups of EXT-X-MEDIA"),
    "LL 66": ("draft 6.2.4", "variants match in time and in discontinuities"),
    "LL 72": ("draft 6.2.1, AUTH 10.1", "playlists are offered gzipped, with Vary"),
    "LL 73": ("B.1", "cache lifetimes"),
    "LL 75": ("AUTH 8.18", "no redirects for media"),
    "LL 77": ("AUTH 10.4, Fetch", "media types and CORS"),
    "CMAF 1": ("draft 3.1.2", "an init segment describes every track and holds no samples"),
    "CMAF 2": ("draft 3.1.2, ISO 14496-12 8.8", "a part is one moof and its mdat"),
}


def source(rule: str) -> str:
    """Where `rule` is written, such as "draft 4.4.4.9"."""
    return RULES[rule][0]


def title(rule: str) -> str:
    """What `rule` says, in a few words."""
    return RULES[rule][1]


def cite(rule: str) -> str:
    """As a person reads it: "LL 19 (draft 4.4.4.9)"."""
    return f"{rule} ({source(rule)})"
