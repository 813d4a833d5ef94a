"""`python -m bench.glass`: a real Chromium publishes and plays; from drawn to shown, join time, stalls.

The publisher draws a clock into the picture, the player's page reads it back at every presented frame. Both browsers and
the server share this machine: the processors' load stands in each row, for it is part of what is measured.
"""

import os
import time

from playwright.sync_api import Browser, sync_playwright

from bench import report
from tests.browser.rig import FLAGS, EdgeServer, PlayerPages, PublisherBrowser, Viewer, chromium, open_windows

PLAYERS = ("watch page", "hlsjs", "shaka")
SETTLE_S = 5.0


def measure(browser: Browser, player: str, part_ms: int, seconds: float, joins: int) -> dict[str, object]:
    """One row: this player at this part target."""
    with (
        EdgeServer(f"hls.part_target={part_ms}ms") as server,
        PlayerPages() as pages,
        PublisherBrowser(server, "glass", source="clock") as publisher,
    ):
        publisher.on_air()
        time.sleep(SETTLE_S)  # a stream that has just begun is not what viewers join
        address = (
            f"{server.base}/watch/glass?clock=1"
            if player == "watch page"
            else pages.player(player, server, "glass")
        )
        first_frames = [_first_frame(browser, address) for _ in range(joins)]
        (page,) = open_windows(browser, 1)
        viewer = Viewer(page, address)
        first_frames.append(viewer.first_frame())
        viewer.wait(SETTLE_S)
        since = time.time()
        cpu = report.cpu_seconds(server.process.pid)
        viewer.wait(seconds)
        spread = viewer.glass(since)
        row = {
            "player": player,
            "part_target_ms": part_ms,
            "frames": spread.count,
            "glass_p50_s": round(spread.p50, 3),
            "glass_p95_s": round(spread.p95, 3),
            "first_frame_p50_ms": round(report.percentile(first_frames, 0.5) or 0),
            "joins": len(first_frames),
            "stalls": len(viewer.tell("stalls")),
            "errors": len(viewer.tell("errors")),
            "failed_requests": len(viewer.failed_requests),
            "server_cpu_percent": (report.cpu_seconds(server.process.pid) - cpu) / seconds * 100,
            "machine_load": round(os.getloadavg()[0], 1),
        }
        page.context.close()
    return row


def _first_frame(browser: Browser, address: str) -> float:
    """Milliseconds from opening to the first picture, in a browser context that has nothing cached."""
    (page,) = open_windows(browser, 1)
    try:
        return float(Viewer(page, address).first_frame())
    finally:
        page.context.close()


def main() -> None:
    parser = report.arguments("glass", __doc__ or "", seconds=20)
    parser.add_argument("--players", nargs="+", default=PLAYERS, choices=PLAYERS)
    parser.add_argument(
        "--parts", type=int, nargs="+", default=[250, 200], help="part targets in milliseconds"
    )
    parser.add_argument("--joins", type=int, default=5, help="how often the first frame is timed")
    options = parser.parse_args()
    result = report.Result("glass", {"seconds": options.seconds}, {"name": "none"})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        result.yardstick = {"name": "chromium", "version": browser.version}
        for part_ms in options.parts:
            for player in options.players:
                result.rows.append(measure(browser, player, part_ms, options.seconds, options.joins))
        browser.close()
    result.write(options.json)


if __name__ == "__main__":
    main()
