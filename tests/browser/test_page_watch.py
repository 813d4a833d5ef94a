"""The watch page beside the picture: what it says, its controls, and how it finds its way back."""

import time

import pytest
from rig import EdgeServer, PublisherProcess, Viewer

from edge.auth.tokens import mint
from edge.config import Config

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SECRET = "thirty-two octets are needed here"
SMALL = ("--size", "320x180", "--bitrate", "300k")


@pytest.fixture(scope="module")
def server():
    """As everywhere, but a publisher that is gone is given up soon."""
    with EdgeServer("live.reconnect_window=2s") as running:
        yield running


@pytest.fixture(scope="module")
def garden(server):
    with PublisherProcess(server, "garden", *SMALL) as publisher:
        yield publisher.on_air()


def said(viewer, words, seconds=10):
    viewer.page.get_by_role("status").get_by_text(words).wait_for(timeout=1000 * seconds)


def is_muted(viewer):
    return viewer.page.evaluate("document.getElementById('video').muted")


def is_paused(viewer):
    return viewer.page.evaluate("document.getElementById('video').paused")


def test_it_waits_for_a_publisher_and_starts_by_itself(server, view):
    viewer = view(f"{server.base}/watch/later")
    said(viewer, "Waiting for the publisher")
    viewer.screenshot("waiting")
    with PublisherProcess(server, "later", *SMALL):
        viewer.first_frame(25)
        said(viewer, "Live.")


def test_it_says_when_the_stream_ended_and_plays_the_next_one(server, view):
    with PublisherProcess(server, "twice", *SMALL) as first:
        first.on_air()
        viewer = view(f"{server.base}/watch/twice")
        viewer.first_frame()
        first.stop()
        said(viewer, "Ended", 20)
        viewer.screenshot("ended")
    frames = viewer.tell("frames")
    with PublisherProcess(server, "twice", *SMALL):
        viewer.until(f"window.edge.state === 'live' && window.edge.frames > {frames} + 30", 25)
    assert viewer.tell("errors") == []


def test_sound_is_one_tap_away(server, garden, view):
    viewer = view(f"{server.base}/watch/garden")
    viewer.first_frame()
    said(viewer, "Live.")
    assert is_muted(viewer)
    button = viewer.page.get_by_role("button", name="Turn sound on")
    button.click()
    assert not is_muted(viewer)
    assert button.is_hidden()
    viewer.page.get_by_role("button", name="Mute", exact=True).click()
    assert is_muted(viewer)
    assert button.is_hidden()


def test_keys_do_what_the_buttons_do(server, garden, view):
    viewer = view(f"{server.base}/watch/garden")
    viewer.first_frame()
    keys = viewer.page.keyboard
    keys.press("m")
    assert not is_muted(viewer)
    keys.press("k")
    assert is_paused(viewer)
    keys.press("Space")
    viewer.until("!document.getElementById('video').paused", 3)
    keys.press("f")
    viewer.until("document.fullscreenElement !== null", 3)
    keys.press("f")
    viewer.until("document.fullscreenElement === null", 3)


def test_after_a_pause_it_plays_at_the_live_edge(server, garden, view):
    viewer = view(f"{server.base}/watch/garden")
    viewer.first_frame()
    viewer.wait(2)
    viewer.page.get_by_role("button", name="Pause").click()
    viewer.wait(6)
    viewer.page.get_by_role("button", name="Play", exact=True).click()
    viewer.until("window.edge.distance !== null && window.edge.distance < 1.2", 6)
    assert viewer.tell("errors") == []


def test_a_server_that_comes_back_is_found_again(view):
    with EdgeServer() as first, PublisherProcess(first, "garden", *SMALL) as publisher:
        publisher.on_air()
        viewer: Viewer = view(f"{first.base}/watch/garden")
        viewer.first_frame()
        first.die()
        said(viewer, "The server does not answer", 15)
        viewer.screenshot("unreachable")
        frames = viewer.tell("frames")
        first.start()  # on the same port; the publisher comes back by itself
        viewer.until(f"window.edge.frames > {frames} + 30", 40)
        assert viewer.tell("state") == "live"


def test_the_page_tells_its_numbers(server, garden, view):
    viewer = view(f"{server.base}/watch/garden")
    viewer.first_frame()
    viewer.wait(5)
    shown = {
        name: viewer.page.locator(f"#{name}").inner_text()
        for name in ("latency", "buffer", "picture", "bitrate")
    }
    assert 0.3 < float(shown["latency"].removesuffix(" s")) < 2
    assert 0.1 < float(shown["buffer"].removesuffix(" s")) < 2
    assert shown["picture"].startswith("320 × 180 · ")
    assert shown["bitrate"].endswith("bit/s")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", (390, 844)), ("desk", (1280, 800))])
def test_it_looks_as_it_should(server, garden, browser, scheme, device, size):
    """For eyes: the pictures are left in .screens."""
    phone = device == "phone"
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, is_mobile=phone, has_touch=phone
    )
    viewer = Viewer(context.new_page(), f"{server.base}/watch/garden")
    viewer.first_frame()
    viewer.wait(1)
    viewer.screenshot(f"watch-{device}-{scheme}")
    assert viewer.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    context.close()


def test_it_plays_with_the_token_of_its_own_address(view):
    with EdgeServer('auth.play=["watch-it-1"]') as guarded, PublisherProcess(guarded, "members", *SMALL):
        viewer = view(f"{guarded.base}/watch/members?token=watch-it-1")
        viewer.first_frame(25)
        stranger = view(f"{guarded.base}/watch/members")
        said(stranger, "You are not let in")
        stranger.screenshot("refused")
        assert stranger.tell("frames") == 0


def test_who_is_let_in_no_more_is_told_so(view):
    """And not that the publisher dropped."""
    config = Config.model_validate({"auth": {"token_secrets": [SECRET]}})
    settings = ('auth.play="tokens"', f"auth.token_secrets=['{SECRET}']")
    with EdgeServer(*settings) as guarded, PublisherProcess(guarded, "members", *SMALL) as publisher:
        publisher.on_air()
        token = mint(config.auth, "play", ["members"], ttl_s=12, now=time.time())
        viewer = view(f"{guarded.base}/watch/members?token={token}")
        viewer.first_frame(10)
        said(viewer, "You are not let in", 20)
        assert "token" in viewer.page.get_by_role("status").inner_text()


HLS_JS = "**/vendor/*.mjs"


def without(file, browser, address, *, native=True, seconds=0):
    """The watch page, one file of which cannot be had, some seconds after everything else was loaded."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.route(file, lambda route: route.fulfill(status=404))
    if not native:
        page.add_init_script("HTMLMediaElement.prototype.canPlayType = () => ''")
    if not seconds:
        return Viewer(page, address)
    page.clock.install()
    viewer = Viewer(page, address)
    page.clock.fast_forward(1000 * seconds)
    return viewer


def test_without_hls_js_the_browser_plays_by_itself(server, garden, browser):
    viewer = without(HLS_JS, browser, f"{server.base}/watch/garden")
    viewer.first_frame(30)
    said(viewer, "Live.")
    assert viewer.tell("warnings") == ["hls.js could not be loaded: the browser plays by itself"]
    viewer.page.context.close()


def test_without_any_player_it_says_so(server, garden, browser):
    viewer = without(HLS_JS, browser, f"{server.base}/watch/garden", native=False)
    said(viewer, "The player could not be loaded (hls.js)")
    viewer.screenshot("no-player")
    viewer.page.context.close()


@pytest.mark.parametrize("file", ["player.js", "watch.js", "steering.js"])
def test_without_a_file_of_its_own_it_says_so(server, browser, file):
    viewer = without(f"**/{file}", browser, f"{server.base}/watch/garden", seconds=2)
    said(viewer, "This page could not be loaded whole.")
    viewer.page.context.close()


@pytest.mark.parametrize("page", ["", "admin", "publish/garden"])
def test_other_pages_say_so_too(server, browser, page):
    viewer = without("**/{index,admin,publish}.js", browser, f"{server.base}/{page}", seconds=2)
    said(viewer, "This page could not be loaded whole.")
    viewer.page.context.close()
