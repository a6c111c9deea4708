"""The prose at the start of an article with markup, for telling its language. The worker parses articles; this only skims."""

import html
import re
from typing import Literal

#: Characters of the article that are looked at, and those of prose that are wanted.
SKIMMED_CHARACTERS, WANTED_CHARACTERS = 100_000, 5_000

_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|pre|code|svg|template|head)\b[^>]*>.*?(?:</\1\s*>|\Z)|</?[a-z!?][^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n.*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^[ \t>]*(```+|~~~+).*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
#: What follows a link's text: an address, which may have parentheses in it. Where there is none, the next parenthesis ends the
#: look ahead, so that no text is scanned from many places.
_TARGET = r"\]\([^()\n]{0,2000}+(?:\([^()\n]{0,200}+\)[^()\n]{0,2000}+){0,9}+\)"
_MARKDOWN = re.compile(rf"`[^`\n]{{1,200}}`|{_TARGET}|https?://\S+|[*_#>|\[\]!~=-]+")
#: Numbers of no character. `html.unescape` makes U+FFFD of them too, but can't read thousands of digits.
_NO_CHARACTER = re.compile(r"&#[0-9]{10,}+;?")


def prose_of(text: str, format: Literal["text", "markdown", "html"]) -> str:
    """What is left of the article's start without tags, code and addresses: at most 5,000 characters.

    Text is given back whole. Time is linear in what is looked at.
    """
    if format == "text":
        return text
    skimmed = text[:SKIMMED_CHARACTERS]
    if format == "markdown":
        skimmed = _MARKDOWN.sub(" ", _FENCE.sub(" ", _FRONT_MATTER.sub(" ", skimmed)))
    return html.unescape(_NO_CHARACTER.sub("\ufffd", _HTML.sub(" ", skimmed)))[:WANTED_CHARACTERS]
