"""The page in a real browser, over a whole stack with the fake engine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.stack import ROOT, Stack
from tests.browser import PHONE, Visitor, open_browser

SAMPLE = ROOT / "docs" / "samples" / "papeterie.fr.txt"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser, fake_stack: Stack) -> Iterator[Visitor]:
    visitor = Visitor(browser, fake_stack.url)
    yield visitor
    visitor.leave()
    assert visitor.complaints == []


def test_the_sample_goes_all_the_way(visitor: Visitor) -> None:
    visitor.find("sample").click()
    expect(visitor.find("text")).to_have_value(re.compile("Depuis lundi"))
    visitor.find("submit").click()
    visitor.sees("state", "Translated")
    expect(visitor.page.locator("#paragraphs > li")).to_have_count(5)
    sentences = visitor.page.locator("#summary-text [lang=en]").all_text_contents()
    assert 0 < len(" ".join(sentences).split()) <= 100
    visitor.page.locator(".evidence-link").first.click()
    expect(visitor.page.locator(".target .evidence").first).to_be_focused()


def test_an_article_of_ones_own(visitor: Visitor, tmp_path: Path) -> None:
    visitor.find("file").set_input_files(SAMPLE)
    visitor.find("submit").click()
    visitor.sees("state", "Translated")
    source = [line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    expect(visitor.page.locator("#paragraphs > li")).to_have_count(len(source))
    assert visitor.page.locator(".source").all_text_contents() == source
    before = visitor.find("paragraphs").inner_text()
    visitor.page.reload()
    visitor.sees("state", "Translated")
    assert visitor.find("paragraphs").inner_text() == before
    visitor.find("downloads").locator("summary").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Table (TSV)").click()
    assert download.value.suggested_filename == "papeterie.en.tsv"
    download.value.save_as(tmp_path / "table.tsv")
    lines = (tmp_path / "table.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[1].split("\t")[2] == source[0]


def test_markup_in_an_article_is_text(visitor: Visitor) -> None:
    visitor.translate("Il a dit <img src=x onerror=alert(1)> <b>bonjour</b> au maire.")
    visitor.sees("state", "Translated")
    visitor.sees("paragraphs", "<b")
    expect(visitor.page.locator("#job img, #job b")).to_have_count(0)


def test_it_fits_a_phone(browser: Browser, fake_stack: Stack) -> None:
    visitor = Visitor(browser, fake_stack.url, **PHONE)
    visitor.translate(SAMPLE.read_text(encoding="utf-8"))
    visitor.sees("state", "Translated")
    visitor.page.locator(".target .segment").nth(3).tap()
    expect(visitor.page.locator("#note [lang=fr]")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 360, "nothing may stick out to the side"
    visitor.leave()
