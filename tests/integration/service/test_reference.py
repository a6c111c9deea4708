"""The page of the OpenAPI document in a real browser: readable, without scripts, without anything from outside."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser

from service.openapi.document import OPERATIONS
from tests.browser import PHONE, Visitor, open_browser
from tests.integration.service.front_end import FrontEnd


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_it_is_readable(browser: Browser, front_end: FrontEnd, options: dict[str, object]) -> None:
    visitor = Visitor(browser, front_end.url, "/healthz", **options)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.goto(front_end.url + "/docs")
    text = visitor.page.inner_text("body")
    for operation in OPERATIONS.values():
        assert operation.summary in text
        assert visitor.page.locator(f"article#{operation.id}").count() == 1
    assert asked
    assert [url for url in asked if not url.startswith(front_end.url + "/")] == []
    assert visitor.page.locator("script").count() == 0
    width = visitor.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], "it scrolls sideways"
    broken = visitor.page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))"
    )
    assert broken == []
    assert visitor.findings() == []
    assert visitor.complaints == []
    visitor.leave()


def test_it_needs_no_key_but_a_host(http: httpx2.Client) -> None:
    for path in ("/docs", "/docs/style.css", "/openapi.json"):
        answer = http.get(path)
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        again = http.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert http.get(path, headers={"Host": "evil.example"}).status_code == 421
        assert http.get(path, headers={"Origin": "http://evil.example"}).status_code == 403
        assert http.get(path + "?x=1").status_code == 400
