"""API keys on the page: where they are demanded, where they are optional, and in a browser that keeps nothing."""

from playwright.sync_api import Browser

from service.contract.api_keys import KeyStore
from tests.browser import Visitor
from tests.integration.service.front_end import FrontEnd, work
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer


def test_a_key_is_asked_for_and_used(redis_server: RedisServer, browser: Browser, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with FrontEnd(redis_server.url, require_keys="1") as front_end:
        visitor = Visitor(browser, front_end.url)
        visitor.sees("key-form", "This server asks for an API key")
        visitor.misses("error")
        visitor.find("text").fill("Bonjour.")
        visitor.find("submit").click()
        visitor.sees("error", "This server asks for an API key.")
        visitor.focus_is_on("key")
        visitor.find("key").fill("depeche_wrong")
        visitor.page.keyboard.press("Enter")
        visitor.sees("error", "This API key was never made here, or has been revoked.")
        visitor.find("key").fill(key)
        visitor.page.keyboard.press("Enter")
        visitor.sees("state", "Waiting")
        visitor.misses("key-form")
        work(store, visitor.job_id())
        visitor.sees("paragraphs", "Hello.")
        visitor.page.evaluate("sessionStorage.clear()")
        visitor.page.reload()
        visitor.sees("error", "This server asks for an API key.")
        visitor.find("key").fill(key)
        visitor.page.keyboard.press("Enter")
        visitor.sees("paragraphs", "Hello.")
        assert key not in visitor.page.url
        visitor.find("again").click()
        visitor.sees("recent-list", "Untitled article")
        visitor.find("key-forget").click()
        visitor.sees("key-form", "This server asks for an API key")
        visitor.misses("recent")
        visitor.leave()
        assert visitor.complaints == []


def test_a_key_can_be_used_where_none_is_demanded(visitor: Visitor, store: WholeLedger, front_end: FrontEnd) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with front_end.client(headers={"Authorization": f"Bearer {key}"}) as press:
        job_id = press.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
    work(store, job_id)
    visitor.page.goto(f"{visitor.url}/jobs/{job_id}")
    visitor.sees("error", "There is no such job, or it is not yours.")
    visitor.find("key-offer").click()
    visitor.focus_is_on("key")
    visitor.find("key").fill(key)
    visitor.page.keyboard.press("Enter")
    visitor.sees("paragraphs", "Hello.")
    visitor.misses("error")
    visitor.misses("key-offer")


def test_a_key_that_no_header_can_hold_is_refused_for_what_it_is(
    redis_server: RedisServer, browser: Browser, store: WholeLedger
) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with FrontEnd(redis_server.url, require_keys="1") as front_end:
        visitor = Visitor(browser, front_end.url)
        for wrong in (f"{key[:9]}\u200b{key[9:]}", f"{key[:9]} {key[9:]}", "clé", " "):
            visitor.find("key").fill(wrong)
            visitor.page.keyboard.press("Enter")
            visitor.sees("error", "This key has a character that no key has")
            visitor.sees("key-form", "This server asks for an API key")
            visitor.focus_is_on("key")
        visitor.find("key").fill(f" {key}\u00a0")
        visitor.page.keyboard.press("Enter")
        visitor.misses("key-form")
        visitor.misses("error")
        visitor.leave()
        assert visitor.complaints == []


def test_a_browser_that_keeps_nothing_will_do(visitor: Visitor, store: WholeLedger, front_end: FrontEnd) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    refusing = "{ get() { throw new DOMException('no', 'SecurityError'); } }"
    for storage in ("localStorage", "sessionStorage"):
        visitor.context.add_init_script(f"Object.defineProperty(window, '{storage}', {refusing});")
    with front_end.client(headers={"Authorization": f"Bearer {key}"}) as press:
        job_id = press.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
    work(store, job_id)
    visitor.page.goto(f"{visitor.url}/jobs/{job_id}")
    visitor.sees("error", "There is no such job, or it is not yours.")
    visitor.find("key-offer").click()
    visitor.find("key").fill(key)
    visitor.page.keyboard.press("Enter")
    visitor.sees("paragraphs", "Hello.")
