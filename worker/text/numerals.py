"""Numbers as people write them in French and in English, by what they are worth.

``1 234,5`` and ``1,234.5``, ``1,5 milliard`` and ``1.5 billion``, ``quatre-vingt-dix`` and ``ninety``, ``XXe`` and ``20th``
are worth the same. Where a spelling can be read in two ways (``1.234``) a numeral has both values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.text.abbreviations import words

#: Blanks that separate groups of digits.
GROUP = " \u00a0\u202f\u2009"
#: A number in digits, as a pattern. Groups are limited: a chain of them that ends badly is read again from each.
DIGITS = (
    rf"(?<![\w.,])\d{{1,3}}(?:(?P<mark>[{GROUP}.,'’])\d{{3}})(?:(?P=mark)\d{{3}}){{0,4}}+(?!\d)(?:[.,]\d+)?"
    r"|\d++(?:[.,]\d++)*+"
)
_TOKEN = re.compile(rf"(?P<number>{DIGITS})|(?P<word>[^\W\d_]+)")
_ROMAN = re.compile(r"[IVXLC]+")
_ROMAN_ENDINGS = words("e er re es ème èmes th st nd rd")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
#: Most digits of a number that is read: more is a code and not a quantity.
_MOST_DIGITS = 15
#: Most letters of a Roman numeral that is read: CCCLXXXVIII has eleven.
_MOST_LETTERS = 15


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number where it stands in a text: how it is written, and what it may be worth.

    `in_digits` says that it is written in digits. `scaled` is there where a magnitude follows (``million``): its power of ten.
    """

    start: int
    end: int
    written: str
    values: frozenset[float]
    in_digits: bool
    scaled: float = 1

    @property
    def digits(self) -> str:
        """What is written without the magnitude; nothing where it is in words."""
        return self.written.rstrip("abcdefghijklmnopqrstuvwxyz \u00a0\u202f-") if self.in_digits else ""


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a language writes numbers. `decimal` is the mark before decimals.

    `ones` are numbers under 100 by their words, `lone` those that count only beside others, `magnitudes` powers of ten,
    `ordinals` whole ordinals; `others` are words that stand for a number by themselves. `joint` stands before `joined` words
    in a number.
    """

    decimal: str
    ones: Mapping[str, float]
    hundreds: frozenset[str]
    magnitudes: Mapping[str, float]
    ordinals: Mapping[str, float]
    others: Mapping[str, tuple[float, ...]]
    lone: frozenset[str]
    joint: str
    joined: frozenset[str]

    def find(self, text: str) -> list[Numeral]:
        """The numbers in `text`, in order. Time is linear in its length."""
        tokens = list(_TOKEN.finditer(text))
        found: list[Numeral] = []
        place = 0
        while place < len(tokens):
            numeral, place = self._read(text, tokens, place)
            if numeral is not None:
                found.append(numeral)
        return _shared_magnitudes(text, found)

    def _read(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> tuple[Numeral | None, int]:
        """The numeral at a token, if any, and the next token to look at."""
        token = tokens[place]
        if token["number"]:
            return self._in_digits(text, tokens, place)
        small = token[0].lower()
        if small in self.others:
            return Numeral(token.start(), token.end(), token[0], frozenset(self.others[small]), False), place + 1
        if self._is_number_word(small):
            return self._in_words(text, tokens, place)
        return _roman(token, text), place + 1

    def _in_digits(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> tuple[Numeral, int]:
        token = tokens[place]
        values = frozenset(self._values(token[0]))
        numeral = Numeral(token.start(), token.end(), token[0], values, True)
        magnitude = self._magnitude_after(text, tokens, place)
        if magnitude is None:
            return numeral, place + 1
        scaled = frozenset(_rounded(value * magnitude) for value in values)
        if len(tokens[place + 1][0]) == 1:  # a million, or a metre
            return replace(numeral, values=values | scaled), place + 1
        end = tokens[place + 1].end()
        return replace(numeral, end=end, written=text[token.start() : end], values=scaled, scaled=magnitude), place + 2

    def _magnitude_after(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> float | None:
        if place + 1 == len(tokens) or text[tokens[place].end() : tokens[place + 1].start()].strip("-" + GROUP):
            return None
        return self.magnitudes.get(tokens[place + 1][0].lower())

    def _values(self, written: str) -> Iterator[float]:
        """What digits may be worth: with this language's decimal mark, and with the other one."""
        digits = re.sub(rf"[{GROUP}'’]", "", written)
        if sum(map(str.isdigit, digits)) > _MOST_DIGITS:
            return
        other = "." if self.decimal == "," else ","
        for decimal, grouping in ((self.decimal, other), (other, self.decimal)):
            whole, mark, rest = digits.partition(decimal)
            if decimal in rest or grouping in rest:
                continue
            groups = whole.split(grouping)
            if any(len(group) != 3 for group in groups[1:]) or (len(groups) > 1 and len(groups[0]) > 3):
                continue
            yield _rounded(float("".join(groups) + (mark and "." + rest)))
            if decimal == ".":  # whoever writes English groups by commas
                return

    def _is_number_word(self, small: str) -> bool:
        magnitude = small in self.magnitudes and len(small) > 2
        return small in self.ones or small in self.hundreds or magnitude or small in self.ordinals

    def _in_words(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> tuple[Numeral | None, int]:
        """A number in words: as many tokens as belong to it."""
        first, last = place, place
        total, current, scaled = 0.0, 0.0, 1.0
        taken: list[str] = []
        while place < len(tokens):
            small = tokens[place][0].lower()
            between = text[tokens[place - 1].end() : tokens[place].start()] if taken else ""
            if between.strip("-\u2010\u2011" + GROUP) or (taken and tokens[place]["number"]):
                break
            if small == self.joint and taken and place + 1 < len(tokens):
                if tokens[place + 1][0].lower() not in self.joined:
                    break
                place += 1
                continue
            if small in self.ones:
                value = self.ones[small]
                if not _fits(current, value):
                    break
                current = current - 4 + 80 if current % 100 == 4 and value == 20 else current + value
            elif small in self.hundreds:
                if current >= 100:
                    break
                current = max(current, 1) * 100
            elif small in self.magnitudes:
                magnitude = self.magnitudes[small]
                if scaled > 1 and magnitude >= scaled:
                    break
                total, current, scaled = total + max(current, 1) * magnitude, 0, magnitude
            elif small in self.ordinals:
                value = self.ordinals[small]
                if value >= 100 or _fits(current, value):
                    current = max(current, 1) * value if value >= 100 else current + value
                    taken.append(small)
                    last = place
                    place += 1
                break
            else:
                break
            taken.append(small)
            last = place
            place += 1
        if len(taken) == 1 and taken[0] in self.lone:
            return None, last + 1
        start, end = tokens[first].start(), tokens[last].end()
        numeral = Numeral(start, end, text[start:end], frozenset({_rounded(total + current)}), False, scaled)
        return (numeral if taken else None), last + 1


def english_digits(written: str) -> str:
    """A French number in digits as English writes it: ``1 234,5`` is *1,234.5*.

    What only looks like groups of digits stays as it is: ``0 800 123 456``, ``0.125``, ``192.168.100.200``.
    """
    whole, mark, decimals = written.partition(",")
    parts = re.split(rf"[{GROUP}.'’]", whole)
    if len(parts) > 1:
        grouped = 1 <= len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
        address = whole.count(".") == 3 and all(part.isdigit() and int(part) < 256 for part in parts)
        if not grouped or address or parts[0][0] == "0":
            return written
    return ",".join(parts) + (mark and "." + decimals)


def english_words(value: float) -> str:
    """A number as English text has it: up to twelve as a word, then in digits."""
    names = [name for name, number in _ENGLISH_ONES.items() if number == value <= 12]
    return names[0] if names else f"{value:,g}" if value < 1e6 else f"{value:,.0f}"


def roman_value(text: str) -> int | None:
    """What a Roman numeral up to CCC is worth; None where it is not well formed."""
    if len(text) > _MOST_LETTERS:
        return None
    values = [_ROMAN_DIGITS.get(letter, 0) for letter in text]
    if not all(values):
        return None
    total = sum(-value if value < max(values[index + 1 :], default=0) else value for index, value in enumerate(values))
    return total if 0 < total < 400 and _as_roman(total) == text else None


def _roman(token: re.Match[str], text: str) -> Numeral | None:
    """An ordinal in Roman digits: ``XXe``, ``Ier``; and the plain ones of two letters or more: ``Louis XIV``."""
    match = _ROMAN.match(token[0])
    if match is None:
        return None
    suffix = token[0][match.end() :]
    if suffix not in _ROMAN_ENDINGS and (suffix or len(match[0]) < 2):
        return None
    if match[0] in ("C", "L"):  # Ce, Les
        return None
    value = roman_value(match[0])
    if value is None:
        return None
    return Numeral(token.start(), token.end(), token[0], frozenset({float(value)}), False)


def _as_roman(number: int) -> str:
    parts = []
    for value, letters in (
        (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        parts.append(letters * (number // value))
        number %= value
    return "".join(parts)


def _fits(current: float, value: float) -> bool:
    """Whether a number under 100 can follow on what was read: 20 and 1, 60 and 12, 4 and 20, but not 3 and 5."""
    rest = current % 100
    if rest == 0 or (rest == 4 and value == 20):
        return True
    if rest < 20:
        return rest == 10 and 7 <= value <= 9  # dix-sept
    return value < 20 if rest in (60, 80) else value < 10 or (rest == 20 and value == 11)


def _shared_magnitudes(text: str, numerals: Sequence[Numeral]) -> list[Numeral]:
    """``de 2 à 3 millions``: the first may be worth two million, too."""
    found = list(numerals)
    for index in range(len(found) - 2, -1, -1):
        first, second = found[index], found[index + 1]
        between = text[first.end : second.start]
        if first.scaled == 1 and second.scaled > 1 and len(between) <= 6 and len(between.split()) <= 1:
            values = first.values | {_rounded(value * second.scaled) for value in first.values}
            found[index] = replace(first, values=values)
    return found


def _rounded(value: float) -> float:
    return round(value, 6)


def _numbered(names: str, start: int = 0, step: int = 1) -> dict[str, float]:
    return {name: float(start + step * index) for index, name in enumerate(names.split())}


_FRENCH_ONES = {
    **_numbered("zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"),
    **_numbered("vingt trente quarante cinquante soixante septante huitante nonante", 20, 10),
    "une": 1.0,
    "vingts": 20.0,
}
_FRENCH_ORDINALS = {
    **_numbered("deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième", 2),
    **_numbered("douzième treizième quatorzième quinzième seizième", 12),
    **_numbered("vingtième trentième quarantième cinquantième soixantième", 20, 10),
    "unième": 1.0,
    "centième": 100.0,
    "millième": 1000.0,
}
FRENCH_NUMERALS = Numerals(
    decimal=",",
    ones=_FRENCH_ONES,
    hundreds=words("cent cents"),
    magnitudes={
        "mille": 1e3, "m": 1e6, "million": 1e6, "millions": 1e6, "md": 1e9, "mds": 1e9, "milliard": 1e9, "milliards": 1e9,
        "billion": 1e12, "billions": 1e12,
    },
    ordinals=_FRENCH_ORDINALS | {word + "s": value for word, value in _FRENCH_ORDINALS.items()},
    others={
        "dizaine": (10.0, 12.0),
        "douzaine": (12.0,),
        "quinzaine": (15.0, 14.0, 2.0),
        "vingtaine": (20.0,),
        "trentaine": (30.0,),
        "cinquantaine": (50.0,),
        "soixantaine": (60.0,),
        "centaine": (100.0,),
    },
    # ``un`` is an article, ``neuf`` is new, and ``unième`` is part of a word.
    lone=words("un une neuf unième"),
    joint="et",
    joined=words("un une onze unième onzième dix douze"),
)  # fmt: skip

_ENGLISH_ONES = {
    **_numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    ),
    **_numbered("seventeen eighteen nineteen", 17),
    **_numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
}
_ENGLISH_ORDINALS = {
    **_numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth", 1),
    **_numbered("fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth", 14),
    **_numbered("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth", 20, 10),
    **_numbered("twenties thirties forties fifties sixties seventies eighties nineties", 20, 10),
    **{
        f"{name}ly": value
        for name, value in _numbered("second third fourth fifth sixth seventh eighth ninth", 2).items()
    },
    "hundredth": 100.0,
    "thousandth": 1000.0,
}
ENGLISH_NUMERALS = Numerals(
    decimal=".",
    ones=_ENGLISH_ONES,
    hundreds=words("hundred hundreds"),
    magnitudes={
        "thousand": 1e3, "k": 1e3, "million": 1e6, "millions": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9, "billions": 1e9,
        "bn": 1e9, "trillion": 1e12, "trillions": 1e12, "tn": 1e12,
    },
    ordinals=_ENGLISH_ORDINALS | {w + "s": v for w, v in _ENGLISH_ORDINALS.items() if w.endswith(("th", "rd"))},
    others={
        "both": (2.0,), "twice": (2.0,), "pair": (2.0,), "couple": (2.0,), "double": (2.0,), "doubled": (2.0,), "dual": (2.0,),
        "half": (2.0, 30.0, 0.5, 50.0), "triple": (3.0,), "thrice": (3.0,), "tripled": (3.0,), "quarter": (4.0, 15.0, 45.0),
        "quarters": (4.0,), "dozen": (12.0,), "dozens": (12.0,),
        "tens": (10.0,), "fortnight": (15.0, 14.0), "decade": (10.0,), "century": (100.0,),
        "noon": (12.0,), "midday": (12.0,), "midnight": (0.0, 24.0, 12.0), "trio": (3.0,), "twins": (2.0,), "either": (2.0,),
        "neither": (2.0,), "week": (8.0, 7.0), "quartet": (4.0,), "twofold": (2.0,),
    },
    lone=frozenset(),
    joint="and",
    joined=frozenset(_ENGLISH_ONES) | frozenset(_ENGLISH_ORDINALS),
)  # fmt: skip
