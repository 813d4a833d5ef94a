"""The status page, with a real publisher and a real viewer; and what the viewer's page tells of itself."""

import time
import urllib.request

import pytest

pytestmark = pytest.mark.browser


def metrics(server) -> str:
    with urllib.request.urlopen(f"{server.base}/metrics") as answer:
        return answer.read().decode()


def test_streams_plots_and_what_viewers_feel(page, browser, server, publish):
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    publish("garden")
    viewer = browser.new_page()
    viewer.goto(f"{server.base}/watch/garden?muted")
    deadline = time.monotonic() + 30
    while viewer.evaluate("document.querySelector('video').currentTime") < 2:
        assert time.monotonic() < deadline, "the viewer does not play"
        viewer.wait_for_timeout(100)
    page.goto(f"{server.base}/admin")
    page.get_by_role("link", name="garden").wait_for(timeout=15_000)
    assert page.locator(".plot svg").count() == 9
    assert "live" in page.locator("#streams").inner_text()
    told = metrics(server)
    viewer.close()
    (reports,) = [
        line
        for line in told.splitlines()
        if line.startswith('edge_stream_player_reports_total{stream="garden"}')
    ]
    assert float(reports.split()[1]) > 3
    assert 'edge_stream_player_start_seconds_count{stream="garden"} 1.0' in told
    assert faults == []


def test_text_and_plots_tell_of_the_same_moment(page, server):
    """The last of the history is up to ten seconds old; what is listed below is not."""
    now = round(time.time())
    old = {
        "unix_s": now, "streams": 5, "viewers": 7, "bits_in": 9, "bits_out": 8_000, "latency_s": 3.0,
        "reconnecting": 4, "lost_packets": 0, "holes": 2, "lag_ms": 0.5,
    }  # fmt: skip
    history = [{**old, "unix_s": now - 10}, old]
    stream = {
        "name": "garden", "state": "live", "viewers": 41, "bitrate": 2_000_000, "latency_s": 0.25, "age_s": 60.0,
        "discontinuities": 0,
    }  # fmt: skip
    streams = [
        stream,
        {
            **stream,
            "name": "roof",
            "state": "reconnecting",
            "viewers": 1,
            "latency_s": None,
            "age_s": 7_500.0,
        },
    ]
    page.route("**/api/v1/history", lambda route: route.fulfill(json={"history": history}))
    page.route("**/api/v1/streams", lambda route: route.fulfill(json={"streams": streams}))
    page.goto(f"{server.base}/admin")
    page.get_by_role("link", name="garden").wait_for(timeout=15_000)
    assert page.locator("#summary").inner_text() == "Streams: 2. Viewers: 42."
    newest = [each.inner_text() for each in page.locator(".plot .now").all()]
    coming_in = [row.locator("td").nth(3).inner_text() for row in page.locator("#streams tr").all()]
    assert coming_in == ["2.0 Mbit/s", "–"]
    ages = [row.locator("td").nth(6).inner_text() for row in page.locator("#streams tr").all()]
    assert ages == ["1 min", "2 h 5 min"]
    assert newest == ["2", "42", "2.0 Mbit/s", "8 kbit/s", "0.25 s", "0", "1", "2", "0.5 ms"]


@pytest.mark.parametrize(
    ("known_s", "words"),
    [(290, "5 min ago"), (310, "15 min ago"), (3590, "an hour ago")],
)
def test_what_is_known_fills_the_plots(page, server, known_s, words):
    """A server that has just begun has no hour to show."""
    now = round(time.time())
    keys = ("streams", "viewers", "bits_in", "bits_out", "reconnecting", "lost_packets", "holes", "lag_ms")
    history = [
        {"unix_s": when, "latency_s": 0.004, **dict.fromkeys(keys, 1)} for when in (now - known_s, now)
    ]
    page.route("**/api/v1/history", lambda route: route.fulfill(json={"history": history}))
    page.route("**/api/v1/streams", lambda route: route.fulfill(json={"streams": []}))
    page.goto(f"{server.base}/admin")
    page.locator(".plot").first.wait_for(timeout=15_000)
    assert {each.inner_text() for each in page.locator(".ends span:first-child").all()} == {words}
    begin = page.locator(".plot .line").first.get_attribute("d")
    assert float(begin[1:].partition(",")[0]) == pytest.approx(
        360 * (1 - known_s / {"5 min ago": 300, "15 min ago": 900}.get(words, 3600)),
        abs=0.1,
    )


def test_on_a_phone_every_number_and_button_of_a_stream_is_in_sight(page, server):
    stream = {
        "name": "a-name-of-many-letters-" + "x" * 41, "state": "live", "viewers": 41, "bitrate": 2_000_000,
        "latency_s": 0.25, "age_s": 60.0, "discontinuities": 3,
    }  # fmt: skip
    page.route("**/api/v1/history", lambda route: route.fulfill(json={"history": []}))
    page.route("**/api/v1/streams", lambda route: route.fulfill(json={"streams": [stream]}))
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{server.base}/admin")
    kick = page.get_by_role("button", name="Kick")
    kick.wait_for(timeout=15_000)
    for one in (kick, *page.locator("#streams td").all()):
        box = one.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    assert page.locator("#streams td").nth(5).get_attribute("data-label") == "Holes"


def test_without_the_token_it_asks_for_it(page, server):
    page.route("**/api/v1/*", lambda route: route.fulfill(status=401, body="{}"))
    page.goto(f"{server.base}/admin")
    page.get_by_placeholder("Admin token").wait_for(timeout=8000)
    assert page.locator(".plot").count() == 0
    assert page.locator("#summary").inner_text() == "An admin token is needed."
    page.get_by_placeholder("Admin token").fill("wrong")
    page.get_by_role("button", name="Show the status").click()
    page.get_by_text("This token does not open it").wait_for(timeout=8000)
