"""Which ICE session a PATCH means: entity-tags and If-Match (RFC 9725, 4.3.1; RFC 9110, 13.1.1)."""

import re
import secrets
from typing import Literal

from edge.errors import PreconditionFailed, PreconditionRequired
from edge.ingest.fragment import Fragment

_LONGEST_LIST = 2_000
_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def new_entity_tag() -> str:
    """A strong entity-tag, quotes included, for a new ICE session: unique, and no one can guess the next."""
    return f'"{secrets.token_hex(8)}"'


def judge(
    fragment: Fragment, *, if_match: str | None, entity_tag: str, ufrag: str, password: str
) -> Literal["trickle", "restart"]:
    """What a PATCH asks for, given the current entity-tag and the peer's current credentials.

    Other credentials than the current ones are a restart, whatever If-Match says so long as it matches
    (4.3.3). PreconditionRequired (428) without If-Match: the Eyevinn client, which sends `ETag:` instead,
    takes it for "no trickle here". PreconditionFailed (412) where it names an ICE session that is over.
    """
    if if_match is None:
        raise PreconditionRequired(
            "Say which ICE session is meant: If-Match with the ETag of the answer, or * to restart"
        )
    if not _matches(if_match, entity_tag):
        raise PreconditionFailed(
            "If-Match names another ICE session: use the ETag of the last answer, or * to restart"
        )
    named = (fragment.ufrag, fragment.password)
    return "trickle" if named in {("", ""), (ufrag, password)} else "restart"


def _matches(if_match: str, entity_tag: str) -> bool:
    """Strong comparison with each of a list; `"*"` in quotes is what the RFC's own example sends."""
    if if_match.strip() in {"*", '"*"'}:
        return True
    tags = _ENTITY_TAG.findall(if_match[:_LONGEST_LIST])
    return any(tag == entity_tag and not weak for weak, tag in tags)
