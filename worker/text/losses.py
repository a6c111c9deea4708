"""What a translation has lost of its source, letter by letter, and how it would stand in English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from worker.text.addresses import is_within, without_addresses
from worker.text.names import missing_capitals, missing_mentions, missing_names, missing_signs, sign_runs
from worker.text.numbers import in_english, missing_numbers
from worker.text.numerals import FRENCH_NUMERALS, english_words


@dataclass(frozen=True, slots=True)
class Loss:
    """A part of the source, as it stands there, and what it is in English."""

    source: str
    target: str


def losses(source: str, target: str) -> list[Loss]:
    """What `target` has not of `source`, each once: numbers but for ordinals, names, acronyms, mentions, signs, addresses."""
    return list(dict.fromkeys(_losses(source, target)))


def _losses(source: str, target: str) -> Iterator[Loss]:
    plain, links, emails = without_addresses(source)
    plain_target = without_addresses(target)[0]
    lowered = target.lower()
    for address in (*links, *emails):
        if not is_within(address.lower(), lowered):
            yield Loss(address, address)
    for name in (
        *missing_capitals(plain, plain_target),
        *missing_names(plain, plain_target),
        *missing_mentions(plain, target),
        *(run for run in sign_runs(source) if missing_signs(run, target)),
    ):
        yield Loss(name, name)
    missing = set(missing_numbers(plain, plain_target))
    for numeral in FRENCH_NUMERALS.find(plain) if missing else ():
        if numeral.written not in missing:
            continue
        if numeral.in_digits:
            yield Loss(numeral.digits, in_english(numeral, plain))
        elif numeral.written.islower() and not numeral.written.endswith(("aine", "ième", "ièmes")):
            yield Loss(numeral.written, english_words(min(numeral.values)))
