"""Articles in files, as the command line takes them, and the files that it writes."""

import codecs
from dataclasses import dataclass
from pathlib import Path

#: The argument that stands for standard input.
STDIN = "-"

#: Formats by the endings of files; all else is plain text.
FORMATS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}

#: Endings of the files that are written: translations by their format, and summaries.
TRANSLATION_ENDINGS = {"text": ".en.txt", "markdown": ".en.md", "html": ".en.html"}
SUMMARY_ENDING = ".summary.txt"
OUTPUT_ENDINGS = (*TRANSLATION_ENDINGS.values(), SUMMARY_ENDING)

#: How files begin that are no text at all, and what they are.
_NO_TEXT = (
    (b"PK\x03\x04", "a Word, OpenDocument or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "an RTF file"),
)


class ArticleError(Exception):
    """An article can't be had. The message is one line for people, without the article's name. `code` is for scripts."""

    def __init__(self, message: str, code: str = "unreadable") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Article:
    """A whole article, and what it is written in.

    `note` is what the reader should know of how it was read, or ''.
    """

    text: str
    format: str = "text"
    note: str = ""
    title: str | None = None


def read_article(path: str, format: str | None = None, *, data: bytes | None = None) -> Article:
    """Reads UTF-8, unless the `data` are there. Without a format, a file's ending tells it. Raises `ArticleError`."""
    if data is None:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise ArticleError(error.strerror or "it can't be read") from None
    text = decode(data)
    note = "its byte order mark was left out" if data.startswith(codecs.BOM_UTF8) else ""
    if not text.strip():
        raise ArticleError("it has no text")
    return Article(text, format or FORMATS.get(Path(path).suffix.lower(), "text"), note)


def decode(data: bytes) -> str:
    """Text in UTF-8, without a byte order mark. Raises `ArticleError`, which says how to come by it."""
    for beginning, kind in _NO_TEXT:
        if data.startswith(beginning):
            raise ArticleError(f"not text but {kind}. Save it as plain text, Markdown or HTML, in UTF-8")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ArticleError("not UTF-8 but UTF-16. Convert it, for example with iconv -f utf-16 -t utf-8") from None
        if b"\0" in data:
            raise ArticleError(
                "not text: it has zero bytes. Save it as plain text, Markdown or HTML, in UTF-8"
            ) from None
        place = f"the byte at position {error.start + len(data) - len(error.object)} is wrong"
        raise ArticleError(
            f"not UTF-8 ({place}). Convert it, for example with iconv -f windows-1252 -t utf-8"
        ) from None
