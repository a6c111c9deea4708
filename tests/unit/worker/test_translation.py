"""Segments through the engine and back, in order, with an account of each."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing

import pytest

from tests.texts import rain
from worker.attempts import AttemptDrained
from worker.engine.fake import FakeEngine, FakeOptions
from worker.engine.interface import EngineError, EngineStopped, Output, Role
from worker.engine.queue import BatchLimits
from worker.plan import PlannedSegment, make_plan
from worker.translation import translate, wait_for


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with closing(FakeEngine(FakeOptions(fail_on="échoue"))) as engine:
        yield engine


def segments(text: str, engine: FakeEngine) -> tuple[PlannedSegment, ...]:
    return make_plan(text, None, engine, segment_tokens=64).segments


def goes_on() -> None:
    """An attempt that nothing stops."""


def test_each_segment_gets_its_own_translation(engine: FakeEngine) -> None:
    """Batches are by length: results must find their way back."""
    text = "\n".join(f"Le numéro {n} est {'très ' * (n * 7 % 13)}grand." if n % 5 else "***" for n in range(200))
    planned = segments(text, engine)
    translated = translate(planned, engine, "key", check_attempt=goes_on, on_progress=lambda done: None)
    assert [item.planned for item in translated] == list(planned)
    for number, item in enumerate(translated):
        assert (f" {number} " in item.target) if number % 5 else (item.target == "***")
        assert (item.vector is not None) is (number % 5 > 0)


def test_progress_counts_what_passes_through_from_the_start(engine: FakeEngine) -> None:
    told: list[int] = []
    planned = segments("***\nIl pleut.\n***\nIl neige.", engine)
    translate(planned, engine, "key", check_attempt=goes_on, on_progress=told.append)
    assert told == [3, 4]


def test_a_segment_that_fails_ends_the_work_and_the_engine_drops_the_rest() -> None:
    engine = FakeEngine(FakeOptions(fail_on="échoue", seconds_per_batch=0.01), BatchLimits(rows=1))
    with closing(engine):
        planned = segments("Le modèle échoue.\n" + rain(500), engine)
        with pytest.raises(EngineError, match="the model failed"):
            translate(planned, engine, "key", check_attempt=goes_on, on_progress=lambda done: None)
        assert engine.stats().waiting == 0


def test_what_stops_the_attempt_frees_the_engine_for_others() -> None:
    engine = FakeEngine(FakeOptions(seconds_per_batch=0.01), BatchLimits(rows=1))
    looks = iter(range(1000))

    def stops() -> None:
        if next(looks) == 3:
            raise AttemptDrained

    with closing(engine):
        other = engine.submit(Role.TRANSLATOR, "other", engine.tokenize(Role.TRANSLATOR, ["Il neige."]))
        planned = segments(rain(500), engine)
        with pytest.raises(AttemptDrained):
            translate(planned, engine, "key", check_attempt=stops, on_progress=lambda done: None)
        assert other[0].result(10).text, "a stranger's segment is left alone"
        assert engine.stats().waiting == 0


def test_a_wait_looks_up_while_nothing_comes() -> None:
    future: Future[Output] = Future()
    looks = iter(range(1000))

    def stops() -> None:
        if next(looks) == 2:
            raise AttemptDrained

    with pytest.raises(AttemptDrained):
        wait_for(future, stops)
    assert next(looks) == 3


def test_a_wait_for_what_was_dropped_says_why_the_attempt_is_over() -> None:
    future: Future[Output] = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    looks = iter(range(1000))

    def lost_meanwhile() -> None:
        if next(looks) == 1:
            raise AttemptDrained

    with pytest.raises(AttemptDrained):
        wait_for(future, lost_meanwhile)
    with pytest.raises(EngineStopped):
        wait_for(future, goes_on)


def test_a_segment_that_stands_there_more_than_once_is_translated_once(engine: FakeEngine) -> None:
    told: list[int] = []
    planned = segments("Il pleut.\nIl neige.\nIl pleut.\nIl pleut.", engine)
    translated = translate(planned, engine, "key", check_attempt=goes_on, on_progress=told.append)
    assert engine.stats().rows == 2
    assert sorted(told) == [1, 2, 3, 4]
    assert [item.planned for item in translated] == list(planned)
    assert translated[0].target == translated[2].target == translated[3].target != translated[1].target
