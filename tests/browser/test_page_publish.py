"""The publish page before and beside the media: what it says when something fails, and what it keeps."""

import json

import pytest
from rig import until

pytestmark = pytest.mark.browser


@pytest.fixture
def whip(page, server):
    """`whip(*answers)`: what POST /whip answers, one after the other; gives the list of requests that came."""

    def answer_with(*answers):
        seen = []

        def handle(route):
            request = route.request
            seen.append((request.method, request.all_headers().get("authorization"), request.post_data))
            status, headers, body = answers[min(len(seen), len(answers)) - 1]
            if status == 0:
                route.abort("connectionrefused")
            else:
                headers = {"Content-Type": "application/problem+json", **headers}
                route.fulfill(status=status, headers=headers, body=json.dumps(body))

        page.route("**/whip/**", handle)
        return seen

    return answer_with


def open_page(page, server, query="auto=1&source=clock&size=320x180", fragment=""):
    page.goto(f"{server.base}/publish/garden?{query}{fragment}")


def said(page, words, seconds=10):
    page.get_by_role("status").get_by_text(words).wait_for(timeout=1000 * seconds)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "wants a token"),
        (403, "not valid for this stream"),
        (409, "Somebody is publishing under this name"),
        (422, "cannot use what this browser offers"),
    ],
)
def test_what_needs_somebody_to_act_stops_and_says_what_to_do(page, server, whip, status, words):
    seen = whip((status, {}, {"title": "No", "detail": "because of the moon"}))
    page.clock.install()
    open_page(page, server)
    said(page, words)
    said(page, "because of the moon")
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(200)
    assert len(seen) == 1
    assert page.get_by_role("button", name="Start publishing").is_enabled()
    assert page.evaluate("edge.faults[0].status") == status


def test_a_full_server_is_asked_again_when_it_said(page, server, whip):
    seen = whip((503, {"Retry-After": "2"}, {"title": "Overloaded", "detail": "full"}))
    page.clock.install()
    open_page(page, server)
    said(page, "The server is full")
    page.clock.fast_forward(1000)
    page.wait_for_timeout(200)
    assert len(seen) == 1
    with page.expect_request("**/whip/**"):
        page.clock.fast_forward(1000)


def test_a_silent_server_is_asked_again_and_again_until_stop(page, server, whip):
    seen = whip((0, {}, {}))
    page.clock.install()
    open_page(page, server)
    for _ in range(4):
        said(page, "The server does not answer")
        with page.expect_event("requestfailed"):
            page.clock.fast_forward(10_000)
    page.get_by_role("button", name="Stop").click()
    said(page, "Ready")
    stopped = len(seen)
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(200)
    assert len(seen) == stopped


def test_the_token_of_the_fragment_is_sent_and_taken_out_of_the_address(page, server, whip):
    seen = whip((409, {}, {}))
    open_page(page, server, fragment="#token=s3cret")
    said(page, "Somebody is publishing")
    assert seen[0][:2] == ("POST", "Bearer s3cret")
    assert "s3cret" not in page.url


def test_the_offer_has_h264_only_and_sends_only(page, server, whip):
    seen = whip((409, {}, {}))
    open_page(page, server)
    said(page, "Somebody is publishing")
    offer = seen[0][2]
    names = {line.split()[1].split("/")[0] for line in offer.splitlines() if line.startswith("a=rtpmap")}
    assert "H264" in names
    assert not names & {"VP8", "VP9", "AV1", "H265"}
    assert offer.count("a=sendonly") == 2
    assert "a=recvonly" not in offer


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "was not allowed"),
        ("NotFoundError", "No such device"),
        ("NotReadableError", "Another program holds"),
    ],
)
def test_a_camera_that_cannot_be_had_is_explained(page, server, name, words):
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }};"
    )
    open_page(page, server, "auto=1&source=camera")
    said(page, words)
    assert page.get_by_role("button", name="Start publishing").is_enabled()


def test_without_a_secure_context_it_says_so_and_offers_the_file(page, server):
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    open_page(page, server, "source=camera")
    said(page, "only over https or on localhost")
    assert page.get_by_role("radio", name="Camera").is_disabled()
    assert page.get_by_role("radio", name="File").is_checked()


def test_a_browser_without_h264_is_told_which_have_it(page, server):
    page.add_init_script("RTCRtpSender.getCapabilities = () => ({ codecs: [], headerExtensions: [] });")
    open_page(page, server)
    said(page, "cannot send H.264")


def test_choices_are_kept_for_the_next_visit(page, server):
    open_page(page, server, "")
    page.get_by_label("Picture", exact=True).select_option("1920x1080")
    page.get_by_role("radio", name="Screen").check(force=True)
    page.get_by_role("switch", name="Send sound").uncheck()
    page.reload()
    assert page.get_by_label("Picture", exact=True).input_value() == "1920x1080"
    assert page.get_by_role("radio", name="Screen").is_checked()
    assert not page.get_by_role("switch", name="Send sound").is_checked()


def test_it_works_by_keyboard_alone(page, server, whip):
    whip((409, {}, {}))
    open_page(page, server, "source=clock")
    page.get_by_role("button", name="Start publishing").focus()
    page.keyboard.press("Enter")
    said(page, "Somebody is publishing")
    page.get_by_role("radio", name="Test").focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="File").is_checked()


def test_preview_shows_the_camera_and_sends_nothing(page, server, whip):
    seen = whip((409, {}, {}))
    open_page(page, server, "source=camera&size=640x360")
    page.get_by_role("button", name="Preview").click()
    until(lambda: width(page) == 640, 5, "a preview", every=0.05)
    page.get_by_label("Picture", exact=True).select_option("1280x720")
    until(lambda: width(page) == 1280, 5, "a larger preview", every=0.05)
    assert seen == []


def width(page):
    page.wait_for_timeout(1)
    return page.evaluate("document.getElementById('preview').videoWidth")
