"""Cheap checks of what a model made of one segment. They tell that something is wrong, not that all is well.

Each is linear in the lengths of source and target and knows nothing of the model. A flag is a reason to decode again in
another way, and, if that does not help, to tell the reader. docs/segmentation.md has how often they are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from worker.text.document import BLANKS
from worker.text.figures import missing_numbers
from worker.text.loops import repetition
from worker.text.vocabulary import BORROWED, ENDINGS, ENGLISH, FRENCH, PARTICLES


class FlagCode(StrEnum):
    """What is wrong with a segment's translation. The values are part of the interface."""

    EMPTY_OUTPUT = "empty_output"  #: nothing came out
    REPEATED = "repeated"  #: a word, phrase or passage comes again and again, and did not in the source
    SOURCE_COPIED = "source_copied"  #: the source came out as it went in, or nearly
    FRENCH_LEFT = "french_left"  #: the target is French, or holds French that is not a name or a quotation
    LENGTH_OUTLIER = "length_outlier"  #: far shorter or longer than its source lets expect
    NUMBER_MISSING = "number_missing"  #: a number of the source is not in the target
    LINK_MISSING = "link_missing"  #: a web address of the source is not in the target
    EMAIL_MISSING = "email_missing"  #: an e-mail address of the source is not in the target


@dataclass(frozen=True, slots=True)
class Flag:
    """A code, and what it is about: at most `LONGEST_DETAIL` characters, for people to read."""

    code: FlagCode
    detail: str


LONGEST_DETAIL = 200

#: Characters of source up to which the length of the target says nothing unless it is wild.
SHORT, MIDDLING = 15, 40
#: The longest target for a short source, in characters.
LONGEST_FOR_SHORT = 80
#: The smallest and the largest ratio of target to source, in characters, for middling and for longer sources.
MIDDLING_RATIO, LONG_RATIO = (0.2, 3.5), (0.35, 2.2)
#: How many words in a row of the source, not between quotation marks, the target may have before it is looked into.
COPIED_RUN = 4
#: The share of the target's words, names left out, that the source has too, from which it is a copy.
COPIED_SHARE = 0.8

_URL = re.compile(r"(?:https?://|\bwww\.)[^\s«»“”<>\"]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")
_HOST = re.compile(r"(?<![\w.@/-])[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?:/[^\s«»“”<>\"]*)?")
_TOP_LEVEL = frozenset(
    ["fr", "com", "org", "net", "eu", "be", "ch", "ca", "info", "io", "gov", "edu", "uk", "int", "tv"]
)
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"[«“][^«»“”]{0,120}[»”]|\"[^\"]{0,120}\"")
_ACCENTS = frozenset("àâæçèéêëîïôœùûüÿ")
_TRAILING = ".,;:!?…)]}'’\"»”" + BLANKS


def needs_translation(segment: str) -> bool:
    """Whether there is a letter in `segment`. Where there is none (``***``, ``12,5 %``), it passes through unchanged."""
    return any(map(str.isalpha, segment))


def check(source: str, target: str) -> list[Flag]:
    """What looks wrong in `target`, English, as the translation of `source`, French: each code once at most."""
    if not source.strip(BLANKS):
        return []
    if not target.strip(BLANKS):
        return [Flag(FlagCode.EMPTY_OUTPUT, f"nothing for {len(source)} characters")]
    return [Flag(code, detail[:LONGEST_DETAIL]) for code, detail in _findings(source, target)]


def _findings(source: str, target: str) -> Iterator[tuple[FlagCode, str]]:
    loop = repetition(source, target)
    if loop:
        yield FlagCode.REPEATED, loop
    if needs_translation(source):
        before, after = _prose(source), _prose(target)
        copied = _copied(before, after)
        french = None if copied else _french(before, after)
        if copied:
            yield FlagCode.SOURCE_COPIED, copied
        if french:
            yield FlagCode.FRENCH_LEFT, french
        if _is_outlier(len(source.strip()), len(target.strip())):
            yield FlagCode.LENGTH_OUTLIER, f"{len(target)} characters for {len(source)}"
    plain_source, links, emails = _without_addresses(source)
    missing = missing_numbers(plain_source, _without_addresses(target)[0])
    if missing:
        yield FlagCode.NUMBER_MISSING, ", ".join(missing)
    lowered = target.lower()
    for code, addresses in ((FlagCode.LINK_MISSING, links), (FlagCode.EMAIL_MISSING, emails)):
        lost = [address for address in addresses if address.lower() not in lowered]
        if lost:
            yield code, ", ".join(lost)


def _without_addresses(text: str) -> tuple[str, list[str], list[str]]:
    """`text` without its links and e-mail addresses, and these."""
    links: list[str] = []
    emails: list[str] = []

    def take(match: re.Match[str], into: list[str]) -> str:
        address = match[0].rstrip(_TRAILING)
        into.append(address)
        return " " + match[0][len(address) :]

    def take_host(match: re.Match[str]) -> str:
        host = match[0].split("/")[0]
        return take(match, links) if host.rsplit(".", 1)[-1].lower() in _TOP_LEVEL else match[0]

    text = _EMAIL.sub(lambda match: take(match, emails), text)
    text = _URL.sub(lambda match: take(match, links), text)
    return _HOST.sub(take_host, text), links, emails


@dataclass(frozen=True, slots=True)
class _Prose:
    """The words of a text, addresses left out, as they are written and in small letters."""

    written: list[str]
    small: list[str]
    quoted: frozenset[int]  # the indices of words between quotation marks
    lower: list[bool]  # whether a word starts with a small letter, or the whole text is in capitals


def _prose(text: str) -> _Prose:
    text = _without_addresses(text)[0]
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
    return _Prose(written, small, frozenset(quoted), [shout or word[0].islower() for word in written])


def _copied(source: _Prose, target: _Prose) -> str | None:
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


def _french(source: _Prose, target: _Prose) -> str | None:
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


def _leftovers(source: _Prose, target: _Prose) -> Iterator[str]:
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


def _run(source: _Prose, target: _Prose) -> str | None:
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


def _is_outlier(source: int, target: int) -> bool:
    if source < SHORT:
        return target > LONGEST_FOR_SHORT
    least, most = MIDDLING_RATIO if source < MIDDLING else LONG_RATIO
    return not least <= target / source <= most
