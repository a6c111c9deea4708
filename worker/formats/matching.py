"""Which words of a translation answer to which of its source, as far as spelling tells."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.text.abbreviations import words

#: Words that carry little meaning of their own: they neither anchor a phrase nor count against it.
SMALL = words(
    """
    le la les l un une des du de d au aux à en et ou dans par pour sur ce cette ces cet son sa ses leur leurs que qu qui se s
    the a an of to in and or by for on at this that these those his her its their with from as is
    """
)
#: Small words that a phrase may begin with.
DETERMINERS = words(
    """
    le la les l un une des du ce cet cette ces mon ma mes son sa ses notre nos votre vos leur leurs
    the a an some this that these those my his her its our your their
    """
)
#: Words at which a phrase may go over to another one.
JOINTS = words("and or but et ou mais that which who")
#: French words with one translation, without their accents.
_ENGLISH = dict(
    pair.split(":")
    for pair in words(
        """
        lundi:monday mardi:tuesday mercredi:wednesday jeudi:thursday vendredi:friday samedi:saturday dimanche:sunday
        janvier:january fevrier:february mars:march avril:april mai:may juin:june juillet:july aout:august
        septembre:september octobre:october novembre:november decembre:december
        deux:two trois:three quatre:four cinq:five sept:seven huit:eight dix:ten onze:eleven douze:twelve vingt:twenty
        cent:hundred mille:thousand milliard:billion milliards:billions ans:years annees:years
        """
    )
)
_WORD = re.compile(r"[^\W_]+")
#: What a phrase is looked for by: numbers, however their digits are grouped, words, and signs.
_ITEM = re.compile(r"[0-9]+(?:[\s.,][0-9]+)*|[^\W_]+|[^\w\s]|_")
#: Letters at the front of a word that are compared: French and English words of one root differ at the end.
_ROOT = 5
#: A phrase of more characters, or words, is not looked for.
_LONGEST, _MOST_WORDS = 400, 50
#: Punctuation by what it does, whichever of its forms a language uses.
_CLASSES = {sign: group[0] for group in (",", ";", ":", "(", ")", '«»“”„"', "–—", "[", "]") for sign in group}


@dataclass(frozen=True, slots=True)
class Word:
    """A word's place in its text, in characters; its root, without case, accents and ending; whether it is a small one."""

    start: int
    end: int
    root: str
    small: bool


def plain(text: str) -> str:
    """`text` without case and accents, character for character."""
    return text.lower() if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    low = unicodedata.normalize("NFD", char)[:1].lower()
    low = "'" if low == "’" else " " if low.isspace() else low
    return low if len(low) == 1 else char


def find_words(text: str) -> list[Word]:
    """The words of `text`, in order."""
    found = []
    flat = plain(text)
    for match in _WORD.finditer(flat):
        word = match[0]
        small = word in SMALL or (len(word) == 1 and not word.isdigit())
        found.append(Word(match.start(), match.end(), _root(word), small))
    return found


def _root(word: str) -> str:
    if word.isdigit():
        return word
    word = _ENGLISH.get(word, word)
    if len(word) > 3 and word[-1] in "sx":
        word = word[:-1]
    return word[:_ROOT]


def punctuation(text: str) -> list[tuple[str, int]]:
    """The commas, colons, dashes, brackets and quotation marks of `text`, by class, with their places; none in numbers."""
    return [
        (_CLASSES[sign], place)
        for place, sign in enumerate(text)
        if sign in _CLASSES
        and not (sign in ",:" and text[place - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit())
    ]


def occurrences(phrase: str, text: str, flat: str) -> list[tuple[int, int]]:
    """Where `phrase` stands in `text` as whole words, whatever its case, accents and blanks. `flat` is ``plain(text)``."""
    items = _ITEM.findall(plain(phrase)) if len(phrase) <= _LONGEST else []
    if not items:
        return []
    body = r"\s*".join(
        r"[\s.,]?".join(re.split(r"[\s.,]", item)) if item[0].isdigit() else re.escape(item) for item in items
    )
    before = r"(?<![^\W_])" if items[0][0].isalnum() else ""
    after = r"(?![^\W_])" if items[-1][-1].isalnum() else ""
    return [match.span() for match in re.finditer(before + body + after, flat)]


def exact(phrase: str, text: str) -> list[tuple[int, int]]:
    """Where `phrase` stands in `text`, letter by letter, not as a part of a longer word."""
    found = []
    place = text.find(phrase)
    while place >= 0:
        end = place + len(phrase)
        if not (phrase[0].isalnum() and text[place - 1 : place].isalnum() and place) and not (
            phrase[-1].isalnum() and text[end : end + 1].isalnum()
        ):
            found.append((place, end))
        place = text.find(phrase, end)
    return found


@dataclass(frozen=True, slots=True)
class Anchors:
    """Pairs of words of a source and its target that are surely the same, in the order of both; by index of word."""

    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, source: Sequence[Word], target: Sequence[Word]) -> Anchors:
        """Words whose roots stand once on either side; of crossing pairs, those of the longest run in order."""
        counts = Counter(word.root for word in source), Counter(word.root for word in target)
        places = {word.root: index for index, word in enumerate(target)}
        pairs = [
            (index, places[word.root])
            for index, word in enumerate(source)
            if not word.small and counts[0][word.root] == 1 and counts[1][word.root] == 1
        ]
        return cls(tuple(_longest_rising(pairs)))


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    tails: list[int] = []
    chosen: list[int] = []
    before: list[int] = []
    for index, (_, value) in enumerate(pairs):
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
        chosen[place : place + 1] = [index]
        before.append(chosen[place - 1] if place else -1)
    run = []
    index = chosen[-1] if chosen else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def best_window(
    phrase: Sequence[Word], target: Sequence[Word], gaps: Sequence[tuple[int, int]], near: float, need: float
) -> tuple[int, int] | None:
    """The run of target words, first and last, that has most of the phrase's words in it; None if no run has `need` of them.

    `gaps` are the characters that the run must lie within; of equal runs the one whose middle is closest to `near` is
    taken. Small words count for nothing, but an article before the run belongs to it where the phrase begins with one.
    """
    wanted = Counter(word.root for word in phrase if not word.small)
    total = sum(wanted.values())
    if not total or len(phrase) > _MOST_WORDS:
        return None
    best: tuple[float, float, int, int] | None = None
    limit = len(phrase) + 2
    for first, word in enumerate(target):
        if word.small or word.root not in wanted:
            continue
        gap = next((gap for gap in gaps if gap[0] <= word.start < gap[1]), None)
        if gap is None:
            continue
        left = Counter(wanted)
        score = 0.0
        hits = 0
        for last in range(first, min(first + limit, len(target))):
            other = target[last]
            if other.end > gap[1]:
                break
            if other.small:
                continue
            if left[other.root] <= 0:
                score -= 0.4
                continue
            left[other.root] -= 1
            hits += 1
            score += 1
            if hits >= need * total:
                key = (score, -abs((word.start + other.end) / 2 - near), first, last)
                best = key if best is None or key[:2] > best[:2] else best
    return (best[2], best[3]) if best else None
