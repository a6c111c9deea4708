import dataclasses
import time

import numpy as np
import pytest

from tests.unit.worker.summary.articles import plain
from worker.summary import Flag, Sentence, Weights, summarize_extractive
from worker.summary.candidates import candidates_of
from worker.summary.choice import companions_of
from worker.summary.ranking import rank

BRIDGE = "The bridge of Morvelle reopened on Monday."
IT = "It had been closed since the flood of 2021."
SO = "So the shops on the left bank had lost trade."
BUT = "But the town hall has promised them some aid."
BAND = "A band of twelve played two long pieces."
WORKS = "The works cost 48 million euros in all."

OPEN = Weights(floor=0.0, share=1.0)
ANYWHERE = Weights(floor=0.0, share=1.0, position=0.0, opening=0.0)


def _summary(texts: list[str], max_words: int, weights: Weights = OPEN, title: str | None = None) -> str:
    return summarize_extractive(plain(texts), max_words=max_words, weights=weights, title=title).text


def test_each_sentence_knows_what_it_needs() -> None:
    pool = candidates_of(plain([IT, BRIDGE, IT.replace("2021", "2022"), SO, BUT, BAND]))
    assert companions_of(pool) == [(), (1,), (1, 2), (1, 2, 3), (), (5,)]


def test_a_gap_before_it_leaves_a_sentence_alone() -> None:
    between = Sentence(paragraph=0, segment=1, source="Un titre", target="A heading", complete=False)
    first, last = plain([BRIDGE, "", IT])[::2]
    pool = [candidate for candidate in candidates_of([first, between, last]) if candidate.whole]
    assert companions_of(pool) == [(0,), ()]


def test_a_leaning_sentence_brings_the_one_before() -> None:
    texts = [BAND, BRIDGE, IT, WORKS]
    # The title is all in the leaning sentence, which has room for the one before or has not.
    title = "Closed since the flood of 2021"
    assert _summary(texts, 16, ANYWHERE, title) == f"{BRIDGE} {IT}"
    assert IT not in _summary(texts, 15, ANYWHERE, title)
    assert _summary(texts, 9, dataclasses.replace(ANYWHERE, chain=False), title) == IT


def test_what_is_chosen_already_costs_nothing() -> None:
    assert _summary([BRIDGE, IT, BAND], 24).startswith(f"{BRIDGE} {IT}")


def test_the_first_sentence_of_an_article_may_lean_and_then_stays_away() -> None:
    assert _summary([IT, BAND], 100) == BAND
    assert _summary([IT, SO], 100) == IT
    summary = summarize_extractive(plain([IT]), max_words=5)
    assert summary.sentences[0].flags == (Flag.CUT,)


def test_a_long_chain_stays_away() -> None:
    assert BUT not in _summary([BRIDGE, IT, SO, BUT, BAND], 100)


def test_the_title_counts_until_it_is_told() -> None:
    pool = candidates_of(plain([BAND, WORKS, "The works cost more than had been feared."]))
    ranking = rank(pool, np.ones(3), "Dear works cost 48 million", ANYWHERE)
    before, after = ranking.ranks(), ranking.ranks([1])
    assert before[1] > before[2] > before[0]
    assert after[2] < before[2]
    assert after[0] == before[0]
    assert np.array_equal(
        rank(pool, np.ones(3), None, Weights()).ranks(), rank(pool, np.ones(3), "", Weights()).ranks()
    )


def test_an_opening_about_something_else_counts_less() -> None:
    pool = candidates_of(plain([BAND, "A child lost a glove there.", WORKS, BRIDGE]))
    central = np.array([0.1, 0.1, 1.0, 0.9])
    trusting = rank(pool, central, None, Weights(doubt=0.0)).ranks()
    doubting = rank(pool, central, None, Weights(doubt=1.0)).ranks()
    assert int(np.argmax(trusting)) == 0
    assert int(np.argmax(doubting)) == 2
    about = np.array([0.5, 0.1, 1.0, 0.9])
    assert np.array_equal(
        rank(pool, about, None, Weights(doubt=0.0)).ranks(), rank(pool, about, None, Weights(doubt=1.0)).ranks()
    )


def test_ten_thousand_sentences_take_bounded_time() -> None:
    generator = np.random.default_rng(3)
    texts = [
        ("They say that " if n % 3 else "Mayors say that ")
        + " ".join(f"word{m}" for m in generator.integers(0, 4000, 14))
        + f" end{n}."
        for n in range(10_000)
    ]
    for max_words in (100, 1000):
        began = time.monotonic()
        text = _summary(texts, max_words, Weights(), title=" ".join(f"word{n}" for n in range(12)))
        # About 1 s each on one core; the ceiling is for a busy machine.
        assert time.monotonic() - began < 40
        assert 0 < len(text.split()) <= max_words


@pytest.mark.parametrize("title", [None, "Un pont", "***", ""])
def test_nothing_can_be_ranked(title: str | None) -> None:
    assert rank([], np.zeros(0), title, Weights()).ranks().shape == (0,)
