"""Articles in files, as the command line takes them, and the files that it writes."""

import os
import sys
from collections.abc import Sequence
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

_BOM = "\ufeff"


class ArticleError(Exception):
    """A file can't be submitted. The message is one line for people, without the file's name."""


@dataclass(frozen=True, slots=True)
class Article:
    """The whole of a file, as text, and what it is written in.

    `note` is what the reader should know of how it was read, or ''.
    """

    text: str
    format: str = "text"
    note: str = ""


def read_article(path: str, format: str | None = None) -> Article:
    """Reads UTF-8, from standard input for `-`. Without a format, a file's ending tells it. Raises `ArticleError`."""
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise ArticleError(error.strerror or "it can't be read") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        place = f"the byte at position {error.start} is wrong"
        raise ArticleError(
            f"not UTF-8 ({place}). Convert it, for example with iconv -f windows-1252 -t utf-8"
        ) from None
    note = ""
    if text.startswith(_BOM):
        text, note = text[1:], "its byte order mark was left out"
    if not text.strip():
        raise ArticleError("it has no text")
    return Article(text, format or FORMATS.get(Path(path).suffix.lower(), "text"), note)


def shown_name(path: str) -> str:
    """What messages call an article."""
    return "standard input" if path == STDIN else path


def output_stems(paths: Sequence[str], folder: Path) -> list[Path]:
    """Where the results of each article go, without the endings: `FOLDER/NAME`, and `FOLDER/NAME-2` where that is taken.

    NAME is the file's without `.txt`, `.md` or `.html`, and `.fr`. No two articles share a stem, and none would overwrite
    an article.
    """
    taken: set[Path] = set()
    inputs = {Path(path).resolve() for path in paths if path != STDIN}
    stems = []
    for path in paths:
        name = "stdin" if path == STDIN else _bare(Path(path)).removesuffix(".fr") or "article"
        number = 1
        while True:
            stem = folder / (name if number == 1 else f"{name}-{number}")
            files = {Path(os.path.realpath(f"{stem}{ending}")) for ending in OUTPUT_ENDINGS}
            if stem not in taken and not files & inputs:
                break
            number += 1
        taken.add(stem)
        stems.append(stem)
    return stems


def _bare(path: Path) -> str:
    return path.stem if path.suffix.lower() in (".txt", *FORMATS) else path.name
