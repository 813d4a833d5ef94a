"""What a configuration names beside itself: folders, certificates, keys; before the server needs them."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from edge.auth.tokens import read_public_key
from edge.config import Config, split_host
from edge.errors import ConfigError
from edge.host.certificates import Certificates
from edge.vod.stock import missing


def look(config: Config) -> tuple[list[str], list[str]]:
    """Notes and faults, as sentences with key and mend. With a fault `edge serve` would not start."""
    found = list(missing(config.vod))
    faults = [told for told, is_fault in found if is_fault]
    notes = [told for told, is_fault in found if not is_fault]
    return [*notes, *_exposed(config), *_unheard(config)], [*faults, *_unreadable(config)]


def _exposed(config: Config) -> Iterator[str]:
    auth, server = config.auth, config.server
    for key, url in ("jwks_url", auth.jwks_url), ("webhook_url", auth.webhook_url):
        if url is not None and url.startswith("http://") and not _is_here(urlsplit(url).hostname or ""):
            yield f"auth.{key}: whoever is on the way reads and changes what http carries: write https://"
    if auth.publish is None and (server.trusted_proxies or not config.webrtc_address.is_loopback):
        yield (
            "auth.publish: left out, only this machine may publish, and nothing that a proxy forwards: "
            'list keys, or write "open"'
        )


def _unheard(config: Config) -> Iterator[str]:
    """Addresses of the other family than the one that is listened on."""
    listening = config.webrtc_address
    for text in config.webrtc.advertise:
        is_ipv6 = ":" in split_host(text)[0]
        if listening.host != "::" and is_ipv6 != (":" in listening.host) and not _is_name(text):
            yield (
                f"webrtc.advertise: {text!r} is not of the family of {listening}, where media is heard: "
                'let webrtc.listen be "[::]:PORT", which is both'
            )


def _is_name(text: str) -> bool:
    try:
        ipaddress.ip_address(split_host(text)[0])
    except ValueError:
        return True
    return False


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
