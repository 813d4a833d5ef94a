"""Where a fault of ours ends: with the session that met it, told in the log, and nobody else hurt."""

from collections.abc import Callable, Coroutine
from typing import Any

Crashed = Callable[[Exception], None]
"""Told about the exception, which is still being handled: a logger finds its traceback."""


def guarded(work: Callable[[], object], crashed: Crashed) -> None:
    """Run it; an exception goes to `crashed`, not to the caller."""
    try:
        work()
    except Exception as error:  # noqa: BLE001
        crashed(error)


async def supervised(work: Coroutine[Any, Any, object], crashed: Crashed) -> None:
    """The same for a task. Cancellation passes."""
    try:
        await work
    except Exception as error:  # noqa: BLE001
        crashed(error)
