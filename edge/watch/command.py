"""`edge watch`: the arguments, and the exit code (0: no rule broken, 1: some, 2: nothing to judge)."""

import argparse
import asyncio
import json
import re
import signal
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from edge.watch.watching import Watching

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Teach `parser` what `run` reads."""
    parser.add_argument("url", metavar="URL", type=_url, help="of a multivariant or a media playlist")
    parser.add_argument("--duration", metavar="S", type=_seconds, help="stop after this time (20, 90s, 5m)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """Watch until the stream ends, the time is over, or Ctrl-C; then say what was found."""
    from edge.watch.report import as_json, summary
    from edge.watch.watching import UnusableError, Watching

    watching = Watching(args.url)
    try:
        asyncio.run(_watch(watching, args.duration))
    except UnusableError as error:
        if args.json:
            print(json.dumps({**as_json(watching), "ok": False, "unusable": str(error)}))  # noqa: T201
        print(f"edge watch: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps(as_json(watching)) if args.json else summary(watching))  # noqa: T201
    return 1 if watching.ledger.of("breach") else 0


async def _watch(watching: "Watching", duration_s: float | None) -> None:
    from edge.watch.screen import screen

    loop = asyncio.get_running_loop()
    work = asyncio.create_task(watching.run(duration_s))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    async with screen(watching, sys.stderr):
        try:
            await work
        except asyncio.CancelledError:
            return  # Ctrl-C: the summary of what there was comes all the same


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        sentence = f"{text!r} is no address of a playlist: write http://HOST:PORT/live/NAME/index.m3u8"
        raise argparse.ArgumentTypeError(sentence)
    return text


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([a-z]{0,3})", text)
    if match is None or match[2] not in _UNITS or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number above zero, like 20, 90s or 5m")
    return float(match[1]) * _UNITS[match[2]]
