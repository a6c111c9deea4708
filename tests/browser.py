"""The page in a real browser: Debian's Chromium, headless, driven by Playwright.

One browser for a module, with a profile of its own for each test.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from scripts.lab import browser as installed

#: Without a graphics card, in a container.
_ARGUMENTS = ["--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"]

#: Milliseconds that a busy machine may take to show something.
_PATIENCE_MS = 20_000

#: What axe looks for: WCAG 2.2 up to AA, and what it calls best practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: The browser says that an answer was 4xx or 5xx, or that there was none: what the page makes of it is another matter.
_NOT_OURS = re.compile(r"Failed to load resource|net::ERR_")

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser. Skips the test that asks where there is none, and fails it in continuous integration."""
    path = installed.find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("continuous integration must have a browser: apt install chromium")
        pytest.skip("no chromium on the PATH: apt install chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS, chromium_sandbox=False)
        yield browser
        browser.close()


class Visitor:
    """Somebody at the page: what they see and do. `options` are those of Playwright's `new_context`."""

    def __init__(self, browser: Browser, url: str, path: str = "/", **options: Any) -> None:
        settings = {"locale": "en-GB", "timezone_id": "Europe/Paris", "viewport": {"width": 1200, "height": 900}}
        self.url = url
        self.context = browser.new_context(**{**settings, **options})
        self.context.set_default_timeout(_PATIENCE_MS)
        self.page: Page = self.context.new_page()
        #: What the browser itself finds wrong: errors of scripts, what the content security policy refused.
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self._heard(line.type, line.text))
        self.page.goto(url + path)

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not _NOT_OURS.search(text):
            self.complaints.append(text)

    def find(self, name: str) -> Locator:
        """The element of this id."""
        return self.page.locator(f"#{name}")

    def sees(self, name: str, text: str | re.Pattern[str]) -> None:
        """Waits until an element shows this text."""
        expect(self.find(name)).to_contain_text(text)
        expect(self.find(name)).to_be_visible()

    def misses(self, name: str) -> None:
        """Waits until an element is not to be seen."""
        expect(self.find(name)).to_be_hidden()

    def focus_is_on(self, name: str) -> None:
        """Waits until an element has the focus."""
        expect(self.find(name)).to_be_focused()

    def translate(self, text: str) -> str:
        """Submits an article and returns the job's id."""
        self.find("text").fill(text)
        self.find("submit").click()
        return self.job_id()

    def job_id(self) -> str:
        """The id that the address names, once it names one."""
        self.page.wait_for_url(re.compile(r"/jobs/\w+$"))
        return self.page.url.rpartition("/")[2]

    def findings(self, rule: str | None = None) -> list[str]:
        """What axe finds on the page as it is, by one of its rules or by all: a line for each that is broken."""
        chosen = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": _RULES}
        options = {"runOnly": chosen, "resultTypes": ["violations"]}
        broken = Axe().run(self.page, options=options).response["violations"]
        return [f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes']]}" for one in broken]

    def leave(self) -> None:
        """Closes the page."""
        self.context.close()
