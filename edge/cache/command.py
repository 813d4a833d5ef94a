"""`edge cache`: the arguments, and the exit code (0 done, 1 failed, 2 wrong usage, 130 Ctrl-C)."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.cache.server import Server
    from edge.cache.warming import Outcome

_PATTERN = (
    "of names, as in a shell: * any text (folders too), ? one character, [a-z] one of these; quote it. Or "
    "the address of one asset"
)
_INTERRUPTED = 130
_EXAMPLES = {
    "stats": "edge cache stats --url https://edge.example --token KEY\n  edge cache stats 'clips/2024/*'",
    "ls": "edge cache ls 'clips/*.mp4'",
    "purge": "edge cache purge 'clips/2024/*'",
    "warm": "edge cache warm --rate 50MB/s --from tonight.txt\n"
    "  edge cache warm 'clips/2024/*'      what the origins have by these names\n"
    "  find media -name '*.mp4' -printf '%P\\n' | edge cache warm",
}


def add_arguments(
    parser: argparse.ArgumentParser, configuration: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Teach `parser` what `run` reads. `configuration` adds `-c` and `--set`."""
    verbs = parser.add_subparsers(
        title="what to do", required=True, metavar="{stats,ls,warm,purge}", dest="verb"
    )
    for verb, text in (
        ("stats", "hit ratio, room, blocks, what is on its way"),
        ("ls", "assets: their size, and how much of each is here"),
        ("warm", "bring assets here before anybody asks for them"),
        ("purge", "drop what matches"),
    ):
        one = verbs.add_parser(
            verb,
            help=text,
            description=text,
            epilog=f"example:\n  {_EXAMPLES[verb]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _ADD[verb](one)
        one.add_argument("--json", action="store_true", help="print JSON, for programs")
        one.add_argument("--url", metavar="URL", help="of the server (EDGE_URL; else server.listen)")
        one.add_argument(
            "--token", metavar="T", help="of auth.admin (EDGE_TOKEN; else from the configuration)"
        )
        configuration(one)


def _add_stats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pattern", nargs="?", metavar="PATTERN", help=f"how much is held of what matches: {_PATTERN}"
    )


def _add_ls(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="?", default="*", metavar="PATTERN", help=_PATTERN)
    parser.add_argument("--limit", type=_count, default=1_000, metavar="N", help="assets at most (1000)")


def _add_purge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", metavar="PATTERN", help=_PATTERN)


def _add_warm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assets",
        nargs="*",
        metavar="ASSET|PATTERN",
        help="a path below /vod/, or a whole address; or a pattern: all that the origins have by such "
        "names, where those are folders or S3 (HTTP has no lists: give one). Lists hold names only",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print the names, one a line, and fetch nothing"
    )
    parser.add_argument(
        "-f", "--from", dest="file", metavar="FILE", help="a list, one a line; - or nothing: standard input"
    )
    parser.add_argument("--rate", type=_rate, metavar="R", help="at most, all together: 50MB/s, 400Mbit/s")
    parser.add_argument("--jobs", type=_count, default=2, metavar="N", help="assets at a time (2)")


_ADD: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "stats": _add_stats,
    "ls": _add_ls,
    "warm": _add_warm,
    "purge": _add_purge,
}


def run(args: argparse.Namespace) -> int:
    """Ask the server, and print what it says."""
    from edge import config
    from edge.cache.client import ApiError
    from edge.cache.server import server

    configured = config.load(args.config, overrides=args.set)
    chosen = server(args.url, args.token, os.environ, configured)
    try:
        if args.verb == "warm":
            return _warm(args, chosen)
        return asyncio.run(_ask(args, chosen))
    except ApiError as error:
        print(f"edge cache: {error}", file=sys.stderr)  # noqa: T201
        return 1


async def _ask(args: argparse.Namespace, server: "Server") -> int:
    from edge.cache.client import connected
    from edge.cache.listing import assets_text, matched_text, purged_text, stats_text
    from edge.cache.names import pattern_of

    pattern = None if args.pattern is None else pattern_of(args.pattern)
    async with connected(server) as client:
        match args.verb:
            case "stats":
                stats = await client.stats(pattern)
                _print(args, stats, stats_text if args.pattern is None else matched_text)
            case "ls":
                listed = await client.assets(pattern or "", args.limit)
                _print(args, listed, assets_text)
            case "purge":
                _print(args, {"purged_blocks": await client.purge(pattern or "")}, purged_text)
    return 0


def _print(args: argparse.Namespace, value: dict[str, Any], text: Callable[[dict[str, Any]], str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(value) if args.json else text(value), flush=True)  # noqa: T201


def _warm(args: argparse.Namespace, server: "Server") -> int:
    from edge.cache.names import names, split_patterns
    from edge.cache.warming import Outcome

    try:
        plain, patterns = split_patterns(args.assets)
        assets = names([*plain, *_listed(args)])
    except (OSError, UnicodeDecodeError) as error:
        return _wrong(
            f"{args.file or 'standard input'} cannot be read ({error}): name a file of names, one a line"
        )
    if not assets and not (args.file or args.assets) and sys.stdin.isatty():
        return _wrong("name what to warm: ASSET..., PATTERN..., --from FILE, or a list on standard input")
    outcome = Outcome(len(assets))
    try:
        is_interrupted = asyncio.run(_warming(args, server, assets, patterns, outcome))
    finally:
        if not args.dry_run:
            _tell(args, outcome)
    if is_interrupted:
        return _INTERRUPTED
    return 1 if outcome.faults else 0


def _listed(args: argparse.Namespace) -> list[str]:
    if args.file not in {None, "-"}:
        return Path(args.file).read_text("utf-8").splitlines()
    if args.file == "-" or not (args.assets or sys.stdin.isatty()):
        return sys.stdin.read().splitlines()
    return []


async def _warming(
    args: argparse.Namespace, server: "Server", assets: list[str], patterns: list[str], outcome: "Outcome"
) -> bool:
    """Whether it was ended by a signal."""
    work = asyncio.ensure_future(_work(args, server, assets, patterns, outcome))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return True  # what is on disk stays: the same command goes on
    return False


async def _work(
    args: argparse.Namespace, server: "Server", assets: list[str], patterns: list[str], outcome: "Outcome"
) -> None:
    from edge.cache.client import connected
    from edge.cache.progress import display
    from edge.cache.warming import expanded, warm_all

    async with connected(server) as client:
        wanted = await expanded(client, assets, patterns, outcome)
        if args.dry_run:
            _preview(args, wanted, outcome)
            return
        with contextlib.closing(display(sys.stderr, len(wanted))) as shown:
            for pattern, fault in outcome.faults.items():
                shown.failed(pattern, fault)
            await warm_all(client, wanted, jobs=args.jobs, rate=args.rate, shown=shown, outcome=outcome)


def _preview(args: argparse.Namespace, wanted: list[str], outcome: "Outcome") -> None:
    from edge.cache.listing import shown

    told = {"assets": wanted, "faults": outcome.faults}
    _print(args, told, lambda _: "\n".join(map(shown, wanted)))
    for pattern, fault in outcome.faults.items():
        print(f"{pattern}: {fault}", file=sys.stderr)  # noqa: T201


def _tell(args: argparse.Namespace, outcome: "Outcome") -> None:
    from edge.cache.listing import size

    held = sum(outcome.warm.values())
    if args.json:
        left = outcome.asked - len(outcome.warm.keys() | outcome.faults.keys())
        told = {
            "asked": outcome.asked,
            "held_bytes": outcome.warm,
            "faults": outcome.faults,
            "not_done": left,
        }
        print(json.dumps(told))  # noqa: T201
    elif sys.stderr.isatty():
        whole = len(outcome.warm.keys() - outcome.faults.keys())
        print(f"{whole} of {outcome.asked} assets are warm, {size(held)}", file=sys.stderr)  # noqa: T201


def _wrong(sentence: str) -> int:
    print(f"edge cache: {sentence}", file=sys.stderr)  # noqa: T201
    return 2


def _rate(text: str) -> float:
    from edge.cache.rate import parse_rate

    try:
        return parse_rate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:7]) <= 100_000 and len(text) < 7):
        raise argparse.ArgumentTypeError(f"{text!r}: write a number from 1 to 100000")
    return int(text)
