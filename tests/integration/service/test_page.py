"""The page in a real browser: the way of an article, what goes wrong on it, and what the page remembers of it."""

import json
import re
import signal
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from service.contract.attempt import Heartbeat
from service.contract.states import Stage
from tests.browser import Visitor
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.integration.service.page_results import ARTICLE, TITLE, rich_result
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

SPANISH = "El ayuntamiento aprobó el lunes por la noche el presupuesto de la ciudad. " * 5


def test_from_the_form_to_the_evidence(visitor: Visitor, store: WholeLedger) -> None:
    visitor.find("title").fill(TITLE)
    job_id = visitor.translate(ARTICLE)
    visitor.focus_is_on("job-title")
    visitor.sees("job-title", TITLE)
    visitor.sees("state", "Waiting for a worker")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    assert (claim.request.title, claim.request.summary.max_words) == (TITLE, 100)
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 2, 4)], lease_s=15, renew=True)
    visitor.sees("state", "Translating")
    visitor.sees("state-more", "2 of 4 segments")
    assert visitor.find("bar").evaluate("bar => [bar.value, bar.max]") == [2, 4]
    store.succeed(claim, rich_result(), segments=4)
    visitor.sees("state", "Translated in 1.8 seconds")
    visitor.sees("job-title", "A bridge")
    visitor.sees("original-title", TITLE)
    visitor.sees("summary-text", "It rains.")
    visitor.sees("summary-text", "not in the article: 500")
    visitor.find("summary-text").get_by_label("Evidence in paragraph 2: 1 sentence").click()
    pointed = visitor.page.locator(".target .segment.evidence")
    expect(pointed).to_have_text(["The bridge had a price.", "The mayor has left."])
    expect(pointed.nth(1)).to_be_focused()
    visitor.find("back").click()
    expect(visitor.find("summary-text").get_by_label("Evidence in paragraph 2: 1 sentence")).to_be_focused()
    expect(pointed).to_have_count(0)


def test_segments_come_as_they_are_translated(visitor: Visitor, store: WholeLedger) -> None:
    job_id = visitor.translate("Bonjour. Salut.")
    visitor.sees("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    visitor.sees("state", "Translating")
    told = {"paragraph": 0, "flags": []}
    store.tell(claim, 0, [json.dumps({**told, "segment": 0, "source": "Bonjour.", "target": "Hullo."})])
    visitor.sees("paragraphs", "Hullo.")
    visitor.page.locator(".target .segment").focus()
    store.tell(claim, 1, [json.dumps({**told, "segment": 1, "source": "Salut.", "target": "Hi."})])
    visitor.sees("paragraphs", "Hullo. Hi.")
    expect(visitor.page.locator(".source .segment")).to_have_text(["Bonjour.", "Salut."])
    visitor.misses("copy")
    store.succeed(claim, sample_result(target="Hello."), segments=1)
    visitor.sees("state", "Translated")
    expect(visitor.page.locator(".target .segment")).to_have_text(["Hello."])
    expect(visitor.page.locator(".target .segment")).to_be_focused()
    expect(visitor.find("copy")).to_be_visible()


def test_it_says_how_long_it_still_takes(visitor: Visitor, store: WholeLedger) -> None:
    job_id = visitor.translate("Bonjour.")
    visitor.sees("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 1, 1000)], lease_s=15, renew=True)
    visitor.sees("state-more", "1 of 1,000 segments")
    visitor.page.wait_for_timeout(2200)
    store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 21, 1000)], lease_s=15, renew=True)
    visitor.sees("state-more", re.compile(r"21 of 1,000 segments · about \d+ (seconds|minutes) left"))


def test_news_for_the_ear_are_few(visitor: Visitor, store: WholeLedger) -> None:
    """A screen reader hears states and quarters of the way, not segments."""
    visitor.page.evaluate(
        "() => { window.heard = []; new MutationObserver(() => heard.push(document.getElementById('news').textContent))"
        ".observe(document.getElementById('news'), { childList: true }) }"
    )
    job_id = visitor.translate("Bonjour.")
    visitor.sees("state", "Waiting")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    for done in range(1, 41, 3):
        line = {"paragraph": 0, "segment": done, "source": "Oui.", "target": "Yes.", "flags": []}
        store.tell(claim, (done - 1) // 3, [json.dumps(line)])
        store.heartbeat("test", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, done, 40)], lease_s=15, renew=True)
        visitor.sees("state-more", f"{done} of 40")
    store.succeed(claim, rich_result(), segments=40)
    visitor.sees("state", "Translated")
    assert visitor.page.evaluate("heard") == [
        "Waiting for a worker…",
        "Translating…",
        "25% done",
        "50% done",
        "75% done",
        "Translated in 1.8 seconds",
    ]
    assert visitor.page.locator("[aria-live], [role=status], [role=alert]").count() == 2


def test_the_sample_is_taken_into_the_form(visitor: Visitor, store: WholeLedger) -> None:
    visitor.find("sample").click()
    expect(visitor.find("title")).to_have_value("Un bateau pour les livres de l’archipel")
    visitor.find("submit").click()
    claim = store.claim(visitor.job_id(), worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.text.startswith("Depuis lundi")
    assert claim.request.title == "Un bateau pour les livres de l’archipel"


def test_a_file_is_opened_with_its_format(visitor: Visitor, store: WholeLedger, tmp_path: Path) -> None:
    article = tmp_path / "article.MD"
    article.write_text("# Été\n\nBonjour *tous*.\n", encoding="utf-8")
    visitor.find("file").set_input_files(article)
    expect(visitor.find("text")).to_have_value("# Été\n\nBonjour *tous*.\n")
    expect(visitor.find("format")).to_have_value("markdown")
    visitor.find("submit").click()
    claim = store.claim(visitor.job_id(), worker="test", lease_s=15)
    assert claim is not None
    assert (claim.request.format, claim.request.text) == ("markdown", "# Été\n\nBonjour *tous*.\n")
    visitor.sees("job-title", "article.MD")


def test_a_file_is_dropped(visitor: Visitor) -> None:
    transfer = visitor.page.evaluate_handle(
        "() => { const all = new DataTransfer(); all.items.add(new File(['Il pleut.'], 'pluie.txt')); return all }"
    )
    visitor.page.dispatch_event("#text", "dragover", {"dataTransfer": transfer})
    expect(visitor.find("form")).to_have_class(re.compile("over"))
    visitor.page.dispatch_event("#text", "drop", {"dataTransfer": transfer})
    expect(visitor.find("text")).to_have_value("Il pleut.")


def test_a_file_that_is_no_text_is_refused(visitor: Visitor, tmp_path: Path) -> None:
    article = tmp_path / "latin.txt"
    article.write_bytes("été".encode("latin-1"))
    visitor.find("file").set_input_files(article)
    visitor.sees("error", "latin.txt is not text in UTF-8")


def test_options_go_along(visitor: Visitor, store: WholeLedger) -> None:
    visitor.find("options").locator("summary").click()
    visitor.find("glossary").fill("comité d'entreprise = works council\n\nmaire=mayor")
    visitor.find("keep").fill("Lormeau\n Orvane ")
    visitor.find("strict").check()
    visitor.find("words").fill("30")
    claim = store.claim(visitor.translate("Le maire."), worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.glossary is not None
    assert {term: entry.translation for term, entry in claim.request.glossary.items()} == {
        "comité d'entreprise": "works council",
        "maire": "mayor",
    }
    assert claim.request.keep == ["Lormeau", "Orvane"]
    assert (claim.request.summary.strict, claim.request.summary.max_words) == (True, 30)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("text", "  ", "Paste an article first."),
        ("words", "2", "A summary has 5 to 1,000 words."),
        ("glossary", "maire = mayor\nmaire", "Line 2 of the glossary"),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(visitor: Visitor, field: str, value: str, words: str) -> None:
    visitor.find("options").locator("summary").click()
    visitor.find("text").fill("Bonjour.")
    visitor.find(field).fill(value)
    visitor.find("options").locator("summary").click()
    visitor.find("submit").click()
    visitor.sees("error", words)
    visitor.focus_is_on(field)
    expect(visitor.find(field)).to_be_visible()


def test_without_a_summary(visitor: Visitor, store: WholeLedger) -> None:
    visitor.find("summary").uncheck()
    expect(visitor.find("words")).to_be_disabled()
    claim = store.claim(visitor.translate("Bonjour."), worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.summary.mode == "none"
    store.succeed(claim, sample_result(summary=False), segments=1)
    visitor.sees("paragraphs", "Hello.")
    visitor.misses("summary-part")


def test_errors_in_plain_words(visitor: Visitor, store: WholeLedger) -> None:
    visitor.find("text").fill(SPANISH)
    visitor.find("submit").click()
    visitor.sees("error-words", "The article does not seem to be in French.")
    expect(visitor.find("error-detail")).to_have_text("The article seems to be in Spanish.")
    visitor.find("force").click()
    visitor.sees("state", "Waiting")
    visitor.misses("force")
    visitor.page.go_back()
    expect(visitor.find("text")).to_have_value(SPANISH)
    claim = store.claim(visitor.translate("Bonjour."), worker="test", lease_s=15)
    assert claim is not None
    store.fail(claim, "model_failed", "The model failed on a segment.")
    visitor.sees("error", "The model could not process the article.")
    visitor.sees("error-detail", "The model failed on a segment.")
    visitor.sees("state", "It did not work")


def test_cancel(visitor: Visitor, http: httpx2.Client) -> None:
    job_id = visitor.translate("Bonjour.")
    visitor.sees("state", "Waiting")
    visitor.find("cancel").focus()
    visitor.page.keyboard.press("Enter")
    visitor.sees("state", "Cancelled")
    visitor.focus_is_on("job-title")
    assert http.get(f"/v1/jobs/{job_id}").json()["state"] == "cancelled"


def test_cancel_erases_nothing_that_has_ended(visitor: Visitor, store: WholeLedger, http: httpx2.Client) -> None:
    visitor.page.route("**/events", lambda _: None)  # so the page does not hear of the end
    job_id = visitor.translate("Bonjour.")
    visitor.sees("state", "Waiting")
    work(store, job_id)
    with visitor.page.expect_response(lambda answer: answer.url.endswith(job_id)):
        visitor.find("cancel").click()
    assert http.get(f"/v1/jobs/{job_id}").json()["state"] == "succeeded"


def test_a_reload_goes_on(visitor: Visitor, store: WholeLedger) -> None:
    job_id = visitor.translate("Bonjour. Salut.")
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    visitor.sees("state", "Translating")
    line = {"paragraph": 0, "segment": 0, "source": "Bonjour.", "target": "Hullo.", "flags": []}
    store.tell(claim, 0, [json.dumps(line)])
    visitor.sees("paragraphs", "Hullo.")
    visitor.page.reload()
    visitor.sees("paragraphs", "Hullo.")
    store.succeed(claim, sample_result(), segments=1)
    visitor.sees("paragraphs", "Hello.")
    visitor.page.reload()
    visitor.sees("paragraphs", "Hello.")


def test_links_to_a_job(visitor: Visitor, store: WholeLedger, http: httpx2.Client) -> None:
    job_id = http.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
    work(store, job_id)
    visitor.page.goto(f"{visitor.url}/jobs/{job_id}")
    visitor.sees("paragraphs", "Hello.")
    visitor.page.goto("about:blank")
    visitor.page.goto(f"{visitor.url}/#{job_id}")  # as links of the first version had it
    visitor.sees("paragraphs", "Hello.")
    assert visitor.page.url == f"{visitor.url}/jobs/{job_id}"
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.find("copy-link").click()
    visitor.sees("copy-link", "Copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == visitor.page.url
    visitor.find("again").click()
    visitor.focus_is_on("front-title")
    assert visitor.page.url == f"{visitor.url}/"


def test_links_to_what_is_not_there(visitor: Visitor, http: httpx2.Client) -> None:
    visitor.page.goto(f"{visitor.url}/jobs/{'0' * 32}")
    visitor.sees("error", "There is no such job, or it is not yours.")
    visitor.sees("job-title", "This job can't be shown")
    job_id = http.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
    for _ in range(2):
        http.delete(f"/v1/jobs/{job_id}")
    visitor.page.goto(f"{visitor.url}/jobs/{job_id}")
    visitor.sees("error", "This job has expired or was erased.")
    visitor.misses("cancel")
    visitor.misses("erase")


def test_an_erased_job_is_gone(visitor: Visitor, store: WholeLedger, http: httpx2.Client) -> None:
    job_id = visitor.translate("Bonjour.")
    work(store, job_id)
    visitor.sees("paragraphs", "Hello.")
    visitor.find("erase").click()
    visitor.sees("question", "This can't be undone.")
    visitor.page.keyboard.press("Escape")
    visitor.focus_is_on("erase")
    assert http.get(f"/v1/jobs/{job_id}").status_code == 200
    visitor.find("erase").click()
    visitor.find("question").get_by_role("button", name="Erase").click()
    visitor.focus_is_on("front-title")
    assert http.get(f"/v1/jobs/{job_id}").status_code == 410


def test_recent_jobs(visitor: Visitor, store: WholeLedger, http: httpx2.Client) -> None:
    visitor.sees("recent-none", "Nothing yet.")
    names = [f"article-{number:02}.txt" for number in range(12)]
    ids = [http.post("/v1/jobs", json={"text": "Oui.", "metadata": {"name": name}}).json()["id"] for name in names[:-1]]
    ids.append(http.post("/v1/jobs", json={"text": "Oui.", "metadata": {"name": {"not": "a name"}}}).json()["id"])
    work(store, ids[10])
    visitor.find("recent-refresh").click()
    rows = visitor.page.locator("#recent-list li")
    expect(rows).to_have_count(10)
    expect(rows.nth(0)).to_contain_text("Untitled article")
    expect(rows.nth(0)).to_contain_text("waiting")
    expect(rows.nth(1)).to_contain_text("article-10.txt")
    expect(rows.nth(1)).to_contain_text("done")
    visitor.find("recent-more").click()
    expect(rows).to_have_count(12)
    expect(rows.nth(10).locator("a")).to_be_focused()
    visitor.misses("recent-more")
    work(store, ids[11])
    expect(rows.nth(0)).to_contain_text("done")  # it looks again by itself
    rows.nth(2).get_by_role("button", name="Erase article-09.txt").click()
    visitor.find("question").get_by_role("button", name="Erase").click()
    expect(rows).to_have_count(11)
    assert http.get(f"/v1/jobs/{ids[9]}").status_code == 410
    rows.nth(1).locator("a").click()
    visitor.sees("paragraphs", "Hello.")
    assert visitor.job_id() == ids[10]
    visitor.page.go_back()
    expect(rows.nth(1)).to_contain_text("article-10.txt")


def test_the_server_goes_away_and_comes_back(redis_server: RedisServer, browser: Browser, store: WholeLedger) -> None:
    with FrontEnd(redis_server.url) as front_end:
        visitor = Visitor(browser, front_end.url)
        job_id = visitor.translate("Bonjour.")
        visitor.sees("state", "Waiting")
        front_end.stop(signal.SIGQUIT)
        visitor.sees("state", "The server does not answer. Is it still running? Trying again")
        with FrontEnd(redis_server.url, port=str(front_end.port)):
            visitor.sees("state", "Waiting")
            work(store, job_id)
            visitor.sees("paragraphs", "Hello.")
        visitor.leave()
        assert visitor.complaints == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_proxy_whose_server_restarts_is_waited_for(visitor: Visitor, store: WholeLedger, status: int) -> None:
    visitor.page.route("**/v1/jobs/*", lambda route: route.fulfill(status=status, body="<h1>Bad Gateway</h1>"), times=1)
    job_id = visitor.translate("Bonjour.")
    visitor.sees("state", f"The server answered {status}. Trying again")
    work(store, job_id)
    visitor.sees("paragraphs", "Hello.")
    visitor.misses("error")
