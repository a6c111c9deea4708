"""A translation on the page: sentences and their partners, what is said of them, copies and files, on paper."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.browser import PHONE, Visitor
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.integration.service.page_results import submit_and_translate
from tests.ledger import WholeLedger


@pytest.fixture
def reader(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> Visitor:
    """Somebody who looks at a translation."""
    visitor.page.goto(f"{visitor.url}/jobs/{submit_and_translate(http, store)}")
    visitor.sees("state", "Translated in 1.8 seconds")
    return visitor


def test_a_sentence_lights_its_partner(reader: Visitor) -> None:
    english, french = (reader.page.locator(f".{side} .segment").nth(1) for side in ("target", "source"))
    for pointed, partner in ((english, french), (french, english)):
        pointed.hover()
        expect(partner).to_have_class(re.compile("lit"))
        reader.page.locator(".brand").hover()
        expect(partner).not_to_have_class(re.compile("lit"))
    expect(english).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    english.focus()
    expect(french).to_have_class(re.compile("lit"))
    expect(french).to_have_css("background-color", "rgb(255, 233, 168)")


def test_sentences_are_walked_through_by_the_arrow_keys(reader: Visitor) -> None:
    segments = reader.page.locator(".target .segment")
    expect(reader.page.locator(".segment[tabindex='0']")).to_have_count(1)
    segments.first.focus()
    for key, place in (("ArrowRight", 1), ("ArrowDown", 2), ("End", 3), ("ArrowRight", 3), ("ArrowUp", 2), ("Home", 0)):
        reader.page.keyboard.press(key)
        expect(segments.nth(place)).to_be_focused()
    reader.page.keyboard.press("ArrowRight")
    reader.page.keyboard.press("Enter")
    expect(reader.find("note")).to_contain_text("A number of the French may be missing. (300)")
    expect(segments.nth(1)).to_be_focused()
    reader.page.keyboard.press("Escape")
    reader.misses("note")


def test_a_warning_is_explained_where_it_belongs(reader: Visitor) -> None:
    flag = reader.page.get_by_role("button", name="1 warning: A number of the French may be missing. (300)")
    expect(flag).to_have_attribute("aria-expanded", "false")
    flag.focus()
    reader.page.keyboard.press("Enter")
    expect(flag).to_have_attribute("aria-expanded", "true")
    expect(reader.page.locator("#paragraph-0 > #note")).to_contain_text("A number of the French may be missing. (300)")
    expect(reader.page.locator(".source .chosen")).to_have_text("Le pont a coûté 300 euros.")
    reader.page.keyboard.press("Tab")
    expect(reader.page.locator("#note .close")).to_be_focused()
    reader.page.keyboard.press("Enter")
    reader.misses("note")
    expect(flag).to_be_focused()
    reader.page.get_by_role("button", name="It was English already.").click()
    expect(reader.page.locator("#paragraph-1 > #note")).to_be_visible()


def test_the_list_of_warnings_leads_to_them(reader: Visitor) -> None:
    reader.sees("warnings-count", "2 warnings")
    reader.find("warnings-count").click()
    expect(reader.find("warnings-list").locator("li")).to_have_text(
        [
            "Paragraph 1 – A number of the French may be missing. (300)",
            "Title – A name or an acronym of the French may be missing. (Pont)",
        ]
    )
    reader.find("warnings-list").get_by_role("button").click()
    expect(reader.page.locator("#paragraph-0 .flag")).to_be_focused()
    expect(reader.find("note")).to_be_visible()


def test_a_finger_finds_partners_and_warnings(
    browser: Browser, front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    visitor = Visitor(browser, front_end.url, f"/jobs/{submit_and_translate(http, store)}", **PHONE)
    visitor.sees("state", "Translated")
    expect(visitor.page.locator(".source").first).to_be_hidden()
    visitor.page.locator(".target .segment").nth(3).tap()
    expect(visitor.find("note")).to_contain_text("Le maire est parti.")
    expect(visitor.find("note")).to_contain_text("The checks found nothing wrong with this sentence.")
    visitor.page.locator(".flag").first.tap()
    expect(visitor.find("note")).to_contain_text("Le pont a coûté 300 euros.")
    expect(visitor.find("note")).to_contain_text("A number of the French may be missing. (300)")
    visitor.page.locator("#note .close").tap()
    visitor.misses("note")
    visitor.find("french").check()
    expect(visitor.page.locator(".source").first).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.locator(".source").first).to_be_visible()  # remembered
    visitor.leave()
    assert visitor.complaints == []


def test_evidence_is_seen_from_its_sentence(reader: Visitor) -> None:
    sentences = reader.page.locator("#summary-text .sentence")
    sentences.nth(1).hover()
    traced = reader.page.locator(".target .traced")
    expect(traced).to_have_text(["The bridge had a price.", "The mayor has left."])
    sentences.nth(0).locator("button").focus()
    reader.page.locator(".brand").hover()
    expect(traced).to_have_count(0)
    sentences.nth(0).locator("button").blur()
    sentences.nth(0).locator("button").focus()
    expect(traced).to_have_text(["It rains."])


def test_texts_are_copied(reader: Visitor) -> None:
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for button, text in (
        ("copy", "It rains. The bridge had a price.\n\nIt is late. The mayor has left.\n"),
        ("copy-summary", "It rains. The mayor paid 500."),
    ):
        reader.find(button).click()
        reader.sees(button, "Copied")
        assert reader.page.evaluate("navigator.clipboard.readText()") == text
        reader.sees("news", "Copied")
        expect(reader.find(button)).to_have_text("Copy")


@pytest.mark.parametrize(
    ("button", "name", "holds"),
    [
        ("Text", "Un pont.en.txt", "A bridge\n\nIt rains."),
        ("Markdown", "Un pont.en.md", "# A bridge"),
        ("Side by side (HTML)", "Un pont.en.html", "<html"),
        ("Table (TSV)", "Un pont.en.tsv", "\tnumber_missing"),
    ],
)
def test_texts_are_saved(reader: Visitor, tmp_path: Path, button: str, name: str, holds: str) -> None:
    reader.find("downloads").locator("summary").click()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name=button, exact=True).click()
    assert download.value.suggested_filename == name
    download.value.save_as(tmp_path / "saved")
    assert holds in (tmp_path / "saved").read_text(encoding="utf-8")
    assert reader.find("downloads").get_attribute("open") is None


def test_an_html_article_is_saved_as_it_came(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    job_id = http.post("/v1/jobs", json={"text": "<p>Bonjour.</p>", "format": "html"}).json()["id"]
    result = {**json.loads(sample_result()), "format": "html"}
    result["translation"]["text"] = "<p>Hello.</p>"
    work(store, job_id, json.dumps(result).encode())
    visitor.page.goto(f"{visitor.url}/jobs/{job_id}")
    visitor.find("downloads").locator("summary").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="HTML, as it came").click()
    assert download.value.suggested_filename == "translation.en.html"
    assert Path(download.value.path()).read_text(encoding="utf-8") == "<p>Hello.</p>"


def test_the_menu_closes(reader: Visitor) -> None:
    menu = reader.find("downloads")
    menu.locator("summary").focus()
    reader.page.keyboard.press("Enter")
    expect(menu.locator("div")).to_be_visible()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Escape")
    expect(menu.locator("div")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
    reader.page.keyboard.press("Enter")
    reader.find("job-title").click()
    expect(menu.locator("div")).to_be_hidden()


def test_on_paper_are_the_texts_alone(reader: Visitor) -> None:
    reader.page.get_by_role("button", name="1 warning").first.click()
    reader.page.emulate_media(media="print")
    for name in ("job-title", "summary-text", "paragraphs", "account"):
        expect(reader.find(name)).to_be_visible()
    buttons = reader.page.locator("button, .button, input, summary, footer, #note")
    assert [one.text_content() for one in buttons.all() if one.is_visible()] == []


def test_nothing_of_the_article_is_in_the_address_or_kept(reader: Visitor) -> None:
    kept = reader.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
    assert "pont" not in kept
    assert re.fullmatch(rf"{re.escape(reader.url)}/jobs/\w+", reader.page.url)
