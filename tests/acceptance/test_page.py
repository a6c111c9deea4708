"""The page in a real browser: Debian's Chromium, headless, over a stack with the fake engine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.acceptance.stack import ROOT, Stack

SAMPLE = ROOT / "docs" / "samples" / "papeterie.fr.txt"
CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER) and not os.environ.get("CI"),
    reason="no chromium and chromedriver on the PATH: apt install chromium chromium-driver",
)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
)


class Page:
    """The page, as somebody uses it."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        driver.get(url)
        self.complaints()  # reading the browser's log empties it: what an earlier test caused is not this one's

    def find(self, identifier: str) -> WebElement:
        return self.driver.find_element(By.ID, identifier)

    def write(self, text: str) -> None:
        """Puts text into the form, as a paste does."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        self.driver.execute_script(script, self.find("text"), text)

    def submit(self) -> None:
        self.find("submit").click()

    def wait_for_text(self, identifier: str, words: str = "") -> str:
        WebDriverWait(self.driver, 30).until(
            lambda _: self.find(identifier).text and words in self.find(identifier).text
        )
        return self.find(identifier).text

    def wait_until_shown(self, identifier: str) -> None:
        WebDriverWait(self.driver, 30).until(lambda _: self.find(identifier).is_displayed())

    def complaints(self) -> list[str]:
        """What the browser itself finds wrong: errors of scripts, refused by the content security policy, missing files."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium has hints here and there
        return [str(entry["message"]) for entry in entries if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    assert CHROMIUM is not None
    assert CHROMEDRIVER is not None, "continuous integration must have a browser"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(driver: webdriver.Chrome, fake_stack: Stack) -> Page:
    driver.get("about:blank")
    return Page(driver, fake_stack.url)


def test_an_article_is_submitted_and_shown(page: Page) -> None:
    page.write(SAMPLE.read_text(encoding="utf-8"))
    page.submit()
    summary = page.wait_for_text("summary-text")
    paragraphs = page.find("paragraphs").find_elements(By.TAG_NAME, "li")
    source = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(paragraphs) == len(source)
    assert 0 < len(summary.split()) <= 130, "at most 100 words, and the numbers of the evidence"
    assert page.complaints() == []


def test_the_words_and_the_summary_can_be_chosen(page: Page) -> None:
    page.write("Le pont est ouvert.\n\nIl pleut.")
    page.find("summary").click()
    page.submit()
    page.wait_until_shown("translation-part")
    assert not page.find("summary-part").is_displayed()


def test_a_blank_article_is_refused_in_plain_words(page: Page) -> None:
    page.write("   ")
    page.submit()
    assert page.wait_for_text("error")
    assert not page.find("translation-part").is_displayed()


def test_an_article_in_another_language_is_refused_in_plain_words(page: Page) -> None:
    page.write("El gobierno anunció ayer una nueva ley sobre la vivienda que afectará a miles de familias. " * 6)
    page.submit()
    assert "Spanish" in page.wait_for_text("error")


def test_a_reload_finds_the_job_again(page: Page) -> None:
    page.write("Le pont est ouvert.")
    page.submit()
    before = page.wait_for_text("paragraphs")
    page.driver.refresh()
    assert page.wait_for_text("paragraphs") == before


def test_markup_in_an_article_is_text(page: Page) -> None:
    page.write("Il a dit <img src=x onerror=alert(1)> <b>bonjour</b> au maire.")
    page.submit()
    assert "<b" in page.wait_for_text("paragraphs")
    assert page.find("paragraphs").find_elements(By.TAG_NAME, "img") == []
    assert page.complaints() == []


def test_it_fits_a_phone(page: Page, tmp_path: Path) -> None:
    page.driver.set_window_size(390, 844)
    page.write(SAMPLE.read_text(encoding="utf-8"))
    page.submit()
    page.wait_for_text("paragraphs")
    width = page.driver.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    page.driver.set_window_size(1200, 900)
    assert width == 0, "nothing may stick out to the side"
