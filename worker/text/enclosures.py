"""Quotation marks and brackets in a paragraph, matched in one linear pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_PAIRS = {"«": "»", "“": "”", "„": "”", "‹": "›", "「": "」", "『": "』", "(": ")", "[": "]", "（": "）"}
_CLOSERS = frozenset(_PAIRS.values())
_BRACKETS = frozenset("([（")
_MARK = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_CLOSERS)) + '"]')

#: A bracket that holds more characters than this is taken for one that somebody forgot to close where it should be.
LONGEST_BRACKET = 400

#: Pairs that lie inside this many others are left out, so that the work per sentence is bounded.
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A matched pair: `start` is where the opening mark stands, `end` where the closing one does."""

    start: int
    end: int
    bracket: bool


def enclosures(text: str) -> list[Enclosure]:
    """The matched pairs in `text`, by where they start. Marks without a partner are left out.

    A closing mark ends the innermost mark of its kind and makes those inside it void. A straight quotation mark opens
    after a blank or an opening mark, and closes where no letter or digit follows.
    """
    found: list[Enclosure] = []
    stack: list[tuple[str, int]] = []
    waiting: Counter[str] = Counter()
    for match in _MARK.finditer(text):
        place, mark = match.start(), match[0]
        if mark == '"':
            closes = waiting['"'] > 0 and not text[place + 1 : place + 2].isalnum()
            opens = not closes and (place == 0 or not (text[place - 1].isalnum() or text[place - 1] in ".!?…,;:"))
        else:
            closes, opens = mark in _CLOSERS, mark in _PAIRS
        if opens:
            closer = _PAIRS.get(mark, '"')
            stack.append((mark, place))
            waiting[closer] += 1
        elif closes and waiting[mark]:
            while True:
                opener, start = stack.pop()
                closer = _PAIRS.get(opener, '"')
                waiting[closer] -= 1
                if closer == mark:
                    break
            bracket = opener in _BRACKETS
            if not bracket or place - start <= LONGEST_BRACKET:
                found.append(Enclosure(start, place, bracket))
    found.sort(key=lambda pair: pair.start)
    return list(_shallow(found))


def _shallow(pairs: list[Enclosure]) -> Iterator[Enclosure]:
    """The pairs, which are in order, that are no more than `DEEPEST` deep."""
    open_: list[int] = []
    for pair in pairs:
        while open_ and open_[-1] < pair.start:
            open_.pop()
        open_.append(pair.end)
        if len(open_) <= DEEPEST:
            yield pair
