"""Pages of others: what a visitor's browser must not do for them (CSRF, DNS rebinding)."""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from edge.errors import ForeignPage, FromElsewhere

_FORWARDED = (hdrs.FORWARDED, hdrs.X_FORWARDED_FOR, hdrs.VIA, "X-Real-IP")


def is_loopback(address: str) -> bool:
    """Whether it is of this machine; an IPv4 address in IPv6 clothes too."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def is_local_name(host: str) -> bool:
    """`localhost`, or an address of this machine."""
    return host == "localhost" or is_loopback(host)


def is_of_this_machine(request: web.Request) -> bool:
    """Whether it was made here. What a proxy on this machine forwards comes from elsewhere."""
    return is_loopback(request.remote or "") and not any(name in request.headers for name in _FORWARDED)


def refuse_strangers(request: web.Request) -> None:
    """FromElsewhere where it is not of this machine, whatever `server.listen` says: a proxy or the service
    manager may have another address. ForeignPage as `refuse_foreign_pages`.
    """
    if not is_of_this_machine(request):
        raise FromElsewhere(
            "Nothing says who may publish from elsewhere: set auth.publish to a list of keys, "
            'or write auth.publish = "open"'
        )
    refuse_foreign_pages(request)


def refuse_foreign_pages(request: web.Request) -> None:
    """ForeignPage where a page of another site asks, or one whose own name was made to mean this machine.

    For what needs no token: with one, the page must have been given it. Programs send no Origin.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise ForeignPage("A page of another site asks for this: set a key, and have the page send it")
        return
    if not is_local_name(request.url.host or ""):
        raise ForeignPage("Without a token this answers pages by the names of this machine only")
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        name = ""
    if not is_local_name(name):
        raise ForeignPage("A page of another site asks for this: set a key, and have the page send it")
