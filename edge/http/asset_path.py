"""From the target of a request to the key of an asset: one way to write each name (rule HTTP 36)."""

import re
from urllib.parse import unquote_to_bytes

from edge.errors import BadAddress

_LONGEST = 1024
ODD = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""The backslash, control characters, ends of lines. All others stand in names of files somewhere."""


def asset_key(path: str) -> str:
    """Decode the path below `/vod/`, still percent-encoded and without its query.

    Once only: `%252e` means the three characters "%2e". BadAddress for dot segments, empty segments, encoded
    slashes, backslashes, control characters, ends of lines, what is not UTF-8, and absurd lengths.
    """
    if len(path) > 3 * _LONGEST or "%2f" in path.lower():
        raise BadAddress("Name an asset in a thousand characters, with plain slashes between its folders")
    try:
        key = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadAddress("The path is not UTF-8: encode the name of the asset as that") from error
    if len(key) > _LONGEST or ODD.search(key):
        raise BadAddress("The path has characters that no asset's name may have")
    if any(segment in {"", ".", ".."} for segment in key.split("/")):
        raise BadAddress("The path has an empty or a dot segment: name the asset from its root")
    return key
