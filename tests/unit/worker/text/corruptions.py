"""What goes wrong in translations, done to good ones on purpose: each kind with the flag that it should raise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from worker.text import FlagCode

PAIRS = [
    (source, target)
    for source, target in (
        line.split("\t") for line in Path(__file__).with_name("pairs.tsv").read_text(encoding="utf-8").splitlines()
    )
]

_WHOLE = {FlagCode.REPEATED, FlagCode.SOURCE_COPIED, FlagCode.FRENCH_LEFT, FlagCode.LENGTH_OUTLIER}
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_WORDS = {
    "two": "four", "three": "five", "four": "three", "five": "eight", "seven": "three", "ten": "thirty", "twelve": "twenty",
    "fourteen": "forty", "fifteen": "fifty", "seventeen": "seven", "eighteen": "eight", "nineteen": "nine", "twenty": "twelve",
    "thirty": "thirteen", "ninety": "nineteen", "sixty": "sixteen", "hundred": "thousand", "fifth": "sixth", "ninth": "tenth",
    "eighty": "eighteen", "fifty": "fifteen",
}  # fmt: skip
_MAGNITUDES = {"million": "billion", "billion": "million", "trillion": "million"}
_MENTION = re.compile(r"(?<!\S)[@#]\w+(?=[ .]|$)")
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<![@\w-])\w+\.fr\b")
_NAMES = re.compile(
    r"(?<=[a-zé] )(?:Vasseur|Delaunay|Moreau|Lambert|Lefort|Garnier|Marchand|Morel|Vidal|Mercier|Belkacem)\b"
)
_CAPITALS = re.compile(r"\b[A-Z]{2,}\d*(?:-\d+)?\b|\b[A-Z]\d{2,}\b")


@dataclass(frozen=True, slots=True)
class Corruption:
    """A kind of damage. `damage` gives the bad target, or None where there is nothing to damage.

    `also` are flags that are right as well.
    """

    name: str
    code: FlagCode
    damage: Callable[[str, str], str | None]
    also: tuple[FlagCode, ...] = ()


def corrupted(corruption: Corruption) -> Iterator[tuple[str, str]]:
    """The good pairs, damaged, where they can be; for damage to the whole text, those of more than six words."""
    least = 7 if corruption.code in _WHOLE else 1
    for source, target in PAIRS:
        bad = corruption.damage(source, target) if len(source.split()) >= least else None
        if bad is not None and bad != target:
            yield source, bad


def _half(text: str) -> int:
    return len(text.split()) // 2


def _french_half(source: str, target: str) -> str:
    return " ".join(target.split()[: _half(target)] + source.split()[_half(source) :])


def _first(pattern: re.Pattern[str], replace: Callable[[str], str]) -> Callable[[str, str], str | None]:
    def damage(_: str, target: str) -> str | None:
        match = pattern.search(target)
        return target[: match.start()] + replace(match[0]) + target[match.end() :] if match else None

    return damage


def _other_digits(number: str) -> str:
    return re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 9 + 1), number)


def _tenfold(number: str) -> str:
    return number.replace(".", "", 1) if "." in number else number + "0"


def _swapped(table: dict[str, str]) -> Callable[[str, str], str | None]:
    return _first(re.compile(rf"\b(?:{'|'.join(table)})\b"), lambda word: table[word])


def _without_percent(_: str, target: str) -> str | None:
    bad = re.sub(r" ?%| percent\b", "", target)
    return bad if bad != target else None


def _other_hour(source: str, target: str) -> str | None:
    if not re.search(r"\d ?(?:h\b|heures\b)", source):
        return None
    return _first(re.compile(r"\b\d+(?=[: ]\d*\S* ?[ap]\.?m)"), lambda hour: str(int(hour) % 12 + 1))(source, target)


def _with_number(_: str, target: str) -> str:
    return target.rstrip(".!?") + ", after 3,471 others."


def _without_quotes(source: str, target: str) -> str | None:
    return re.sub("[“”]", "", target) if "“" in target else None


_N, _A = FlagCode.NUMBER_MISSING, FlagCode.NUMBER_ADDED
_OTHERS = (_A, FlagCode.NAME_MISSING, FlagCode.LINK_MISSING, FlagCode.MENTION_MISSING)

CORRUPTIONS = [
    Corruption("nothing", FlagCode.EMPTY_OUTPUT, lambda source, target: " "),
    Corruption(
        "the last word again and again", FlagCode.REPEATED, lambda source, target: f"{target} {' '.join(['so'] * 6)}",
        (FlagCode.LENGTH_OUTLIER,),
    ),
    Corruption(
        "the last words again", FlagCode.REPEATED,
        lambda source, target: " ".join([*target.split(), *target.split()[-4:] * 2]), (FlagCode.LENGTH_OUTLIER,),
    ),
    Corruption(
        "all of it twice", FlagCode.REPEATED, lambda source, target: f"{target} {target}", (FlagCode.LENGTH_OUTLIER,)
    ),
    Corruption("a copy", FlagCode.SOURCE_COPIED, lambda source, target: source, (_N, _A)),
    Corruption("French in its second half", FlagCode.FRENCH_LEFT, _french_half, (_N, _A, FlagCode.REPEATED)),
    Corruption(
        "other French", FlagCode.FRENCH_LEFT, lambda source, target: "Il est clair que nous ne pouvons pas continuer ainsi.",
        tuple(FlagCode),
    ),
    Corruption("cut short", FlagCode.LENGTH_OUTLIER, lambda source, target: target.split()[0], tuple(FlagCode)),
    Corruption(
        "far too long", FlagCode.LENGTH_OUTLIER,
        lambda source, target: target + " and many other things that nobody ever wrote down" * (1 + len(source) // 20),
        (FlagCode.REPEATED,),
    ),
    Corruption("a number left out", _N, _first(_DIGITS, lambda number: "some"), _OTHERS),
    Corruption("other digits", _N, _first(_DIGITS, _other_digits), _OTHERS),
    Corruption("ten times as much", _N, _first(_DIGITS, _tenfold), _OTHERS),
    Corruption("another magnitude", _N, _swapped(_MAGNITUDES), (_A,)),
    Corruption("another number word", _N, _swapped(_WORDS), (_A,)),
    Corruption("another hour", _N, _other_hour, (_A,)),
    Corruption("no percent sign", _N, _without_percent),
    Corruption("a number too many", _A, _with_number),
    Corruption("other capitals", FlagCode.NAME_MISSING, _first(_CAPITALS, lambda name: "QXJ"), (_N, _A)),
    Corruption("another surname", FlagCode.NAME_MISSING, _first(_NAMES, lambda name: "Kowalski")),
    Corruption(
        "a stuttered surname", FlagCode.NAME_MISSING, _first(_NAMES, lambda name: name[:3] + name[1:3] + name[3:].lower() + "n")
    ),
    Corruption("no quotation marks", FlagCode.QUOTATION_LOST, _without_quotes),
    Corruption("a mention changed", FlagCode.MENTION_MISSING, _first(_MENTION, lambda name: name[:-2])),
    Corruption(
        "emoji and other scripts left out", FlagCode.SIGNS_MISSING,
        lambda source, target: re.sub("[\U0001f300-\U0001faff\u0370-\u04ff\u3040-\u9fff]", "", target),
    ),
    Corruption("a link changed", FlagCode.LINK_MISSING, _first(_LINK, lambda link: link[:-3]), (_N, _A)),
    Corruption(
        "an address changed", FlagCode.EMAIL_MISSING, _first(re.compile(r"\S+@\w+\.\w+"), lambda address: "x" + address)
    ),
]  # fmt: skip
