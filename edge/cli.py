"""The command line: `edge serve`, `check`, `publish`, `watch`, `cache`, `token`, `install`..."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge import __version__
from edge.errors import ConfigError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 wrong usage or configuration."""
    try:
        parsed = _parser().parse_args(arguments)
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
    _add_health(commands.add_parser("health", help="ask a running server on this machine whether it is well"))
    _add_clients(commands)
    _add_cache(commands)
    _add_operations(commands)
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


def _add_health(parser: argparse.ArgumentParser) -> None:
    _add_configuration(parser)
    parser.add_argument("--ready", action="store_true", help="whether it wants work, too")
    parser.add_argument("--url", metavar="URL", help="of the server (EDGE_URL; else server.listen)")
    parser.set_defaults(run=_health)


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


def _add_cache(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from edge.cache import command

    text = "look at the VOD cache of a running server, warm it, purge it"
    parser = commands.add_parser("cache", help=text, description=text)
    command.add_arguments(parser, _add_configuration)
    parser.set_defaults(run=command.run)


def _add_operations(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser("token", help="mint a signed token")
    _add_configuration(token)
    token.add_argument("action", choices=("publish", "play", "admin"))
    token.add_argument(
        "name", help='the stream, or /PATH of an asset (/FOLDER/ for all in it); "*", "/*": every one'
    )
    token.add_argument("--ttl", default="1h", help="how long it is good: 90s, 1h, 30d")
    for claim, text in (("sub", "whose it is"), ("jti", "its own name"), ("addr", "an address or network")):
        token.add_argument(f"--{claim}", metavar="TEXT", help=text)
    token.set_defaults(run=_token)
    for name, text in (
        ("install", "put the units and a configuration in place"),
        ("uninstall", "take them away"),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        parser.add_argument("--root", type=Path, default=Path("/"), help="below which folder (for packages)")
        parser.set_defaults(run=_install if name == "install" else _uninstall)


def _token(parsed: argparse.Namespace) -> int:
    import time

    from edge import config
    from edge.auth.tokens import mint
    from edge.units import parse_seconds

    auth = config.load(parsed.config, overrides=parsed.set).auth
    try:
        ttl_s = parse_seconds(parsed.ttl)
    except ValueError as error:
        raise ConfigError(f"--ttl: {error}") from error
    more = {key: value for key in ("sub", "jti", "addr") if (value := getattr(parsed, key))}
    print(mint(auth, parsed.action, [parsed.name], ttl_s=ttl_s, now=time.time(), **more))  # noqa: T201
    return 0


def _install(parsed: argparse.Namespace) -> int:
    from edge.host.install import install

    print("\n".join(install(parsed.root)))  # noqa: T201
    return 0


def _uninstall(parsed: argparse.Namespace) -> int:
    from edge.host.install import uninstall

    print("\n".join(uninstall(parsed.root)))  # noqa: T201
    return 0


def _serve(parsed: argparse.Namespace) -> int:
    import gc

    gc.disable()  # nothing of what is imported is garbage: looking for it costs a twentieth of the start
    from edge import config, server

    gc.freeze()  # nor will it be: later searches pass it over
    gc.enable()

    def read() -> config.Config:
        return config.load(parsed.config, overrides=parsed.set)

    return server.run(read(), demo=parsed.demo, again=read)


def _health(parsed: argparse.Namespace) -> int:
    import os

    from edge import config
    from edge.cache.server import server
    from edge.health import look

    asked = server(parsed.url, None, os.environ, config.load(parsed.config, overrides=parsed.set))
    is_well, sentence = look(asked.base, "/readyz" if parsed.ready else "/healthz")
    print(sentence, file=sys.stdout if is_well else sys.stderr)
    return 0 if is_well else 1


def _check(parsed: argparse.Namespace) -> int:
    from edge import check, config
    from edge.config_faults import placed

    place = parsed.config or "the built-in defaults"
    faults: list[str] = []
    try:
        read = config.load(parsed.config, overrides=parsed.set)
    except ConfigError as error:
        faults.append(error.detail)
        read = config.healthy(parsed.config, overrides=parsed.set)
    notes, beside = check.look(read)
    faults += [placed(told, parsed.config) for told in beside]
    for told in [] if faults else notes:
        print(f"{place}: note: {told}")  # noqa: T201
    if faults:
        raise ConfigError("\n".join(faults))
    print(f"{place}: no fault found")  # noqa: T201
    return 0
