"""What of a new configuration takes effect in a running server, and what asks for a restart."""

from edge.config import Config

RELOADED = frozenset({"auth", "server.log_level", "server.log_format", "server.drain"})
"""Sections and keys. Certificates are read again whatever the configuration says."""


def changed_keys(old: Config, new: Config) -> tuple[list[str], list[str]]:
    """`section.key` of what takes effect, and of what does not."""
    taken: list[str] = []
    left: list[str] = []
    for section, before in old:
        after = getattr(new, section)
        for key in type(before).model_fields:
            if getattr(before, key) != getattr(after, key):
                name = f"{section}.{key}"
                (taken if {section, name} & RELOADED else left).append(name)
    return taken, left


def in_force(old: Config, new: Config) -> Config:
    """The old one with what can be taken from the new."""
    server = {key: getattr(new.server, key) for key in ("log_level", "log_format", "drain")}
    return old.model_copy(update={"auth": new.auth, "server": old.server.model_copy(update=server)})
