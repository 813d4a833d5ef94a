"""`edge publish`: the arguments, and the exit code (0 done, 1 failed, 2 wrong usage)."""

import argparse
import asyncio
import logging
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from edge.publish.feeds import Source
    from edge.publish.publisher import Options

TEST = "test"
_DEFAULT_SIZE, _DEFAULT_FPS, _DEFAULT_BITRATE, _DEFAULT_GOP_S = (1280, 720), 30.0, 2_500_000, 4.0
_SECONDS = {"": 1.0, "s": 1.0, "ms": 1e-3, "m": 60.0, "min": 60.0, "h": 3600.0}
_BITS = {"": 1, "bit": 1, "k": 10**3, "kbit": 10**3, "M": 10**6, "Mbit": 10**6}
_QUANTITY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([A-Za-z]{0,4})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Teach `parser` what `run` reads."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a media file, or `test` for a moving picture with a clock"
    )
    parser.add_argument("url", metavar="WHIP_URL", type=_url, help="such as http://127.0.0.1:8080/whip/mine")
    parser.add_argument("--token", metavar="T", help="bearer token, where the server wants one")
    parser.add_argument(
        "--duration", metavar="S", type=_seconds, help="stop after this time of being live (20, 90s, 5m)"
    )
    parser.add_argument("--loop", action="store_true", help="start a file over at its end")
    parser.add_argument("--size", metavar="WxH", type=_size, help="picture size (test: 1280x720)")
    parser.add_argument(
        "--fps", metavar="N", type=_fps, help="pictures a second (test: 30; of a file: at most)"
    )
    parser.add_argument(
        "--bitrate", metavar="B", type=_bits, help="of the picture: 2.5M, 800k, 1200000 (2.5M)"
    )
    parser.add_argument(
        "--gop", metavar="S", type=_gop, help="a key frame every S seconds, 0: only when asked (4)"
    )
    parser.add_argument("--no-reconnect", action="store_true", help="give up when the server drops us")


def run(args: argparse.Namespace) -> int:
    """Publish until the end. Ctrl-C and SIGTERM end cleanly: the server hears of it."""
    try:
        source = _source(args)
    except ValueError as error:
        return _wrong(str(error))
    from edge.publish.publisher import Options

    options = Options(args.url, args.token, args.duration, reconnect=not args.no_reconnect)
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return 0 if runner.run(_publish(options, source)) else 1


async def _publish(options: "Options", source: "Source") -> bool:
    from edge.publish.publisher import Publisher
    from edge.publish.status import display

    shown = display()
    try:
        publisher = Publisher(options, source, shown.show)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, publisher.stop)
        return await publisher.run()
    finally:
        shown.close()


def _source(args: argparse.Namespace) -> "Source":
    """Raises ValueError with a sentence."""
    from edge.publish.feeds import SourceError
    from edge.publish.media_file import Encoding, MediaFile
    from edge.publish.moving_clock import MovingClock

    if args.source == TEST:
        width, height = args.size or _DEFAULT_SIZE
        return MovingClock(
            width,
            height,
            fps=args.fps or _DEFAULT_FPS,
            bitrate=args.bitrate or _DEFAULT_BITRATE,
            gop_s=_DEFAULT_GOP_S if args.gop is None else args.gop,
        )
    if "://" not in args.source and not Path(args.source).is_file():
        raise ValueError(f"there is no file {args.source}: name a media file, or `test`")
    try:
        return MediaFile(args.source, Encoding(args.size, args.fps, args.bitrate, args.gop), loop=args.loop)
    except SourceError as error:
        raise ValueError(str(error)) from error


def _wrong(sentence: str) -> int:
    print(f"edge publish: {sentence}", file=sys.stderr)  # noqa: T201
    return 2


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address of a WHIP endpoint: write http://HOST:PORT/whip/NAME"
        )
    return text


def _quantity(text: str, units: dict[str, float] | dict[str, int], example: str) -> float:
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in units or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number above zero, like {example}")
    return float(match[1]) * units[match[2]]


def _seconds(text: str) -> float:
    return _quantity(text, _SECONDS, "20, 90s or 5m")


def _bits(text: str) -> int:
    bitrate = int(_quantity(text, _BITS, "2.5M or 800k"))
    if not 50_000 <= bitrate <= 100_000_000:
        raise argparse.ArgumentTypeError(f"{text!r}: between 50k and 100M")
    return bitrate


def _gop(text: str) -> float:
    return 0.0 if text == "0" else _seconds(text)


def _fps(text: str) -> float:
    fps = _quantity(text, {"": 1.0}, "30 or 29.97")
    if not 1 <= fps <= 120:
        raise argparse.ArgumentTypeError(f"{text!r}: between 1 and 120")
    return fps


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (96 <= size[0] <= 4096 and 54 <= size[1] <= 4096) or size[0] % 2 or size[1] % 2:
        raise argparse.ArgumentTypeError(f"{text!r}: write WIDTHxHEIGHT, both even, 96x54 to 4096x4096")
    return size
