"""Compose the rooms and run them: the only place that knows everyone."""

import asyncio
import contextlib
import errno
import gc
import ipaddress
import logging
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence

import uvloop

from edge import log
from edge.auth.admission import Admission
from edge.compiled import is_compiled
from edge.config import Address, Config
from edge.demo import demo_publisher
from edge.errors import ConfigError
from edge.host.certificates import Certificates
from edge.host.heart import Heart
from edge.host.notify import Notifier
from edge.host.sockets import bound, inherited
from edge.host.watchdog import watched
from edge.ingest.addresses import own_address
from edge.ingest.sessions import WhipSessions
from edge.live.hub import Hub
from edge.operating import Operating
from edge.vod.library import Library
from edge.vod.stock import stocked
from edge.web.cache_api import cache_routes
from edge.web.pages import routes as page_routes
from edge.web.readiness import Readiness
from edge.web.serving import Serving
from edge.web.vod import AssetGate, vod_routes
from edge.web.whip import whip_routes

logger = logging.getLogger(__name__)
FILES_WANTED = 65_536
FILES_NEEDED = 1_024
FILES_LEAST = 48

GIL_PATIENCE_S = 0.0005
"""The loop gives the interpreter up at every system call; with Python's 5 ms a thread that makes AAC may keep
it that long, and each datagram waits."""

GC_THRESHOLDS = (20_000, 20, 50)
"""Held requests make no cycles; with Python's 700 thousands of them were searched many times a second."""


def run(config: Config, *, demo: bool, again: Callable[[], Config] | None = None) -> int:
    """Serve until SIGINT (at once) or SIGTERM (drained); 0: stopped cleanly. `again` reads the configuration
    anew, on SIGHUP. ConfigError names the key to change.
    """
    log.set_up(config.server.log_level, config.server.log_format)
    _raise_file_limit()
    sys.setswitchinterval(GIL_PATIENCE_S)
    gc.set_threshold(*GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, demo=demo, again=again or (lambda: config)))
    return 0


async def _serve(config: Config, *, demo: bool, again: Callable[[], Config]) -> None:
    notifier, sockets = Notifier(), inherited()
    async with started(config, sockets) as node:
        _listen_to_signals(node, notifier, again)
        async with (
            demo_publisher(node.address, config.auth, wanted=demo),
            watched(notifier, node.is_well, node.status),
        ):
            notifier.ready()
            _announce(node.address, demo=demo, secure=node.certificates is not None)
            await node.told_to_stop.wait()
            logger.info("server.stopping", extra={"waiting": node.waiting})
            notifier.stopping()
            await node.drained(keeps_listening=not sockets)
            logger.info("server.drained", extra={"left": node.waiting})


def _listen_to_signals(node: Operating, notifier: Notifier, again: Callable[[], Config]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, node.stop_now)
    loop.add_signal_handler(signal.SIGTERM, node.drain)

    def reload() -> None:
        notifier.reloading()
        node.reload(again)
        notifier.ready()

    loop.add_signal_handler(signal.SIGHUP, reload)


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Address]:
    """A whole server in this event loop; yields the address that HTTP is answered on (port 0 is resolved)."""
    async with started(config) as node:
        yield node.address


@contextlib.asynccontextmanager
async def started(config: Config, sockets: Sequence[socket.socket] = ()) -> AsyncIterator[Operating]:
    """As `running`, and what an operator does to it. `sockets` take the place of `server.listen`."""
    hub, ready = Hub(config), Readiness()
    sessions = WhipSessions(config, hub)
    admission = Admission(config.auth)
    heart = Heart(hub.tick_s, config.limits.overload_lag, config.limits.turn_away_lag)
    node = Operating(config, hub, sessions, admission=admission, ready=ready, heart=heart)
    await node.recall()
    whip = whip_routes(config, sessions, admission=admission, accepting=node.accept_publisher)
    cache = stocked(config.vod, is_sent_plain=config.server.tls_certificate is None)
    library = Library(cache, round(config.vod.max_age))
    control = cache_routes(cache, config.vod.block_size, admission)
    gate = AssetGate(library, admission)
    serving = await Serving.begin(
        _within_files(config),
        hub,
        ready=ready,
        admission=admission,
        control=node,
        routes=[*page_routes, *whip, *vod_routes(gate), *control],
        rooms={"vod": gate},
    )
    node.last_call = serving.last_call
    serving.lane.hear = sessions.mux.catch_up
    serving.lane.naps.must_hurry = sessions.mux.is_pressed
    serving.lane.doors.turns_away = node.turns_away
    try:
        await cache.begin()
        node.address = await _listen(serving, config, sockets, node)
        await _open_media(sessions, config, node.address)
        async with _ticking(hub, heart, node, serving):
            await admission.open()
            ready.set(True)
            yield node
            ready.set(False)
    finally:
        await sessions.close()
        if sockets and config.server.state_dir:  # who is told EXT-X-ENDLIST would not come back
            await asyncio.gather(node.hand_over(), serving.close(hub.let_go))
        else:
            await node.hand_over()
            hub.end_all()
            await serving.close()
        await library.close()
        await admission.close()


async def _listen(
    serving: Serving, config: Config, sockets: Sequence[socket.socket], node: Operating
) -> Address:
    wanted = config.server.address
    if config.server.tls_certificate is not None and config.server.tls_key is not None:
        node.certificates = Certificates(config.server.tls_certificate, config.server.tls_key)
    tls = node.certificates.context if node.certificates else None
    try:
        listeners = sockets or [bound(wanted)]
    except OSError as error:
        raise ConfigError(_busy("server.listen", str(wanted), error)) from error
    addresses = [await serving.listen(one, tls) for one in listeners]
    return next((one for one in addresses if one.host), wanted)


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
async def _ticking(hub: Hub, heart: Heart, node: Operating, serving: Serving) -> AsyncIterator[None]:
    task = asyncio.create_task(_tick(hub, heart, node, serving))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tick(hub: Hub, heart: Heart, node: Operating, serving: Serving) -> None:
    """The one clock of all publications: reconnect windows, held requests, retention."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(hub.tick_s)
        try:
            hub.tick(loop.time())
            node.tick(loop.time())
            serving.tick(loop.time())
        except Exception:
            logger.exception("live.tick_failed")
        else:
            heart.beat(loop.time())


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(FILES_WANTED, hard) if hard != resource.RLIM_INFINITY else FILES_WANTED
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FILES_LEAST:
        raise ConfigError(
            f"only {wanted} files may be open: raise LimitNOFILE of the unit, or `ulimit -n`, to 65536"
        )
    if wanted < FILES_NEEDED:
        mend = "raise LimitNOFILE of the unit, or `ulimit -n`"
        logger.warning("server.few_files", extra={"limit": wanted, "mend": mend})


def _within_files(config: Config) -> Config:
    """Each connection is an open file: turn away whoever the kernel would let hang for want of one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = min(config.limits.connections, max(soft - FILES_NEEDED, soft // 2))
    return config.model_copy(update={"limits": config.limits.model_copy(update={"connections": room})})


def _announce(address: Address, *, demo: bool, secure: bool) -> None:
    where = f"{'https' if secure else 'http'}://{_host_to_open(address)}:{address.port}"
    logger.info("server.ready", extra={"address": where, "compiled": is_compiled()})
    if not sys.stderr.isatty():
        return
    stream = "demo" if demo else "STREAM"
    for label, path in (
        ("what is live", "/"),
        ("publish", "/publish/mine"),
        ("watch", f"/watch/{stream}"),
        ("playlist", f"/live/{stream}/index.m3u8"),
        ("status", "/admin"),
    ):
        print(f"  {label:<14}{where}{path}", file=sys.stderr)  # noqa: T201


def _host_to_open(address: Address) -> str:
    """For a browser: none opens "[::]", and "0.0.0.0" only on this machine."""
    if address.is_loopback:
        return "localhost"
    if ipaddress.ip_address(address.host).is_unspecified:
        return own_address(socket.AF_INET) or "localhost"
    return str(address).rpartition(":")[0]
