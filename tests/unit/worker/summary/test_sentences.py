import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.summary.sentences import (
    MAX_WORD_CHARACTERS,
    count_words,
    cut_sentence,
    has_words,
    is_finished,
    split_sentences,
    squeeze,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("One.", ["One."]),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He met Mr. Brown and J. P. Morgan. They spoke.", ["He met Mr. Brown and J. P. Morgan.", "They spoke."]),
        ("The U.S. Senate voted. It passed.", ["The U.S. Senate voted.", "It passed."]),
        ("He left the U.S. The plane was late.", ["He left the U.S.", "The plane was late."]),
        ("It rose to 3.5 percent. 20 people saw it.", ["It rose to 3.5 percent.", "20 people saw it."]),
        ("“It works.” She smiled.", ["“It works.”", "She smiled."]),
        (
            "They said yes... and then no. Why?!  (Nobody knows.)",
            ["They said yes... and then no.", "Why?!", "(Nobody knows.)"],
        ),
        ("first line\nsecond line", ["first line", "second line"]),
        ("Built in approx. 1950 by Dr. Li.", ["Built in approx. 1950 by Dr. Li."]),
    ],
)
def test_english_is_split_where_sentences_end(text: str, parts: list[str]) -> None:
    assert split_sentences(text) == parts


@given(st.text(alphabet=st.sampled_from('aBc .!?…\n"”)(1é'), max_size=80))
def test_splitting_loses_nothing(text: str) -> None:
    assert squeeze(" ".join(split_sentences(text))) == squeeze(text)


def test_splitting_takes_linear_time() -> None:
    began = time.monotonic()
    for text in ("." * 100_000, "a. " * 50_000, "." * 50_000 + " " * 50_000, '."' * 50_000):
        assert squeeze(" ".join(split_sentences(text))) == squeeze(text)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("Yes.", True),
        ("“Yes!”", True),
        ("Yes…»  ", True),
        ("Yes (really?)", True),
        ("Yes", False),
        ("Yes:", False),
        ("", False),
    ],
)
def test_finished_sentences_end_in_a_mark(text: str, finished: bool) -> None:
    assert is_finished(text) is finished


def test_words_are_what_whitespace_separates() -> None:
    assert count_words(" The  bridge – rebuilt\u00a0– cost 48\n") == 7
    assert has_words("no 1")
    assert not has_words("*** 12 - 34")


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("All of it fits.", 4, "All of it fits."),
        (
            "The mayor, who had waited for years, opened the bridge on Monday.",
            8,
            "The mayor, who had waited for years…",
        ),
        (
            "The mayor, who had waited for years, opened the bridge on Monday.",
            7,
            "The mayor, who had waited for years…",
        ),
        ("However, the mayor opened the bridge on Monday.", 6, "However, the mayor opened the bridge…"),
        (
            "It rose by 3,5 percent in one year – a record – and fell again.",
            11,
            "It rose by 3,5 percent in one year – a record…",
        ),
        ("One two three.", 1, "One…"),
    ],
)
def test_a_cut_ends_at_a_clause_if_one_says_enough(text: str, limit: int, cut: str) -> None:
    assert cut_sentence(text, limit) == cut


@given(st.lists(st.sampled_from(["a", "word,", "–", "x" * 80, "end.", "(and"]), max_size=40), st.integers(1, 20))
def test_a_cut_never_exceeds_its_limit_and_adds_nothing(words: list[str], limit: int) -> None:
    text = " ".join(words)
    cut = cut_sentence(text, limit)
    assert count_words(cut) <= limit
    assert len(cut) <= limit * MAX_WORD_CHARACTERS + 1
    assert text.startswith(cut.rstrip("…"))
