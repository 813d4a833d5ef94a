"""The command line: `edge serve`, `check`, `publish`, `watch`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge import __version__
from edge.errors import ConfigError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 wrong usage or configuration."""
    parsed = _parser().parse_args(arguments)
    try:
        status = parsed.run(parsed)
    except ConfigError as error:
        print(error.detail, file=sys.stderr)  # noqa: T201
        status = 2
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge", description="A live and VOD streaming edge.")
    parser.add_argument("--version", action="version", version=f"edge {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run the server"))
    _add_check(commands.add_parser("check", help="load the configuration and report every fault"))
    _add_clients(commands)
    return parser


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="TOML; without it: defaults, loopback only"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one key (repeatable)",
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    _add_configuration(parser)
    parser.add_argument("--demo", action="store_true", help="publish a moving clock as stream 'demo'")
    parser.set_defaults(run=_serve)


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_configuration(parser)
    parser.set_defaults(run=_check)


def _add_clients(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    import edge.publish.command
    import edge.watch.command

    for name, command, text in (
        ("publish", edge.publish.command, "publish a file or a test picture over WHIP"),
        ("watch", edge.watch.command, "play LL-HLS strictly and name every broken rule"),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        command.add_arguments(parser)
        parser.set_defaults(run=command.run)


def _serve(parsed: argparse.Namespace) -> int:
    from edge import config, server

    return server.run(config.load(parsed.config, overrides=parsed.set), demo=parsed.demo)


def _check(parsed: argparse.Namespace) -> int:
    from edge import config

    config.load(parsed.config, overrides=parsed.set)
    print(f"{parsed.config or 'the built-in defaults'}: no fault found")  # noqa: T201
    return 0
