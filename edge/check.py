"""What a configuration names beside itself: folders, certificates, keys; before the server needs them."""

from collections.abc import Iterator

from edge.auth.tokens import read_public_key
from edge.config import Config
from edge.errors import ConfigError
from edge.host.certificates import Certificates
from edge.vod.stock import missing


def look(config: Config) -> tuple[list[str], list[str]]:
    """Notes and faults, as sentences with key and mend. With a fault `edge serve` would not start."""
    found = list(missing(config.vod))
    faults = [told for told, is_fault in found if is_fault]
    return [told for told, is_fault in found if not is_fault], [*faults, *_unreadable(config)]


def _unreadable(config: Config) -> Iterator[str]:
    server = config.server
    if server.tls_certificate is not None and server.tls_key is not None:
        try:
            Certificates(server.tls_certificate, server.tls_key)
        except ConfigError as error:
            yield error.detail
    for path in config.auth.token_public_keys:
        try:
            read_public_key(path)
        except ConfigError as error:
            yield error.detail
