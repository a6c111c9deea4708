"""Text that is made to be slow takes linear time wherever it is read as a whole, before anything has cut it."""

import gc
import time
from collections.abc import Callable

import pytest

from worker.summary.terms import letters_of
from worker.text.headlines import is_shouted, quieted, shouted
from worker.text.names import missing_capitals, missing_names
from worker.text.normal_forms import composed
from worker.text.numerals import FRENCH_NUMERALS, roman_value

SIZE = 15_000


def assert_linear(work: Callable[[str], object], unit: str, frame: str = "{}") -> None:
    """Four times the text takes less than ten times as long; quadratic time would be sixteen."""

    def seconds(size: int) -> float:
        text = frame.format(unit * (size // len(unit)))
        best = 99.0
        gc.disable()
        try:
            for _ in range(3):
                start = time.process_time()
                work(text)
                best = min(best, time.process_time() - start)
        finally:
            gc.enable()
        return best

    assert seconds(4 * SIZE) < 10 * seconds(SIZE) + 0.05


@pytest.mark.parametrize("unit", ["A", "ACGT", "字", "A@", "@", "@A", "@ ", "#", "A.", "WWW", "HTTP:", "A,B "])
@pytest.mark.parametrize("work", [is_shouted, quieted, shouted])
def test_lines_in_capitals(work: Callable[[str], object], unit: str) -> None:
    assert_linear(work, unit, "LE MAIRE A DIT {}")


@pytest.mark.parametrize("frame", ["Le mot est bien là : {}", "Le mot est bien là : {}a", "Le mot {} est là"])
@pytest.mark.parametrize("unit", ["×", "Þ", "ÞÞ ", "AB", "AB,", "××a", "A-", "÷"])
def test_capitals(unit: str, frame: str) -> None:
    assert_linear(lambda text: missing_capitals(text + "b" * len(text), "The word is there."), unit, frame)


@pytest.mark.parametrize("unit", ["M. ", "A. ", "Mme A. ", "Aa ", "Aa-", "A", "×"])
def test_names(unit: str) -> None:
    assert_linear(lambda text: missing_names(text + "b" * len(text), "The word is there."), unit, "Mme {}")


@pytest.mark.parametrize("unit", [" 234", ".234", "'234", " 2", ",1", "XI ", "X"])
def test_numbers(unit: str) -> None:
    assert_linear(FRENCH_NUMERALS.find, unit, "1{} 5678")


def test_roman_numbers() -> None:
    assert_linear(roman_value, "X")
    assert roman_value("CCCLXXXVIII") == 388
    assert roman_value("X" * 16) is None


@pytest.mark.parametrize("unit", ["\u0315\u0316", "\u0301", "e\u0301", "\u1100\u1161", "\u3099"])
@pytest.mark.parametrize(
    "work", [composed, letters_of, lambda text: missing_names(f"Mme Durand {text}", f"Ms Durand {text}")]
)
def test_accents(work: Callable[[str], object], unit: str) -> None:
    assert_linear(work, unit, "a{}")


def test_accents_are_composed_and_blanks_stay() -> None:
    many = "e" + "\u0315\u0316" * 16
    assert composed(f"e\u0301te\u0301\u2000{many} \u1fefe\u0301") == f"\u00e9t\u00e9\u2000{many} `\u00e9"
