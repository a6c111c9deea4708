"""The numbers of a French text that its English translation has not, and those that it has from nowhere.

Numbers are compared by what they are worth (`worker.text.numerals`), and by what else an English text may make of them: an
hour after noon is one before it (``20 h``, *8 p.m.*), a decade has its century (``années 90``, *the 1990s*), a month its
name, a long number its digits in other groups.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile

from worker.text.abbreviations import words
from worker.text.addresses import address_spans, without_addresses
from worker.text.numerals import DIGITS, ENGLISH_NUMERALS, FRENCH_NUMERALS, GROUP, Numeral, english_digits

_HOUR = re.compile(r"[ \u00a0\u202f]?(?:h(?:\b|(?=\d))|heures?\b|:\d\d)", re.IGNORECASE)
_PERCENT = re.compile(r"%|\bp(?:our|\.)[ \u00a0]?c(?:ent\b|\.)|\bp\.[ \u00a0]?100\b", re.IGNORECASE)
_PERCENTAGE = re.compile(r"%|\bper[ -]?cent|\bpct\b|\bpoints?\b|\bproportion\b|\bshare\b|\brate\b", re.IGNORECASE)
_HALF = re.compile(r"[ \u00a0]et[ \u00a0]demie?\b")
_MONTHS = {
    1: "january", 2: "february", 3: "march", 4: "april", 5: "may", 6: "june", 7: "july", 8: "august", 9: "september",
    10: "october", 11: "november", 12: "december",
}  # fmt: skip
_FRENCH_MONTHS = words(
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre janv févr avr juil sept oct nov déc"
)
_LETTERS = re.compile(r"[^\W\d_]+")
#: Days of which a translation makes weeks.
_DAYS = re.compile(r"[ \u00a0]jours?\b", re.IGNORECASE)
#: Words of French numbers that are part of a phrase, with what stands before them.
_BOTH = re.compile(r"\b(?:l|d)es |\b[csnv]es |\b[nv]os |\bleurs |\btou(?:te)?s |\baux ")
_PHRASES = re.compile(r"(?:\bpour|\bp\.|\bsur|\bentre)[ \u00a0]$", re.IGNORECASE)
#: A number that texts have and lack as articles do, and words for no number in particular.
_ONE, _VAGUE = 1.0, words("millions milliards billions cents")


_ROMAN = frozenset("IVXLC")
#: Characters before and after a number that are looked at.
_NEAR = 12
#: Characters before a number that may say what it is the number of.
_CONTEXT = 40
#: What stands before a number that is no quantity, and before one that is dialled.
_NUMBER_OF = re.compile(
    r"(?:\bn[°º]|\b(?:isbn|t[ée]l|fax|t[ée]l[ée]phone|num[ée]ro)|\b(?:siren|siret|rcs)\b[^\d,;!?]{0,20}"
    r"|\b(?:appel(?:ez|er)|compos(?:ez|er)|joign(?:ez|ables?)|joindre|contact(?:ez|er))\b[^\d.;:!?]{0,20}\b(?:le|au)\b)"
    rf"[{GROUP}.:]{{0,4}}$",
    re.IGNORECASE,
)
#: More groups of digits on either side: of a telephone number, or a year, a row of a table.
_GROUPS_BEFORE = re.compile(rf"(?<!\w)(?<!\d[.,:/-])\+?\d+(?:[{GROUP}]\d+)*[{GROUP}]$")
_GROUPS_AFTER = re.compile(rf"(?:[{GROUP}]\d++(?!\w|[.,:/]\d))+")
#: A group that stands by itself: a year, a single digit.
_APART = re.compile(r"\d|1[5-9]\d\d|20\d\d")
#: Fewest digits of a telephone number that neither 0 nor a group of two shows to be one.
_TELEPHONE = 9
#: A number in digits in a target, in whole.
_WRITTEN = re.compile(rf"(?<![\d.,\w])(?:{DIGITS})(?!\w|[.,]\d)")


@dataclass(frozen=True, slots=True)
class _English:
    """What a target's numbers are worth, and the letters and digits in it."""

    numerals: Sequence[Numeral]
    values: Set[float]
    stream: str
    names: Set[str]

    @classmethod
    def read(cls, text: str) -> _English:
        numerals = ENGLISH_NUMERALS.find(text)
        values = {value for numeral in numerals for value in numeral.values}
        for numeral in numerals:
            if numeral.in_digits and "." in numeral.written:
                values.update(_parts(numeral.written))
        stream = "".join(char for char in text if char.isdigit())
        return cls(numerals, values, stream, frozenset(_LETTERS.findall(text.lower())))


def with_english_digits(source: str, target: str) -> str:
    """`target` with the numbers that it has just as `source` writes them, in French, written as in English: ``1 300``, ``4,2``.

    Addresses, and numbers that are no quantities, stay. What was kept as it is would change with the others: that is the
    caller's to rule out.
    """
    if not any(map(str.isdigit, target)):
        return target
    plain = without_addresses(source)[0]
    english: dict[str, str] = {}
    for numeral in FRENCH_NUMERALS.find(plain):
        digits = numeral.digits
        if digits and digits in target and english.get(digits) != digits:
            english[digits] = in_english(numeral, plain)
    changed = {digits: other for digits, other in english.items() if other != digits}
    if not changed:
        return target
    addresses = address_spans(target)

    def change(match: re.Match[str]) -> str:
        number = bisect_right(addresses, (match.start(), len(target))) - 1
        inside = number >= 0 and match.start() < addresses[number][1]
        if inside or match[0] not in changed or _is_dialled(match[0], target, match.start()):
            return match[0]
        return changed[match[0]]

    return _WRITTEN.sub(change, target)


def in_english(numeral: Numeral, source: str) -> str:
    """The digits of a French number in `source` as English writes them; as they are where they are part of a telephone
    number, or the number of a company or a thing."""
    before = source[max(0, numeral.start - _CONTEXT) : numeral.start]
    if _NUMBER_OF.search(before) or _is_dialled(numeral.digits, source, numeral.start):
        return numeral.digits
    return english_digits(numeral.digits)


def _is_dialled(digits: str, text: str, start: int) -> bool:
    """Whether digits at a place of `text` are part of a telephone number, or of another long one, by the groups beside them.

    Decimals are not, and neither a year nor a single digit makes what stands beside it one.
    """
    if "," in digits:
        return False
    end = start + len(digits)
    before = _GROUPS_BEFORE.search(text, max(0, start - _CONTEXT), start)
    after = _GROUPS_AFTER.match(text, end, end + _CONTEXT)
    earlier = before[0].split() if before else []
    later = after[0].split() if after else []
    long = sum(map(str.isdigit, digits))
    if not earlier and text[max(0, start - 1) : start] == "+":
        return bool(later) or long >= _TELEPHONE
    if earlier and earlier[0][0] in "+0" and earlier != ["0"]:
        return True
    if any(len(group) == 2 for group in (*earlier[-1:], *later[:1])):
        return True
    joined = list(takewhile(_is_joined, reversed(earlier))) if _is_joined(digits.split()[0]) else []
    joined += takewhile(_is_joined, later)
    return bool(joined) and long + sum(map(len, joined)) >= _TELEPHONE


def _is_joined(group: str) -> bool:
    return not _APART.fullmatch(group)


def missing_numbers(source: str, target: str) -> list[str]:
    """The numbers of `source`, French, that `target`, English, has not: as they are written, each once, in order.

    A percent sign that went missing is one of them.
    """
    wanted = FRENCH_NUMERALS.find(source)
    english = _English.read(target) if wanted else None
    missing = {
        numeral.written: None
        for numeral in wanted
        if english is not None and _is_wanted(numeral, source) and not _is_there(numeral, source, english)
    }
    percent = _PERCENT.search(source)
    if percent and not missing and not _PERCENTAGE.search(target):
        missing[percent[0]] = None
    return list(missing)


def added_numbers(source: str, target: str) -> list[str]:
    """The numbers in digits in `target`, English, that nothing in `source`, French, accounts for: each once, in order."""
    found = [numeral for numeral in ENGLISH_NUMERALS.find(target) if numeral.in_digits]
    if not found:
        return []
    known = set(_known_values(source))
    stream = "".join(char for char in source if char.isdigit())
    has_month = not _FRENCH_MONTHS.isdisjoint(_LETTERS.findall(source.lower()))
    return list(
        dict.fromkeys(
            numeral.written
            for numeral in found
            if known.isdisjoint(numeral.values)
            and not ("." in numeral.written and known >= set(_parts(numeral.written)))
            and not (numeral.start and (target[numeral.start - 1].isalpha() or target[numeral.start - 1] == "#"))
            and not _is_excused(numeral, stream, has_month)
        )
    )


def _is_wanted(numeral: Numeral, source: str) -> bool:
    """Whether a translation must have the number: not what belongs to a word, a phrase or an abbreviation."""
    before = source[max(0, numeral.start - _NEAR) : numeral.start]
    if before[-1:].isalpha():
        return False
    if numeral.in_digits:
        return before[-1:] != "#"  # &#160;
    after = source[numeral.end : numeral.end + _NEAR]
    if before[-1:] in "-'’" and before[-2:-1].isalpha():
        return False  # part of a compound
    if after[:1] == "-" and after[1:2].isalpha():
        return False
    if numeral.written[0].isupper() and before.strip('«“"( \u00a0\u202f'):
        return len(numeral.written) > 2 and set(numeral.written.rstrip("erèms")) <= _ROMAN
    if numeral.written.lower() in ("sept", "cent") and (after[:1] == "." or _PHRASES.search(before)):
        return False
    if numeral.values == {_ONE} or numeral.written.lower() in _VAGUE:
        return False
    if numeral.written.lower() == "deux" and _BOTH.search(before):
        return False
    return not _DAYS.match(after) or not numeral.values <= {8.0, 14.0, 15.0}


def _is_there(numeral: Numeral, source: str, english: _English) -> bool:
    values = numeral.values
    if not values:  # too long to be a quantity
        return "".join(filter(str.isdigit, numeral.written)) in english.stream
    if not values.isdisjoint(english.values):
        return True
    value = min(values)
    if _HALF.match(source, numeral.end) and value + numeral.scaled / 2 in english.values:
        return True
    if value in _hours_of(numeral, source) and _hour_is_there(value, english):
        return True
    if numeral.in_digits and value <= 12 and _MONTHS.get(int(value), "") in english.names:
        return True
    if (
        numeral.in_digits
        and 9 < value < 100
        and any(found % 100 == value for found in english.values if 1000 <= found < 2100)
    ):
        return True
    if 1000 <= value < 2100 and value % 10 == 0 and value % 100 in english.values:  # the 60s
        return True
    if value == 0 and not english.names.isdisjoint(("freezing", "no", "nil")):
        return True
    if value == _ONE and "i" in english.names:  # François Ier
        return True
    parts = _parts(numeral.written)
    return len(parts) > 1 and "." in numeral.written and all(part in english.values for part in parts)


def _hours_of(numeral: Numeral, source: str) -> Set[float]:
    """The hour that a number is, if it is one."""
    value = min(numeral.values)
    return {value} if value <= 24 and _HOUR.match(source, numeral.end) else frozenset()


def _hour_is_there(hour: float, english: _English) -> bool:
    return hour in (0, 24) or (hour > 12 and hour - 12 in english.values) or (hour == 12 and "noon" in english.names)


def _known_values(source: str) -> Iterator[float]:
    """All that the numbers of a source may have become."""
    for numeral in FRENCH_NUMERALS.find(source):
        yield from numeral.values
        if numeral.in_digits and "." in numeral.written:
            yield from _parts(numeral.written)
        for value in numeral.values:
            if value <= 24:
                yield from (value - 12, value + 12)
            if value < 100:
                yield from (1900 + value, 2000 + value, 1800 + value)
            if value > 1000:
                yield value % 100
            if numeral.scaled > 1:
                yield value / numeral.scaled
            yield value + 0.5  # et demie
    for word, values in _FRACTIONS.items():
        if re.search(rf"\b{word}", source, re.IGNORECASE):
            yield from values


#: Words that a translation may write in digits.
_FRACTIONS = {
    "moitié": (50.0, 2.0), "demi": (30.0, 0.5, 1.5, 2.0), "quart": (15.0, 45.0, 25.0), "tiers": (3.0, 33.0),
    "minuit": (0.0, 12.0),
    "midi": (12.0,), "neuf": (9.0,), "un": (1.0,), "premi": (1.0,), "second": (2.0,), "zéro": (0.0,), "double": (2.0,),
    "siècle": (100.0,), "semaine": (7.0, 14.0), "jours": (1.0, 2.0), "cent": (100.0,), "mille": (1000.0,), "cinq": (5.0,),
}  # fmt: skip


def _is_excused(numeral: Numeral, stream: str, has_month: bool) -> bool:
    digits = "".join(char for char in numeral.written if char.isdigit())
    value = min(numeral.values, default=0.0)
    if not numeral.values and digits in stream:
        return True
    return not numeral.values or (has_month and value in range(13)) or value == 0


def _parts(written: str) -> list[float]:
    """The groups of digits in a number as numbers: dates, versions, hours like ``6.30``."""
    return [float(part) for part in re.findall(r"\d+", written) if len(part) <= 15]
