"""What a service manager is told: sd_notify(3), one datagram for each change."""

import os
import socket
import time
from collections.abc import Mapping

_LONGEST_STATUS = 200


class Notifier:
    """Sends to the socket of NOTIFY_SOCKET; without one every call does nothing.

    A manager that does not listen is no reason to stop serving: what cannot be sent is dropped.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address_of(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_of(environment) if self._address else None
        """How often, at least, the manager wants to hear WATCHDOG=1; None: never."""

    def ready(self) -> None:
        """Requests are answered from now on; also ends a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Until `ready`. MONOTONIC_USEC is what Type=notify-reload asks for."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        """The watchdog's food."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.split())[:_LONGEST_STATUS]}")

    def extend(self, seconds: float) -> None:
        """Starting or stopping takes this much longer."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(message.encode(), self._address)
            except OSError:
                return


def _address_of(text: str) -> str:
    """A path, or a name in the abstract space (written with @); other kinds are not ours to speak."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""


def _watchdog_of(environment: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): a variable that names another process is none of our business."""
    interval, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (interval.isascii() and interval.isdecimal() and 0 < len(interval) < 16 and int(interval)):
        return None
    if pid and pid != str(os.getpid()):
        return None
    return int(interval) / 1_000_000
