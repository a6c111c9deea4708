"""Words that the translator wrote, put between Markdown's markup so that they are no markup themselves.

As few signs as possible are escaped, and what comes out is parsed again: if it is not what it should be, emphasis is
written as HTML tags, which have no rules about the characters beside them, and then every sign is escaped.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference

from worker.formats.markdown_inline import References, TooHard, inline_pieces
from worker.formats.pieces import Chunks, Kind, Piece
from worker.formats.writing import Written
from worker.text.normal_forms import composed

_SPECIAL = re.compile(r"[\\`*_\[\]<&~!|]")
_PUNCTUATION = frozenset(string.punctuation)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BRACKETED = re.compile(r"\[([^\[\]\n]{1,200})\](?![(\[:])")
_LINE_START = re.compile(r"(#{1,6}|[-+*])(?=\s|$)|(?=>)|(?==+\s*$|-+\s*$)|(?=(?:[-*_]\s*){3,}$)")
_NUMBER_START = re.compile(r"(\d{1,9})(?=[.)](?:\s|$))")
_NUMBER_SIGNS = re.compile(r"(?<!\S)(?=#+$)")
_TAGS = {"em": "em", "strong": "strong", "s": "del"}


class Setting(Enum):
    """Where words stand, which makes a difference to what has to be escaped."""

    PARAGRAPH = 0
    HEADING = 1
    CELL = 2
    LABEL = 3  # an image's description
    UNDERLINED = 4  # a heading with a line under it
    FIRST_CELL = 5  # one with no bar before it
    ABOVE_DASHES = 6  # a paragraph that would be a table with a bar in it


#: Settings whose words could become another kind of block, with its name and the line after it.
_BLOCKS = {
    Setting.PARAGRAPH: ("paragraph", ""),
    Setting.ABOVE_DASHES: ("paragraph", ""),
    Setting.UNDERLINED: ("heading", "\n---"),
}

_NO_BARS = (Setting.UNDERLINED, Setting.LABEL, Setting.ABOVE_DASHES)
_CELLS = (Setting.CELL, Setting.FIRST_CELL)
#: Settings in which words may stand first in their line.
_AT_LINE_START = (*_BLOCKS, Setting.FIRST_CELL)


class Raw:
    """Writes everything as it is: for text that is not parsed."""

    def write(self, items: Written) -> Chunks | None:
        """The items, one after the other."""
        chunks: list[str] = [item if isinstance(item, str) else item.source for item in items]
        return tuple(chunks)


@dataclass(frozen=True, slots=True)
class MarkdownSyntax:
    """Markdown at one kind of place. `references` are the names of links that the article defines."""

    parser: MarkdownIt
    references: References
    setting: Setting

    def write(self, items: Written) -> Chunks | None:
        """The items as Markdown; None where no way was found to write them so that they are parsed as they should."""
        if self.setting is Setting.LABEL:
            return tuple(
                self._words(item, "", "", linked=True) if isinstance(item, str) else item.source for item in items
            )
        for tags, everything in ((False, False), (True, False), (True, True)):
            tried = [_tag(item) for item in items] if tags else items
            parts = list(self._escaped(tried, everything=everything))
            if self._is_right(tried, parts):
                chunks: list[object] = []
                for item, part in zip(tried, parts, strict=True):
                    chunks += (part,) if isinstance(item, str) else item.written()
                return tuple(chunks)  # type: ignore[arg-type]
        return None

    def _escaped(self, items: Written, *, everything: bool) -> Iterator[str]:
        """The source of each item as the parser will see it."""
        before, starts, links = "", True, 0
        for number, item in enumerate(items):
            if isinstance(item, Piece):
                links += (item.kind is Kind.OPEN) * (item.name == "link") - (item.kind is Kind.CLOSE) * (
                    item.name == "link"
                )
                part = item.seen
                if (item.kind is Kind.TEXT and not part.strip() and "\n" in part) or item.name in ("break", "lead"):
                    starts = True
                elif part:
                    starts = False
            elif everything:
                part = re.sub(r"[!-/:-@\[-`{-~]", self._escaped_sign, item)
                starts = False
            else:
                part = self._words(item, before, _next_sign(items, number), linked=links > 0)
                if starts and self.setting in _AT_LINE_START:
                    part = _safe_at_line_start(part)
                if number == len(items) - 1 and self.setting is Setting.HEADING:
                    part = _NUMBER_SIGNS.sub(r"\\", part, count=1)
                starts = starts and not part
            before = part[-1:] or before
            yield part

    def _words(self, text: str, before: str, after: str, *, linked: bool) -> str:
        plain: set[int] = set()
        if not linked and "[" in text:
            for match in _BRACKETED.finditer(text + after):
                label = match[1]
                if label[0] not in "^ xX" and normalizeReference(label) not in self.references:
                    plain |= {match.start(), match.end() - 1}

        def escaped(match: re.Match[str]) -> str:
            sign, place = match[0], match.start()
            left = text[place - 1] if place else before
            right = text[place + 1 : place + 2] or after
            return self._escaped_sign(match) if self._is_markup(sign, left, right, text, place, plain) else sign

        return _SPECIAL.sub(escaped, text)

    def _escaped_sign(self, match: re.Match[str]) -> str:
        # A line with a bar, escaped or not, is a table if a line of dashes follows.
        return "&#124;" if match[0] == "|" and self.setting in _NO_BARS else "\\" + match[0]

    def _is_markup(self, sign: str, left: str, right: str, text: str, place: int, plain: set[int]) -> bool:
        """Whether a sign between two others might be read as markup."""
        apart = (not left or left.isspace()) and (not right or right.isspace())
        match sign:
            case "\\":
                return right in _PUNCTUATION or place == len(text) - 1
            case "*":
                return not apart
            case "_":
                return not apart and not (left.isalnum() and right.isalnum())
            case "[" | "]":
                return place not in plain
            case "<":
                return right.isascii() and (right.isalpha() or right in "/!?") and bool(right)
            case "&":
                return bool(_ENTITY.match(text, place))
            case "~":
                return "~" in (left, right)
            case "!":
                return right == "[" and place == len(text) - 1
            case "|":
                return self.setting in (*_CELLS, *_NO_BARS)
        return True

    def _is_right(self, items: Written, parts: Sequence[str]) -> bool:
        """Whether the parser sees what was meant: the same marks, atoms and code, around the same words."""
        seen = [(item, part) for item, part in zip(items, parts, strict=True) if not _is_outside(item)]
        content = "".join(part for _, part in seen)
        if self.setting in _CELLS:
            content = content.replace("\\|", "|")
        if content.strip(" \t\n") != content:  # a line break at either end would be none
            return False
        wanted = _signature([item for item, _ in seen])
        try:
            found = _signature([piece for _, piece in inline_pieces(content, self.parser, self.references)])
        except TooHard:
            return False
        if found != wanted:
            return False
        return self.setting not in _BLOCKS or self._is_block(content)

    def _is_block(self, content: str) -> bool:
        """Whether the content is one paragraph, or one heading, when it stands on lines of its own."""
        name, line = _BLOCKS[self.setting]
        found = self.parser.parse(content + line, {})
        return [token.type for token in found] == [f"{name}_open", "inline", f"{name}_close"]


def _next_sign(items: Written, number: int) -> str:
    for index in range(number + 1, len(items)):
        item = items[index]
        part = item if isinstance(item, str) else item.seen
        if part:
            return part[0]
    return ""


def _is_outside(item: Piece | str) -> bool:
    """Whether an item is no part of what is parsed: a note's number before the words, a line break after them."""
    return isinstance(item, Piece) and item.name in ("lead", "end")


def _safe_at_line_start(text: str) -> str:
    if number := _NUMBER_START.match(text):
        return f"{number[1]}\\{text[number.end() :]}"
    return "\\" + text if _LINE_START.match(text) else text


def _tag(item: Piece | str) -> Piece | str:
    """Emphasis as an HTML tag."""
    if isinstance(item, str) or item.name not in _TAGS:
        return item
    name = _TAGS[item.name]
    tag = f"<{name}>" if item.kind is Kind.OPEN else f"</{name}>"
    return replace(item, source=tag, shown="", name="<" + name)


def _signature(items: Written) -> list[tuple[str, str]]:
    """What a reader gets of the items: words, and marks by their names and targets."""
    found: list[tuple[str, str]] = []
    words: list[str] = []
    for item in items:
        if isinstance(item, str):
            words.append(item)
            continue
        if item.kind is Kind.TEXT or (item.kind is Kind.KEPT and item.seen[:1] not in ("`", "<")):
            words.append(item.text or item.seen)
            continue
        if text := "".join("".join(words).split()):
            found.append(("", composed(text)))
        words = []
        shown = "" if item.name in ("em", "strong", "s") else item.seen
        found.append((f"{item.kind.value}{item.name}", shown))
    if text := "".join("".join(words).split()):
        found.append(("", composed(text)))
    return found
