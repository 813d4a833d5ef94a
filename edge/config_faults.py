"""Faults of a configuration as sentences: where it stands, which key it is, how to mend it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from edge.units import bytes_text, parse_bytes, parse_seconds

Steps = tuple[int | str, ...]
"""From the whole to a key: sections, keys, numbers in lists."""

_MENDS = {
    "extra_forbidden": "is not a key we know: see config/edge.toml for all keys",
    "string_type": "must be text in quotes",
    "tuple_type": 'must be a list: write ["one", "two"], or [[...]] above each of several sections',
    "missing": "has to be set",
    "too_short": "must name one at least",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
}


_AN_ADDRESS = "write an address that begins with https:// or http://"
_SHAPES = {
    "urls": 'write an address, like "stun:stun.example.net:3478"',
    "jwks_url": _AN_ADDRESS,
    "webhook_url": _AN_ADDRESS,
    "prefix": 'write a path, like "/" or "/films": a slash first and none at the end',
    "name": "write 1 to 64 visible ASCII characters",
    "bucket": "write the name of a bucket: 2 to 63 of A-Z a-z 0-9 . _ -, a letter or digit first",
    "endpoint": 'write a base address, like "https://s3.example.net"',
}
"""Of keys that are held against a pattern."""

_WHO_MAY = {"auth.publish", "auth.play", "auth.admin"}
_POLICY = 'list keys of 8 characters or more, or write "open", "tokens" or "webhook"'
_KINDS = {"file", "http", "s3"}


def explain(
    error: ValidationError, path: Path | None, elsewhere: Mapping[str, str], model: type[BaseModel]
) -> Iterator[str]:
    """A sentence for each: place, key, mend. `path`: of the file, if there is one; `elsewhere`: which keys
    (`section.key`) were not set in it, and where they were; `model`: of the whole.
    """
    told = set()
    for fault in error.errors(include_url=False):
        steps = _named(fault["loc"])
        name = ".".join(map(str, steps))
        place = elsewhere.get(".".join(name.split(".")[:2])) or (
            f"{path}{_line_of(path, steps)}" if path else ""
        )
        if len(steps) == 1 and not place.rpartition(":")[2].isdigit():  # a section that the file has not
            place = next((one for key, one in elsewhere.items() if key.startswith(f"{name}.")), place)
        for mend in _mends(fault, steps, model):
            line = ": ".join(filter(None, [place, name, mend]))
            if line not in told:  # one for each of several kinds of value that were tried
                told.add(line)
                yield line


def placed(sentence: str, path: Path | None) -> str:
    """A sentence that begins with a key, and where that stands in the file, if there is one."""
    key = sentence.partition(":")[0].partition(" ")[0]
    steps = tuple(int(step) if step.isdigit() else step for step in key.split("."))
    return f"{path}{_line_of(path, steps)}: {sentence}" if path else sentence


def _mends(fault: ErrorDetails, steps: Steps, model: type[BaseModel]) -> list[str]:
    if fault["type"] == "string_pattern_mismatch" and steps and steps[-1] in _SHAPES:
        return [_SHAPES[str(steps[-1])]]
    if steps != fault["loc"] and ".".join(map(str, steps)) in _WHO_MAY:
        return [_POLICY]
    told = _MENDS.get(fault["type"]) or _limit(fault, steps, model)
    return [told] if told else fault["msg"].removeprefix("Value error, ").splitlines()


_LIMITS = {"le": "at most", "ge": "at least", "lt": "less than", "gt": "more than"}


def _limit(fault: ErrorDetails, steps: Steps, model: type[BaseModel]) -> str | None:
    """`is to be at most 2s`, in the unit in which it is written; None for other faults."""
    if fault["type"] == "string_too_short":
        return f"must have {fault['ctx']['min_length']} characters or more"
    for kind, number in (fault.get("ctx") or {}).items():
        if kind in _LIMITS:
            return f"is to be {_LIMITS[kind]} {_written(number, _parser(steps, model))}"
    return None


def _written(number: float, parser: object) -> str:
    """As it would stand in the file."""
    return (
        bytes_text(int(number)) if parser is parse_bytes else f"{number:g}{'s' * (parser is parse_seconds)}"
    )


def _parser(steps: Steps, model: type[BaseModel]) -> object:
    """What reads the unit of this key; None where it has none."""
    section = model.model_fields.get(str(steps[0])) if steps else None
    fields = getattr(section.annotation, "model_fields", {}) if section else {}
    key = fields.get(str(steps[1])) if len(steps) > 1 else None
    found = (one.func for one in key.metadata if isinstance(one, BeforeValidator)) if key is not None else ()
    return next(iter(found), None)


def _named(steps: Steps) -> Steps:
    """Without what the checker adds: which of several kinds of value was tried."""
    return tuple(
        step
        for before, step in zip((None, *steps), steps, strict=False)
        if not _is_choice(step) and not (isinstance(before, int) and step in _KINDS)
    )


def _is_choice(step: int | str) -> bool:
    return step == "str" or str(step).startswith(("literal[", "tuple["))


def _line_of(path: Path, steps: Steps) -> str:
    """`:7` where the section and the key stand; nothing for what came from elsewhere."""
    if not steps:
        return ""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    wanted, skipped, keys = f"[{steps[0]}]", 0, steps[1:]
    if len(steps) > 2 and isinstance(steps[2], int) and f"[[{steps[0]}.{steps[1]}]]" in lines:
        wanted, skipped, keys = f"[[{steps[0]}.{steps[1]}]]", steps[2], steps[3:]
    top = "" if len(steps) > 1 else steps[0]
    start, is_here = "", False
    for number, line in enumerate(lines, 1):
        if line.startswith("["):
            is_here = line.partition("#")[0].replace(" ", "") == wanted
            if is_here and skipped:
                is_here, skipped = False, skipped - 1
            elif is_here and not start:
                start = f":{number}"
        elif line.partition("=")[0].strip() == (top or (keys[0] if is_here and keys else None)):
            return f":{number}"
    return start if len(steps) == 1 or wanted.startswith("[[") else ""
