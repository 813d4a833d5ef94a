"""Patterns of names, as in a shell: `*` any text, folders too; `?` one character; `[a-z]` one of these."""

import re
from collections.abc import Callable
from fnmatch import translate

_MAGIC = re.compile(r"[*?\[]")


def matcher(pattern: str) -> Callable[[str], object]:
    """Says of a name whether it matches, capitals included."""
    return re.compile(translate(pattern)).match


def is_pattern(text: str) -> bool:
    """Whether it means more than one name."""
    return _MAGIC.search(text) is not None


def literal_start(pattern: str) -> str:
    """What every name that matches begins with."""
    return _MAGIC.split(pattern, maxsplit=1)[0]
