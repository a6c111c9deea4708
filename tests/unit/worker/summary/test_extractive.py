import dataclasses
import random
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.worker.summary.articles import REFERENCE, article, plain, pooled
from worker.engine.interface import Vector
from worker.summary import Flag, Method, Mode, Sentence, Summary, Weights, summarize_extractive
from worker.summary.sentences import count_words

FAR = "A band of twelve played two long pieces."
NEAR = "The bridge of Morvelle reopened on Monday."


def _agreement(text: str) -> float:
    """The F1 of a text's words against the reference (ROUGE-1)."""
    ours, theirs = (Counter(word.strip(".,“”") for word in side.lower().split()) for side in (text, REFERENCE))
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def _check(summary: Summary, sentences: list[Sentence], max_words: int) -> None:
    """What holds for any extractive summary."""
    assert count_words(summary.text) <= max_words
    assert summary.text == " ".join(line.text for line in summary.sentences)
    targets = {sentence.place: " ".join(sentence.target.split()) for sentence in sentences}
    places = [place for line in summary.sentences for place in line.evidence]
    order = [sentence.place for sentence in sentences]
    assert [order.index(place) for place in places] == sorted({order.index(place) for place in places})
    for line in summary.sentences:
        assert line.evidence
        assert line.support == 1.0
        whole = " ".join(targets[place] for place in line.evidence)
        if Flag.CUT in line.flags:
            assert line.text.endswith("…") or line.text == whole
            assert whole.startswith(line.text.rstrip("…"))
        else:
            assert line.text == whole
    assert 0 <= summary.coverage.segments_read <= summary.coverage.segments_total == len(sentences)


@pytest.mark.parametrize("vectors", [False, True])
def test_the_chosen_sentences_are_better_than_random_ones(vectors: bool) -> None:
    sentences = article(vectors=vectors)
    summary = summarize_extractive(sentences, max_words=60)
    _check(summary, sentences, 60)
    assert summary.mode is Mode.EXTRACTIVE
    assert summary.method is (Method.ENCODER_CENTRALITY if vectors else Method.TFIDF_CENTRALITY)
    # What matters is in it, what does not is not.
    assert (1, 0) in summary.sentences[0].evidence
    assert "glove" not in summary.text
    assert "weather" not in summary.text
    assert "***" not in summary.text
    assert summary.coverage.segments_total == 14
    assert summary.coverage.segments_read == 10
    generator = random.Random(7)
    drawn = []
    for _ in range(200):
        text = ""
        for sentence in generator.sample(sentences, len(sentences)):
            if count_words(f"{text} {sentence.target}") <= 60:
                text = f"{text} {sentence.target}".strip()
        drawn.append(_agreement(text))
    assert _agreement(summary.text) > sorted(drawn)[180]


@pytest.mark.parametrize("max_words", [0, -1])
def test_a_summary_needs_room(max_words: int) -> None:
    with pytest.raises(ValueError, match="at least one word"):
        summarize_extractive(article(), max_words=max_words)


@pytest.mark.parametrize("texts", [[], ["***"], ["", " ", "1 234"]])
def test_nothing_to_say_gives_an_empty_summary(texts: list[str]) -> None:
    summary = summarize_extractive(plain(texts), max_words=100)
    assert (summary.text, summary.sentences) == ("", ())
    assert summary.coverage.segments_read == 0
    assert summary.coverage.segments_total == len(texts)


def test_one_sentence_is_its_own_summary() -> None:
    summary = summarize_extractive(plain([NEAR]), max_words=100)
    assert summary.text == NEAR
    assert summary.sentences[0].evidence == ((0, 0),)


@pytest.mark.parametrize("vectors", [False, True])
def test_of_two_sentences_one_is_taken(vectors: bool) -> None:
    sentences = plain([NEAR, FAR], vectors=[pooled(NEAR), pooled(FAR)] if vectors else None)
    assert summarize_extractive(sentences, max_words=100).text == NEAR


def test_identical_sentences_are_said_once() -> None:
    sentences = plain([NEAR] * 9, vectors=[pooled(NEAR)] * 9)
    summary = summarize_extractive(sentences, max_words=100)
    assert summary.text == NEAR
    assert summary.sentences[0].evidence == ((0, 0),)


def test_a_headline_stands_only_where_nothing_else_does() -> None:
    assert summarize_extractive(plain(["A bridge reopens in Morvelle", FAR]), max_words=100).text == FAR
    assert summarize_extractive(plain(["A bridge reopens", "***"]), max_words=100).text == "A bridge reopens"


def test_the_best_that_fits_is_taken_before_one_is_cut() -> None:
    long = " ".join(["The bridge of Morvelle reopened on Monday", *["and again"] * 10]) + "."
    assert summarize_extractive(plain([long, FAR]), max_words=10).text == FAR


def test_where_nothing_fits_the_best_is_cut_and_says_so() -> None:
    sentences = plain([NEAR, FAR])
    summary = summarize_extractive(sentences, max_words=5)
    assert summary.text == "The bridge of Morvelle reopened…"
    assert summary.sentences[0].flags == (Flag.CUT,)
    assert summary.sentences[0].evidence == ((0, 0),)


def test_a_sentence_of_thousands_of_words_is_cut_with_the_evidence_of_what_is_left() -> None:
    pieces = [f"the part number {n} of a very long sentence," for n in range(500)]
    sentences = [dataclasses.replace(sentence, sentence=3) for sentence in plain([*pieces, "which ends here at last."])]
    summary = summarize_extractive(sentences, max_words=20)
    _check(summary, sentences, 20)
    (line,) = summary.sentences
    assert line.text == "the part number 0 of a very long sentence, the part number 1 of a very long sentence…"
    assert line.evidence == ((0, 0), (0, 1))
    assert summary.coverage.segments_read == 501


def test_redundant_sentences_give_way() -> None:
    near_again = "On Monday the bridge of Morvelle reopened to lorries and to cyclists."
    texts = [NEAR, near_again, FAR, "The works cost 48 million euros in all.", "A child lost a glove on the road."]
    eager = summarize_extractive(plain(texts), max_words=20, weights=Weights(redundancy=0.0, floor=0.0))
    careful = summarize_extractive(plain(texts), max_words=20, weights=Weights(redundancy=0.8, floor=0.0))
    assert near_again in eager.text
    assert NEAR in careful.text
    assert near_again not in careful.text


def test_what_has_been_said_in_other_words_is_left_out() -> None:
    again = "On Monday, the bridge of Morvelle was reopened."
    texts = [NEAR, again, FAR, "The works cost 48 million euros in all.", "A child lost a glove on the road."]
    summary = summarize_extractive(plain(texts), max_words=100, weights=Weights(redundancy=0.0, floor=0.0, share=1.0))
    assert [line.evidence for line in summary.sentences] == [((0, 0),), ((0, 2),), ((0, 3),), ((0, 4),)]


def test_another_number_is_news() -> None:
    texts = ["The works cost 48 million euros in 2024.", "The works cost 52 million euros in 2025.", FAR, NEAR]
    summary = summarize_extractive(plain(texts), max_words=100, weights=Weights(redundancy=0.0, floor=0.0, share=1.0))
    assert [line.evidence[0][1] for line in summary.sentences] == [0, 1, 2, 3]


def test_a_summary_takes_half_of_an_article_at_most() -> None:
    sentences = article()
    everything = sum(count_words(sentence.target) for sentence in sentences)
    summary = summarize_extractive(sentences, max_words=1000, weights=Weights(floor=0.0))
    assert everything / 4 < count_words(summary.text) <= everything / 2


@pytest.mark.parametrize("bad", [None, np.full(96, np.nan, dtype=np.float32), np.zeros(96, dtype=np.float32)])
def test_bad_vectors_fall_back_to_words(bad: Vector | None) -> None:
    words = summarize_extractive(article(), max_words=60)
    broken = [dataclasses.replace(sentence, vector=bad) for sentence in article()]
    assert summarize_extractive(broken, max_words=60) == words
    one_bad = article(vectors=True)
    one_bad[8] = dataclasses.replace(one_bad[8], vector=bad)
    summary = summarize_extractive(one_bad, max_words=60)
    assert summary.method is Method.ENCODER_CENTRALITY
    _check(summary, one_bad, 60)


def test_five_thousand_sentences_take_bounded_time() -> None:
    generator = np.random.default_rng(3)
    vectors = list(generator.standard_normal((5000, 256)).astype(np.float32))
    texts = [" ".join(f"word{n}" for n in generator.integers(0, 4000, 18)) + f" end{i}." for i in range(5000)]
    for sentences in (plain(texts, vectors=vectors), plain(texts)):
        began = time.monotonic()
        summary = summarize_extractive(sentences, max_words=100)
        # About 0.4 s on one core; the ceiling is for a busy machine.
        assert time.monotonic() - began < 10
        _check(summary, sentences, 100)
        assert summary.coverage.segments_read == 5000


_TARGETS = st.lists(
    st.one_of(
        st.text(alphabet='ab C.,!?«»"-– \n', max_size=40),
        st.lists(
            st.sampled_from(["le", "pont", "mayor", "bridge", "works", "of", "Monday", "48", "–"]),
            min_size=4,
            max_size=12,
        ).map(lambda words: " ".join(words) + "."),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(_TARGETS, st.integers(1, 40), st.integers(0, 99), st.sampled_from([None, 0.0, 1.0]))
def test_any_article_keeps_the_bounds(targets: list[str], max_words: int, seed: int, vectors: float | None) -> None:
    generator = np.random.default_rng(seed)
    drawn = [
        None if vectors is None else np.asarray(generator.standard_normal(6) * vectors, dtype=np.float32)
        for _ in targets
    ]
    sentences = [
        dataclasses.replace(sentence, sentence=int(generator.integers(0, 3)), paragraph=sentence.segment // 4)
        for sentence in plain(targets, vectors=drawn)
    ]
    summary = summarize_extractive(sentences, max_words=max_words)
    _check(summary, sentences, max_words)
    assert bool(summary.text) == any(character.isalpha() for target in targets for character in target)
    assert summarize_extractive(sentences, max_words=max_words) == summary


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(14)), st.integers(5, 120))
def test_other_vectors_change_the_choice_but_not_the_bounds(order: list[int], max_words: int) -> None:
    sentences = article(vectors=True)
    shuffled = [
        dataclasses.replace(sentence, vector=sentences[other].vector)
        for sentence, other in zip(sentences, order, strict=True)
    ]
    _check(summarize_extractive(shuffled, max_words=max_words), shuffled, max_words)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(96)), st.floats(0.1, 100))
def test_the_order_of_dimensions_and_the_scale_say_nothing(order: list[int], scale: float) -> None:
    sentences = article(vectors=True)
    turned = [
        dataclasses.replace(sentence, vector=sentence.vector[order] * np.float32(scale))
        for sentence in sentences
        if sentence.vector is not None
    ]
    assert summarize_extractive(turned, max_words=60) == summarize_extractive(sentences, max_words=60)
