"""Playlists as text, and what a check says of them."""

from edge.watch.playlist_reader import parse_media_playlist

HEAD = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:{first}
#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}
#EXT-X-MAP:URI="init.mp4"
"""


def part(msn, index, more="", duration="0.50000"):
    return f'#EXT-X-PART:DURATION={duration},URI="{msn}.{index}.m4s"{more}\n'


def segment(msn, parts=4, *, tags="", duration="2.00000"):
    """A complete segment; `parts` of them are listed with it."""
    date = f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:{msn * 2 // 60:02d}:{msn * 2 % 60:02d}.000Z\n"
    listed = "".join(part(msn, index, ",INDEPENDENT=YES" if index == 0 else "") for index in range(parts))
    return f"{tags}{date}{listed}#EXTINF:{duration},\n{msn}.m4s\n"


def opened(msn, parts, *, tags=""):
    """An open segment."""
    date = f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:{msn * 2 // 60:02d}:{msn * 2 % 60:02d}.000Z\n"
    listed = "".join(part(msn, index, ",INDEPENDENT=YES" if index == 0 else "") for index in range(parts))
    return f"{tags}{date}{listed}"


def hint(msn, index):
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{msn}.{index}.m4s"\n'


def listing(first=4, last=11, parts=2, *, discontinuities=0, tail=None):
    """Segments `first` to `last`, the last three with parts, and `parts` of the next one."""
    text = HEAD.format(first=first, discontinuities=discontinuities)
    text += "".join(segment(msn, 4 if msn > last - 3 else 0) for msn in range(first, last + 1))
    text += opened(last + 1, parts) if parts else ""
    return text + (hint(last + 1, parts) if tail is None else tail)


def read(text):
    return parse_media_playlist(text.encode())


def checks(findings):
    """The names, in order."""
    return [(finding.rule, finding.check) for finding in findings]
