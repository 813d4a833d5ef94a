"""What all sections of the configuration share, and secrets that stand in files."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Unknown keys are faults; defaults are checked as values are."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def secret(text: str) -> str:
    """The text, or the content of the file that `file:PATH` names: relative to systemd's credentials."""
    if not text.startswith("file:"):
        return text
    path = Path(os.environ.get("CREDENTIALS_DIRECTORY", "."), text.removeprefix("file:"))
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: name a file that the server may read") from error


def secrets(values: object) -> object:
    """As `secret`, of one or of a list."""
    if isinstance(values, str):
        return secret(values)
    if isinstance(values, list | tuple):
        return tuple(secret(value) if isinstance(value, str) else value for value in values)
    return values
