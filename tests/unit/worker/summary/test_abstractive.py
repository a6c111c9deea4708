import dataclasses
from concurrent.futures import CancelledError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.worker.summary.articles import article, plain
from tests.unit.worker.summary.scripted import ScriptedEngine, first_words
from worker.engine.interface import DecodeOptions, Engine, EngineError, EngineStopped, ModelInfo, Output, Role
from worker.summary import Flag, Method, Mode, Sentence, Summary, plan_steps, summarize_abstractive
from worker.summary.abstractive import MAX_ROUNDS
from worker.summary.sentences import count_words, is_finished

SAID = "The bridge of Morvelle reopened on Monday."


def _run(engine: Engine, sentences: list[Sentence], max_words: int = 40) -> Summary:
    return summarize_abstractive(engine, "job", sentences, max_words=max_words)


def _check(summary: Summary, sentences: list[Sentence], max_words: int) -> None:
    """What holds for any abstractive summary."""
    assert summary.mode is Mode.ABSTRACTIVE
    assert summary.method is Method.MAP_REDUCE
    assert count_words(summary.text) <= max_words
    assert summary.text == " ".join(line.text for line in summary.sentences)
    places = {sentence.place for sentence in sentences}
    for line in summary.sentences:
        assert line.evidence
        assert set(line.evidence) <= places
        assert 0.0 <= line.support <= 1.0
        assert is_finished(line.text) or Flag.SELECTED in line.flags


def _said(*outputs: str, truncated: bool = False) -> ScriptedEngine:
    """An engine that gives these outputs, in turn."""
    remaining = iter(outputs)
    return ScriptedEngine(lambda text, options: Output(next(remaining), 9, 9, truncated=truncated), limit=500)


def test_one_input_is_summarised_once_and_traced() -> None:
    engine = _said("The Morvelle bridge reopened after a flood. The works cost 48 million euros.")
    summary = _run(engine, article())
    _check(summary, article(), 40)
    assert [line.evidence[0] for line in summary.sentences] == [(1, 0), (1, 1)]
    assert [line.support for line in summary.sentences] == [1.0, 1.0]
    ((texts, options),) = engine.calls
    assert texts == [" ".join(sentence.target for sentence in article() if sentence.target != "***")]
    assert (summary.coverage.segments_read, summary.coverage.segments_total) == (13, 14)
    assert (summary.coverage.chunks, summary.coverage.rounds) == (1, 1)
    assert summary.reduced
    # 40 words at about one token each, and some room.
    assert options.max_new_tokens is not None
    assert options.min_new_tokens is not None
    assert 40 <= options.max_new_tokens <= 60
    assert 10 <= options.min_new_tokens <= 20


def test_the_whole_article_is_read_and_reduced_in_rounds() -> None:
    sentences = plain(f"Sentence {n} tells of matter{n} and of nothing else." for n in range(200))
    engine = ScriptedEngine(lambda text, options: " ".join(text.split()[:9]), limit=100)
    told: list[int] = []
    summary = summarize_abstractive(engine, "job", sentences, max_words=30, on_progress=told.append)
    _check(summary, sentences, 30)
    first, second = (texts for texts, _ in engine.calls)
    assert " ".join(first) == " ".join(sentence.target for sentence in sentences)
    assert summary.coverage.segments_read == summary.coverage.segments_total == 200
    assert summary.coverage.chunks == len(first) > 15
    assert summary.coverage.rounds == 2
    assert "Sentence 0 tells" in second[0]
    assert told == sorted(told)
    assert told[-1] == plan_steps("abstractive", 200)
    assert len(told) == len(first) + len(second) + 1
    assert summary.sentences[0].evidence == ((0, 0),)


def test_summaries_of_chunks_that_fit_together_are_left_as_they_are() -> None:
    sentences = plain(f"Sentence {n} tells of matter{n} and of nothing else." for n in range(20))
    engine = ScriptedEngine(lambda text, options: " ".join(text.split()[:9]), limit=100)
    summary = _run(engine, sentences, 30)
    assert len(engine.calls) == 1
    assert summary.coverage.chunks == len(summary.sentences) == 2


def test_pieces_of_a_sentence_stay_together() -> None:
    pieces = ["The mayor opened the bridge,", "which was closed.", "A band played."]
    sentences = [
        dataclasses.replace(sentence, sentence=number)
        for sentence, number in zip(plain(pieces), (1, 1, 2), strict=True)
    ]
    engine = ScriptedEngine(lambda text, options: "A bridge opened.", limit=11)
    summary = _run(engine, sentences)
    assert engine.calls[0][0] == ["The mayor opened the bridge, which was closed.", "A band played."]
    assert summary.coverage.segments_read == 3


@pytest.mark.parametrize(
    ("output", "truncated", "lines", "flags"),
    [
        # An unfinished last sentence is dropped; an only one is cut at a clause.
        (f"{SAID} The works cost", True, [SAID], ()),
        (f"{SAID} The works cost,", False, [SAID], ()),
        ("The bridge reopened on Monday, after a flood that", True, ["The bridge reopened on Monday…"], (Flag.CUT,)),
        ("Works,", True, ["Works…"], (Flag.CUT,)),
        ("The bridge has reopened on", True, ["The bridge has reopened…"], (Flag.CUT,)),
        # Stopped at the limit, but on a full stop.
        (SAID, True, [SAID], ()),
        # Ended by the model itself, without a mark.
        ("The bridge reopened", False, ["The bridge reopened."], ()),
        ("The mayor calls it “a relief”", False, ["The mayor calls it “a relief”."], ()),
        # The habits of models.
        (
            " The bridge reopened . the works cost 48 million .",
            False,
            ["The bridge reopened.", "the works cost 48 million."],
            (),
        ),
        (
            "The bridge reopened.<n>The works cost 48 million.",
            False,
            ["The bridge reopened.", "The works cost 48 million."],
            (),
        ),
    ],
)
def test_the_end_is_the_end_of_a_sentence(
    output: str, truncated: bool, lines: list[str], flags: tuple[Flag, ...]
) -> None:
    summary = _run(_said(output, truncated=truncated), article())
    assert [line.text for line in summary.sentences] == lines
    assert summary.sentences[-1].flags == flags


def test_max_words_holds_against_a_model_that_ignores_its_limit() -> None:
    summary = _run(_said(*[f"{SAID} The works cost 48 million euros. " * 9] * 2), article(), 10)
    assert summary.text == SAID
    endless = " ".join(f"and bridge{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(50)) + "."
    summary = _run(_said(endless), article(), 10)
    _check(summary, article(), 10)
    assert summary.sentences[0].flags == (Flag.CUT,)
    assert count_words(summary.text) == 10


@pytest.mark.parametrize("silence", ["", "  ", "...", "– 12"])
def test_where_the_model_has_nothing_to_say_the_translation_stands_in(silence: str) -> None:
    summary = _run(_said(silence, silence), article())
    _check(summary, article(), 40)
    assert summary.sentences
    assert all(line.flags == (Flag.SELECTED,) and line.support == 1.0 for line in summary.sentences)


def test_a_model_that_shortens_nothing_is_stopped() -> None:
    sentences = plain(f"Sentence {n} tells of matter{n} and of nothing else." for n in range(40))
    engine = ScriptedEngine(lambda text, options: text, limit=60)
    summary = _run(engine, sentences, 30)
    _check(summary, sentences, 30)
    assert len(engine.calls) == 1
    assert not summary.reduced
    assert len(summary.sentences) >= 2
    assert {line.text for line in summary.sentences} <= {sentence.target for sentence in sentences}


def test_rounds_are_bounded() -> None:
    sentences = plain(f"Sentence {n} tells of matter{n} and of nothing else." for n in range(400))
    # Leaves out one sentence in each chunk: 6 of 7 are left each time.
    engine = ScriptedEngine(lambda text, options: text[text.find(". ") + 2 :], limit=65)
    summary = _run(engine, sentences, 20)
    _check(summary, sentences, 20)
    assert summary.coverage.rounds == len(engine.calls) == MAX_ROUNDS
    assert not summary.reduced


@pytest.mark.parametrize("texts", [[], ["***", "", "12"]])
def test_nothing_to_read_is_not_sent(texts: list[str]) -> None:
    engine = ScriptedEngine()
    told: list[int] = []
    summary = summarize_abstractive(engine, "job", plain(texts), max_words=10, on_progress=told.append)
    assert (summary.text, summary.sentences) == ("", ())
    assert engine.calls == []
    assert told == [1]
    assert (summary.coverage.segments_read, summary.coverage.segments_total) == (0, len(texts))


@pytest.mark.parametrize("error", [EngineError("broken"), EngineStopped("closed"), CancelledError()])
def test_failures_of_the_engine_pass_through(error: BaseException) -> None:
    engine = ScriptedEngine(lambda text, options: error)
    with pytest.raises(type(error)):
        _run(engine, article())


def test_what_the_callback_raises_passes_through() -> None:
    class StopError(Exception):
        pass

    def stop(step: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        summarize_abstractive(ScriptedEngine(), "job", article(), max_words=10, on_progress=stop)


def test_a_summarizer_and_room_are_needed() -> None:
    class Without(ScriptedEngine):
        def info(self, role: Role) -> ModelInfo | None:
            return None

    with pytest.raises(ValueError, match="no summarizer"):
        _run(Without(), article())
    with pytest.raises(ValueError, match="at least one word"):
        _run(ScriptedEngine(), article(), 0)


_WORDS = st.sampled_from(["bridge", "The", "works,", "cost", "48", "flood.", "It", "–", "Mr.", "x" * 30, "end!"])
_TEXTS = st.lists(st.lists(_WORDS, max_size=15).map(" ".join), max_size=15)


@settings(max_examples=150, deadline=None)
@given(_TEXTS, st.integers(1, 30), st.integers(3, 40), st.sampled_from([1, 2, 5]), st.booleans())
def test_any_article_keeps_the_bounds(texts: list[str], max_words: int, limit: int, keep: int, cut: bool) -> None:
    def write(text: str, options: DecodeOptions) -> Output:
        if cut:
            return first_words(text, options)
        return Output(" ".join(text.split()[::keep]), 1, 1, truncated=False)

    sentences = plain(texts)
    engine = ScriptedEngine(write, limit=limit)
    told: list[int] = []
    summary = summarize_abstractive(engine, "job", sentences, max_words=max_words, on_progress=told.append)
    _check(summary, sentences, max_words)
    worded = [text for text in texts if any(character.isalpha() for character in text)]
    assert bool(summary.text) == bool(worded)
    if worded:
        assert "".join("".join(engine.calls[0][0]).split()) == "".join("".join(worded).split())
    assert summary.coverage.segments_read == len(worded)
    assert len([options for _, options in engine.calls if not options.no_repeat_ngram]) == summary.coverage.rounds
    assert summary.coverage.rounds <= MAX_ROUNDS
    assert told == sorted(told)
    assert told[-1] == plan_steps("abstractive", len(texts))
    for _, options in engine.calls:
        assert options.min_new_tokens is not None
        assert options.max_new_tokens is not None
        assert 0 <= options.min_new_tokens <= options.max_new_tokens


INVENTED = "The works cost 52 million euros in Brest."


def test_what_the_article_has_not_is_flagged() -> None:
    summary = _run(_said(f"{SAID} {INVENTED}"), article())
    first, second = summary.sentences
    assert (first.flags, first.unsupported) == ((), ())
    assert (second.text, second.flags, second.unsupported) == (INVENTED, (Flag.UNSUPPORTED,), ("52 million", "Brest"))
    assert "unsupported" not in summary.as_json()["sentences"][1]
    assert summary.as_json(unsupported=True)["sentences"][1]["unsupported"] == ["52 million", "Brest"]


def test_the_title_supports_names() -> None:
    engine = _said(INVENTED)
    summary = summarize_abstractive(engine, "job", article(), max_words=40, title="Morvelle: 52 millions à Brest")
    assert summary.sentences[0].unsupported == ()


def test_a_strict_summary_says_what_the_article_says_instead() -> None:
    engine = _said(f"{SAID} {INVENTED} Elephants dislike submarines.")
    summary = summarize_abstractive(engine, "job", article(), max_words=40, strict=True)
    _check(summary, article(), 40)
    first, second = summary.sentences
    assert first.text == SAID
    assert second.text == "The works cost 48 million euros, paid half by the region and half by the state."
    assert (second.evidence, second.support, second.flags) == (((1, 1),), 1.0, (Flag.REPLACED,))
    assert second.unsupported == ()


def test_a_strict_summary_keeps_its_bound_and_is_never_empty() -> None:
    summary = summarize_abstractive(_said("Elephants fly to Brest."), "job", article(), max_words=12, strict=True)
    _check_words(summary, 12)
    assert summary.text
    assert all(Flag.REPLACED in line.flags for line in summary.sentences)
    assert summarize_abstractive(ScriptedEngine(), "job", [], max_words=9, strict=True).text == ""


def _check_words(summary: Summary, max_words: int) -> None:
    assert count_words(summary.text) <= max_words
    assert summary.text == " ".join(line.text for line in summary.sentences)


@settings(max_examples=100, deadline=None)
@given(_TEXTS, st.lists(st.sampled_from([SAID, INVENTED, "Elephants fly."]), max_size=4), st.integers(1, 40))
def test_strict_summaries_of_any_article_keep_the_bounds(texts: list[str], said: list[str], max_words: int) -> None:
    sentences = plain(texts)
    engine = ScriptedEngine(lambda text, options: " ".join(said), limit=500)
    summary = summarize_abstractive(engine, "job", sentences, max_words=max_words, strict=True)
    _check_words(summary, max_words)
    assert bool(summary.text) == any(character.isalpha() for text in texts for character in text)
    places = {sentence.place for sentence in sentences}
    assert all(line.evidence and set(line.evidence) <= places for line in summary.sentences)
    assert not any(line.unsupported and Flag.CUT not in line.flags for line in summary.sentences)
