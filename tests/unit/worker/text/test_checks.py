import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.text import FlagCode, check, needs_translation
from worker.text.checks import LONGEST_DETAIL, Flag
from worker.text.figures import missing_numbers
from worker.text.loops import repetition

PAIRS = [
    tuple(line.split("\t")) for line in Path(__file__).with_name("pairs.tsv").read_text(encoding="utf-8").splitlines()
]
LONG = [(source, target) for source, target in PAIRS if len(source.split()) > 6]


def codes(source: str, target: str) -> set[str]:
    return {flag.code for flag in check(source, target)}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_good_pairs_raise_no_flag(source: str, target: str) -> None:
    assert check(source, target) == []


def test_there_are_sixty_good_pairs() -> None:
    assert len(set(PAIRS)) >= 60


def half(text: str) -> int:
    return len(text.split()) // 2


CORRUPTIONS: dict[str, tuple[FlagCode, Callable[[str, str], str], float]] = {
    "nothing": (FlagCode.EMPTY_OUTPUT, lambda source, target: " ", 1.0),
    "the last word again and again": (
        FlagCode.REPEATED,
        lambda source, target: f"{target} {' '.join(['so'] * 6)}",
        1.0,
    ),
    "the last words again": (
        FlagCode.REPEATED,
        lambda source, target: " ".join([*target.split(), *target.split()[-4:] * 2]),
        0.95,
    ),
    "all of it twice": (FlagCode.REPEATED, lambda source, target: f"{target} {target}", 0.9),
    "a copy": (FlagCode.SOURCE_COPIED, lambda source, target: source, 0.95),
    "French in its second half": (
        FlagCode.FRENCH_LEFT,
        lambda source, target: " ".join(target.split()[: half(target)] + source.split()[half(source) :]),
        0.6,  # what is left is a name, a number or one word
    ),
    "other French": (
        FlagCode.FRENCH_LEFT,
        lambda source, target: "Il est clair que nous ne pouvons pas continuer ainsi.",
        1.0,
    ),
    "cut short": (FlagCode.LENGTH_OUTLIER, lambda source, target: " ".join(target.split()[:1]), 0.9),
    "far too long": (
        FlagCode.LENGTH_OUTLIER,
        lambda source, target: target + " and many other things that nobody ever wrote down" * (1 + len(source) // 20),
        1.0,
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corrupted_pairs_are_found(name: str) -> None:
    code, corrupt, least = CORRUPTIONS[name]
    found = [code in codes(source, corrupt(source, target)) for source, target in LONG]
    assert sum(found) >= least * len(found)


def test_lost_and_changed_numbers_are_found() -> None:
    sources = [(s, t) for s, t in PAIRS if re.search(r"\d{2}", t) and "." not in re.sub(r"\.\B", "", s)]
    dropped = [FlagCode.NUMBER_MISSING in codes(s, re.sub(r"\d[\d,.]*", "some", t)) for s, t in sources]
    changed = [
        FlagCode.NUMBER_MISSING in codes(s, re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), t))
        for s, t in sources
    ]
    assert len(sources) > 15
    assert sum(dropped) >= 0.9 * len(dropped)
    assert sum(changed) >= 0.9 * len(changed)


def test_lost_addresses_are_found() -> None:
    source = "Voir https://exemple.fr/a?b=1, (www.exemple.org) ou presse.fr et écrire à jean.dupont@exemple.fr."
    assert check(source, "See it and write.") == [
        Flag(FlagCode.LENGTH_OUTLIER, f"17 characters for {len(source)}"),
        Flag(FlagCode.LINK_MISSING, "https://exemple.fr/a?b=1, www.exemple.org, presse.fr"),
        Flag(FlagCode.EMAIL_MISSING, "jean.dupont@exemple.fr"),
    ]
    target = "See https://exemple.fr/a?b=1 (www.exemple.org) or presse.fr and write to jean.dupont@exemple.fr."
    assert check(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("1 234,5 km", "1,234.5 km", []),
        ("1.234.567 voix", "1 234 567 votes", []),
        ("3,50 €", "€3.5", []),
        ("le 1er étage", "the first floor", []),
        ("21 pays", "twenty-one countries", []),
        ("à 20 h", "at 8 pm", []),
        ("à 20 h", "at 9 pm", ["20"]),
        ("20 chats", "8 cats", ["20"]),
        ("30 chats", "3 cats", ["30"]),
        ("3 chats", "30 cats", ["3"]),
        ("12 chats et 12 chiens en 2019", "cats and dogs", ["12", "2019"]),
        ("2 000 milliards", "2 trillion", []),
        ("6&#160;%", "6 %", []),
    ],
)
def test_numbers(source: str, target: str, missing: list[str]) -> None:
    assert missing_numbers(source, target) == missing


@pytest.mark.parametrize(
    ("source", "target", "repeats"),
    [
        ("Oui, oui, oui !", "Yes, yes, yes!", False),
        ("Oui !", "Yes yes yes!", True),
        ("Il dort.", "He sleeps and sleeps.", False),
        ("Il dort.", "He is at home, he is at home.", True),
        ("Fin…", "The end...", False),
        ("Fin", "The end............", True),
        ("1 000 000 000 €", "€1,000,000,000", False),
    ],
)
def test_repetition(source: str, target: str, repeats: bool) -> None:
    assert (repetition(source, target) is not None) is repeats


@pytest.mark.parametrize(
    "name", ["Emmanuel Macron", "Tour de France", "https://exemple.fr/le-monde", "CAC 40", "Le Monde", "OTAN"]
)
def test_names_and_addresses_may_be_equal(name: str) -> None:
    assert check(name, name) == []


def test_english_that_comes_back_is_no_copy() -> None:
    text = "The president said that he would not comment on the vote."
    assert check(text, text) == []


def test_a_near_copy_is_a_copy() -> None:
    source = "La mesure concerne tous les salariés des petites entreprises industrielles"
    assert codes(source, source.replace("petites", "small")) >= {FlagCode.SOURCE_COPIED}


def test_french_between_quotation_marks_may_stay() -> None:
    assert (
        check(
            "Il a crié « vive la république et vive la France ».", "He shouted “vive la république et vive la France”."
        )
        == []
    )


@pytest.mark.parametrize(
    ("segment", "answer"), [("***", False), ("12,5 %", False), ("—", False), ("a", True), ("é", True)]
)
def test_needs_translation(segment: str, answer: bool) -> None:
    assert needs_translation(segment) is answer
    assert check(segment, segment) == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_checked(source: str, target: str) -> None:
    flags = check(source, target)
    assert len({flag.code for flag in flags}) == len(flags)
    assert all(0 < len(flag.detail) <= LONGEST_DETAIL for flag in flags)


@pytest.mark.parametrize("unit", ["a", "a ", "1", "1 ", "a.", "a@", "«", "www.", "a-", "é est que "])
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            check(text, text + "b")
            best = min(best, time.process_time() - start)
        return best

    assert seconds(40_000) < 10 * seconds(10_000) + 0.05
