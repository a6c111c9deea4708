"""Headlines: lines in capitals, which translation models have hardly seen, and ends that only sentences have."""

from __future__ import annotations

import re
from collections.abc import Callable

from worker.text.vocabulary import FRENCH, PARTICLES

#: Letters that a line in capitals needs at least to be taken for one, and letters of a word that is no acronym.
_LETTERS, _LONG = 12, 6

_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = frozenset("AEIOUYÀÂÄÉÈÊËÎÏÔÖÙÛÜŸÆŒ")
#: Acronyms with vowels in them that news are full of.
_ACRONYMS = frozenset(
    """
    ONU OTAN UE USA UNESCO UNICEF INSEE EDF OMS FMI BCE AFP CIA FIFA UEFA RATP RSA IA PIB PME ENA OGM OPEP ANSSI CNIL
    INSERM NASA ESA COVID SIDA
    """.split()  # noqa: SIM905 - as a list it takes a line for each
)
#: What keeps its letters whatever is done to those around it.
_EXACT = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)\S[^\s@]*+@\S++|[@#]\w+", re.IGNORECASE)


def is_shouted(text: str) -> bool:
    """Whether a line is written in capitals, and is more than a few acronyms."""
    if not text.isupper() or sum(map(str.isalpha, text)) < _LETTERS:
        return False
    words = _WORD.findall(text)
    return any(word.lower() in FRENCH or word.lower() in PARTICLES for word in words) or (
        sum(len(word) >= _LONG for word in words) > 1
    )


def quieted(text: str) -> str:
    """A line in capitals in small letters, as many characters long; acronyms, the first letter and addresses stay."""
    quiet = _outside(text, lambda part: _WORD.sub(_quiet_word, part))
    first = next((place for place, char in enumerate(quiet) if char.isalpha()), 0)
    return quiet[:first] + text[first : first + 1] + quiet[first + 1 :] if len(quiet) == len(text) else text


def shouted(text: str, exact: tuple[str, ...] = ()) -> str:
    """A line in capitals, but for addresses and what is in `exact`."""
    return _outside(text, str.upper, exact)


def without_added_stop(source: str, target: str) -> str:
    """`target` without the full stop that a model gives to a headline: `source` has no end of a sentence."""
    if target.endswith(".") and target.count(".") == 1 and _is_open(source):
        return target[:-1]
    return target


def _is_open(source: str) -> bool:
    return source[-1:].isalnum() or source[-1:] in ("%", "}", "€", "$")


def _quiet_word(match: re.Match[str]) -> str:
    word = match[0]
    if word in _ACRONYMS or (1 < len(word) < _LONG and _VOWELS.isdisjoint(word)):
        return word
    return word.lower()


def _outside(text: str, change: Callable[[str], str], exact: tuple[str, ...] = ()) -> str:
    """`text` with `change` made to all that is no address and not in `exact`."""
    spared = re.compile("|".join([*map(re.escape, exact), _EXACT.pattern]), re.IGNORECASE) if exact else _EXACT
    parts: list[str] = []
    place = 0
    for match in spared.finditer(text):
        parts += change(text[place : match.start()]), match[0]
        place = match.end()
    return "".join(parts) + change(text[place:])
