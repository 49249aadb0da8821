"""Pages opened in headless Chromium: what they show, what they complain of, and what they ask the network for."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EXECUTABLE = next(filter(None, map(shutil.which, NAMES)), None)
WIDE, PHONE = (1280, 800), (390, 844)
_INSIDE = ("data:", "blob:")
"""Addresses of what a page carries inside."""


@dataclass
class Window:
    """A page in a window of its own: `page` is Playwright's.

    Attributes:
        page: to click, type and look at.
        errors: console errors and uncaught exceptions so far.
        requests: addresses that the page asked for, beside itself and what it carries inside.
    """

    page: "Page"
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def look(self, path: Path) -> bytes:
        """Write a PNG of the whole page, for a person to look at."""
        return self.page.screenshot(path=path, full_page=True)


@pytest.fixture(scope="module")
def chromium():
    """A browser for the tests of one module; they are skipped where there is none.

    Not for the whole session: Playwright holds an event loop while it is open, which other libraries would meet.
    """
    if EXECUTABLE is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--enable-unsafe-swiftshader"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium) -> Iterator:
    """Open a page: `visit(path, size=PHONE, dark=True).page`.

    When the test ends, no page may have complained, or asked for anything but itself. A page that is to (one from a
    server of the test's own, or of a broken file) is opened with `strict=False`, and the test looks at the window's
    `errors` and `requests`.
    """
    windows, contexts = [], []

    def open_page(address: Path | str, *, size=WIDE, dark=False, strict=True, **options) -> Window:
        scheme = "dark" if dark else "light"
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        contexts.append(context)
        context.set_default_timeout(60_000)  # a busy machine is no fault of the page
        window = Window(context.new_page())
        own = address.resolve().as_uri() if isinstance(address, Path) else address
        watch(window, own)
        if strict:
            windows.append(window)
        window.page.goto(own)
        return window

    yield open_page
    for context in contexts:
        context.close()
    for window in windows:
        assert not window.errors and not window.requests


def watch(window: Window, own: str) -> None:
    """Keep what a page complains of and asks for."""

    def asked(request) -> None:
        if request.url.split("#")[0] != own and not request.url.startswith(_INSIDE):
            window.requests.append(request.url)

    def said(message) -> None:
        if message.type == "error":
            window.errors.append(message.text)

    window.page.on("request", asked)
    window.page.on("console", said)
    window.page.on("pageerror", lambda error: window.errors.append(str(error)))


def until(page, expression: str, *, timeout: float = 30.0) -> None:
    """Wait for a JavaScript expression to be true: the pages' own rule against `eval` keeps Playwright from it."""
    end = time.monotonic() + timeout
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(50)
