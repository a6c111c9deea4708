"""Articles from the web: fetched by who asks for them, and told from the menus and advertisements around them."""

import asyncio
import codecs
import logging
import re
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx2

from service.commands.articles import Article, ArticleError, decode

#: Bytes of a page, seconds for all of it, and addresses that one may lead to in turn.
MOST_BYTES = 10_000_000
MOST_SECONDS = 60.0
MOST_REDIRECTS = 5

#: Seconds for connecting, and for each read.
_STEP_S = 20.0

_PAGES = ("text/html", "application/xhtml+xml")
_TEXTS = {"text/plain": "text", "text/markdown": "markdown"}

#: What an article is taken out of its page as: Markdown unless something else is asked for.
_EXTRACTED = {"text": "txt", "markdown": "markdown", "html": "html"}

#: What Python knows as these, or does not know, is windows-1252 on the web (WHATWG Encoding, 4.2).
_WINDOWS_1252 = ("ascii", "iso8859-1", "iso88591", "x-cp1252")

#: Where a page itself names its encoding: in its first bytes, as `<meta charset>` or `<meta http-equiv>`, or else in an XML
#: declaration, with which it begins.
_META = re.compile(rb"""<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)""")
_DECLARED_WITHIN = 1024

_HOW_TO_INSTALL = "addresses need an extra: .venv/bin/pip install -c constraints.txt -e '.[fetch]' in Dépêche's folder"


class Fetcher:
    """Fetches articles. Use it in an `async with` statement."""

    def __init__(self, *, seconds: float = MOST_SECONDS, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._seconds = seconds
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(_STEP_S, pool=None),
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            headers={"User-Agent": "Mozilla/5.0 (compatible; depeche)", "Accept-Language": "fr"},
            transport=transport,
        )

    async def fetch(self, address: str, format: str | None = None) -> Article:
        """The article at an address, with its title. It comes as Markdown, unless a format is given; texts as they are.

        Raises `ArticleError`.
        """
        extractor = _extractor()
        try:
            async with asyncio.timeout(self._seconds):
                answer, data = await self._get(address)
        except (TimeoutError, httpx2.TimeoutException):
            raise ArticleError(f"it took longer than {self._seconds:g} s to come", "not_fetched") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise ArticleError(
                f"it could not be fetched: {str(error) or type(error).__name__}", "not_fetched"
            ) from None
        media_type = answer.headers.get("Content-Type", "text/html").partition(";")[0].strip().lower()
        if media_type in _TEXTS:
            return _checked(Article(_text(answer, data), format or _TEXTS[media_type]))
        if media_type not in _PAGES:
            raise ArticleError(f"it is {media_type}, no page and no text", "not_fetched")
        page = _page(answer, data)
        where = str(answer.url.copy_with(userinfo=b""))  # the links in the article begin with it
        return _checked(await asyncio.to_thread(_article_of, extractor, page, where, format or "markdown"))

    async def _get(self, address: str) -> tuple[httpx2.Response, bytes]:
        """The answer and its body. Raises `ArticleError`, and what httpx2 raises."""
        if httpx2.URL(address).scheme not in ("http", "https"):
            raise ArticleError("only http and https addresses are fetched", "not_fetched")
        async with self._http.stream("GET", address) as answer:
            if not answer.is_success:
                raise ArticleError(f"the server there answers {answer.status_code}", "not_fetched")
            data = bytearray()
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > MOST_BYTES:
                    raise ArticleError(f"it has more than {MOST_BYTES // 1_000_000} MB", "not_fetched")
        return answer, bytes(data)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()


def _extractor() -> Any:
    """trafilatura. Raises `ArticleError` where it is not installed."""
    try:
        import trafilatura
    except ImportError:
        raise ArticleError(_HOW_TO_INSTALL, "not_installed") from None
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what goes wrong is said here
    return trafilatura


def _article_of(extractor: Any, page: str, address: str, format: str) -> Article:
    text = extractor.extract(
        page,
        url=address,
        output_format=_EXTRACTED[format],
        include_comments=False,
        include_formatting=format != "text",
        include_links=format != "text",
    )
    if not text:
        raise ArticleError("no article was found in the page", "no_article")
    about = extractor.extract_metadata(page, default_url=address)
    title = " ".join((about.title or "").split()) or None if about else None
    return Article(_without_heading(text, title, format), format, title=title)


def _without_heading(text: str, title: str | None, format: str) -> str:
    """The text without a first line that only says the title again."""
    first, _, rest = text.lstrip().partition("\n")
    same = title is not None and " ".join(first.lstrip("#").split()) == title
    return rest.lstrip("\n") if same and format != "html" and rest.strip() else text


def _text(answer: httpx2.Response, data: bytes) -> str:
    """A text in the encoding that a mark or the server names, or UTF-8. Raises `ArticleError`."""
    label = answer.charset_encoding
    if not label:
        return decode(data)
    try:
        return data.decode(_marked(data) or _encoding(label))
    except (LookupError, ValueError):
        raise ArticleError(f"it is not in {label}, as the server says", "not_fetched") from None


def _page(answer: httpx2.Response, data: bytes) -> str:
    """A page in the encoding that a mark, the server or the page itself names, or UTF-8, or else Windows-1252, as browsers
    have it for western languages. What is wrong in it is replaced.
    """
    for label in (_marked(data), answer.charset_encoding, _declared(data)):
        if label:
            with suppress(LookupError, ValueError):
                return data.decode(_encoding(label), errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("windows-1252", errors="replace")


def _marked(data: bytes) -> str | None:
    """The encoding of a byte order mark; it takes the mark off."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _declared(data: bytes) -> str | None:
    """The encoding that a page's own bytes name. It can't be UTF-16: they were read as ASCII."""
    found = _META.search(data, 0, _DECLARED_WITHIN) or _XML.match(data, 0, _DECLARED_WITHIN)
    label = found[1].decode("ascii", "replace").lower() if found else None
    return "utf-8" if label and label.startswith("utf-16") else label


def _encoding(label: str) -> str:
    """What Python calls the encoding that a label means on the web. Raises LookupError, and ValueError for a zero byte."""
    label = label.strip().lower()
    name = label if label in _WINDOWS_1252 else codecs.lookup(label).name
    return "windows-1252" if name in _WINDOWS_1252 else name


def _checked(article: Article) -> Article:
    if not article.text.strip():
        raise ArticleError("it has no text", "no_article")
    return article
