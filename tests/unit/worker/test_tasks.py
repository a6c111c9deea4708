"""One message: what becomes of it, whatever the ledger, the engine, the job or the code does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from service.contract.attempt import Claim
from service.contract.errors import Code, StoreFault, StoreUnavailable
from service.contract.request import JobRequest
from service.contract.result import Result
from tests.unit.worker.scripted_store import SECRET, ScriptedStore, make_context
from worker import tasks
from worker.attempts import Attempt
from worker.engine.batcher import BatchingEngine
from worker.engine.errors import DeviceFailed
from worker.engine.fake import FakeDecoder, FakeEngine, FakeOptions
from worker.engine.interface import Engine, Output, Role
from worker.engine.queue import BatchLimits
from worker.engine.request import Request
from worker.tasks import Rest, run_job

DOWN = StoreUnavailable("can't be reached")


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(FakeOptions(summarizer=False, fail_on="échoue"))
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("_STORE_RETRY_S", "_DRAIN_SOON_S"):
        monkeypatch.setattr(tasks, pause, 0.001)


def replace_process(monkeypatch: pytest.MonkeyPatch, action: Callable[[Attempt], object]) -> None:
    """Puts `action` in the place of the pipeline; it gets the attempt."""

    def process(request: JobRequest, key: str, engine: Engine, watch: Attempt, **_: object) -> object:
        action(watch)
        watch.check()
        raise AssertionError("the work should have stopped")

    monkeypatch.setattr(tasks, "process", process)


def test_a_job_is_done_and_its_attempt_closed(engine: FakeEngine) -> None:
    store = ScriptedStore()
    context = make_context(store, engine)
    assert run_job(context, "job") is Rest.DROP
    assert store.calls == ["claim", "succeed"]
    assert (store.ended, store.counts["segments"]) == (("succeeded", "2"), 1), "one segment, and the summary"
    assert store.result is not None
    assert store.result.timings.queued_s == 0.5
    assert len(context.book) == 0


@pytest.mark.parametrize(("settings", "translated"), [({}, 0), ({"sentence_cache": 0}, 1), ({"engine": "fake"}, 1)])
def test_a_sentence_is_translated_once_unless_that_is_turned_off(
    engine: FakeEngine, settings: dict[str, object], translated: int
) -> None:
    store = ScriptedStore()
    context = make_context(store, engine)
    context = replace(context, settings=context.settings.model_copy(update=settings))
    assert run_job(context, "job") is Rest.DROP
    first, rows = store.result, engine.stats().rows
    assert rows == 1
    assert run_job(context, "job") is Rest.DROP
    assert engine.stats().rows - rows == translated
    assert first is not None
    assert store.result is not None
    assert store.result.translation == first.translation


def test_nothing_is_done_for_a_job_that_is_not_to_be_had(engine: FakeEngine) -> None:
    store = ScriptedStore()
    store.claimed = None
    assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.calls == ["claim"]


def test_a_lost_attempt_writes_nothing(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ScriptedStore()
    context = make_context(store, engine)
    replace_process(monkeypatch, lambda attempt: attempt.lost.set())
    assert run_job(context, "job") is Rest.DROP
    assert store.calls == ["claim"]
    assert len(context.book) == 0


def test_a_worker_that_drains_gives_the_job_back(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ScriptedStore()
    context = make_context(store, engine)
    replace_process(monkeypatch, lambda attempt: context.draining.set())
    assert run_job(context, "job") is Rest.AGAIN
    assert store.released


def test_a_job_that_is_cancelled_during_a_drain_has_no_message_left(engine: FakeEngine) -> None:
    store = ScriptedStore()
    store.fenced = True
    context = make_context(store, engine)
    context.draining.set()
    assert run_job(context, "job") is Rest.DROP


def test_an_engine_that_has_stopped_gives_the_job_back(engine: FakeEngine) -> None:
    store = ScriptedStore()
    engine.close()
    assert run_job(make_context(store, engine), "job") is Rest.AGAIN
    assert store.released


class BreakingDecoder(FakeDecoder):
    """Its device fails on the word `panne`."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        if any("panne" in request.tokens.text for request in batch):
            raise DeviceFailed("it fell off the bus")
        return super().run(role, batch)


@pytest.mark.parametrize("draining", [False, True], ids=["running", "draining"])
def test_a_job_that_broke_the_engine_is_charged_and_another_is_not(
    monkeypatch: pytest.MonkeyPatch, draining: bool
) -> None:
    broken = BatchingEngine(BreakingDecoder(FakeOptions(summarizer=False)))
    guilty = ScriptedStore("Quelle panne.")
    context = make_context(guilty, broken)
    if draining:  # the worker has noticed before the task does
        replace_process(monkeypatch, lambda attempt: break_on(attempt, broken, context.draining))
    assert run_job(context, "job") is Rest.AGAIN
    assert guilty.calls == ["claim", "crash"]

    innocent = ScriptedStore()
    assert innocent.claimed is not None
    innocent.claimed = replace(innocent.claimed, job_id="other")
    assert run_job(make_context(innocent, broken), "other") is Rest.AGAIN
    assert innocent.calls == ["claim", "release"]


def break_on(attempt: Attempt, engine: Engine, draining: threading.Event) -> None:
    engine.submit(Role.TRANSLATOR, attempt.key, engine.tokenize(Role.TRANSLATOR, ["panne"]))[0].exception(20)
    draining.set()


def test_a_charge_is_tried_again_while_the_store_is_away() -> None:
    broken = BatchingEngine(BreakingDecoder(FakeOptions(summarizer=False)))
    store = ScriptedStore("Quelle panne.", outages={"crash": [DOWN, DOWN]})
    assert run_job(make_context(store, broken), "job") is Rest.AGAIN
    assert store.calls == ["claim", "crash", "crash", "crash"]


def test_a_deadline_ends_the_job(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ScriptedStore()
    replace_process(monkeypatch, lambda attempt: setattr(attempt, "_ends_at", 0))
    assert run_job(make_context(store, engine, deadline_s=60), "job") is Rest.DROP
    assert store.ended == ("deadline_exceeded", "The attempt took longer than 60 s.")


def test_a_segment_that_the_model_fails_on_ends_the_job_without_its_text_in_the_log(engine: FakeEngine) -> None:
    store = ScriptedStore("Le modèle échoue ici.")
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.ended is not None
    assert store.ended[0] == "model_failed"
    failure = next(line for line in logs if line["event"] == "engine_failed_on_job")
    assert failure["kind"] == "RuntimeError", "the cause, not the wrapping"
    assert failure["at"].startswith("worker.engine.fake:")
    assert "modèle" not in str(logs)


def test_a_job_that_can_not_be_done_as_asked_fails_with_its_own_code(engine: FakeEngine) -> None:
    store = ScriptedStore()
    request = JobRequest.model_validate({"text": "Il pleut.", "summary": {"mode": "abstractive"}})
    store.claimed = Claim("job", 7, 1, 0, 0, request)
    assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.ended is not None
    assert store.ended[0] == Code.SUMMARIZER_MISSING.value.code


def test_broken_code_ends_the_job_and_says_where_it_broke_but_not_on_what(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(attempt: Attempt) -> None:
        raise ValueError(attempt.claim.request.text)

    replace_process(monkeypatch, broken)
    store = ScriptedStore()
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.ended is not None
    assert store.ended[0] == "internal_error"
    broke = next(line for line in logs if line["event"] == "attempt_broke")
    assert broke["kind"] == "ValueError"
    assert f"{__name__}:{broken.__code__.co_firstlineno + 1}" == broke["at"]
    assert SECRET not in str(logs) + str(store.ended)


def test_a_result_that_can_not_be_written_ends_the_job(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def to_json(self: Result) -> bytes:
        raise UnicodeEncodeError("utf-8", SECRET, 0, 1, "surrogates not allowed")

    monkeypatch.setattr(Result, "to_json", to_json)
    store = ScriptedStore()
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.ended is not None
    assert store.ended[0] == "internal_error"
    assert SECRET not in str(logs)


def test_a_claim_that_breaks_raises_nothing_that_celery_would_log(engine: FakeEngine) -> None:
    store = ScriptedStore(outages={"claim": [ValueError(SECRET)]})
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert [line["event"] for line in logs] == ["message_broke"]
    assert SECRET not in str(logs)


@pytest.mark.parametrize("transition", ["claim", "succeed"])
def test_an_outage_of_the_store_is_waited_out(engine: FakeEngine, transition: str) -> None:
    store = ScriptedStore(outages={transition: [DOWN, DOWN]})
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.calls.count(transition) == 3
    assert store.ended == ("succeeded", "2")
    assert [line["event"] for line in logs].count("store_unavailable") == 1, "said once, not at each try"


def test_a_failure_is_recorded_after_an_outage(engine: FakeEngine) -> None:
    store = ScriptedStore("Le modèle échoue ici.", outages={"fail": [DOWN]})
    assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.ended is not None


@pytest.mark.parametrize("transition", ["claim", "succeed"])
def test_a_drain_during_an_outage_keeps_the_message(engine: FakeEngine, transition: str) -> None:
    store = ScriptedStore(outages={transition: [DOWN] * 1000})
    context = make_context(store, engine)
    timer = threading.Timer(0.05, context.draining.set)
    timer.start()
    assert run_job(context, "job") is Rest.KEEP
    assert store.ended is None
    timer.join()


def test_a_claim_that_broke_off_is_left_to_the_sweep(engine: FakeEngine) -> None:
    """It may have been carried out: then the job is held, by this worker's name, and the second claim gets nothing."""
    store = ScriptedStore(outages={"claim": [DOWN]})
    store.claimed = None
    assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.calls == ["claim", "claim"]


def test_a_drain_saves_what_is_translated_and_the_next_attempt_goes_on_from_there() -> None:
    text = "\n".join(f"Il pleut sur la ville numéro {n}." for n in range(40))
    store = ScriptedStore(text)
    with closing(FakeEngine(FakeOptions(summarizer=False, seconds_per_batch=0.02), BatchLimits(rows=1))) as first:
        context = make_context(store, first)
        threading.Timer(0.3, context.draining.set).start()
        assert run_job(context, "job") is Rest.AGAIN
        done = first.stats().rows
    assert 2 <= done < 40
    assert store.released
    assert len(store.pieces) == 1
    with closing(FakeEngine(FakeOptions(summarizer=False))) as second:
        assert run_job(make_context(store, second), "job") is Rest.DROP
        assert second.stats().rows <= 40 - done + 1, "at most one batch was under way when it was saved"
    with closing(FakeEngine(FakeOptions(summarizer=False))) as whole:
        afresh = ScriptedStore(text)
        assert run_job(make_context(afresh, whole), "job") is Rest.DROP
    assert store.result is not None
    assert afresh.result is not None
    assert store.result.translation == afresh.result.translation
    assert store.result.summary == afresh.result.summary


def test_giving_back_is_tried_again_and_never_drops_the_message(engine: FakeEngine) -> None:
    store = ScriptedStore(outages={"release": [StoreUnavailable("did not answer in time")]})
    store.fenced = True  # the first try was carried out: the second finds another token
    context = make_context(store, engine)
    context.draining.set()
    assert run_job(context, "job") is Rest.AGAIN
    assert store.calls == ["claim", "release", "release"]


def test_giving_back_ends_where_the_store_stays_away(engine: FakeEngine) -> None:
    store = ScriptedStore(outages={"release": [DOWN] * 10})
    context = make_context(store, engine)
    context.draining.set()
    assert run_job(context, "job") is Rest.KEEP
    assert store.calls == ["claim", "release", "release", "release"]


def test_a_result_that_redis_will_never_take_fails_the_job(engine: FakeEngine) -> None:
    store = ScriptedStore(outages={"succeed": [StoreFault("wrongtype")]})
    assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert store.calls == ["claim", "succeed", "fail"]
    assert store.ended is not None
    assert store.ended[0] == "internal_error"


@pytest.mark.parametrize("broken", [["claim"], ["succeed", "fail"]])
def test_a_message_that_redis_will_never_let_through_is_dropped(engine: FakeEngine, broken: list[str]) -> None:
    store = ScriptedStore(outages={name: [StoreFault("wrongtype")] for name in broken})
    with capture_logs() as logs:
        assert run_job(make_context(store, engine), "job") is Rest.DROP
    assert [entry["event"] for entry in logs if entry["log_level"] == "critical"] == ["message_dropped"]
