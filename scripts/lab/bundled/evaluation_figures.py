"""What readers feel and BLEU does not show: repeats, text left in French, numbers lost or made up, names kept."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence

from scripts.lab.bundled.corpus import numbers

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NAME = re.compile(r"\b[A-ZÀ-Ý][\w’'-]*[^\W\d_]{2,}")
#: Longest repeated phrase that is looked for, in words.
_PHRASE = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """Shares from 0 to 1, of segments unless it says otherwise."""

    #: A phrase said twice in a row (a single word three times), which the source does not do.
    repeats: float
    #: The source given back, or half of its words (of 4 or more) left as they were.
    copies: float
    #: Of the segments with digits: some number of the source is missing, or one was made up.
    wrong_numbers: float
    #: Of the names that the source shares with the reference: those found in the translation.
    names_kept: float
    #: No words came out.
    empty: float


def repeated(text: str) -> bool:
    """Whether a phrase of 2 to 6 words follows itself at once, or a word does so twice."""
    words = [w.lower() for w in _WORD.findall(text)]
    for size in range(1, _PHRASE + 1):
        times = 3 if size == 1 else 2
        for start in range(len(words) - size * times + 1):
            phrase = words[start : start + size]
            if all(words[start + n * size : start + (n + 1) * size] == phrase for n in range(1, times)):
                return True
    return False


def copied(source: str, made: str) -> bool:
    """Whether the source came back, wholly or in half or more of its lower-case words of four letters and more."""
    if source.strip() == made.strip():
        return any(w.islower() for w in _WORD.findall(source))
    words = [w for w in _WORD.findall(source) if len(w) >= 4 and w.islower()]
    if len(words) < 4:
        return False
    present = set(_WORD.findall(made))
    return sum(w in present for w in words) >= len(words) / 2


def figures(sources: Sequence[str], made: Sequence[str], references: Sequence[str]) -> Figures:
    """The figures of a translated test set."""
    repeats = copies = empty = numbered = wrong = names = kept = 0
    for source, target, reference in zip(sources, made, references, strict=True):
        empty += not _WORD.search(target)
        repeats += repeated(target) and not repeated(source)
        copies += copied(source, target)
        wanted, found = numbers(source), numbers(target)
        if wanted or found:
            numbered += 1
            wrong += not _same_numbers(wanted, found, numbers(reference))
        shared = {n for n in _NAME.findall(source) if n in reference and not source.startswith(n)}
        names += len(shared)
        kept += sum(n in target for n in shared)
    count = max(len(sources), 1)
    return Figures(repeats / count, copies / count, wrong / max(numbered, 1), kept / max(names, 1), empty / count)


def _same_numbers(source: Counter[str], made: Counter[str], reference: Counter[str]) -> bool:
    """Every number of the source is there, unless the reference lacks it too; none is there that neither has."""
    missing = {n for n in source if n not in made and n in reference}
    invented = {n for n in made if n not in source and n not in reference}
    return not missing and not invented
