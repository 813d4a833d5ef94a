"""Listening sockets: those the service manager holds for us (sd_listen_fds(3)), else our own."""

import os
import socket
from collections.abc import MutableMapping

from edge.config import Address

BACKLOG = 4096
_FIRST = 3
_MOST = 64
_FAMILIES = {socket.AF_INET, socket.AF_INET6, socket.AF_UNIX}


def inherited(environment: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The TCP and Unix listeners that were handed over; [] without any.

    The variables are taken out, so that a child of ours does not believe they are meant for it. A descriptor
    that is no listening stream socket is left alone.
    """
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not (count.isascii() and count.isdecimal() and len(count) < 3):
        return []
    found = (_listener(number) for number in range(_FIRST, _FIRST + min(int(count), _MOST)))
    return [one for one in found if one is not None]


def _listener(number: int) -> socket.socket | None:
    try:
        one = socket.socket(fileno=number)
    except OSError:
        return None
    is_stream = one.family in _FAMILIES and one.type == socket.SOCK_STREAM
    if not is_stream or not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        one.detach()
        return None
    os.set_inheritable(number, False)
    one.setblocking(False)
    one.listen(BACKLOG)
    return one


def bound(address: Address) -> socket.socket:
    """A listener of our own. OSError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "[::]" means every address, as people expect and as systemd's BindIPv6Only=both does.
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address.host != "::")
        one.bind(tuple(address))
        one.listen(BACKLOG)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one
