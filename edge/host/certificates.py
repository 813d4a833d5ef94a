"""TLS of the listener: modern defaults, and new certificates without a restart."""

import ssl
from pathlib import Path

from edge.errors import ConfigError

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; forward secrecy and authenticated encryption only (RFC 9325, 4.2). 1.3 has no others."""


class Certificates:
    """One context for all connections. `reload` changes what the next handshake shows, and no open one."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """ConfigError where they cannot be read or do not belong together."""
        self._certificate, self._key = certificate, key
        self.context = self._read(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_ciphers(_CIPHERS)
        self.context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._stamp()

    def reload(self) -> None:
        """Read both files again. ConfigError: the old ones stay."""
        self._read(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # a pair that does not fit must not half replace
        self._read(self.context)
        self._seen = self._stamp()

    def reload_if_changed(self) -> bool:
        """Whether the files on disk are new, and were taken."""
        if self._stamp() == self._seen:
            return False
        self.reload()
        return True

    def _read(self, context: ssl.SSLContext) -> ssl.SSLContext:
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"server.tls_certificate {self._certificate} and server.tls_key {self._key}: "
                f"{error}: name a readable PEM chain and its key without a password"
            ) from error
        return context

    def _stamp(self) -> tuple[int, int]:
        try:
            return self._certificate.stat().st_mtime_ns, self._key.stat().st_mtime_ns
        except OSError:
            return (0, 0)  # between two files of a renewal: looked at again later


def _no_password() -> str:
    raise ValueError("the key has a password")
