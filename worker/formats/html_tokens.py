"""HTML as a browser's tokenizer cuts it: text, tags, comments, each with its exact source. Linear in time and memory.

The rules are those of the WHATWG standard's section on tokenization (https://html.spec.whatwg.org/#tokenization), less
what has no bearing on where a token ends. Whatever the input, the sources of the tokens together are the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

#: A start tag's name, or an end tag's.
_NAME = re.compile(r"</?([a-zA-Z][^\s/>\x00]*+)")
#: One attribute: name, then perhaps a value in quotes or without.
_ATTRIBUTE = re.compile(
    r"[\s/]*+(?P<name>[^\s/>=][^\s/>=]*+|=[^\s/>=]*+)"
    r"(?:\s*+=\s*+(?:\"(?P<double>[^\"]*+)(?:\"|\Z)|'(?P<single>[^']*+)(?:'|\Z)|(?P<bare>[^\s>]++)|(?=>)|\Z))?+"
)
_TAG_END = re.compile(r"[\s/]*+(?:>|\Z)")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
_IN_SCRIPT = re.compile(r"<!(?=--)|-->|</?script(?=[\s/>])", re.IGNORECASE)
#: Elements whose content is text to the tokenizer, whatever it looks like.
RAW_TEXT = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "textarea", "title"))


class Sort(Enum):
    """What a token is."""

    TEXT = 0
    START = 1
    END = 2
    OTHER = 3  # a comment, a doctype, what is neither


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's name in small letters and its value as it is written; `start` is where the value stands in its tag.

    `quote` is the quotation mark around it, or nothing.
    """

    name: str
    value: str
    start: int
    quote: str


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of HTML. `name` is a tag's, in small letters."""

    sort: Sort
    source: str
    name: str = ""
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> str | None:
        """The value of an attribute as it is written; None where there is none."""
        return next((item.value for item in self.attributes if item.name == name), None)


def tokens(html: str) -> Iterator[Token]:
    """The tokens of `html`, in order. A tag that never ends, with all after it, is one token of sort `OTHER`."""
    place = text = 0
    while (match := _OPENING.search(html, place)) is not None:
        start = match.start()
        token = _token(html, start)
        if token is None:
            place = start + 1
            continue
        if start > text:
            yield Token(Sort.TEXT, html[text:start])
        yield token
        place = text = start + len(token.source)
        if token.sort is Sort.START and token.name in RAW_TEXT:
            end = _raw_end(html, place, token.name)
            if end > place:
                yield Token(Sort.TEXT, html[place:end])
            place = text = end
        elif token.sort is Sort.START and token.name == "plaintext":
            break
    if text < len(html):
        yield Token(Sort.TEXT, html[text:])


def _token(html: str, start: int) -> Token | None:
    name = _NAME.match(html, start)
    if name:
        return _tag(html, start, name)
    if html.startswith("<!--", start):
        return Token(Sort.OTHER, html[start : _comment_end(html, start)])
    if html.startswith("<![CDATA[", start):
        return Token(Sort.OTHER, html[start : _after(html, "]]>", start)])
    if html[start + 1] in "!?" or (html.startswith("</", start) and len(html) > start + 2):
        return Token(Sort.OTHER, html[start : _after(html, ">", start)])
    return None


def _tag(html: str, start: int, name: re.Match[str]) -> Token:
    place = name.end()
    attributes = []
    while (end := _TAG_END.match(html, place)) is None:
        match = _ATTRIBUTE.match(html, place)
        if match is None:  # a stray sign: a browser skips it too
            place += 1
            continue
        group = match.lastgroup or "name"
        quote = {"double": '"', "single": "'"}.get(group, "")
        if group == "name":
            attributes.append(Attribute(match["name"].lower(), "", match.end() - start, ""))
        else:
            attributes.append(Attribute(match["name"].lower(), match[group], match.start(group) - start, quote))
        place = match.end()
    source = html[start : end.end()]
    if not source.endswith(">") or end[0] == "":
        return Token(Sort.OTHER, source)
    sort = Sort.END if source.startswith("</") else Sort.START
    return Token(sort, source, name[1].lower(), tuple(attributes))


def _comment_end(html: str, start: int) -> int:
    for short in ("<!-->", "<!--->"):
        if html.startswith(short, start):
            return start + len(short)
    match = re.compile(r"--!?>").search(html, start + 4)
    return match.end() if match else len(html)


def _after(html: str, end: str, start: int) -> int:
    place = html.find(end, start)
    return place + len(end) if place >= 0 else len(html)


def _raw_end(html: str, start: int, name: str) -> int:
    """Where the content of an element of raw text ends: before its end tag, or with the article."""
    if name == "script":
        return _script_end(html, start)
    match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, start)
    return match.start() if match else len(html)


def _script_end(html: str, start: int) -> int:
    """Where a script ends: an end tag does not count within a comment in which another script has begun."""
    commented = nested = False
    for match in _IN_SCRIPT.finditer(html, start):
        mark = match[0].lower()
        if mark == "<!":
            commented = True
        elif mark == "-->":
            commented = nested = False
        elif mark == "<script":
            nested = commented
        elif nested:
            nested = False
        else:
            return match.start()
    return len(html)
