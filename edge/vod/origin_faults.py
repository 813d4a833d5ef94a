"""Faults of origins: foreign exceptions become ours, each is logged and counted once."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from time import monotonic

import aiohttp

from edge.errors import NotFound, OriginChanged, OriginError, OriginLied, OriginTimeout, OriginUnavailable
from edge.metrics import VOD_ORIGIN_FAULTS, VOD_ORIGIN_SECONDS

logger = logging.getLogger(__name__)

_KINDS: dict[type[OriginError], str] = {
    OriginUnavailable: "unavailable",
    OriginTimeout: "timeout",
    OriginChanged: "changed",
    OriginLied: "lied",
}


@contextlib.contextmanager
def watched(origin: str, place: str, key: str, verb: str) -> Iterator[Callable[[], None]]:
    """Around one attempt at `place`. What leaves it is NotFound or an OriginError.

    Gives what is to be called when the answer begins to come; an attempt that never says so has its answer at
    its end.
    """
    started = monotonic()
    is_timed = False

    def answered() -> None:
        nonlocal is_timed
        if not is_timed:
            is_timed = True
            VOD_ORIGIN_SECONDS.labels(origin, verb).observe(monotonic() - started)

    try:
        with translated():
            yield answered
    except OriginError as error:
        kind = _KINDS[type(error)]
        VOD_ORIGIN_FAULTS.labels(origin, kind).inc()
        logger.warning(
            "vod.origin_failed",
            extra={"origin": origin, "place": place, "asset": key, "fault": kind, "what": error.logged},
        )
        raise
    except NotFound:
        answered()
        raise
    else:
        answered()


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Aiohttp's and the system's exceptions as ours. Their text, which clients get, tells no address."""
    try:
        yield
    except TimeoutError as error:
        raise OriginTimeout("Nothing came from the origin in time") from error
    except aiohttp.ClientResponseError as error:
        raise OriginLied(f"The origin does not speak HTTP: {error.message[:200]}") from error
    except aiohttp.InvalidURL as error:
        raise OriginLied("The origin's address, or that of a redirect, is none") from error
    except aiohttp.ClientPayloadError as error:
        raise OriginUnavailable(f"The origin broke off: {str(error)[:200]}") from error
    except aiohttp.ClientConnectorError as error:
        why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
        raise OriginUnavailable(f"The origin is not reached: {why}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise OriginUnavailable("The origin is not reached", logged=f"{error!r:.200}") from error
