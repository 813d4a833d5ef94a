"""One server, one viewers' browser and one set of player pages for each file of browser tests."""

import pytest
from playwright.sync_api import sync_playwright
from rig import DESK, FLAGS, EdgeServer, PlayerPages, PublisherBrowser, Viewer, chromium, open_windows


@pytest.fixture(scope="module")
def server():
    """`edge serve` on a free port; its end must be clean, without a traceback in its log."""
    with EdgeServer() as running:
        yield running


@pytest.fixture(scope="module")
def players():
    with PlayerPages() as pages:
        yield pages


@pytest.fixture(scope="module")
def browser():
    """Chromium for viewers. Ended with the file: Playwright's loop must not outlive it into asyncio tests."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        yield running
        running.close()


@pytest.fixture
def page(browser):
    """A page in a context of its own: nothing is cached, nothing is kept."""
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture
def view(browser):
    """`view(address)` opens a Viewer in a context of its own, where its first second does not matter."""
    contexts = []

    def open_viewer(address, **options):
        contexts.append(browser.new_context(**{"viewport": DESK, **options}))
        return Viewer(contexts[-1].new_page(), address)

    yield open_viewer
    for context in contexts:
        context.close()


@pytest.fixture
def windows(browser):
    """`windows(count)` opens empty pages that are ready for viewers whose first second is measured."""
    opened = []

    def open_pages(count, **options):
        opened.extend(pages := open_windows(browser, count, **options))
        return pages

    yield open_pages
    for page in opened:
        page.context.close()


@pytest.fixture
def publish(server):
    """`publish(stream, source="clock", ...)` starts a publisher's browser; all are killed at the end."""
    running = []

    def start(stream, **options):
        running.append(PublisherBrowser(server, stream, **options).__enter__())
        return running[-1]

    yield start
    for publisher in running:
        publisher.__exit__()
