"""From an article to a result, over the fake engine that the package ships."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.contract.errors import Code, DepecheError
from service.contract.request import JobRequest, SummaryOptions
from service.contract.result import Result
from service.contract.states import Stage
from tests.texts import rain
from worker.attempts import AttemptDrained, AttemptLost
from worker.engine.fake import FakeEngine, FakeOptions
from worker.engine.interface import EngineStopped, Output
from worker.engine.lexicon import mark
from worker.engine.queue import BatchLimits
from worker.pipeline import process
from worker.plan import Route, make_plan
from worker.translation import wait_for

ARTICLE = """Titre de l'article

Le maire a inauguré le pont mardi. M. Durand, 54 ans, s'en réjouit : « C'est un beau jour. »

\tLes travaux ont coûté 3,5 millions d'euros.  Ils ont duré deux ans.
***
The bridge was opened by the mayor on Tuesday and it has been a long time coming for the people of the town.
"""


class Recorder:
    """A watch that remembers progress, and stops the work when told to."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.reports: list[tuple[Stage, int, int]] = []
        self._stop_after = stop_after
        self._lock = threading.Lock()

    def report(self, stage: Stage, done: int, total: int) -> None:
        with self._lock:
            self.reports.append((stage, done, total))

    def check(self) -> None:
        if self._stop_after is not None and len(self.reports) >= self._stop_after:
            raise AttemptLost


def run(text: str, engine: FakeEngine, watch: Recorder | None = None, **fields: object) -> Result:
    request = JobRequest.model_validate({"text": text, **fields})
    return process(request, "job", engine, watch or Recorder(), segment_tokens=64, queued_s=0.5)


@contextmanager
def fake_engine(*, summarizer: bool) -> Iterator[FakeEngine]:
    engine = FakeEngine(FakeOptions(summarizer=summarizer))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    with fake_engine(summarizer=False) as engine:
        yield engine


def separators(text: str) -> list[str]:
    """What stands between paragraphs: blank lines, line ends, indentation."""
    return [line[: len(line) - len(line.lstrip())] if line.strip() else line for line in text.splitlines(keepends=True)]


@pytest.mark.parametrize(
    ("format", "article", "kept"),
    [
        ("markdown", "Lancez `print. Bonjour tout le monde` ensuite. Fin.", "`print. Bonjour tout le monde`"),
        (
            "html",
            '<p>La marque <span translate="no">Bien Vu. Bien Dit</span> ouvre.</p>',
            '<span translate="no">Bien Vu. Bien Dit</span>',
        ),
    ],
)
def test_what_is_kept_comes_out_once(engine: FakeEngine, format: str, article: str, kept: str) -> None:
    result = run(article, engine, format=format, force=True)
    assert result.translation.text.count(kept) == 1
    assert "Bon" not in result.translation.text.replace(kept, "")
    assert "Bien" not in result.translation.text.replace(kept, "")


def test_keeps_paragraphs_and_separators(engine: FakeEngine) -> None:
    result = run(ARTICLE, engine)
    translation = result.translation
    assert [p.source for p in translation.paragraphs] == [line.strip() for line in ARTICLE.splitlines() if line.strip()]
    assert separators(translation.text) == separators(ARTICLE)
    assert translation.text.endswith("\n")
    for paragraph in translation.paragraphs:
        assert paragraph.target in translation.text


def test_counts_what_went_in_and_came_out(engine: FakeEngine) -> None:
    result = run(ARTICLE, engine)
    segments = [s for p in result.translation.paragraphs for s in p.segments]
    assert result.coverage.segments_in == result.coverage.segments_out == len(segments)
    assert result.coverage.characters_in == len(ARTICLE)
    assert not result.coverage.truncated
    assert "".join(s.source for s in segments).replace(" ", "") == "".join(ARTICLE.split())


def test_passes_english_and_letterless_paragraphs_through(engine: FakeEngine) -> None:
    paragraphs = {p.source: p for p in run(ARTICLE, engine).translation.paragraphs}
    assert paragraphs["***"].target == "***"
    english = next(p for source, p in paragraphs.items() if source.startswith("The bridge"))
    assert english.target == english.source
    assert {flag for s in english.segments for flag in s.flags} == {"already_english"}


def test_translates_the_title(engine: FakeEngine) -> None:
    result = run("Il pleut.", engine, title="Le pont est ouvert")
    assert result.translation.title
    assert result.coverage.segments_in == 2
    assert [p.source for p in result.translation.paragraphs] == ["Il pleut."]


def test_summary_points_at_real_segments_and_keeps_its_length(engine: FakeEngine) -> None:
    result = run(ARTICLE, engine, summary={"max_words": 12})
    assert result.summary is not None
    assert result.summary.mode == "extractive"
    assert 0 < len(result.summary.text.split()) <= 12
    for sentence in result.summary.sentences:
        assert sentence.evidence
        for paragraph, segment in sentence.evidence:
            assert result.translation.paragraphs[paragraph].segments[segment]


def test_leaves_the_summary_out_when_none_is_wanted(engine: FakeEngine) -> None:
    result = run(ARTICLE, engine, summary={"mode": "none"})
    assert result.summary is None
    assert result.models.summarizer is None


def test_refuses_an_abstractive_summary_without_a_model() -> None:
    with fake_engine(summarizer=False) as engine, pytest.raises(DepecheError) as caught:
        run(ARTICLE, engine, summary={"mode": "abstractive"})
    assert caught.value.code is Code.SUMMARIZER_MISSING


def test_summarises_with_a_model_where_there_is_one() -> None:
    with fake_engine(summarizer=True) as engine:
        result = run(ARTICLE * 5, engine, summary={"mode": "auto", "max_words": 30})
    assert result.summary is not None
    assert result.summary.mode == "abstractive"
    assert len(result.summary.text.split()) <= 30
    assert all(sentence.evidence for sentence in result.summary.sentences)


def test_progress_never_goes_back_and_ends_whole(engine: FakeEngine) -> None:
    watch = Recorder()
    result = run(ARTICLE * 20, engine, watch)
    done = [done for _, done, _ in watch.reports]
    assert done == sorted(done)
    assert {total for _, _, total in watch.reports} == {result.coverage.segments_in + 1}
    assert watch.reports[0][0] is Stage.TRANSLATING
    assert watch.reports[-1][0] is Stage.SUMMARIZING


def test_a_lost_attempt_ends_the_work(engine: FakeEngine) -> None:
    with pytest.raises(AttemptLost):
        run(ARTICLE * 200, engine, Recorder(stop_after=3))


def test_text_is_composed_and_its_white_space_left_alone(engine: FakeEngine) -> None:
    """Files from some systems have accents apart from their letters; NFC would also replace two kinds of spaces."""
    text = "L'e\u0301te\u0301 est la\u0300.\n\u2000\u2001Il pleut.\n"
    result = run(text, engine, title="L'e\u0301te\u0301")
    assert result.translation.paragraphs[0].source == "L'\u00e9t\u00e9 est l\u00e0."
    assert "\n\u2000\u2001" in result.translation.text
    assert result.translation.title is not None
    assert "\u0301" not in result.translation.title
    assert result.coverage.characters_in == len(text)


class Stopper(Recorder):
    """Stops the work as soon as the summary has begun and the engine is busy with it."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__()
        self._engine = engine

    def check(self) -> None:
        if self.reports[-1][0] is Stage.SUMMARIZING and self._engine.busy_since() is not None:
            raise AttemptDrained


def test_a_summary_that_a_model_writes_can_be_stopped_while_the_model_is_busy() -> None:
    """The model never ends its first chunk; the others must not stay in the queue."""
    options = FakeOptions(max_source_tokens=40, hang_on=mark("pleut"))
    engine = FakeEngine(options, BatchLimits(rows=1, close_s=0))
    with closing(engine), pytest.raises(AttemptDrained):
        run(rain(30), engine, Stopper(engine), summary={"mode": "abstractive"})
    assert engine.stats().waiting == 0


def test_a_summary_whose_segments_the_engine_dropped_is_given_back() -> None:
    with fake_engine(summarizer=True) as engine:

        class Canceller(Recorder):
            def report(self, stage: Stage, done: int, total: int) -> None:
                if stage is Stage.SUMMARIZING:
                    engine.submit = cancelled  # type: ignore[method-assign,assignment]

        def cancelled(*_: object) -> list[Future[Output]]:
            future: Future[Output] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return [future]

        with pytest.raises(EngineStopped):
            run("Il pleut sur la ville.", engine, Canceller(), summary={"mode": "abstractive"})


def test_a_future_that_the_engine_dropped_is_not_a_result() -> None:
    future: Future[Output] = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    with pytest.raises(EngineStopped):
        wait_for(future, lambda: None)


def test_a_sentence_of_4000_words_is_cut_into_pieces_that_fit(engine: FakeEngine) -> None:
    sentence = "Le maire, qui a dit " + ", ".join(f"que la ville numéro {n} serait belle" for n in range(600)) + "."
    plan = make_plan(sentence, None, engine, segment_tokens=64)
    assert len(plan.segments) > 20
    assert {segment.sentence for segment in plan.segments} == {plan.segments[0].sentence}
    assert all(segment.tokens is not None and len(segment.tokens) <= 64 for segment in plan.segments)
    assert plan.body.source == sentence


ENGINE = FakeEngine()


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
def test_no_text_loses_a_character(text: str) -> None:
    plan = make_plan(text, None, ENGINE, segment_tokens=32)
    assert plan.body.source == text
    assert [s.source for s in plan.segments] == [segment.source for _, _, segment in plan.body]
    assert all((s.tokens is not None) == (s.route is Route.TRANSLATE) for s in plan.segments)


def test_summary_options_have_sound_defaults() -> None:
    assert SummaryOptions().model_dump() == {"mode": "auto", "max_words": 100, "strict": False}
