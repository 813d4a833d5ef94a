"""Compose the rooms and run them: the only place that knows everyone."""

import asyncio
import contextlib
import errno
import logging
import resource
import signal
import sys
from collections.abc import AsyncIterator

import uvloop
from aiohttp import web

from edge import log
from edge.config import Address, Config
from edge.demo import demo_publisher
from edge.errors import ConfigError
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub
from edge.web.app import Readiness, make_app
from edge.web.pages import routes as page_routes
from edge.web.whip import whip_routes

logger = logging.getLogger(__name__)
FILES_WANTED = 65_536
FILES_NEEDED = 1_024

GIL_PATIENCE_S = 0.0005
"""The loop gives the interpreter up at every system call; with Python's 5 ms a thread that makes AAC may keep
it that long, and each datagram waits."""


def run(config: Config, *, demo: bool) -> int:
    """Serve until SIGINT or SIGTERM; 0: stopped cleanly. ConfigError names the key to change."""
    log.set_up(config.server.log_level, config.server.log_format)
    _raise_file_limit()
    sys.setswitchinterval(GIL_PATIENCE_S)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, demo=demo))
    return 0


async def _serve(config: Config, *, demo: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(config) as address, demo_publisher(address, config.auth, wanted=demo):
        _announce(address, demo=demo)
        await stop.wait()
        logger.info("stopping")


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Address]:
    """A whole server in this event loop; yields the address that HTTP is answered on (port 0 is resolved)."""
    hub = Hub(config)
    sessions = WhipSessions(config, hub)
    ready = Readiness()
    app = make_app(config, hub, ready=ready, routes=[*page_routes, *whip_routes(config, sessions)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        address = await _listen(runner, config)
        await _open_media(sessions, config, address)
        async with _ticking(hub):
            ready.set(True)
            yield address
            ready.set(False)
    finally:
        await sessions.close()
        hub.end_all()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: Config) -> Address:
    wanted = config.server.address
    try:
        await web.TCPSite(runner, wanted.host, wanted.port, backlog=4096).start()
    except OSError as error:
        raise ConfigError(_busy("server.listen", str(wanted), error)) from error
    host, port = runner.addresses[0][:2]
    return Address(host, port)


async def _open_media(sessions: WhipSessions, config: Config, http: Address) -> None:
    address = config.webrtc_address if config.webrtc.listen else http
    try:
        await sessions.open(address)
    except OSError as error:
        raise ConfigError(_busy("webrtc.listen", str(address), error)) from error


def _busy(key: str, value: str, error: OSError) -> str:
    mends = {
        errno.EADDRINUSE: "another program has this port: stop it, or name another",
        errno.EADDRNOTAVAIL: "no interface of this machine has this address: name one that it has",
        errno.EACCES: "ports below 1024 are privileged: name a higher one, or grant CAP_NET_BIND_SERVICE",
        errno.EMFILE: "the limit of open files is reached: raise LimitNOFILE of the unit, or `ulimit -n`",
    }
    return f"{key} = {value!r}: {mends.get(error.errno or 0, error.strerror or str(error))}"


@contextlib.asynccontextmanager
async def _ticking(hub: Hub) -> AsyncIterator[None]:
    task = asyncio.create_task(_tick(hub))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tick(hub: Hub) -> None:
    """The one clock of all publications: reconnect windows, held requests, retention."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(hub.tick_s)
        try:
            hub.tick(loop.time())
        except Exception:
            logger.exception("a tick of the publications failed")


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(FILES_WANTED, hard) if hard != resource.RLIM_INFINITY else FILES_WANTED
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FILES_NEEDED:
        logger.warning(
            "few open files allowed: raise LimitNOFILE of the unit, or `ulimit -n`", extra={"limit": wanted}
        )


def _announce(address: Address, *, demo: bool) -> None:
    host = "localhost" if address.is_loopback else str(address).rpartition(":")[0]
    where = f"http://{host}:{address.port}"
    logger.info("serving", extra={"address": where})
    if not sys.stderr.isatty():
        return
    stream = "demo" if demo else "STREAM"
    for label, path in (
        ("what is live", "/"),
        ("publish", "/publish/mine"),
        ("watch", f"/watch/{stream}"),
        ("playlist", f"/live/{stream}/index.m3u8"),
    ):
        print(f"  {label:<14}{where}{path}", file=sys.stderr)  # noqa: T201
