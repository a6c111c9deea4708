"""Numbers of a French text and of its English translation, made comparable.

``1 234,5`` and ``1,234.5`` are both ``12345``: what separates groups and decimals differs, the digits do not. An English
text may also write a number as a word (``three``), an hour after noon by its hour before it, or zeros as a magnitude.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.vocabulary import MAGNITUDES, NUMBER_WORDS

_NUMBER = re.compile(
    r"(?<![\d#])\d{1,3}(?:[ \u00a0\u202f\u2009.,'’]\d{3})++(?!\d)(?:[.,]\d+)?|(?<![\d#])\d++(?:[.,]\d++)?"
)
_HOUR = re.compile(r"[ \u00a0\u202f]?(?:h\b|h\d|heures?\b|:\d)", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")


def missing_numbers(source: str, target: str) -> list[str]:
    """The numbers of `source`, French, that `target`, English, has not: as they are written, each once, in order."""
    wanted = {digits: (number, hour) for digits, number, hour in _numbers(source)}
    if not wanted:
        return []
    found = {digits for digits, _, _ in _numbers(target)}
    heads = {_significant(digits) for digits in found}
    inside = " ".join(found)
    stream = "".join(char for char in target if char.isdigit())
    names = set(_LETTERS.findall(target.lower()))
    return [
        number
        for digits, (number, hour) in wanted.items()
        if not (
            digits in found
            or _named(digits, names)
            or (hour and _hour_is_there(digits, found, names))
            or (not number.isdigit() and _significant(digits) in heads)
            or (len(digits) > 3 and not names.isdisjoint(MAGNITUDES) and _significant(digits) in heads)
            or (len(digits) == 2 and digits in inside)  # the years 90 are the 1990s
            or (len(digits) > 2 and digits in stream)
        )
    ]


def _numbers(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each number: its digits without leading zeros, how it is written, whether it is an hour."""
    for match in _NUMBER.finditer(text):
        digits = "".join(char for char in match[0] if char.isdigit())
        yield digits.lstrip("0") or "0", match[0], bool(_HOUR.match(text, match.end()))


def _significant(digits: str) -> str:
    return digits.rstrip("0") or "0"


def _named(digits: str, names: set[str]) -> bool:
    """Whether the words for a number up to 99, 100 or 1,000 are among `names`."""
    if digits in NUMBER_WORDS and not names.isdisjoint(NUMBER_WORDS[digits]):
        return True
    if len(digits) == 2 and digits[1] != "0" and digits[0] not in "01":
        return not names.isdisjoint(NUMBER_WORDS[digits[0] + "0"]) and not names.isdisjoint(NUMBER_WORDS[digits[1]])
    head = _significant(digits)
    if len(digits) < 4 or len(head) > 2 or names.isdisjoint(MAGNITUDES):
        return False
    # ``80 000`` is eighty thousand.
    return any(_named(head + zeros, names) for zeros in ("", "0") if len(head + zeros) < 3)


def _hour_is_there(digits: str, found: set[str], names: set[str]) -> bool:
    """Whether an hour from 13 to 24 stands as one from 1 to 12."""
    if len(digits) > 2 or not 12 < int(digits) <= 24:
        return False
    hour = str(int(digits) - 12)
    return hour in found or _named(hour, names)
