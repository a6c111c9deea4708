"""The watchdog's round, and what becomes of the attempts of a process that must end."""

import faulthandler
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from service.contract.attempt import Claim
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore, Place
from service.contract.request import JobRequest
from worker import watchdog
from worker.attempts import Attempt, AttemptBook
from worker.context import EXIT_BROKEN, WorkerContext
from worker.engine.fake import FakeEngine
from worker.settings import Settings
from worker.vitals import Fault, LoopMoves
from worker.watchdog import Watchdog, end_process, make_watchdog, settle

FAULT = Fault("it hangs", frozenset({"guilty.7"}))


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Nets:
    """In the place of the last net."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drawn: list[tuple[float, bool]] = []
        monkeypatch.setattr(faulthandler, "dump_traceback_later", self._draw)

    def _draw(self, seconds: float, *, exit: bool) -> None:
        self.drawn.append((seconds, exit))


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch) -> Nets:
    return Nets(monkeypatch)


def make(
    *checks: watchdog.Check,
    clock: Callable[[], float],
    on_fault: Callable[[Fault], None] = lambda fault: None,
    excused: Callable[[], bool] = lambda: False,
) -> Watchdog:
    return Watchdog(checks, excused=excused, on_fault=on_fault, net_s=600, clock=clock)


class TestRound:
    @pytest.fixture(autouse=True)
    def _no_net(self, nets: Nets) -> None:
        """Nothing may end the tests."""

    def test_the_first_fault_counts(self) -> None:
        clock = Clock()
        dog = make(lambda now: None, lambda now: FAULT, lambda now: Fault("another"), clock=clock)
        assert dog.tick() is FAULT

    def test_its_clock_stands_still_while_the_process_is_stopped(self) -> None:
        clock, seen = Clock(), []
        dog = make(lambda now: seen.append(now), clock=clock)
        for pause in (1, 1, 3600, 1):
            clock.now += pause
            dog.tick()
        assert seen == [1, 2, 4, 5], "of the hour, two seconds count"

    def test_nothing_is_asked_during_a_drain(self) -> None:
        assert make(lambda now: FAULT, clock=Clock(), excused=lambda: True).tick() is None

    def test_the_thread_reports_one_fault_and_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watchdog, "_TICK_S", 0.001)
        told: list[Fault] = []
        rounds = iter([None, None, FAULT, Fault("never asked for")])
        dog = make(lambda now: next(rounds), clock=Clock(), on_fault=told.append)
        dog.start()
        dog._thread.join(20)
        assert told == [FAULT]

    def test_a_check_that_breaks_is_a_fault_and_says_nothing_of_what_it_held(self) -> None:
        told: list[Fault] = []

        def broken(now: float) -> Fault | None:
            raise ValueError("Le secret du village")

        dog = make(broken, clock=Clock(), on_fault=told.append)
        dog.start()
        dog._thread.join(20)
        assert told == [Fault("the watchdog itself broke: ValueError")]


def test_the_last_net_is_drawn_up_again_while_the_thread_comes_round(nets: Nets) -> None:
    clock = Clock()
    dog = make(clock=clock, excused=lambda: True)
    for _ in range(25):
        clock.now += 1
        dog.tick()
    assert nets.drawn == [(600, True)] * 3, "every ten seconds, during a drain too"


class RecordingStore:
    """Keeps who was charged and who released, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.down = False
        self.lost: set[str] = set()
        self.on_call: Callable[[], None] = lambda: None

    def crash(self, claim: Claim) -> Place:
        return self._called("crash", claim)

    def release(self, claim: Claim) -> Place:
        return self._called("release", claim)

    def _called(self, name: str, claim: Claim) -> Place:
        self.calls.append((name, claim.job_id))
        self.on_call()
        if self.down:
            raise StoreUnavailable("can't be reached")
        return Place.LOST if claim.job_id in self.lost else Place.QUEUED


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


@pytest.fixture
def context(store: RecordingStore) -> Iterator[WorkerContext]:
    engine = FakeEngine()
    book = AttemptBook(
        cast(LeaseStore, store),
        worker="w",
        lease_s=15,
        renew_s=4,
        description=dict,
        on_lost=engine.cancel,
        failure=engine.failure,
        on_broken=lambda reason: None,
    )
    yield WorkerContext(
        settings=Settings.load(),
        store=cast(LeaseStore, store),
        engine=engine,
        book=book,
        worker="w",
        draining=threading.Event(),
    )
    engine.close()


def begin(context: WorkerContext, *job_ids: str) -> None:
    for job_id in job_ids:
        claim = Claim(job_id, 7, 1, 0, 0, JobRequest(text="Le secret du village."))
        context.book.open(Attempt(claim, deadline_s=60, draining=context.draining))


class TestSettling:
    def test_who_is_to_blame_is_charged_after_all_others_were_released(
        self, context: WorkerContext, store: RecordingStore
    ) -> None:
        begin(context, "one", "guilty", "two")
        settle(context, FAULT)
        assert store.calls == [("release", "one"), ("release", "two"), ("crash", "guilty")]

    def test_an_older_attempt_at_the_same_job_is_not_this_one(
        self, context: WorkerContext, store: RecordingStore
    ) -> None:
        begin(context, "guilty")
        settle(context, Fault("it hangs", frozenset({"guilty.6"})))
        assert store.calls == [("release", "guilty")]

    def test_an_attempt_that_begins_meanwhile_is_released_too(
        self, context: WorkerContext, store: RecordingStore
    ) -> None:
        begin(context, "one")
        store.on_call = lambda: None if len(context.book) == 2 else begin(context, "late")
        settle(context, FAULT)
        assert store.calls == [("release", "one"), ("release", "late")]

    def test_each_is_logged_with_what_became_of_it(self, context: WorkerContext, store: RecordingStore) -> None:
        begin(context, "one", "guilty", "gone")
        store.lost = {"gone"}
        with capture_logs() as logs:
            settle(context, FAULT)
        assert [line["event"] for line in logs] == ["attempt_released", "attempt_lost", "attempt_charged"]
        assert "secret" not in str(logs)

    def test_a_store_that_is_away_is_asked_once_for_each(self, context: WorkerContext, store: RecordingStore) -> None:
        begin(context, "one", "guilty")
        store.down = True
        with capture_logs() as logs:
            settle(context, FAULT)
        assert [call[0] for call in store.calls] == ["release", "crash"]
        assert [line["event"] for line in logs] == ["attempt_not_released"] * 2


class Exits(list[int]):
    """In the place of `os._exit`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.called = threading.Event()
        monkeypatch.setattr(os, "_exit", self._exit)

    def _exit(self, status: int) -> None:
        self.append(status)
        self.called.set()


class TestEnd:
    def test_it_is_said_with_all_stacks_before_the_process_ends(
        self, context: WorkerContext, store: RecordingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exits, dumped = Exits(monkeypatch), []
        monkeypatch.setattr(faulthandler, "dump_traceback", lambda: dumped.append(list(exits)))
        begin(context, "guilty", "one")
        with capture_logs() as logs:
            end_process(context, FAULT)
        said = logs[0]
        assert (said["event"], said["log_level"]) == ("worker_hung", "critical")
        assert (said["reason"], said["jobs"]) == ("it hangs", 2)
        assert "worker.engine.batcher:" in str(said["stacks"]["engine"])
        assert said["stacks"]["MainThread"]
        assert "secret" not in str(said)
        assert dumped == [[]]
        assert len(store.calls) == 2
        assert exits == [EXIT_BROKEN]

    def test_it_ends_in_time_where_the_store_hangs(
        self, context: WorkerContext, store: RecordingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exits, answer = Exits(monkeypatch), threading.Event()
        monkeypatch.setattr(watchdog, "_END_S", 0.05)
        monkeypatch.setattr(faulthandler, "dump_traceback", lambda: None)
        store.on_call = lambda: cast(Any, answer.wait(20))
        begin(context, "one")
        ending = threading.Thread(target=end_process, args=(context, FAULT), daemon=True)
        ending.start()
        assert exits.called.wait(20)
        assert exits == [EXIT_BROKEN], "while the store has not answered"
        assert ending.is_alive()
        answer.set()
        ending.join(20)


def test_a_process_without_an_event_loop_has_its_engine_watched_alone(context: WorkerContext) -> None:
    assert len(make_watchdog(context)._checks) == 1
    assert len(make_watchdog(context, LoopMoves())._checks) == 3
