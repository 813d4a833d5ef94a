"""The first page: what is live, what to do when nothing is, and addresses to copy."""

import json
from pathlib import Path

import pytest
from contrast import faint_texts

pytestmark = pytest.mark.browser

GARDEN = {
    "name": "garden",
    "state": "live",
    "viewers": 2,
    "tracks": [
        {"kind": "video", "codec": "h264", "width": 1280, "height": 720},
        {"kind": "audio", "codec": "aac"},
    ],
}


@pytest.fixture
def listed(page):
    """`listed(streams, status)`: what the API answers from now on."""
    answer = {"status": 200, "streams": []}
    page.route(
        "**/api/v1/streams",
        lambda route: route.fulfill(
            status=answer["status"],
            content_type="application/json",
            body=json.dumps({"streams": answer["streams"]}),
        ),
    )
    return lambda streams, status=200: answer.update(streams=streams, status=status)


def opened(page, address):
    """And begun; with what is listed."""
    page.goto(address)
    page.locator("html[data-begun]").wait_for(state="attached")
    page.locator("#summary, main").filter(has_not_text="Looking…").first.wait_for()


def later(page):
    """The time has come when the page asks again, and it was answered."""
    with page.expect_response("**/api/v1/streams"):
        page.clock.fast_forward(2000)


def said(page, words):
    page.get_by_role("status").get_by_text(words).wait_for(timeout=8000)


def test_nothing_live_is_an_invitation(page, server, listed):
    page.goto(server.base)
    said(page, "Nothing is live")
    assert page.get_by_text("Nobody is on air").is_visible()


def test_streams_come_change_and_go_by_themselves(page, server, listed):
    page.clock.install()
    listed([GARDEN])
    page.goto(server.base)
    said(page, "One stream is live")
    card = page.get_by_role("listitem").filter(has_text="garden")
    assert card.get_by_text("1280 × 720 · H.264 · AAC · 2 watching").is_visible()
    listed([GARDEN | {"state": "reconnecting"}, GARDEN | {"name": "roof"}])
    later(page)
    said(page, "2 streams are live")
    assert card.get_by_text("reconnecting").is_visible()
    listed([])
    later(page)
    said(page, "Nothing is live")
    assert page.get_by_role("listitem").count() == 0


def test_open_addresses_stay_open_while_the_list_is_refreshed(page, server, listed):
    page.clock.install()
    listed([GARDEN])
    page.goto(server.base)
    page.get_by_text("Addresses").click()
    for watching in (3, 4):
        listed([GARDEN | {"viewers": watching}])
        later(page)
        page.get_by_text(f"{watching} watching").wait_for()
    shown = [code.inner_text() for code in page.get_by_role("listitem").locator("code").all()]
    assert shown == [
        f"{server.base}/live/garden/index.m3u8",
        f"{server.base}/watch/garden",
        f"{server.base}/publish/garden",
        f"{server.base}/whip/garden",
    ]


def test_an_address_is_copied(page, server, listed):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    listed([GARDEN])
    page.goto(server.base)
    page.get_by_text("Addresses").click()
    page.get_by_role("button", name="Copy the playlist address of garden").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{server.base}/live/garden/index.m3u8"


def test_the_command_for_ffmpeg_is_that_of_the_readme(page, server, listed):
    page.goto(server.base)
    shown = page.locator("#ffmpeg code").text_content().split()
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    written = readme.split("```sh\n  ffmpeg ", 1)[1].split("```", 1)[0].replace("\\\n", " ").split()
    assert shown[:-1] == ["ffmpeg", *written[:-1]]
    assert shown[-1] == f"{server.base}/whip/mine"


def test_off_loopback_it_asks_for_the_admin_token(page, server, listed):
    listed([], 401)
    page.goto(server.base)
    said(page, "Open a stream by its name")
    listed([GARDEN])
    with page.expect_request(lambda request: request.headers.get("authorization") == "Bearer letmein99"):
        page.get_by_label("Admin token").fill("letmein99")
        page.get_by_role("button", name="Show the list").click()
    said(page, "One stream is live")


@pytest.mark.parametrize(
    ("button", "address"), [("Publish", "/publish/my-stream"), ("Watch", "/watch/my-stream")]
)
def test_a_name_leads_to_its_pages(page, server, listed, button, address):
    page.goto(server.base)
    page.get_by_label("Stream name").fill("my-stream")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{server.base}{address}")


def test_a_bad_name_is_refused_with_the_rule(page, server, listed):
    page.goto(server.base)
    page.get_by_label("Stream name").fill("not a name")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").get_by_text("1 to 64 letters").is_visible()
    assert page.url == f"{server.base}/"


@pytest.mark.parametrize("address", ["/", "/publish/garden", "/watch/garden"])
def test_nothing_is_wider_than_the_screen(page, server, listed, address):
    listed([GARDEN | {"name": "a" * 64}])
    opened(page, server.base + address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    too_narrow = (
        "[...document.querySelectorAll('.card')].filter((one) => one.scrollWidth > one.clientWidth).length"
    )
    for width, height in ((320, 640), (390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(too_narrow) == 0, width


@pytest.mark.parametrize("address", ["/", "/publish/garden", "/watch/garden"])
def test_every_control_has_a_name(page, server, listed, address):
    listed([GARDEN])
    opened(page, server.base + address)
    nameless = """() => [...document.querySelectorAll('button, a, input, select')]
      .filter((e) => e.checkVisibility())
      .filter((e) => !(e.ariaLabel || e.innerText?.trim() || e.labels?.length || e.querySelector('img[alt]')))
      .map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []


def test_every_text_stands_out_from_its_ground(page, server, listed):
    """4.5:1 as WCAG wants it of text (1.4.3), in light and dark, in all states that a card has."""
    states = ("live", "reconnecting", "waiting", "ended")
    page.route("**/whip/**", lambda route: route.fulfill(status=409))
    faint = {}
    for address in (
        "/",
        "/locked",
        "/publish/garden",
        "/publish/garden?auto=1&source=clock",
        "/watch/garden",
        "/admin",
    ):
        listed(
            [GARDEN | {"name": state, "state": state} for state in states],
            401 if address == "/locked" else 200,
        )
        opened(page, server.base + address.removesuffix("locked"))
        page.wait_for_timeout(300)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            faint[address, scheme] = faint_texts(page)
    assert not any(faint.values()), faint


def test_a_faint_text_would_be_found(page):
    page.set_content(
        6 * "<p>as it should be</p>" + "<p style='color: #777'>hardly</p><input placeholder='faint'>"
    )
    page.add_style_tag(content="::placeholder { color: #aaa; } body { background: #fff; }")
    assert faint_texts(page) == ["4.48: hardly", "2.32: faint"]


def focused(page):
    """What has the focus, by name; it has to be seen that it has."""
    name, outline = page.evaluate(
        """(() => {
          const { ariaLabel, innerText, id } = document.activeElement;
          return [ariaLabel || innerText?.trim() || id, getComputedStyle(document.activeElement).outline];
        })()"""
    )
    assert "solid 3px" in outline, name
    return name


def tabs(page, count):
    return [page.keyboard.press("Tab") or focused(page) for _ in range(count)]


def test_it_works_by_keyboard_alone(page, server, listed):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    listed([GARDEN, GARDEN | {"name": "roof"}])
    page.goto(server.base)
    said(page, "2 streams are live")
    assert tabs(page, 3) == ["edge", "Watch garden", "Addresses"]
    page.keyboard.press("Enter")
    addresses = {
        "playlist address": "live/garden/index.m3u8",
        "watch page": "watch/garden",
        "publish page": "publish/garden",
        "WHIP address": "whip/garden",
    }
    for what, address in addresses.items():
        assert tabs(page, 1) == [f"Copy the {what} of garden"]
        page.keyboard.press("Enter")
        page.get_by_role("button", name=f"Copy the {what}").get_by_text("Copied").wait_for(timeout=2000)
        assert page.evaluate("navigator.clipboard.readText()") == f"{server.base}/{address}"
    assert tabs(page, 7) == [
        "Watch roof",
        "Addresses",
        "name",
        "Publish",
        "Watch",
        "Copy the WHIP address for OBS",
        "Copy the FFmpeg command",
    ]


def test_where_there_is_no_clipboard_a_copy_keeps_the_focus(page, server, listed):
    """Away from https and localhost."""
    page.context.grant_permissions(["clipboard-read"])
    page.add_init_script(
        "window.paste = navigator.clipboard.readText.bind(navigator.clipboard);"
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
    )
    page.goto(server.base)
    page.get_by_role("button", name="Copy the WHIP address for OBS").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copied").wait_for(timeout=2000)
    assert page.evaluate("paste()") == f"{server.base}/whip/mine"
    assert focused(page) == "Copy the WHIP address for OBS"


@pytest.mark.parametrize("address", ["/", "/publish/garden?auto=1&source=clock", "/watch/garden"])
def test_the_policy_stops_nothing_of_ours(page, server, listed, address):
    """A breach of the policy is a console message; nothing is loaded from elsewhere."""
    told = []
    asked = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.base + address)
    page.wait_for_timeout(1500)
    assert [text for text in told if "Security Policy" in text] == []
    assert [url for url in asked if not url.startswith((server.base, "data:", "blob:"))] == []
