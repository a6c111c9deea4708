"""Outputs of the model that repeat themselves or say nothing: each is decoded once more, without repeats."""

import pytest

from tests.unit.worker.summary.articles import article, plain
from tests.unit.worker.summary.scripted import ScriptedEngine
from worker.engine.interface import DecodeOptions, Output
from worker.summary import Flag, Sentence, Summary, summarize_abstractive

SAID = "The bridge of Morvelle reopened on Monday."
COST = "The works cost 48 million euros."
#: A loop inside a sentence: of a phrase, of a word, of a character, of a passage.
LOOPS = [
    "The mayor said that the mayor said that the mayor said that the bridge is open.",
    "The bridge is very very very very high.",
    "The bridge is hiiiiiiiiiiiiigh.",
    "The works on the left bank cost much, as the works on the left bank cost more.",
]


class Model:
    """Writes `first` on each text, and `again` where repeats are forbidden."""

    def __init__(self, first: str, again: str, *, truncated: bool = False) -> None:
        self.first, self.again, self.truncated = first, again, truncated

    def __call__(self, text: str, options: DecodeOptions) -> Output:
        return Output(self.again if options.no_repeat_ngram else self.first, 9, 9, truncated=self.truncated)


def _summary(model: Model, sentences: list[Sentence] | None = None) -> tuple[Summary, ScriptedEngine]:
    engine = ScriptedEngine(model, limit=500)
    return summarize_abstractive(engine, "job", sentences or article(), max_words=40), engine


@pytest.mark.parametrize("bad", [*LOOPS, "", "...", f"{SAID} {SAID} {SAID}", f"{COST} {LOOPS[0]}"])
def test_what_ran_in_circles_or_was_silent_is_decoded_once_more_without_repeats(bad: str) -> None:
    summary, engine = _summary(Model(bad, f"{SAID} {COST}"))
    assert [line.text for line in summary.sentences] == [SAID, COST]
    assert all(line.flags == () for line in summary.sentences)
    (texts, options), (texts_again, options_again) = engine.calls
    assert texts_again == texts
    assert options.no_repeat_ngram is None
    assert options_again.no_repeat_ngram == 3
    assert (options_again.max_new_tokens, options_again.min_new_tokens) == (
        options.max_new_tokens,
        options.min_new_tokens,
    )


@pytest.mark.parametrize("again", [*LOOPS, "", "– 12"])
@pytest.mark.parametrize("first", [LOOPS[0], ""])
def test_where_that_is_no_better_sentences_of_the_translation_stand_in(first: str, again: str) -> None:
    summary, engine = _summary(Model(first, again))
    assert len(engine.calls) == 2
    assert summary.sentences
    assert all(line.flags == (Flag.SELECTED,) and line.support == 1.0 for line in summary.sentences)


@pytest.mark.parametrize("again", [LOOPS[1], ""])
def test_a_sound_sentence_said_again_and_again_counts_once(again: str) -> None:
    summary, _ = _summary(Model(f"{SAID} {SAID} {SAID}", again))
    assert [(line.text, line.flags) for line in summary.sentences] == [(SAID, ())]


def test_the_sentences_before_a_loop_that_the_limit_cut_off_count() -> None:
    loop = "The mayor said that the mayor said that the mayor said"
    summary, engine = _summary(Model(f"{SAID} {loop}", loop, truncated=True))
    assert len(engine.calls) == 2
    assert [(line.text, line.flags) for line in summary.sentences] == [(SAID, ())]


@pytest.mark.parametrize("sound", [f"{SAID} {COST}", "The bridge is very, very high.", "Works,"])
def test_what_is_sound_is_decoded_once(sound: str) -> None:
    assert len(_summary(Model(sound, ""))[1].calls) == 1


def test_what_the_chunk_repeats_may_be_repeated() -> None:
    for chant in ("The crowd sang no no no no to the mayor.", LOOPS[-1]):
        summary, engine = _summary(Model(chant, ""), plain([chant, SAID, COST]))
        assert len(engine.calls) == 1
        assert summary.text == chant


def test_only_the_chunk_that_went_wrong_is_decoded_again() -> None:
    sentences = plain(f"Sentence {n} tells of matter{n} and of nothing else." for n in range(40))

    def write(text: str, options: DecodeOptions) -> str:
        if "matter20 " in text and not options.no_repeat_ngram:
            return LOOPS[0]
        return " ".join(text.split()[:9])

    engine = ScriptedEngine(write, limit=100)
    told: list[int] = []
    summary = summarize_abstractive(engine, "job", sentences, max_words=40, on_progress=told.append)
    (chunks, _), (again, options) = engine.calls
    assert len(chunks) == 4
    assert again == [text for text in chunks if "matter20 " in text]
    assert options.no_repeat_ngram == 3
    assert [line.text for line in summary.sentences] == [" ".join(text.split()[:9]) for text in chunks]
    assert summary.coverage.rounds == 1
    assert len(told) == len(chunks) + 1
