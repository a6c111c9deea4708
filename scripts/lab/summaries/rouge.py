"""ROUGE (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004): overlap with summaries that people wrote.

Written here because the packages that are in use have had no release since 2022 and bring a natural-language toolkit
along for a stemmer. Words are runs of ASCII letters and digits in small letters, without accents and without stemming:
what `rouge-score` counts with `use_stemmer=False`, but that it takes letters with accents for blanks.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Rouge:
    """F1 from 0 to 1 of single words, of pairs of neighbours and of the longest common subsequence."""

    one: float
    two: float
    longest: float


def tokens_of(text: str) -> list[str]:
    """The words that are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return _WORD.findall("".join(character for character in decomposed if not unicodedata.combining(character)))


def rouge(summary: str, references: Sequence[str]) -> Rouge:
    """ROUGE-1, ROUGE-2 and ROUGE-L of a summary, averaged over the references.

    ROUGE-L takes each text as one sequence. Where either side has no word, or no pair, F1 is 0. Raises `ValueError` without a
    reference.
    """
    if not references:
        raise ValueError("ROUGE needs a reference.")
    ours = tokens_of(summary)
    each = [_against(ours, tokens_of(reference)) for reference in references]
    count = len(each)
    return Rouge(
        sum(one.one for one in each) / count,
        sum(one.two for one in each) / count,
        sum(one.longest for one in each) / count,
    )


def _against(ours: Sequence[str], theirs: Sequence[str]) -> Rouge:
    return Rouge(
        _overlap(ours, theirs),
        _overlap(list(pairwise(ours)), list(pairwise(theirs))),
        _f1(common_subsequence(ours, theirs), len(ours), len(theirs)),
    )


def _overlap(ours: Sequence[object], theirs: Sequence[object]) -> float:
    return _f1((Counter(ours) & Counter(theirs)).total(), len(ours), len(theirs))


def _f1(shared: int, ours: int, theirs: int) -> float:
    # 2PR / (P + R) with P = shared / ours and R = shared / theirs.
    return 2 * shared / (ours + theirs) if shared else 0.0


def common_subsequence(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of the longest common subsequence, in O(len(ours) * len(theirs)) time and O(len(theirs)) memory."""
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = 0
        for place, other in enumerate(theirs, start=1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]
