"""Variants of a pair that teach what the corpus lacks: other names, other numbers, capitals, missing stops, other quotes."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from scripts.lab.bundled.corpus import Pair

_NAME = re.compile(r"\b[A-ZÀ-Ý][a-zà-ÿ]{2,}(?:-[A-ZÀ-Ý][a-zà-ÿ]+)*\b")
_WHOLE = re.compile(r"(?<![\d.,:/\w-])\d{1,4}(?![\d.,:/\w-]|\s\d)")
_STOPS = ".!?…"
_VOWELS = frozenset("AEIOUYÀÉÈÊHÎÔÛaeiouyhéèêàîôû")


def _shared(pattern: re.Pattern[str], pair: Pair) -> list[str]:
    """What both sides have word for word, once on each side, and not as the first word of either."""
    left, right = Counter(pattern.findall(pair.french)), Counter(pattern.findall(pair.english))
    return [text for text, n in left.items() if n == right[text] == 1]


def names(pairs: Iterable[Pair]) -> list[str]:
    """Names seen on both sides of some pair, inside the sentence, in order of first sight; each once."""
    found: dict[str, None] = {}
    for pair in pairs:
        for name in _shared(_NAME, pair):
            if not pair.french.startswith(name) and not pair.english.startswith(name):
                found[name] = None
    return list(found)


class NameMaker:
    """Draws a name: half of them seen in the corpus, half made up from three-letter chains of seen ones."""

    def __init__(self, seen: Sequence[str]) -> None:
        if not seen:
            raise ValueError("NameMaker needs at least one name to learn from")
        self._seen = {vowel: [n for n in seen if (n[0] in _VOWELS) is vowel] or list(seen) for vowel in (True, False)}
        self._next: dict[str, list[str]] = defaultdict(list)
        for name in seen:
            chain = "^^" + name + "$"
            for i in range(len(chain) - 2):
                self._next[chain[i : i + 2]].append(chain[i + 2])

    def draw(self, like: str, chance: random.Random) -> str:
        """A name that begins with a vowel exactly if `like` does, so elisions before it stay right."""
        vowel = like[0] in _VOWELS
        if chance.random() < 0.5:
            for _ in range(8):
                made = self._chain(chance)
                if 3 <= len(made) <= 12 and (made[0] in _VOWELS) is vowel:
                    return made
        return chance.choice(self._seen[vowel])

    def _chain(self, chance: random.Random) -> str:
        made = "^^"
        while len(made) < 16:
            letter = chance.choice(self._next[made[-2:]])
            if letter == "$":
                break
            made += letter
        return made[2:]


def renamed(pair: Pair, maker: NameMaker, chance: random.Random) -> Pair:
    """The pair with each name that both sides share replaced by another one, the same on both sides."""
    french, english = pair.french, pair.english
    for name in _shared(_NAME, pair):
        if name in {"Dieu", "Internet"}:
            continue
        other = maker.draw(name, chance)
        if chance.random() < 0.25:
            other += " " + maker.draw("B", chance)
        word = re.compile(rf"\b{re.escape(name)}\b")
        french, english = word.sub(other, french), word.sub(other, english)
    return Pair(french, english, pair.source)


def renumbered(pair: Pair, chance: random.Random) -> Pair:
    """The pair with each plain whole number of two to four digits on both sides replaced by another of as many digits."""
    french, english = pair.french, pair.english
    for number in _shared(_WHOLE, pair):
        if len(number) < 2:
            continue
        low = 10 ** (len(number) - 1)
        other = str(
            chance.randrange(1900, 2030)
            if number[:2] in {"19", "20"} and len(number) == 4
            else chance.randrange(low, low * 10)
        )
        whole = re.compile(rf"(?<!\d){number}(?!\d)")
        french, english = whole.sub(other, french), whole.sub(other, english)
    return Pair(french, english, pair.source)


def reshaped(pair: Pair, chance: random.Random) -> Pair:
    """The pair, now and then (one time in eight) in the shape of a headline, a quotation, capitals, or without its stop."""
    french, english = pair.french, pair.english
    draw = chance.random()
    if draw < 0.06 and french[-1] in _STOPS and english[-1] in _STOPS:
        return Pair(french.rstrip(_STOPS + " \u00a0"), english.rstrip(_STOPS + " "), pair.source)
    if draw < 0.075 and len(french) < 90:
        return Pair(french.upper(), english.upper(), pair.source)
    if draw < 0.11 and '"' not in english and "“" not in english and "«" not in french:
        return Pair(f"«{french}»", f'"{english}"', pair.source)
    if draw < 0.125 and not french[:1].isdigit():
        return Pair(french[0].lower() + french[1:], english[0].lower() + english[1:], pair.source)
    return pair


def vary(pair: Pair, maker: NameMaker, chance: random.Random) -> Pair:
    """A variant of the pair with other names and numbers, sometimes in another shape."""
    varied = reshaped(renumbered(renamed(pair, maker, chance), chance), chance)
    return varied if varied.french and varied.english else pair
