"""Cheap checks of what a model made of one segment. They tell that something is wrong, not that all is well.

Each is linear in the lengths of source and target and knows nothing of the model. A flag is a reason to decode again in
another way, and, if that does not help, to tell the reader. docs/checks.md has how often they are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from worker.text.addresses import is_within, without_addresses
from worker.text.document import BLANKS
from worker.text.loops import repetition
from worker.text.names import lost_quotation, missing_capitals, missing_mentions, missing_names, missing_signs
from worker.text.numbers import added_numbers, missing_numbers
from worker.text.prose import copied_words, french_words, read_prose


class FlagCode(StrEnum):
    """What is wrong with a segment's translation. The values are part of the interface."""

    EMPTY_OUTPUT = "empty_output"  #: nothing came out
    REPEATED = "repeated"  #: a word, phrase or passage comes again and again, and did not in the source
    SOURCE_COPIED = "source_copied"  #: the source came out as it went in, or nearly
    FRENCH_LEFT = "french_left"  #: the target is French, or holds French that is not a name or a quotation
    LENGTH_OUTLIER = "length_outlier"  #: far shorter or longer than its source lets expect
    NUMBER_MISSING = "number_missing"  #: a number of the source, in digits or words, is not in the target
    NUMBER_ADDED = "number_added"  #: the target has a number that nothing in the source accounts for
    NAME_MISSING = "name_missing"  #: an acronym, a code or somebody's name is not in the target
    MENTION_MISSING = "mention_missing"  #: a mention or a hashtag of the source is not in the target
    QUOTATION_LOST = "quotation_lost"  #: the source has quotation marks and the target has none, or too few
    SIGNS_MISSING = "signs_missing"  #: emoji or letters of another script are not in the target
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

#: Runs of characters without a blank that are no words.
_RUN = re.compile(r"\S{61,}")

#: How bad each thing is, against the others: what leaves a reader with nothing, what misleads, what a reader sees and can mend.
_WEIGHTS = {
    FlagCode.EMPTY_OUTPUT: 12,
    FlagCode.SOURCE_COPIED: 8,
    FlagCode.LENGTH_OUTLIER: 6,
    FlagCode.REPEATED: 5,
    FlagCode.FRENCH_LEFT: 4,
    FlagCode.NUMBER_MISSING: 3,
    FlagCode.NUMBER_ADDED: 3,
    FlagCode.NAME_MISSING: 3,
    FlagCode.LINK_MISSING: 2,
    FlagCode.EMAIL_MISSING: 2,
    FlagCode.MENTION_MISSING: 2,
    FlagCode.SIGNS_MISSING: 1,
    FlagCode.QUOTATION_LOST: 1,
}


def needs_translation(segment: str) -> bool:
    """Whether there is a letter in `segment`. Where there is none (``***``, ``12,5 %``), it passes through unchanged."""
    return any(map(str.isalpha, segment))


def without_runs(text: str) -> str:
    """`text` with blanks in place of runs of characters that are too long for words: base64, a key, ideographs.

    A model could only make something up of what has no letter but in those.
    """
    return _RUN.sub(lambda match: " " * len(match[0]), text)


def badness(flags: Iterable[Flag]) -> int:
    """How bad what the flags tell is, all together: 0 for none. The better one of two translations has less of it."""
    return sum(_WEIGHTS[flag.code] for flag in flags)


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
    plain, links, emails = without_addresses(source)
    plain_target = without_addresses(target)[0]
    if needs_translation(source):
        before, after = read_prose(plain), read_prose(plain_target)
        copied = copied_words(before, after)
        french = None if copied else french_words(before, after)
        if copied:
            yield FlagCode.SOURCE_COPIED, copied
        if french:
            yield FlagCode.FRENCH_LEFT, french
        if _is_outlier(len(source.strip()), len(target.strip())):
            yield FlagCode.LENGTH_OUTLIER, f"{len(target)} characters for {len(source)}"
    lost = {
        FlagCode.NUMBER_MISSING: missing_numbers(plain, plain_target),
        FlagCode.NUMBER_ADDED: added_numbers(plain, plain_target),
        FlagCode.NAME_MISSING: [*missing_capitals(plain, plain_target), *missing_names(plain, plain_target)],
        FlagCode.MENTION_MISSING: missing_mentions(plain, target),
        FlagCode.SIGNS_MISSING: missing_signs(source, target),
    }
    yield from ((code, ", ".join(dict.fromkeys(found))) for code, found in lost.items() if found)
    quotation = lost_quotation(source, target)
    if quotation:
        yield FlagCode.QUOTATION_LOST, quotation
    lowered = target.lower()
    for code, addresses in ((FlagCode.LINK_MISSING, links), (FlagCode.EMAIL_MISSING, emails)):
        gone = [address for address in addresses if not is_within(address.lower(), lowered)]
        if gone:
            yield code, ", ".join(gone)


def _is_outlier(source: int, target: int) -> bool:
    if source < SHORT:
        return target > LONGEST_FOR_SHORT
    least, most = MIDDLING_RATIO if source < MIDDLING else LONG_RATIO
    return not least <= target / source <= most
