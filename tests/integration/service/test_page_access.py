"""The page for everybody: both languages, the keyboard alone, a phone, in the dark, and before axe in every state."""

import json
import re
from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser import PHONE, Visitor
from tests.integration.service.front_end import FrontEnd, work
from tests.integration.service.page_results import ARTICLE, rich_result, submit_and_translate
from tests.ledger import WholeLedger

#: Texts that are somebody's, and names: all others are the page's own.
_THEIRS = "[translate=no], [lang]:not(html), option[value=markdown], option[value=html], script, style"

#: The visible texts and labels of the page, without those.
_OWN_WORDS = f"""() => {{
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {{
    const node = walker.currentNode.parentElement;
    if (!node.closest(`{_THEIRS}`) && node.checkVisibility()) found.push(walker.currentNode.data.trim());
  }}
  for (const node of document.querySelectorAll("[aria-label], [placeholder], [title]"))
    if (node.checkVisibility()) found.push(node.ariaLabel ?? node.placeholder ?? node.title);
  return [...found, document.title].filter((text) => /\\p{{L}}/u.test(text));
}}"""


def running_job(http: httpx2.Client, store: WholeLedger) -> str:
    """The id of a job of which the first segment is translated."""
    job_id: str = http.post("/v1/jobs", json={"text": ARTICLE}).json()["id"]
    claim = store.claim(job_id, worker="test", lease_s=600)
    assert claim is not None
    store.tell(
        claim,
        0,
        [json.dumps({"paragraph": 0, "segment": 0, "source": "Il pleut.", "target": "It rains.", "flags": []})],
    )
    return job_id


def front(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """The form with its options, and recent jobs."""
    submit_and_translate(http, store)
    running_job(http, store)
    visitor.page.goto(f"{visitor.url}/")
    expect(visitor.page.locator("#recent-list li")).to_have_count(2)
    visitor.find("options").locator("summary").click()


def refusal(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """An error with a way out."""
    visitor.page.goto(f"{visitor.url}/")
    visitor.find("text").fill("El gobierno anunció ayer una nueva ley sobre la vivienda y los alquileres. " * 6)
    visitor.find("submit").click()
    expect(visitor.find("force")).to_be_visible()


def key_form(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """The question for a key."""
    visitor.page.goto(f"{visitor.url}/")
    visitor.page.evaluate("sessionStorage.setItem('depeche-key', 'depeche_wrong')")
    visitor.page.reload()
    expect(visitor.find("key-form")).to_be_visible()


def running(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """A job on its way."""
    visitor.page.goto(f"{visitor.url}/jobs/{running_job(http, store)}")
    visitor.sees("paragraphs", "It rains.")


def ended(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """A translation with everything open: warnings, a note, the menu, the way back to the summary."""
    visitor.page.goto(f"{visitor.url}/jobs/{submit_and_translate(http, store)}")
    visitor.page.locator(".evidence-link").first.click()
    visitor.find("warnings-count").click()
    visitor.page.locator(".flag").first.click()
    visitor.find("downloads").locator("summary").click()
    expect(visitor.find("back")).to_be_visible()


def question(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """The question before something is erased."""
    visitor.page.goto(f"{visitor.url}/jobs/{submit_and_translate(http, store)}")
    visitor.find("erase").click()


STATES = [front, refusal, key_form, running, ended, question]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(
    browser: Browser,
    front_end: FrontEnd,
    http: httpx2.Client,
    store: WholeLedger,
    state: Callable[[Visitor, httpx2.Client, WholeLedger], None],
) -> None:
    visitor = Visitor(browser, front_end.url, reduced_motion="reduce")
    state(visitor, http, store)
    assert visitor.findings() == []
    visitor.page.emulate_media(color_scheme="dark")
    assert visitor.findings("color-contrast") == [], "dark"
    visitor.page.emulate_media(forced_colors="active")
    assert visitor.findings("color-contrast") == [], "forced colours"
    visitor.page.emulate_media(forced_colors="none", color_scheme="light")
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    assert visitor.findings() == [], "phone"
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 360
    visitor.leave()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_is_said_but_by_the_tables(
    browser: Browser,
    front_end: FrontEnd,
    http: httpx2.Client,
    store: WholeLedger,
    state: Callable[[Visitor, httpx2.Client, WholeLedger], None],
) -> None:
    """With a table whose words are all in brackets, all that is said stands in brackets."""

    def bracketed(route: Route) -> None:
        table = route.fetch().text()
        route.fulfill(body=re.sub(r'(?<=: )"(.*?)"(?=,| \})', r'"⟦\1⟧"', table), content_type="text/javascript")

    visitor = Visitor(browser, "about:blank", "")
    visitor.url = front_end.url
    visitor.page.route("**/words.en.js", bracketed)
    state(visitor, http, store)
    said = visitor.page.evaluate(_OWN_WORDS)
    assert len(said) > 8
    assert [text for text in said if "⟦" not in text and not re.fullmatch(r"(\d+ minutes? ago|now)", text)] == []
    visitor.leave()


def test_it_speaks_french_to_who_speaks_french(
    browser: Browser, front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    visitor = Visitor(browser, front_end.url, locale="fr-FR")
    visitor.sees("front-title", "Traduire un article")
    assert visitor.page.evaluate("document.documentElement.lang") == "fr"
    assert visitor.page.title() == "Traduire un article – Dépêche"
    visitor.find("text").fill("Il pleut. " * 150)
    visitor.sees("size", "1\u202f500 caractères")
    visitor.page.goto(f"{visitor.url}/jobs/{submit_and_translate(http, store)}")
    visitor.sees("state", "Traduit en 1,8 seconde")
    visitor.sees("warnings-count", "2 avertissements")
    assert visitor.findings() == []
    visitor.page.get_by_role("button", name="1 avertissement : Un nombre du français manque peut-être. (300)").click()
    visitor.page.get_by_role("button", name="English").click()
    visitor.sees("state", "Translated in 1.8 seconds")
    expect(visitor.find("note")).to_contain_text("A number of the French may be missing.")
    assert visitor.page.evaluate("document.documentElement.lang") == "en"
    visitor.page.goto(f"{visitor.url}/")
    visitor.sees("front-title", "Translate an article")  # remembered
    expect(visitor.page.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")
    visitor.leave()


def test_errors_are_told_in_french_with_the_servers_words_behind(browser: Browser, front_end: FrontEnd) -> None:
    visitor = Visitor(browser, front_end.url, locale="fr-CA")
    visitor.find("options").locator("summary").click()
    visitor.find("text").fill("Bonjour.")
    visitor.find("keep").fill("x" * 300)
    visitor.find("submit").click()
    visitor.sees("error-words", "L’une des options est inutilisable.")
    expect(visitor.find("error-detail")).to_have_attribute("lang", "en")
    visitor.sees("error-detail", "keep")
    visitor.leave()


def test_the_keyboard_is_enough(visitor: Visitor, store: WholeLedger) -> None:
    """From the top of the page to the evidence and back, by Tab, Enter, Space and the arrow keys alone."""
    keyboard = visitor.page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(40):
            keyboard.press("Tab")
            active = visitor.page.evaluate("[document.activeElement.id, document.activeElement.className]")
            if name in active:
                return
        raise AssertionError(f"{name} is not reached by Tab")

    keyboard.press("Tab")
    expect(visitor.page.locator(".skip")).to_be_focused()
    expect(visitor.page.locator(".skip")).to_be_in_viewport()
    keyboard.press("Enter")
    visitor.focus_is_on("main")
    tab_to("text")
    keyboard.insert_text(ARTICLE)
    tab_to("submit")
    keyboard.press("Enter")
    visitor.focus_is_on("job-title")
    submitted = visitor.job_id()
    work(store, submitted, rich_result())
    visitor.sees("state", "Translated")
    tab_to("evidence-link")
    keyboard.press("Enter")
    expect(visitor.page.locator(".target .evidence")).to_be_focused()
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    expect(visitor.find("note")).to_be_visible()
    tab_to("close plain")
    keyboard.press("Enter")
    visitor.misses("note")
    tab_to("back")
    keyboard.press("Enter")
    expect(visitor.page.locator(".evidence-link").first).to_be_focused()
    tab_to("button")
    assert visitor.page.evaluate("document.activeElement.matches(':focus-visible')")


def test_the_way_to_the_content_leaves_all_as_it_is(visitor: Visitor, http: httpx2.Client, store: WholeLedger) -> None:
    """A job is not fetched again, and a notice stays, on the front and beside a job."""
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))

    def skip() -> None:
        asked.clear()
        visitor.page.locator(".skip").focus()
        visitor.page.keyboard.press("Enter")
        visitor.focus_is_on("main")

    visitor.find("submit").click()
    visitor.sees("error", "Paste an article first.")
    skip()
    visitor.sees("error", "Paste an article first.")
    visitor.page.goto(f"{visitor.url}/jobs/{submit_and_translate(http, store)}")
    visitor.sees("state", "Translated")
    visitor.page.locator(".flag").first.click()
    before = visitor.page.url
    skip()
    expect(visitor.find("note")).to_be_visible()
    assert (visitor.page.url, asked) == (before, [])


def test_targets_are_large_enough_for_a_finger(
    browser: Browser, front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    visitor = Visitor(browser, front_end.url, **PHONE)
    for state in (front, ended, question):
        state(visitor, http, store)
        # Marks within a line of text catch what is around them; labels count with what they name
        small = visitor.page.evaluate(
            """() => [...document.querySelectorAll("a, button, select, summary, input, textarea")].filter((node) => {
                 const box = (node.closest("label.check") ?? node).getBoundingClientRect();
                 const exempt = node.matches(".skip, .flag, .evidence-link, footer a");
                 return node.checkVisibility() && !exempt && (box.height < 43.9 || box.width < 43.9);
               }).map((node) => node.outerHTML)"""
        )
        assert small == []
    visitor.leave()


def test_marks_within_a_line_catch_the_finger_beside_them(
    browser: Browser, front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    visitor = Visitor(browser, front_end.url, f"/jobs/{submit_and_translate(http, store)}", **PHONE)
    for mark in (".evidence-link", ".flag"):
        visitor.page.locator(mark).first.scroll_into_view_if_needed()
        box = visitor.page.locator(mark).first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for dx, dy in ((-20, 0), (20, 0), (0, -20), (0, 20)):
            caught = visitor.page.evaluate(
                "([x, y, mark]) => document.elementFromPoint(x, y)?.matches(mark)", [x + dx, y + dy, mark]
            )
            assert caught, (mark, dx, dy)
    visitor.leave()


def test_nothing_moves_for_who_wants_it_still(browser: Browser, front_end: FrontEnd) -> None:
    for wanted, scroll in (("reduce", "auto"), ("no-preference", "smooth")):
        visitor = Visitor(browser, front_end.url, reduced_motion=wanted)
        assert visitor.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == scroll
        visitor.leave()
