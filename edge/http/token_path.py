"""Tokens in addresses: `/live/~TOKEN/cam/index.m3u8`.

Everything that a playlist names is relative, so the token goes along by itself, and the bytes of playlists
are the same for everybody. A cache that keys on `without_token` keeps one copy for all viewers.
"""

import re
from urllib.parse import quote, unquote, unquote_plus

_MARK = "~"
_ENCODED_MARK = re.compile("^(/[^/]*/)%7[Ee]")
_LONGEST = 4096


def split_token(path: str) -> tuple[str | None, str]:
    """The token, and the path without it; None where it has none. `path` is percent-decoded."""
    start = path.find("/", 1)
    if start < 0 or path[0] != "/" or not path.startswith("/~", start):  # only as the second segment
        return None, path
    end = path.find("/", start + 1)
    if end < 0:
        return path[start + 2 :], path[:start]
    return path[start + 2 : end], path[:start] + path[end:]


def without_token(path: str) -> str:
    """For cache keys."""
    return split_token(path)[1]


def for_log(path: str) -> str:
    """Of a path as it came: first without the token, which may hold an encoded slash, then decoded.

    Without one, too, whose mark or the slash before it was encoded: some libraries encode `~`.
    """
    return without_token(unquote(without_token(_ENCODED_MARK.sub(r"\1~", path, count=1))))


def from_query(query: str) -> tuple[str | None, str]:
    """The token of a raw query (`token=`), decoded, and the other fields as they are.

    Twice the same field is no token: which of both would be meant?
    """
    if "token=" not in query:
        return None, query
    fields = query.split("&")
    found = [field[6:] for field in fields if field.startswith("token=")]
    rest = "&".join(field for field in fields if not field.startswith("token="))
    return (unquote_plus(found[0])[:_LONGEST] if len(found) == 1 else None), rest


def with_token(path: str, token: str, query: str) -> str:
    """The address that goes on with the token: `path` has at least two segments."""
    _, room, rest = path.split("/", 2)
    tail = f"?{query}" if query else ""
    return f"/{room}/{_MARK}{quote(token, safe='')}/{quote(rest)}{tail}"
