"""Whether a server is well, asked once from the same machine: what health checks of containers run."""

import contextlib
import http.client
import ssl
from urllib.parse import urlsplit

PATIENCE_S = 2.0


def look(base: str, path: str, *, patience_s: float = PATIENCE_S) -> tuple[bool, str]:
    """Whether `path` (`/healthz`, `/readyz`) is answered with 200; and a sentence for people.

    `base`: as edge.cache.server.Server has it.
    """
    parts = urlsplit(base)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        one: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=patience_s, context=_unverified()
        )
    else:
        one = http.client.HTTPConnection(host, port, timeout=patience_s)
    with contextlib.closing(one):
        try:
            one.request("GET", parts.path + path)
            status = one.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return False, f"{base}{path}: no answer ({error or type(error).__name__})"
    return status == 200, f"{base}{path}: {status} {http.client.responses.get(status, '')}".rstrip()


def _unverified() -> ssl.SSLContext:
    """The certificate is for the name that viewers use, not for an address of this machine. No secret goes
    out, and nothing but a number is taken from the answer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
