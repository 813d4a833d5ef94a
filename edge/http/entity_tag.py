"""Lists of entity-tags in a field, and the two ways to compare them (RFC 9110, 8.8.3)."""

import re

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_LONGEST_LIST = 2000


def matches(listed: str, own: str, *, strongly: bool = False) -> bool:
    """Whether `own` is in the list, or the list is `*`.

    `own` is as the field has it; empty: there is none, and nothing matches. Strongly: a weak tag matches
    nothing (8.8.3.2). An absurdly long list matches nothing.
    """
    if not own or len(listed) > _LONGEST_LIST:
        return False
    if listed.strip() == "*":
        return True
    tags = _TAG.findall(listed)
    if strongly:
        return own.startswith('"') and own in tags
    return own.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}
