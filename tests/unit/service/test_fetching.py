"""Articles from the web, from a server on this machine."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from service.commands import fetching
from service.commands.articles import Article, ArticleError
from service.commands.fetching import Fetcher
from tests.unit.service.web_site import PAGE, Page, WebSite, web_site


@pytest.fixture
def site() -> Iterator[WebSite]:
    with web_site() as site:
        site.pages["/pont"] = Page(PAGE.encode())
        yield site


def fetch(address: str, format: str | None = None, *, seconds: float = 60) -> Article:
    async def work() -> Article:
        async with Fetcher(seconds=seconds) as fetcher:
            return await fetcher.fetch(address, format)

    return asyncio.run(work())


def test_a_page_gives_its_article_and_its_title(site: WebSite) -> None:
    article = fetch(f"{site.url}/pont")
    assert (article.title, article.format) == ("Le pont de Brévalles rouvre", "markdown")
    assert article.text.startswith("Après vingt-six mois de chantier, le **pont des Tanneurs** accueillera")
    assert "## Un chantier plus long que prévu" in article.text
    assert f"[La crue]({site.url}/crue)" in article.text
    for other in ("Accueil", "crêpes", "Mentions", "var menu"):
        assert other not in article.text


def test_a_password_in_the_address_is_not_in_the_links_of_the_article(site: WebSite) -> None:
    article = fetch(f"{site.url.replace('://', '://moi:motdepasse@')}/pont")
    assert f"[La crue]({site.url}/crue)" in article.text
    assert "motdepasse" not in article.text


def test_a_page_in_another_format(site: WebSite) -> None:
    html, text = fetch(f"{site.url}/pont", "html"), fetch(f"{site.url}/pont", "text")
    assert "<strong>pont des Tanneurs</strong>" in html.text
    assert "le pont des Tanneurs accueillera" in text.text
    assert (html.format, text.format) == ("html", "text")


@pytest.mark.parametrize("media_type", ["text/html; charset=iso-8859-1", "text/html", None])
def test_other_encodings(site: WebSite, media_type: str | None) -> None:
    page = PAGE.replace("<head>", '<head><meta charset="iso-8859-1">')
    site.pages["/latin"] = Page(page.encode("latin-1"), media_type)
    assert "une longue patience récompensée" in " ".join(fetch(f"{site.url}/latin").text.split())


@pytest.mark.parametrize(
    ("media_type", "meta"),
    [
        ("text/html; charset=ISO-8859-1", ""),
        ("text/html", ""),
        ("text/html", '<meta charset="iso-8859-1">'),
        ("text/html", "<meta name=a><META CHARSET=latin1>"),
        ("text/html", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'),
        ("text/html; charset=iso88591", ""),
        ("text/html; charset=of-my-own", '<meta charset="windows-1252">'),
        ("text/html; charset=undefined", '<meta charset="us-ascii">'),
    ],
)
def test_latin_1_means_windows_1252_as_in_browsers(site: WebSite, media_type: str, meta: str) -> None:
    page = PAGE.replace("<head>", f"<head>{meta}").replace("Les ouvriers", "L’œuvre coûte 3 € : les ouvriers")
    site.pages["/latin"] = Page(page.encode("windows-1252"), media_type)
    assert "L’œuvre coûte 3 € : les ouvriers" in " ".join(fetch(f"{site.url}/latin").text.split())


@pytest.mark.parametrize(
    ("before", "meta", "encoding"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-15"?>\n', "", "iso-8859-15"),
        ("\r\n<?xml version='1.0' encoding='iso-8859-1' standalone='yes'?>", "", "windows-1252"),
        ('<?xml version="1.0" encoding="utf-16"?>', "", "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-15"?>', '<meta charset="utf-8">', "utf-8"),
        ("<!-- --><?xml encoding='macintosh'?>", "", "windows-1252"),
    ],
)
def test_an_xml_declaration_counts_where_no_meta_does(site: WebSite, before: str, meta: str, encoding: str) -> None:
    page = PAGE.replace("<head>", f"<head>{meta}").replace("Les ouvriers", "L'œuvre coûte 3 € : les ouvriers")
    site.pages["/xml"] = Page((before + page).encode(encoding), "text/html")
    assert "L'œuvre coûte 3 € : les ouvriers" in " ".join(fetch(f"{site.url}/xml").text.split())


def test_a_text_in_latin_1_too(site: WebSite) -> None:
    site.pages["/a.txt"] = Page("L’œuvre : 3 €".encode("windows-1252"), "text/plain; charset=iso-8859-1")
    assert fetch(f"{site.url}/a.txt").text == "L’œuvre : 3 €"


@pytest.mark.parametrize(
    ("before", "encoding", "meta"),
    [
        (b"", "utf-8", ""),
        (b"", "utf-8", '<meta charset="utf-16">'),
        (b"\xef\xbb\xbf", "utf-8", '<meta charset="iso-8859-1">'),
        (b"\xff\xfe", "utf-16-le", ""),
    ],
)
def test_a_mark_and_utf_8_are_known_by_themselves(site: WebSite, before: bytes, encoding: str, meta: str) -> None:
    page = PAGE.replace("<head>", f"<head>{meta}").replace("Les ouvriers", "L’œuvre : les ouvriers")
    site.pages["/page"] = Page(before + page.encode(encoding), "text/html")
    assert "L’œuvre : les ouvriers" in " ".join(fetch(f"{site.url}/page").text.split())


def test_a_stray_byte_costs_no_page(site: WebSite) -> None:
    site.pages["/stray"] = Page(PAGE.encode().replace(b"<main>", b"<!-- \xe9 --><main>"))
    assert fetch(f"{site.url}/stray").title == "Le pont de Brévalles rouvre"


def test_a_text_is_taken_as_it_is(site: WebSite) -> None:
    site.pages["/a.txt"] = Page("Été *là*.\r\n".encode(), "text/plain")
    site.pages["/a.md"] = Page("Été *là*.\r\n".encode(), "text/markdown; charset=utf-8")
    assert fetch(f"{site.url}/a.txt") == Article("Été *là*.\r\n", "text")
    assert fetch(f"{site.url}/a.md") == Article("Été *là*.\r\n", "markdown")


def test_redirects_are_followed_so_far(site: WebSite) -> None:
    site.pages["/moved"] = Page(status=301, location="/pont")
    site.pages["/round"] = Page(status=302, location="/round")
    site.pages["/away"] = Page(status=302, location="file:///etc/passwd")
    assert fetch(f"{site.url}/moved").title == "Le pont de Brévalles rouvre"
    for path in ("/round", "/away"):
        with pytest.raises(ArticleError, match="could not be fetched"):
            fetch(site.url + path)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (Page(status=403), "answers 403"),
        (Page(b"%PDF", "application/pdf"), "it is application/pdf"),
        (Page(b"x" * 2000), "more than 0 MB"),
        (Page(b" \n", "text/plain"), "no text"),
        (Page(b"caf\xe9", "text/plain"), "not UTF-8"),
        (Page(b"caf\xe9", "text/plain; charset=utf-8"), "not in utf-8, as the server says"),
        (Page(b"<html><body></body></html>"), "no article was found"),
        (Page(b""), "no article was found"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_article(site: WebSite, page: Page, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    site.pages["/x"] = page
    with pytest.raises(ArticleError, match=message):
        fetch(f"{site.url}/x")


def test_a_page_that_never_ends_to_come(site: WebSite) -> None:
    site.pages["/slow"] = Page(PAGE.encode(), slow=0.05)
    with pytest.raises(ArticleError, match=r"longer than 0\.3 s"):
        fetch(f"{site.url}/slow", seconds=0.3)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "http://[", "http://127.0.0.1:1/"]
)
def test_what_can_not_be_fetched(address: str) -> None:
    with pytest.raises(ArticleError):
        fetch(address)


def test_without_the_extra_it_says_how_to_install_it(site: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(ArticleError, match=r"pip install .* '\.\[fetch\]'") as refusal:
        fetch(f"{site.url}/pont")
    assert refusal.value.code == "not_installed"
    assert site.requests == []


def test_no_key_goes_along(site: WebSite) -> None:
    fetch(f"{site.url}/pont")
    assert not {"Authorization", "X-API-Key", "Cookie"} & set(site.requests[0])
