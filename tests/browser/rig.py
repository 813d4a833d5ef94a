"""What the browser tests run: a server, publishers that can be killed, pages of other players, and measured values."""

import functools
import http.server
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SCREENS = ROOT / ".screens"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

WINDOW_OPENS_MS = 1500
DESK = {"width": 1280, "height": 800}


def chromium() -> str:
    """The machine's Chromium. A missing one is a failure, not a reason to test less."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    raise RuntimeError("the browser tests need Chromium: run `make setup-test`")


def until(condition: Callable[[], object], seconds: float, what: str, *, every: float = 0.1) -> object:
    """The first true value of `condition()`; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(every)
    return value


def free_port() -> int:
    """A port that neither TCP nor UDP uses now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


class EdgeServer:
    """`edge serve` as a process of its own. Use as a context; `base` is its address."""

    def __init__(self, *settings: str) -> None:
        self.base = f"http://127.0.0.1:{free_port()}"
        self.settings = [f"server.listen={self.base.removeprefix('http://')}", *settings]

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        sets = [word for setting in self.settings for word in ("--set", setting)]
        command = [sys.executable, "-m", "edge", "serve", *sets]
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            until(self._is_ready, 20, "the server is ready")
        except AssertionError as error:
            self.process.kill()
            raise AssertionError(f"{error}\n{self.log()}") from None

    def die(self) -> None:
        """-9; `start` brings it back under the same address."""
        self.process.kill()
        self.process.wait(10)
        self.output.close()

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the server does not stop\n{self.log()}") from None
        log = self.log()
        self.output.close()
        assert code == 0, f"the server ended with {code}\n{log}"
        assert "Traceback" not in log, log

    def log(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def streams(self) -> dict[str, dict]:
        """What `/api/v1/streams` lists, by name."""
        with urllib.request.urlopen(f"{self.base}/api/v1/streams", timeout=5) as answer:
            return {stream["name"]: stream for stream in json.load(answer)["streams"]}

    def state(self, name: str) -> str:
        return self.streams().get(name, {}).get("state", "absent")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, "the server ended"
        with suppress(OSError), urllib.request.urlopen(f"{self.base}/readyz", timeout=2) as answer:
            return answer.status == 200
        return False


class PublisherBrowser:
    """A Chromium of its own with the publish page, so that it can be killed as a phone loses its battery."""

    def __init__(self, server: EdgeServer, stream: str, **options: str) -> None:
        query = "&".join(f"{name}={value}" for name, value in {"auto": "1", **options}.items())
        self.server, self.stream = server, stream
        self.address = f"{server.base}/publish/{stream}?{query}"

    def __enter__(self) -> Self:
        self.profile = tempfile.mkdtemp(prefix="edge-publisher-")
        command = [
            chromium(),
            *FLAGS,
            f"--user-data-dir={self.profile}",
            "--window-size=1280,800",
            self.address,
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        return self

    def on_air(self) -> "PublisherBrowser":
        until(lambda: self.server.state(self.stream) == "live", 30, f"{self.stream} is live", every=0.2)
        return self

    def kill(self) -> None:
        """-9 for the whole process group: no goodbye of any kind leaves it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.profile, ignore_errors=True)


class PublisherProcess:
    """`edge publish test`: cheaper than a browser where the publisher is not what is tested."""

    def __init__(self, server: EdgeServer, stream: str, *options: str) -> None:
        self.server, self.stream = server, stream
        address = f"{server.base}/whip/{stream}"
        self.command = [sys.executable, "-m", "edge", "publish", "test", address, *options]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    def on_air(self) -> Self:
        until(lambda: self.server.state(self.stream) == "live", 20, f"{self.stream} is live", every=0.2)
        return self

    def kill(self) -> None:
        """-9: no goodbye."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """Ctrl-C: the publication's source says goodbye."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


class MediaPath:
    """The network between publishers and a server's media port, which can be away: `is_cut`."""

    def __init__(self) -> None:
        self.is_cut = False
        self._ended = False
        self._server = ("127.0.0.1", free_port())
        self._publisher: tuple[str, int] | None = None
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.settings = (f"webrtc.listen=127.0.0.1:{self._server[1]}", f'webrtc.advertise=["{address}"]')
        """Of the server."""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join()
        self._socket.close()

    def _carry(self) -> None:
        while not self._ended:
            with suppress(OSError):
                datagram, source = self._socket.recvfrom(2048)
                if source != self._server:
                    self._publisher = source
                target = self._publisher if source == self._server else self._server
                if target is not None and not self.is_cut:
                    self._socket.sendto(datagram, target)


class PlayerPages:
    """Serves the test-only players (hls.js as it comes, Shaka, the browser's own HLS) from another origin."""

    FOLDERS: ClassVar[dict[str, Path]] = {
        "players": HERE / "players",
        "packages": HERE / "node_modules",
        "pages": ROOT / "edge/web/pages",
    }

    def __enter__(self) -> Self:
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler))
        self.base = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def player(self, kind: str, server: EdgeServer, stream: str) -> str:
        """The address of a page that plays `stream` with `kind`: hlsjs, shaka or native."""
        return f"{self.base}/players/{kind}.html?url={server.base}/live/{stream}/index.m3u8"


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def translate_path(self, path: str) -> str:
        folder, _, rest = path.partition("?")[0].lstrip("/").partition("/")
        return str(PlayerPages.FOLDERS.get(folder, HERE / "nothing") / rest)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Spread:
    """Percentiles of what was measured."""

    count: int
    p50: float
    p95: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        assert len(values) >= 2, f"too little was measured: {values}"
        cuts = statistics.quantiles(values, n=20, method="inclusive")
        return cls(len(values), statistics.median(values), cuts[18], max(values))

    def __str__(self) -> str:
        return f"p50 {self.p50:.3f}, p95 {self.p95:.3f}, highest {self.highest:.3f} of {self.count}"


def open_windows(browser, count: int, **options) -> list:
    """Empty pages, each in a context of its own: nothing is cached, nothing is kept. A viewer has a browser open
    already, but the window of a new context takes a second of a small machine: what is timed begins after it.
    """
    pages = [browser.new_context(**{"viewport": DESK, **options}).new_page() for _ in range(count)]
    pages[-1].wait_for_timeout(WINDOW_OPENS_MS)
    return pages


class Viewer:
    """A page that plays: ours, or one of the test-only players. All tell the same things in `window.edge`."""

    def __init__(self, page, address: str) -> None:
        self.page = page
        self.failed_requests: list[str] = []
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failure)
        self.page_errors: list[str] = []
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.goto(address)

    def tell(self, name: str):
        return self.page.evaluate(f"window.edge?.{name} ?? null")

    def wait(self, seconds: float) -> None:
        """Lets the page run; time.sleep would not let its events be heard."""
        self.page.wait_for_timeout(1000 * seconds)

    def until(self, expression: str, seconds: float) -> None:
        """Waits until `expression` of JavaScript is true. (Not wait_for_function: the policy forbids eval.)"""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            if time.monotonic() > deadline:
                print(*self.tell("log") or ("no account of its own",), sep="\n")
                raise AssertionError(f"not within {seconds} s: {expression}; {self.report()}")
            self.wait(0.1)

    def first_frame(self, seconds: float = 15) -> float:
        """Milliseconds from opening the page to the first picture."""
        self.until("window.edge && window.edge.firstFrameMs !== null", seconds)
        return self.tell("firstFrameMs")

    def glass(self, since: float = 0) -> Spread:
        """Seconds from drawn to shown, of every picture shown since then (Unix seconds)."""
        return Spread.of([late / 1000 for shown, late in self.tell("glass") if shown >= 1000 * since])

    def report(self) -> dict:
        names = (
            "state",
            "errors",
            "warnings",
            "stalls",
            "buffer",
            "rate",
            "distance",
            "frames",
            "unreadable",
            "firstFrameMs",
        )
        return {
            **{name: self.tell(name) for name in names},
            "page": self.page_errors,
            "requests": self.failed_requests,
        }

    def screenshot(self, name: str) -> None:
        SCREENS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")

    def _on_response(self, response) -> None:
        if response.status >= 400 and "/live/" in response.url:
            self.failed_requests.append(f"{response.status} {response.url}")

    def _on_failure(self, request) -> None:
        # A request that the player itself gave up (ERR_ABORTED) did not fail.
        if "/live/" in request.url and "ERR_ABORTED" not in (request.failure or ""):
            self.failed_requests.append(f"{request.failure} {request.url}")
