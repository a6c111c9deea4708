"""The page in a real browser: from the form to the evidence, an error, a cancel, a reload in the middle."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from service.contract.api_keys import KeyStore
from service.contract.attempt import Heartbeat
from service.contract.states import Stage
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMEDRIVER = shutil.which("chromedriver")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1000,900",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    if CHROMIUM is None or CHROMEDRIVER is None:
        if os.environ.get("CI"):
            pytest.fail("chromium and chromedriver are needed for the tests of the page")
        pytest.skip("there is no chromium here, or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(prefix="depeche-test-browser-", ignore_cleanup_errors=True) as profile:
        for argument in [*ARGUMENTS, f"--user-data-dir={profile}"]:
            options.add_argument(argument)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
        yield driver
        driver.quit()


class Page:
    """What a person sees and does."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self._wait = WebDriverWait(browser, 15)
        browser.get("about:blank")
        browser.get(url)

    def find(self, name: str) -> WebElement:
        return self.browser.find_element(By.ID, name)

    def until(self, name: str, text: str) -> None:
        """Until an element shows this text."""
        self._wait.until(lambda _: self.find(name).is_displayed() and text in self.find(name).text, f"{name}: {text}")

    def wait(self, condition: Callable[[], object]) -> None:
        self._wait.until(lambda _: condition())

    def translate(self, text: str) -> str:
        """Submits an article and returns the job's id."""
        self.find("text").clear()
        self.find("text").send_keys(text)
        self.find("submit").click()
        self._wait.until(lambda _: "#" in self.browser.current_url)
        return str(self.browser.current_url.rpartition("#")[2])

    def complaints(self) -> list[str]:
        """What the browser's console holds of errors: scripts, the content security policy."""
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] == "SEVERE" and "the server responded with a status" not in entry["message"]
        ]


@pytest.fixture
def page(browser: webdriver.Chrome, front_end: FrontEnd) -> Iterator[Page]:
    page = Page(browser, front_end.url)
    yield page
    assert page.complaints() == []


def test_from_the_form_to_the_evidence(page: Page, store: WholeLedger) -> None:
    job_id = page.translate("Bonjour <b>tout</b> le monde.")
    page.until("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.summary.max_words == 100
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 2, 4)], lease_s=15, renew=True)
    page.until("state", "Translating… 2 of 4 segments")
    assert page.find("bar").get_attribute("value") == "2"
    result = sample_result(source="Bonjour <b>tout</b> le monde.", target="Hello <b>world</b>.", title="News")
    store.succeed(claim, result, segments=4)
    page.until("state", "Done.")
    page.until("paragraphs", "Hello <b>world</b>.")
    assert page.find("title").text == "News"
    assert page.find("summary-text").text.startswith("Hello <b>world</b>.")
    assert not page.find("form").is_displayed()
    page.find("summary-text").find_element(By.TAG_NAME, "button").click()
    assert page.find("paragraph-0").get_attribute("class") == "pointed"
    assert page.browser.switch_to.active_element == page.find("paragraph-0")
    assert "Bonjour" not in page.find("paragraphs").text
    page.find("french").click()
    assert "Bonjour <b>tout</b> le monde." in page.find("paragraphs").text
    page.find("again").click()
    assert page.find("form").is_displayed()
    assert "#" not in page.browser.current_url


def test_a_file_is_opened_with_its_format(page: Page, store: WholeLedger, tmp_path: Path) -> None:
    article = tmp_path / "article.MD"
    article.write_text("# Été\n\nBonjour *tous*.\n", encoding="utf-8")
    page.find("file").send_keys(str(article))
    page.wait(lambda: page.find("text").get_attribute("value") == "# Été\n\nBonjour *tous*.\n")
    assert page.find("format").get_attribute("value") == "markdown"
    page.find("submit").click()
    page.until("state", "Waiting")
    claim = store.claim(page.browser.current_url.rpartition("#")[2], worker="test", lease_s=15)
    assert claim is not None
    assert (claim.request.format, claim.request.text) == ("markdown", "# Été\n\nBonjour *tous*.\n")
    store.succeed(claim, sample_result(target="Hello."), segments=1)
    page.until("paragraphs", "Hello.")
    assert page.find("download").is_displayed()


def test_a_file_that_is_no_text_is_refused(page: Page, tmp_path: Path) -> None:
    article = tmp_path / "latin.txt"
    article.write_bytes("été".encode("latin-1"))
    page.find("file").send_keys(str(article))
    page.until("error", "latin.txt is not text in UTF-8")


def test_segments_come_as_they_are_translated(page: Page, store: WholeLedger) -> None:
    job_id = page.translate("Bonjour. Salut.")
    page.until("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    page.until("state", "Translating")
    told = {"paragraph": 0, "flags": []}
    store.tell(claim, 0, [json.dumps({**told, "segment": 0, "source": "Bonjour.", "target": "Hullo."})])
    page.until("paragraphs", "Hullo.")
    store.tell(claim, 1, [json.dumps({**told, "segment": 1, "source": "Salut.", "target": "Hi."})])
    page.until("paragraphs", "Hullo. Hi.")
    assert not page.find("copy").is_displayed()
    store.succeed(claim, sample_result(target="Hello."), segments=1)
    page.until("state", "Done.")
    page.until("paragraphs", "Hello.")
    assert page.find("paragraphs").text == "Hello."
    assert page.find("copy").is_displayed()


def test_it_says_how_long_it_still_takes(page: Page, store: WholeLedger) -> None:
    job_id = page.translate("Bonjour.")
    page.until("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 1, 100)], lease_s=15, renew=True)
    page.until("state", "1 of 100 segments")
    assert "left" not in page.find("state").text
    time.sleep(2.5)
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 11, 100)], lease_s=15, renew=True)
    page.until("state", "11 of 100 segments, about")
    assert page.find("state").text.endswith(" s left")


def test_a_segment_lights_its_partner(page: Page, store: WholeLedger) -> None:
    work(store, page.translate("Bonjour."))
    page.until("state", "Done.")
    page.find("french").click()
    english, french = page.browser.find_elements(By.CSS_SELECTOR, "#paragraphs .segment")
    assert (english.text, french.text) == ("Hello.", "Bonjour.")
    ActionChains(page.browser).move_to_element(english).perform()
    assert "lit" in (french.get_attribute("class") or "")
    ActionChains(page.browser).move_to_element(page.browser.find_element(By.TAG_NAME, "h1")).perform()
    assert "lit" not in (french.get_attribute("class") or "")


def test_a_key_is_asked_for_and_used(redis_server: RedisServer, browser: webdriver.Chrome, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with FrontEnd(redis_server.url, require_keys="1") as front_end:
        page = Page(browser, front_end.url)
        page.find("text").send_keys("Bonjour.")
        page.find("submit").click()
        page.until("error", "Send an API key")
        page.find("key").send_keys("depeche_wrong")
        page.find("key").submit()
        page.until("error", "never made here or has been revoked")
        page.find("key").send_keys(key)
        page.find("key").submit()
        page.until("state", "Waiting")
        assert not page.find("key-form").is_displayed()
        job_id = page.browser.current_url.rpartition("#")[2]
        work(store, job_id)
        page.until("paragraphs", "Hello.")
        browser.execute_script("sessionStorage.clear()")
        page.browser.refresh()
        page.until("error", "Send an API key")
        page.find("key").send_keys(key)
        page.find("key").submit()
        page.until("paragraphs", "Hello.")
        assert key not in page.browser.current_url
        assert page.complaints() == []


def test_a_stream_that_breaks_off_goes_on(
    redis_server: RedisServer, browser: webdriver.Chrome, store: WholeLedger
) -> None:
    with FrontEnd(redis_server.url) as front_end:
        page = Page(browser, front_end.url)
        job_id = page.translate("Bonjour.")
        page.until("state", "Waiting")
        front_end.stop()
        page.until("state", "Trying again")
        with FrontEnd(redis_server.url, port=str(front_end.port)):
            page.until("state", "Waiting")
            work(store, job_id)
            page.until("paragraphs", "Hello.")
    assert all("ERR_CONNECTION_REFUSED" in line or "INCOMPLETE" in line for line in page.complaints())


def test_a_reload_goes_on(page: Page, store: WholeLedger) -> None:
    job_id = page.translate("Bonjour.")
    page.browser.refresh()
    page.until("state", "Waiting")
    work(store, job_id)
    page.until("paragraphs", "Hello.")
    page.browser.refresh()
    page.until("paragraphs", "Hello.")


def test_without_a_summary(page: Page, store: WholeLedger) -> None:
    page.find("summary").click()
    assert not page.find("words").is_enabled()
    job_id = page.translate("Bonjour.")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.summary.mode == "none"
    store.succeed(claim, sample_result(summary=False), segments=1)
    page.until("paragraphs", "Hello.")
    assert not page.find("summary-part").is_displayed()


def test_cancel(page: Page, http: httpx2.Client) -> None:
    job_id = page.translate("Bonjour.")
    page.until("state", "Waiting")
    page.find("cancel").click()
    page.until("state", "Cancelled.")
    assert http.get(f"/v1/jobs/{job_id}").json()["state"] == "cancelled"


def test_errors_in_plain_words(page: Page, store: WholeLedger) -> None:
    page.find("submit").click()
    page.until("error", "Paste an article first.")
    page.find("text").send_keys("El ayuntamiento aprobó el lunes por la noche el presupuesto de la ciudad. " * 5)
    page.find("submit").click()
    page.until("error", "The article seems to be in Spanish.")
    assert page.find("form").is_displayed()
    page.find("force").click()
    page.until("state", "Waiting")
    assert not page.find("force").is_displayed()
    page.browser.back()
    job_id = page.translate("Bonjour.")
    assert not page.find("error").is_displayed()
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    store.fail(claim, "model_failed", "The model failed on a segment.")
    page.until("error", "The model failed on a segment.")
    page.until("state", "It did not work.")


def test_a_link_to_a_job_that_is_gone(page: Page, front_end: FrontEnd) -> None:
    page.browser.get("about:blank")
    page.browser.get(f"{front_end.url}/#{'0' * 32}")
    page.until("error", "No job has this id")
    assert page.find("form").is_displayed()


def test_it_fits_a_phone_and_reads_aloud(page: Page) -> None:
    page.browser.set_window_size(500, 800)
    time.sleep(0.2)
    width = page.browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
    page.browser.set_window_size(1000, 900)
    assert width <= 0
    for name in ("text", "summary", "words"):
        assert page.find(name).accessible_name
    assert page.find("state").get_attribute("aria-live") == "polite"
