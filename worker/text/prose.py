"""The words of a text, and what tells that French stayed in a translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from worker.text.vocabulary import BORROWED, ENDINGS, ENGLISH, FRENCH, PARTICLES

#: How many words in a row of the source, not between quotation marks, the target may have before it is looked into.
COPIED_RUN = 4
#: The share of the target's words, names left out, that the source has too, from which it is a copy.
COPIED_SHARE = 0.8

_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"[«“][^«»“”]{0,120}[»”]|\"[^\"]{0,120}\"")
_ACCENTS = frozenset("àâæçèéêëîïôœùûüÿ")


@dataclass(frozen=True, slots=True)
class Prose:
    """The words of a text, addresses left out, as they are written and in small letters."""

    written: list[str]
    small: list[str]
    quoted: frozenset[int]  # the indices of words between quotation marks
    lower: list[bool]  # whether a word starts with a small letter, or the whole text is in capitals


def read_prose(text: str) -> Prose:
    """The words of `text`."""
    shout = text.isupper()
    quotes = [match.span() for match in _QUOTED.finditer(text)]
    written: list[str] = []
    quoted: list[int] = []
    place = 0
    for match in _WORD.finditer(text):
        while place < len(quotes) and quotes[place][1] <= match.start():
            place += 1
        if place < len(quotes) and quotes[place][0] <= match.start():
            quoted.append(len(written))
        written.append(match[0])
    small = [word.lower() for word in written]
    return Prose(written, small, frozenset(quoted), [shout or word[0].islower() for word in written])


def copied_words(source: Prose, target: Prose) -> str | None:
    """The start of the target if it is a copy of the source and not a name, and the source is not English."""
    words = [word for word, lower in zip(target.small, target.lower, strict=True) if lower and word not in PARTICLES]
    french = sum(word in FRENCH for word in source.small)
    if not words or sum(word in ENGLISH for word in source.small) > french:
        return None
    if source.small == target.small:
        copied = len(words) >= 2 or any(word in FRENCH for word in words)
    else:
        theirs = set(source.small)
        copied = len(words) > 5 and sum(word in theirs for word in words) >= COPIED_SHARE * len(words)
    return " ".join(target.written[:12]) if copied else None


def french_words(source: Prose, target: Prose) -> str | None:
    """French in the target: the words that say so."""
    open_ = [index for index in range(len(target.small)) if index not in target.quoted]
    words = [target.small[index] for index in open_]
    strong = [word for word in words if word in FRENCH]
    particles = sum(word in PARTICLES for word in words)
    if len(strong) + particles / 2 >= 2 and strong and len(strong) + particles > sum(word in ENGLISH for word in words):
        return " ".join(strong[:8])
    run = _run(source, target)
    if run:
        return run
    left = list(_leftovers(source, target))
    return ", ".join(left[:8]) if len(left) > 1 else None


def _leftovers(source: Prose, target: Prose) -> Iterator[str]:
    """What the target has from the source in small letters, and may be French: one such thing may be a name or a loan."""
    theirs = set(source.small)
    couples = set(pairwise(source.small))
    for index, word in enumerate(target.small):
        if not target.lower[index] or index in target.quoted or word not in theirs or word in ENGLISH:
            continue
        before = target.small[index - 1] if index else ""
        if word in FRENCH:
            yield word
        elif len(word) < 4 or word in BORROWED:
            continue
        elif before in PARTICLES and target.lower[index - 1] and (before, word) in couples:
            yield f"{before} {word}"
        elif word.endswith(ENDINGS) or not _ACCENTS.isdisjoint(word):
            yield word


def _run(source: Prose, target: Prose) -> str | None:
    """Words of the target that stand in the same order in the source, where they are French and neither name nor quote."""
    size = COPIED_RUN
    theirs = {tuple(source.small[index : index + size]) for index in range(len(source.small) - size + 1)}
    for index in range(len(target.small) - size + 1):
        if tuple(target.small[index : index + size]) in theirs and not target.quoted.intersection(
            range(index, index + size)
        ):
            evidence = sum(
                target.lower[place] and (target.small[place] in FRENCH or not _ACCENTS.isdisjoint(target.small[place]))
                for place in range(index, index + size)
            )
            if evidence > 1 or (evidence and all(target.lower[index : index + size])):
                return " ".join(target.written[index : index + size])
    return None
