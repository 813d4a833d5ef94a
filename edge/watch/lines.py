"""From octets to the lines of a playlist (draft-pantos-hls-rfc8216bis-22 4.1), variables put in (4.3)."""

from collections.abc import Callable, Iterator, Mapping

from edge.errors import MediaError
from edge.watch.attributes import parse_attributes
from edge.watch.findings import Finding

MAX_PLAYLIST_BYTES = 8 << 20
_MAX_LINE = 64 << 10
_CONTROLS = frozenset(map(chr, [*range(32), *range(127, 160)])) - {"\r", "\n"}
_DEFINE = "#EXT-X-DEFINE:"

Fault = Callable[[Finding], None]


def read_lines(body: bytes, fault: Fault, variables: Mapping[str, str]) -> Iterator[str]:
    """The lines that say something, #EXTM3U and #EXT-X-DEFINE taken care of.

    Raises MediaError where a client must fail to parse: too big, not UTF-8, no #EXTM3U, an undefined
    variable.
    """
    text = _decoded(body, fault)
    lines = text.split("\n")
    if lines[0].rstrip("\r") != "#EXTM3U":
        raise MediaError("the first line is not #EXTM3U")
    if not text.endswith("\n"):
        fault(Finding("LL 2", "last-line", "the last line has no end: the playlist may be cut off"))
    defined: dict[str, str] = {}
    for raw in lines[1:]:
        line = raw.removesuffix("\r")
        if not line or (line.startswith("#") and not line.startswith("#EXT")):
            continue
        if len(line) > _MAX_LINE:
            raise MediaError("a line is longer than 64 KiB")
        if line == "#EXTM3U":
            fault(Finding("LL 7", "tag-twice", "#EXTM3U appears more than once"))
        elif line.startswith(_DEFINE):
            _define(line[len(_DEFINE) :], defined, variables, fault)
        else:
            yield _checked(_substitute(line, defined), fault)


def _decoded(body: bytes, fault: Fault) -> str:
    if len(body) > MAX_PLAYLIST_BYTES:
        raise MediaError("the playlist is larger than 8 MiB")
    if body.startswith(b"\xef\xbb\xbf"):
        fault(Finding("LL 2", "byte-order-mark", "the playlist starts with a byte order mark"))
        body = body[3:]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MediaError(f"the playlist is not UTF-8 (octet {error.start})") from None
    if not _CONTROLS.isdisjoint(text):
        fault(Finding("LL 2", "control-character", "the playlist has control characters in it"))
    return text


def _checked(line: str, fault: Fault) -> str:
    if line != line.strip():
        fault(Finding("LL 2", "white-space", f"white space around `{line.strip()[:60]}`"))
        return line.strip()
    return line


def _define(text: str, defined: dict[str, str], variables: Mapping[str, str], fault: Fault) -> None:
    attributes = parse_attributes(text)
    names = [name for name in ("NAME", "IMPORT", "QUERYPARAM") if name in attributes]
    if len(names) != 1 or attributes.problems:
        fault(Finding("LL 59", "define", "EXT-X-DEFINE needs exactly one of NAME, IMPORT and QUERYPARAM"))
        return
    name = attributes.quoted(names[0]) or ""
    value = attributes.quoted("VALUE") if names[0] == "NAME" else variables.get(name)
    if value is None:
        raise MediaError(f'EXT-X-DEFINE: there is no value for "{name[:60]}"')
    if name in defined:
        fault(Finding("LL 59", "define-twice", f'the variable "{name[:60]}" is defined twice'))
    defined[name] = value


def _substitute(line: str, defined: Mapping[str, str]) -> str:
    """Put values for {$name}. One pass: values are not looked through again."""
    if "{$" not in line:
        return line
    pieces = line.split("{$")
    out = [pieces[0]]
    for piece in pieces[1:]:
        name, brace, rest = piece.partition("}")
        if not brace or name not in defined:
            raise MediaError(f"the variable {{${name[:60]}}} is not defined")
        out.append(defined[name] + rest)
    line = "".join(out)
    if len(line) > _MAX_LINE:
        raise MediaError("a line is longer than 64 KiB")
    return line
