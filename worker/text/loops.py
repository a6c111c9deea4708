"""Repetition in a text: what a decoder that has lost its way writes."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*|[^\W\d_]+|([^\w\s])\1*")
_RUN = re.compile(r"(\S)\1{7,}")

#: A word twice in a row that English hardly ever has so.
_DOUBLED = re.compile(r"\b(?!(?:that|very|much|long|more)\b)([^\W\d_]{4,})[ \u00a0]\1\b", re.IGNORECASE)

#: The longest phrase, in words, whose immediate repeats are looked for.
LONGEST_PHRASE = 12
#: A mark may come this many times in a row, with blanks between.
MARKS_IN_A_ROW = 5
#: How many words make a passage that an honest text hardly has twice.
PASSAGE = 6
#: What the source repeats counts from this many words on, as a translation may have more of them.
SOURCE_PASSAGE = 3


def repetition(source: str, target: str) -> str | None:
    """What `target` repeats beyond what `source` does, in a few words, or None.

    A word or a pair of words three times in a row, a longer phrase or a word of four letters twice in a row, a passage of
    six words twice anywhere, or a run of one character. Linear in the lengths of both.
    """
    mine, theirs = _tokens(target), _tokens(source)
    start, copies = _in_a_row(mine, 1)
    if copies > max(_in_a_row(theirs, 1)[1], MARKS_IN_A_ROW):
        return f"{mine[start]} × {copies}"
    mine, theirs = _words(mine), _words(theirs)
    run = max(_RUN.finditer(target), key=lambda match: len(match[0]), default=None)
    if run and len(run[0]) > 2 * max((len(match[0]) for match in _RUN.finditer(source)), default=3):
        return f"{run[1]} × {len(run[0])}"
    sizes = range(1, LONGEST_PHRASE + 1)
    usual = max(_in_a_row(theirs, size)[1] for size in sizes)
    for size in sizes:
        start, copies = _in_a_row(mine, size)
        if copies > max(usual, 2 if size < 3 else 1):
            return f"{' '.join(mine[start : start + size])} × {copies}"
    doubled = _DOUBLED.search(target) if usual < 2 else None
    if doubled:
        return doubled[0]
    if _twice(theirs, SOURCE_PASSAGE) is None:
        place = _twice(mine, PASSAGE)
        if place is not None:
            return " ".join(mine[place : place + PASSAGE])
    return None


def passage_twice(text: str, known: str = "") -> str | None:
    """A passage of six words that `text` has twice, and `known`, a text in the same language, has not; or None."""
    words = _words(_tokens(text))
    place = _twice(words, PASSAGE)
    if place is None:
        return None
    passage = " ".join(words[place : place + PASSAGE])
    return passage if f" {' '.join(_words(_tokens(known)))} ".count(f" {passage} ") < 2 else None


def _tokens(text: str) -> list[str]:
    return [match[0].casefold() for match in _TOKEN.finditer(text)]


def _words(tokens: Sequence[str]) -> list[str]:
    return [token for token in tokens if token[0].isalnum()]


def _in_a_row(tokens: Sequence[str], size: int) -> tuple[int, int]:
    """Where the phrase of `size` tokens starts that has the most copies in a row, and how many copies that is."""
    best = place = run = 0
    for index in range(size, len(tokens)):
        run = run + 1 if tokens[index] == tokens[index - size] else 0
        if run > best:
            best, place = run, index - run - size + 1
    return place, best // size + 1


def _twice(tokens: Sequence[str], size: int) -> int | None:
    """Where a passage of `size` tokens (half of them words, at least) stands for the second time."""
    seen: set[tuple[str, ...]] = set()
    for index in range(len(tokens) - size + 1):
        passage = tuple(tokens[index : index + size])
        if sum(token[0].isalpha() for token in passage) * 2 < size:
            continue
        if passage in seen:
            return index
        seen.add(passage)
    return None
