"""A publisher is killed with -9 and comes back: every player ends at its live edge by itself, nobody is thrown out."""

import time
from itertools import pairwise

import pytest
from rig import EdgeServer, MediaPath, PublisherBrowser, PublisherProcess

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(300)]

FIRST, OTHER = "640x360", "854x480"
AWAY_S = 6
MARGIN_S = 2
"""How much longer than the publisher was away a low-latency picture may stand still."""

BACK_WITHIN_S = 20
STARTING_S = 4
PLAYS_S = 8
POSITION = "document.querySelector('video').currentTime"

KEEPS_CONNECTION = """const Own = RTCPeerConnection;
RTCPeerConnection = class extends Own { constructor(...all) { super(...all); window.connection = this; } };"""
CAMERA_OFF = """(() => {
  window.sender = connection.getSenders().find((sender) => sender.track.kind === 'video');
  window.camera = sender.track;
  return sender.replaceTrack(null);
})()"""
CAMERA_ON = "sender.replaceTrack(camera)"

SMALL = {"width": 480, "height": 360}
"""Four players are drawn by the processor here: small ones leave it time to play."""

EDGE_S = {"watch": 1.6, "hlsjs": 4.0, "shaka": 2.5, "native": 12.0}
"""How far behind the lens a player is at its own live edge, at most. hls.js moves its edge a second back per stall."""


@pytest.fixture(scope="module")
def server():
    with EdgeServer() as running:
        yield running


@pytest.fixture
def room(server, players, view):
    """`room(stream, kinds)` opens a viewer of each kind on a stream, and waits until all of them play."""

    def open_room(stream, kinds):
        viewers = {}
        for kind in kinds:
            own = kind == "watch"
            address = f"{server.base}/watch/{stream}?clock=1" if own else players.player(kind, server, stream)
            viewers[kind] = view(address, viewport=SMALL)
            viewers[kind].first_frame(20)
        if "native" in viewers:  # it fails now and then where the publisher leaves it in its first second
            viewers["native"].wait(STARTING_S)
        return viewers

    return open_room


class Absences:
    """The publisher of a stream, and its deaths and returns."""

    def __init__(self, server, stream):
        self.server, self.stream = server, stream

    def __enter__(self):
        self.publisher = self._start(FIRST)
        return self

    def __exit__(self, *_):
        self.publisher.__exit__()

    def suffer(self, size):
        """One death and return in `size`; Unix seconds of both."""
        began = time.time()
        self.publisher.__exit__()
        time.sleep(AWAY_S)
        assert self.server.state(self.stream) == "reconnecting"
        self.publisher = self._start(size)
        return began, time.time()

    def _start(self, size):
        return (
            PublisherBrowser(self.server, self.stream, source="clock", size=size, preview="0")
            .__enter__()
            .on_air()
        )


def newest(viewer, count):
    """The last pictures shown: (Unix seconds when shown, seconds since drawn)."""
    return [
        (shown / 1000, late / 1000)
        for shown, late in viewer.page.evaluate(f"window.edge.glass.slice(-{count})")
    ]


def hesitated_s(viewer, since):
    """How long its publisher paused at most between two pictures that it drew after its return. (A browser that
    has just started, or the machine, may stand still for seconds; hls.js as it comes does not catch up on it.)
    """
    drawn = [at - late for at, late in newest(viewer, 100_000) if at - late > since]
    return max((later - earlier for earlier, later in pairwise(drawn)), default=0.0)


def check_it_comes_back(kind, viewer, returning, returned):
    """Pictures drawn after the return are shown, at the player's edge. `returning`: when it began to return."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        shown = newest(viewer, 10)
        fresh = [late for at, late in shown if at - late > returned]
        behind_s = hesitated_s(viewer, returning) if kind == "hlsjs" else 0.0
        if len(fresh) == 10 and fresh[-1] < EDGE_S[kind] + behind_s:
            return
        assert time.monotonic() < deadline, (kind, behind_s, shown[-3:], viewer.report())
        viewer.wait(0.2)


def longest_stand(viewer, since):
    """The longest time between two pictures, seconds."""
    shown = [at for at, _ in newest(viewer, 100_000) if at >= since - 1]
    return max(later - earlier for earlier, later in pairwise(shown))


def check_absence(viewers, began, returned, size):
    for kind, viewer in viewers.items():
        check_it_comes_back(kind, viewer, began + AWAY_S, returned)
    for kind, viewer in viewers.items():
        stood = longest_stand(viewer, began)
        print(
            f"{kind}: away for {returned - began:.1f} s, stood for {stood:.1f} s, {newest(viewer, 1)}, {size}"
        )
        if kind != "native":
            assert stood < returned - began + MARGIN_S, (kind, size, viewer.report())


def check_nobody_was_harmed(viewers):
    for kind, viewer in viewers.items():
        report = viewer.report()
        print(kind, report)
        viewer.screenshot(f"returned-{kind}")
        assert report["errors"] == [], (kind, report)
        assert [line for line in report["requests"] if ".m3u8" in line] == [], (kind, report)


def test_twice_the_same(server, room):
    with Absences(server, "same") as absences:
        viewers = room("same", ["watch", "hlsjs", "shaka", "native"])
        for _ in range(2):
            check_absence(viewers, *absences.suffer(FIRST), FIRST)
        check_nobody_was_harmed(viewers)


def test_twice_in_another_resolution(server, room):
    with Absences(server, "other") as absences:
        viewers = room("other", ["watch", "hlsjs", "native"])
        for size, picture in ((OTHER, [854, 480]), (FIRST, [640, 360])):
            check_absence(viewers, *absences.suffer(size), size)
            assert viewers["watch"].tell("size") == picture
        check_nobody_was_harmed(viewers)


def test_whoever_comes_after_the_return_plays_on(server, room):
    with Absences(server, "late") as absences:
        first = room("late", ["hlsjs"])["hlsjs"]
        first.wait(4)
        absences.suffer(FIRST)
        first.wait(9)  # as much is listed after the jump of the dates as before it
        late = [room("late", ["hlsjs"])["hlsjs"] for _ in range(2)]
        began = [viewer.page.evaluate(POSITION) for viewer in late]
        late[0].wait(PLAYS_S)
        for viewer, position in zip(late, began, strict=True):
            assert viewer.page.evaluate(POSITION) - position > PLAYS_S - 1, viewer.report()


def test_the_watch_page_says_what_it_waits_for(server, room):
    with Absences(server, "told") as absences:
        viewers = room("told", ["watch"])
        viewer = viewers["watch"]
        absences.publisher.kill()
        viewer.until("window.edge.state === 'reconnecting'", 5)
        assert viewer.page.get_by_role("status").get_by_text("The publisher dropped").is_visible()
        viewer.screenshot("reconnecting")
        absences.publisher = absences._start(FIRST)
        viewer.until("window.edge.state === 'live'", 10)


def test_a_camera_that_is_off_while_its_sound_goes_on(server, browser, room):
    """Nobody stalls: the picture stands still, and is back when the camera is."""
    context = browser.new_context()
    publisher = context.new_page()
    publisher.add_init_script(KEEPS_CONNECTION)
    publisher.goto(f"{server.base}/publish/dark?auto=1&source=clock&size={FIRST}&preview=0")
    viewers = room("dark", ["watch", "hlsjs"])
    viewers["watch"].wait(STARTING_S)
    publisher.evaluate(CAMERA_OFF)
    viewers["watch"].wait(AWAY_S)
    publisher.evaluate(CAMERA_ON)
    returned = time.time()
    for kind, viewer in viewers.items():
        check_it_comes_back(kind, viewer, returned, returned)
        assert viewer.tell("stalls") == [], (kind, viewer.report())
    check_nobody_was_harmed(viewers)
    context.close()


def test_on_its_own_connection_when_the_network_was_away(players, view):
    with MediaPath() as path, EdgeServer(*path.settings) as server:
        with PublisherProcess(server, "cut", "--size", FIRST) as publisher:
            publisher.on_air()
            viewers = {
                "watch": view(f"{server.base}/watch/cut?clock=1", viewport=SMALL),
                "hlsjs": view(players.player("hlsjs", server, "cut"), viewport=SMALL),
            }
            for viewer in viewers.values():
                viewer.first_frame(20)
            viewers["watch"].wait(PLAYS_S)
            for _ in range(2):
                began, path.is_cut = time.time(), True
                viewers["watch"].wait(AWAY_S)
                assert server.state("cut") == "reconnecting"
                returned, path.is_cut = time.time(), False
                check_absence(viewers, began, returned, FIRST)
                viewers["watch"].wait(PLAYS_S)
            check_nobody_was_harmed(viewers)
        assert server.log().count("publisher.returned") == 2
