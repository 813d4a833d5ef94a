"""Which assets: from arguments, a file or standard input, as names or as addresses."""

import glob
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from edge.http.token_path import split_token
from edge.vod.name_pattern import is_pattern

_BELOW = "/vod/"


def names(lines: Iterable[str]) -> list[str]:
    """One a line, each once, in order; `#` begins a comment. `https://HOST/vod/a%20b.mp4` is "a b.mp4"."""
    return list(dict.fromkeys(_names(lines)))


def split_patterns(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """What names one asset (an address always does), and what is a pattern of many."""
    plain: list[str] = []
    patterns: list[str] = []
    for each in arguments:
        is_address = each.startswith(("http://", "https://", _BELOW))
        (patterns if is_pattern(each) and not is_address else plain).append(each)
    return plain, [each.removeprefix("/") for each in patterns]


def pattern_of(text: str) -> str:
    """Of a pattern, of a name, or of an address: that means the one asset that it names."""
    (plain, patterns) = split_patterns([text])
    return patterns[0] if patterns else glob.escape(_name(plain[0]))


def _names(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.strip("\ufeff \t\r\n\v\f")
        if text and not text.startswith("#"):
            yield _name(text)


def _name(text: str) -> str:
    path = text
    if text.startswith(("http://", "https://")):
        try:
            path = urlsplit(text).path
        except ValueError:  # its brackets: no server has such an asset, and says so
            return text
    if path.startswith(_BELOW):
        return unquote(split_token(path)[1].removeprefix(_BELOW))
    return path.removeprefix("/") if path is text else text
