"""Media types by the name's ending: our own table first, for it must not depend on the machine."""

from mimetypes import MimeTypes

_KNOWN = MimeTypes(filenames=())
for _ending, _type in {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".mp4": "video/mp4",
    ".m4s": "video/iso.segment",
    ".m4a": "audio/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/matroska",
    ".webm": "video/webm",
    ".ts": "video/mp2t",
    ".vtt": "text/vtt",
    ".webp": "image/webp",
    ".avif": "image/avif",
}.items():
    _KNOWN.add_type(_type, _ending)


def media_type(name: str) -> str:
    """`application/octet-stream` for what is not known, and for what is compressed besides."""
    kind, coding = _KNOWN.guess_type("/" + name)
    return kind if kind and not coding else "application/octet-stream"
