"""Requests that are no HTTP: aiohttp answers them 400 itself, before any route and middleware."""

import logging

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from edge.metrics import WEB_REQUESTS

KIND = "malformed"


class Counted(logging.Filter):
    """Counts them, in the place of an error with a traceback: any stranger can send as many as he likes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError | RequestPayloadError):
            return True
        WEB_REQUESTS.labels(KIND, 400).inc()
        return False


_COUNTED = Counted()


def count_malformed() -> None:
    """From now on, in this process; again is no fault."""
    logging.getLogger("aiohttp.server").addFilter(_COUNTED)
