"""Where the content of a Markdown block stands in the article: markdown-it gives lines, this gives characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(r"\r\n|\r|\n")
_BLANK = " \t"


@dataclass(frozen=True, slots=True)
class Lines:
    """An article's lines: `starts[n]` to `ends[n]` is line *n* without its end, `starts[n + 1]` comes after its end."""

    source: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, source: str, first: int) -> Lines:
        """The lines of `source` from the character `first` on."""
        starts, ends = [first], []
        for match in _LINE.finditer(source, first):
            ends.append(match.start())
            starts.append(match.end())
        return cls(source, tuple(starts), (*ends, len(source)))

    def __len__(self) -> int:
        return len(self.ends)

    def text(self, number: int) -> str:
        """A line without its end."""
        return self.source[self.starts[number] : self.ends[number]]

    def normalized(self) -> str:
        """What markdown-it makes of the article before it parses it."""
        return "\n".join(map(self.text, range(len(self)))).replace("\0", "\ufffd")


@dataclass(frozen=True, slots=True)
class Content:
    """A block's content as the inline parser sees it. From `places[n][0]` on it is the source from `places[n][1]` on."""

    text: str
    places: tuple[tuple[int, int], ...]
    end: int

    def source_place(self, place: int) -> int:
        """Where in the source the content's character `place` stands."""
        if place >= len(self.text):
            return self.end
        content, source = self.places[bisect_right(self.places, place, key=lambda pair: pair[0]) - 1]
        return source + place - content

    @property
    def start(self) -> int:
        """Where in the source it begins."""
        return self.places[0][1]


def paragraph(lines: Lines, first: int, content: str) -> Content | None:
    """The place of a paragraph whose first line is `first`; None where its lines are not in the source."""
    places = []
    place = 0
    end = 0
    for number, line in enumerate(content.split("\n"), start=first):
        if number >= len(lines):
            return None
        body = line.strip(_BLANK)
        whole = lines.text(number).replace("\0", "\ufffd")
        stripped = whole.rstrip(_BLANK)
        if not body or not stripped.endswith(body):
            return None
        source = lines.starts[number] + len(stripped) - len(body)
        places.append((place + len(line) - len(line.lstrip(_BLANK)), source))
        end = source + len(body)
        place += len(line) + 1
    return Content(content, tuple(places), end) if places[0][0] == 0 else None


def heading(lines: Lines, number: int, content: str) -> Content | None:
    """The place of the content of a heading with number signs before it, and perhaps after it."""
    whole = lines.text(number).replace("\0", "\ufffd").rstrip(_BLANK)
    for line in (whole, whole.rstrip("#").rstrip(_BLANK)):
        if content and line.endswith(content):
            start = lines.starts[number] + len(line) - len(content)
            return Content(content, ((0, start),), start + len(content))
    return None


def row(lines: Lines, number: int, contents: Sequence[str]) -> list[Content | None]:
    """The places of the cells of a table's row; None for cells without content, and for all where they are not found."""
    line = lines.text(number)
    indent = len(line) - len(line.lstrip(_BLANK + ">"))
    cells = _cells(line, indent)
    found: list[Content | None] = []
    for content, cell in zip(contents, [*cells, *[None] * len(contents)], strict=False):
        if not content:
            found.append(None)
            continue
        place = _cell(line, cell, lines.starts[number]) if cell is not None else None
        if place is None or place.text != content:
            return [None] * len(contents)
        found.append(place)
    return found


def _cells(line: str, start: int) -> list[tuple[int, int]]:
    """Where the cells of a row lie between its bars."""
    end = len(line.rstrip(_BLANK))
    bars = [place for place in range(start, end) if line[place] == "|" and (place == start or line[place - 1] != "\\")]
    edges = list(zip([start, *[bar + 1 for bar in bars]], [*bars, end], strict=True))
    if edges and edges[0][0] == edges[0][1]:
        edges.pop(0)
    if edges and edges[-1][0] == edges[-1][1]:
        edges.pop()
    return edges


def _cell(line: str, cell: tuple[int, int], offset: int) -> Content | None:
    start, end = cell
    while start < end and line[start] in _BLANK:
        start += 1
    while end > start and line[end - 1] in _BLANK:
        end -= 1
    if start == end:
        return None
    text: list[str] = []
    places = [(0, offset + start)]
    length = 0
    place = start
    while place < end:
        bar = line.find("\\|", place, end)
        if bar < 0:
            bar = end
        text.append(line[place:bar])
        length += bar - place
        place = bar
        if bar < end:
            places += (length, offset + bar), (length + 1, offset + bar + 2)
            text.append("|")
            length += 1
            place = bar + 2
    return Content("".join(text).replace("\0", "\ufffd"), tuple(places), offset + end)
