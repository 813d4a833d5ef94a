"""One breach each, planted into the scripted server: its class, the rule it breaks, and the check that must say so."""

import asyncio
import re

from aiohttp import web
from scripted_server import OPUS, PARTS, SMALL, VIDEO, ScriptedServer

from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment

PLANTS: dict[str, tuple[type[ScriptedServer], str, str]] = {}


def plant(rule: str, check: str):
    def keep(server: type[ScriptedServer]):
        assert server.__name__ not in PLANTS
        PLANTS[server.__name__] = (server, rule, check)
        return server

    return keep


def rewriting(
    name: str, rule: str, check: str, pattern: str, replacement: str, *, where: str = "both", count=0
):
    """A server whose playlists are rewritten by a regular expression: whole ones, deltas, or both."""

    class Rewriting(ScriptedServer):
        def rewrite(self, text, *, delta):
            if where == "delta" and not delta:
                return text
            changed, times = re.subn(pattern, replacement, text, count=count, flags=re.MULTILINE)
            assert times or where != "both", f"{name} changes nothing"
            return changed

    Rewriting.__name__ = name
    plant(rule, check)(Rewriting)


# What one playlist says.
rewriting("WhiteSpace", "LL 2", "attribute-list", "PART-HOLD-BACK=", " PART-HOLD-BACK=")
rewriting(
    "AttributeTwice",
    "LL 2",
    "attribute-list",
    "CAN-BLOCK-RELOAD=YES",
    "CAN-BLOCK-RELOAD=YES,CAN-BLOCK-RELOAD=YES",
)
rewriting("Exponent", "LL 3", "decimal", "DURATION=0.20000", "DURATION=2e-1")
rewriting("VersionTooLow", "LL 4", "version-too-low", "VERSION:9", "VERSION:7", where="delta")
rewriting("TagTwice", "LL 7", "tag-twice", "^(#EXT-X-TARGETDURATION.*)$", r"\1\n\1")
rewriting("SegmentTooLong", "LL 8", "segment-too-long", "EXTINF:1.00000", "EXTINF:1.60000")
rewriting("PartInfMissing", "LL 17", "part-inf-missing", "^#EXT-X-PART-INF.*\n", "")
rewriting("PartWithoutUri", "LL 18", "part-attributes", r"^(#EXT-X-PART:.*),URI=\"[^\"]*\"", r"\1", count=1)
rewriting("PartTooLong", "LL 19", "part-too-long", "DURATION=0.20000", "DURATION=0.20100")
rewriting(
    "PartTooShort", "LL 19", "part-too-short", r"DURATION=0.20000(,URI=\"\d+\.2\.m4s)", r"DURATION=0.16000\1"
)
rewriting("PartsDifferInSum", "LL 20", "parts-differ-from-segment", "EXTINF:1.00000", "EXTINF:1.40000")
rewriting(
    "DateAfterParts", "LL 21", "tag-after-part", r"^(#EXT-X-PROGRAM-DATE.*\n)((?:#EXT-X-PART:.*\n)+)", r"\2\1"
)
rewriting("NoBlockingReload", "LL 26", "no-blocking-reload", "CAN-BLOCK-RELOAD=YES,", "")
rewriting("SkipBoundary", "LL 27", "skip-boundary", "CAN-SKIP-UNTIL=6.0", "CAN-SKIP-UNTIL=5.0")
rewriting("HoldBack", "LL 28", "hold-back", "CAN-BLOCK", "HOLD-BACK=2.0,CAN-BLOCK")
rewriting("PartHoldBack", "LL 29", "part-hold-back", "PART-HOLD-BACK=0.6", "PART-HOLD-BACK=0.5")
rewriting("NoPartHoldBack", "LL 29", "part-hold-back-missing", ",PART-HOLD-BACK=0.6", "")
rewriting("NoHint", "LL 45", "hint-missing", "^#EXT-X-PRELOAD.*\n", "")
rewriting("NoDates", "LL 52", "date-missing", "^#EXT-X-PROGRAM.*\n", "")
rewriting("NoMap", "LL 54", "map-missing", "^#EXT-X-MAP.*\n", "")
rewriting(
    "StartNearEnd",
    "LL 58",
    "start-near-end",
    "^#EXT-X-PART-INF",
    "#EXT-X-START:TIME-OFFSET=-1.0\n#EXT-X-PART-INF",
)
rewriting(
    "DaterangeWithoutStart", "LL 60", "daterange-start", "^#EXT-X-MAP", '#EXT-X-DATERANGE:ID="ad"\n#EXT-X-MAP'
)
rewriting("DeltaDiffers", "LL 42", "delta-differs", "^#EXTINF:1.00000", "#EXTINF:0.99000", where="delta")
rewriting(
    "NoDiscontinuitySequence", "LL 16", "discontinuity-sequence-missing", "^#EXT-X-DISCONTINUITY-SEQ.*\n", ""
)


# What changes from one playlist to the next.
@plant("LL 8", "target-duration-changed")
class TargetChanges(ScriptedServer):
    def rewrite(self, text, *, delta):
        return text.replace("DURATION:1\n", "DURATION:2\n") if self.made() > 84 else text


@plant("LL 15", "media-sequence-back")
class SequenceGoesBack(ScriptedServer):
    def rewrite(self, text, *, delta):
        back = self.made() > 84
        return re.sub(r"(MEDIA-SEQUENCE:)(\d+)", lambda m: f"{m[1]}{int(m[2]) - 5 * back}", text)


@plant("LL 5", "uri-rewritten")
class UriRewritten(ScriptedServer):
    def rewrite(self, text, *, delta):
        return text.replace("\n15.m4s", "\n15.m4s?again") if self.made() > 84 else text


@plant("LL 5", "parts-rewritten")
class PartsRewritten(ScriptedServer):
    def rewrite(self, text, *, delta):
        return text.replace("0.20000,", "0.19900,") if self.made() > 84 else text


@plant("LL 16", "discontinuity-sequence-wrong")
class DiscontinuityNotCounted(ScriptedServer):
    def rewrite(self, text, *, delta):
        return re.sub("(DISCONTINUITY-SEQUENCE):.*", r"\1:0", text)

    def discontinuity(self, msn):
        return msn == 8


@plant("LL 13", "window-too-short")
class WindowShrinks(ScriptedServer):
    def rewrite(self, text, *, delta):
        if self.made() < 85:
            return text
        pieces = re.split(r"(?<=\.m4s\n)(?=#)", text)
        kept = [
            re.sub(r"(MEDIA-SEQUENCE:)(\d+)", lambda m: m[1] + str(int(m[2]) + 8), pieces[0]).partition(
                "#EXT-X-PROG"
            )[0]
        ]
        return "".join(kept + pieces[8 - (3 if delta else 0) :]).replace(
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n", ""
        )


@plant("LL 44", "hint-broken")
class HintBroken(ScriptedServer):
    def hint_lines(self, made):
        return ['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="soon.m4s"']


@plant("LL 44", "hint-after-end")
class HintAfterEnd(ScriptedServer):
    ends_at = 17

    def rewrite(self, text, *, delta):
        return text + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="17.0.m4s"\n' if self.ended() else text


@plant("LL 36", "directives-after-end")
class RefusesAfterEnd(ScriptedServer):
    ends_at = 17

    def refusal(self, msn, part):
        return 400 if msn is not None and self.far_ahead(msn, part) else None

    async def get_playlist(self, request):
        if self.ended() and "_HLS_msn" in request.query and int(request.query["_HLS_msn"]) > 20:
            return web.Response(status=400)
        return await super().get_playlist(request)


# What HTTP says.
def answering(name: str, rule: str, check: str, kind: str, header: str, value: str | None):
    """A server that sends another value of one header, or none."""

    class Answering(ScriptedServer):
        def headers(self, what, *, blocking=False):
            found = super().headers(what, blocking=blocking)
            if what == kind:
                found.pop(header)
                found |= {header: value} if value is not None else {}
            return found

    Answering.__name__ = name
    plant(rule, check)(Answering)


answering("PlaylistType", "LL 77", "playlist-type", "playlist", "Content-Type", "text/plain")
answering("MediaType", "LL 77", "media-type", "part", "Content-Type", "application/octet-stream")
answering("NoCors", "LL 77", "cors", "part", "Access-Control-Allow-Origin", None)
answering("NoVary", "LL 72", "vary", "playlist", "Vary", None)
answering("NoLifetime", "LL 73", "no-lifetime", "part", "Cache-Control", None)


@plant("LL 72", "gzip")
class NoGzip(ScriptedServer):
    def compresses(self):
        return False


@plant("LL 73", "playlist-cached-short")
class BlockingCachedShort(ScriptedServer):
    def headers(self, kind, *, blocking=False):
        return super().headers(kind)


@plant("LL 73", "playlist-cached-long")
class PlainCachedLong(ScriptedServer):
    def headers(self, kind, *, blocking=False):
        return super().headers(kind, blocking=True)


@plant("LL 75", "media-redirect")
class Redirects(ScriptedServer):
    async def get_part(self, request, msn, part):
        if "moved" not in request.query:
            raise web.HTTPFound(f"{request.path}?moved")
        return await super().get_part(request, msn, part)


@plant("LL 25", "part-dribbles")
class Dribbles(ScriptedServer):
    speed = 1.0

    async def get_part(self, request, msn, part):
        response = web.StreamResponse(headers=self.headers("part"))
        await response.prepare(request)
        body = self.part_body(msn, part)
        for start in range(0, len(body), 200):
            await response.write(body[start : start + 200])
            await asyncio.sleep(0.05)
        return response


@plant("LL 12", "media-missing")
class PartMissing(ScriptedServer):
    def hint_lines(self, made):
        return []

    async def get_part(self, request, msn, part):
        return web.Response(status=404) if part == 3 else await super().get_part(request, msn, part)


@plant("LL 46", "hint-refused")
class HintRefused(ScriptedServer):
    async def get_part(self, request, msn, part):
        late = msn * PARTS + part + 1 > self.made()
        return web.Response(status=404) if late else await super().get_part(request, msn, part)


@plant("LL 14", "removed-segment")
class RemovedAtOnce(ScriptedServer):
    async def get_segment(self, request, msn):
        gone = msn < self.made() // PARTS - 9
        return web.Response(status=404) if gone else await super().get_segment(request, msn)


@plant("LL 23", "removed-part")
class PartRemovedAtOnce(ScriptedServer):
    async def get_part(self, request, msn, part):
        gone = msn < self.made() // PARTS - 3
        return web.Response(status=404) if gone else await super().get_part(request, msn, part)


# What delivery directives do.
@plant("LL 33", "early-answer")
class DoesNotBlock(ScriptedServer):
    speed = 1.0

    async def wait_for(self, msn, part):
        if part is None:
            await super().wait_for(msn, part)


@plant("LL 32", "segment-early")
class SegmentTooEarly(ScriptedServer):
    speed = 1.0  # a segment is open long enough to be asked for by a busy machine

    async def wait_for(self, msn, part):
        await super().wait_for(msn, 0 if part is None else part)


@plant("LL 33", "blocked-refused")
class RefusesToBlock(ScriptedServer):
    def refusal(self, msn, part):
        if msn is not None and part == 3:
            return 500
        return super().refusal(msn, part)


@plant("LL 34", "rollover-refused")
class NoRollover(ScriptedServer):
    def refusal(self, msn, part):
        return 400 if part is not None and part >= PARTS else super().refusal(msn, part)


@plant("LL 34", "rollover-early")
class RolloverEarly(ScriptedServer):
    speed = 1.0

    async def wait_for(self, msn, part):
        if part is None or part < PARTS:
            await super().wait_for(msn, part)

    async def get_playlist(self, request):
        if request.query.get("_HLS_part") == "5":
            complete = self.made() // PARTS
            return self.text(request, self.playlist(complete * PARTS, delta=False), blocking=True)
        return await super().get_playlist(request)


@plant("LL 35", "old-position")
class OldPositionRefused(ScriptedServer):
    def refusal(self, msn, part):
        if msn is not None and msn < self.made() // PARTS - 9:
            return 400
        return super().refusal(msn, part)


@plant("LL 37", "far-ahead-answered")
class FarAheadAnswered(ScriptedServer):
    def refusal(self, msn, part):
        return 400 if msn is None and part is not None else None

    async def wait_for(self, msn, part):
        if not self.far_ahead(msn, part):
            await super().wait_for(msn, part)


@plant("LL 38", "part-without-msn")
class PartWithoutMsn(ScriptedServer):
    def refusal(self, msn, part):
        return None if msn is None else super().refusal(msn, part)


@plant("LL 41", "delta-missing")
class NoDelta(ScriptedServer):
    def playlist(self, made, *, delta):
        return super().playlist(made, delta=False)


@plant("LL 42", "skip-too-much")
class SkipsTooMuch(ScriptedServer):
    def rewrite(self, text, *, delta):
        if not delta:
            return text
        text = re.sub(
            r"(#EXT-X-MAP.*\n)(?:(?!.*\.m4s\n).*\n)*?(?:#EXT-X-DISC.*\n)?#EXT-X-PROG.*\n(?:#EXT-X-PART:.*\n)*#EXTINF.*\n.*\n",
            r"\1",
            text,
            count=1,
        )
        return text.replace("SKIPPED-SEGMENTS=3", "SKIPPED-SEGMENTS=4")


# What the media says.
@plant("LL 53", "tfdt")
class TimestampsJump(ScriptedServer):
    def part_samples(self, msn, part):
        video, audio = super().part_samples(msn, part)
        if part == 2:
            video = [sample._replace(dts=sample.dts + 1) for sample in video]
        return video, audio


@plant("LL 53", "tracks-changed")
class TracksChange(ScriptedServer):
    def map_name(self, msn):
        return "init0.mp4" if msn < 17 else "init1.mp4"

    def init_body(self, name):
        return init_segment((VIDEO if name == "init0.mp4" else SMALL, OPUS)).body


@plant("LL 18", "independent-untrue")
class IndependentUntrue(ScriptedServer):
    def is_key(self, msn, part, frame):
        return False


@plant("LL 10", "segment-dependent")
class NoKeyFrames(ScriptedServer):
    def is_key(self, msn, part, frame):
        return False

    def part_line(self, msn, part):
        return super().part_line(msn, part).replace(",INDEPENDENT=YES", "")


@plant("LL 12", "part-duration")
class PartDuration(ScriptedServer):
    def part_samples(self, msn, part):
        video, audio = super().part_samples(msn, part)
        return (video[:2], audio[:4]) if part == 3 else (video, audio)


@plant("LL 20", "segment-differs")
class SegmentDiffers(ScriptedServer):
    def segment_body(self, msn):
        return super().segment_body(msn)[:-1] + b"\xff"


@plant("CMAF 2", "fragments-in-part")
class TwoFragments(ScriptedServer):
    def part_body(self, msn, part):
        video, audio = self.part_samples(msn, part)
        first = fragment(1, [Run(1, video[0].dts, video)])
        return first + fragment(2, [Run(2, audio[0].dts, audio)])


@plant("CMAF 2", "part-unreadable")
class PartUnreadable(ScriptedServer):
    def part_body(self, msn, part):
        return super().part_body(msn, part)[:-5]


@plant("LL 54", "init-with-samples")
class InitWithSamples(ScriptedServer):
    def init_body(self, name):
        return super().init_body(name) + self.part_body(16, 0)


# What the multivariant playlist and its playlists say together.
@plant("LL 63", "bandwidth-missing")
class NoBandwidth(ScriptedServer):
    def multivariant(self):
        return super().multivariant().replace("BANDWIDTH=90000,AVERAGE-", "AVERAGE-")


@plant("LL 64", "codecs-differ")
class CodecsDiffer(ScriptedServer):
    def multivariant(self):
        return super().multivariant().replace("avc1.42c01f", "avc1.64001f")


@plant("LL 7", "media-tag")
class MediaTagInIndex(ScriptedServer):
    def multivariant(self):
        return super().multivariant() + "#EXT-X-TARGETDURATION:1\n"


@plant("LL 50", "report-missing")
class NoReport(ScriptedServer):
    demuxed = True

    def report_lines(self, made):
        return []


@plant("LL 51", "report-stale")
class StaleReport(ScriptedServer):
    demuxed = True

    def report_lines(self, made):
        return super().report_lines(made - 10)


@plant("LL 9", "target-durations-differ")
class TargetsDiffer(ScriptedServer):
    demuxed = True

    def rewrite_other(self, text):
        return text.replace("TARGETDURATION:1", "TARGETDURATION:2")


@plant("LL 30", "server-control-differs")
class ControlDiffers(ScriptedServer):
    demuxed = True

    def rewrite_other(self, text):
        return text.replace("SKIP-UNTIL=6.0", "SKIP-UNTIL=8.0")
