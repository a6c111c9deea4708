"""The book of attempts: leases are renewed, losses are told, a broken engine ends the process."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from service.contract.attempt import Claim, Heartbeat
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.request import JobRequest
from service.contract.states import Stage
from worker import attempts
from worker.attempts import Attempt, AttemptBook, AttemptDrained, AttemptLost, DeadlineExceeded


class RecordingStore:
    """Answers heartbeats from a script and keeps what was asked."""

    def __init__(self) -> None:
        self.beats: list[tuple[list[Heartbeat], float | None, str | None]] = []
        self.lost: set[str] = set()
        self.down = False
        self.thawed = threading.Event()
        self.thawed.set()
        self.withdrawn: list[str] = []

    def heartbeat(
        self, worker: str, jobs: Sequence[Heartbeat], *, lease_s: float, renew: bool, description: str | None = None
    ) -> set[Heartbeat]:
        assert self.thawed.wait(20)
        if self.down:
            raise StoreUnavailable("can't be reached")
        self.beats.append((list(jobs), lease_s if renew else None, description))
        return {job for job in jobs if job.job_id in self.lost}

    def withdraw_worker(self, worker: str) -> None:
        self.withdrawn.append(worker)


def make_attempt(
    job_id: str = "a", deadline_s: float = 60, draining: threading.Event | None = None, token: int = 1
) -> Attempt:
    claim = Claim(job_id, token, 1, 0, 0, JobRequest(text="Bonjour."))
    return Attempt(claim, deadline_s=deadline_s, draining=draining or threading.Event())


def make_book(
    store: RecordingStore,
    *,
    on_lost: Callable[[str], None] = lambda job_id: None,
    failure: Callable[[], str | None] = lambda: None,
    on_broken: Callable[[str], None] = lambda reason: None,
    description: Callable[[], dict[str, object]] = lambda: {"id": "w"},
) -> AttemptBook:
    return AttemptBook(
        cast(LeaseStore, store),
        worker="w",
        lease_s=1.0,
        renew_s=0.2,
        description=description,
        on_lost=on_lost,
        failure=failure,
        on_broken=on_broken,
    )


def eventually(condition: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class TestAttempt:
    def test_goes_on_until_told_otherwise(self) -> None:
        make_attempt().check()

    def test_stops_when_lost(self) -> None:
        attempt = make_attempt()
        attempt.lost.set()
        with pytest.raises(AttemptLost):
            attempt.check()

    def test_stops_when_the_worker_drains(self) -> None:
        draining = threading.Event()
        attempt = make_attempt(draining=draining)
        draining.set()
        with pytest.raises(AttemptDrained):
            attempt.check()

    def test_stops_at_its_deadline(self) -> None:
        attempt = make_attempt(deadline_s=-1)
        with pytest.raises(DeadlineExceeded):
            attempt.check()

    def test_reports_what_the_heartbeat_says(self) -> None:
        attempt = make_attempt()
        attempt.report(Stage.SUMMARIZING, 3, 4)
        assert attempt.heartbeat() == Heartbeat("a", 1, Stage.SUMMARIZING, 3, 4)

    def test_a_stage_never_comes_back(self) -> None:
        attempt = make_attempt()
        attempt.report(Stage.TRANSLATING, 2, 4)
        attempt.report(Stage.SUMMARIZING, 3, 4)
        attempt.report(Stage.TRANSLATING, 3, 4)  # the engine's thread, late
        assert attempt.heartbeat().stage is Stage.SUMMARIZING


class TestAttemptBook:
    def test_a_worker_that_cannot_describe_itself_renews_its_leases(self) -> None:
        store = RecordingStore()
        told: list[dict[str, object]] = [{"id": "w"}]
        book = make_book(store, description=lambda: told.pop())
        book.open(make_attempt("a"))
        book.start()
        eventually(lambda: len([beat for beat in store.beats if beat[1]]) >= 3)
        book.stop()
        assert [beat[2] for beat in store.beats if beat[1]][:3] == ['{"id": "w", "jobs": 1}'] * 3
        assert book.answering()

    def test_makes_the_worker_known_without_any_attempt(self) -> None:
        store = RecordingStore()
        book = make_book(store)
        book.start()
        eventually(lambda: len(store.beats) >= 2)
        book.stop()
        assert store.beats[0] == ([], 1.0, '{"id": "w", "jobs": 0}')
        assert store.withdrawn == ["w"]

    def test_renews_leases_of_open_attempts_only(self) -> None:
        store = RecordingStore()
        book = make_book(store)
        first, second = make_attempt("a"), make_attempt("b")
        book.open(first)
        book.open(second)
        book.close(first)
        book.start()
        eventually(lambda: store.beats)
        book.stop()
        assert [beat.job_id for beat in store.beats[0][0]] == ["b"]
        assert len(book) == 1

    def test_tells_a_lost_attempt_and_the_engine_once(self) -> None:
        store, told = RecordingStore(), list[str]()
        book = make_book(store, on_lost=told.append)
        attempt = make_attempt("a")
        book.open(attempt)
        store.lost = {"a"}
        book.start()
        eventually(attempt.lost.is_set)
        eventually(lambda: len(store.beats) >= 3)
        book.stop()
        assert told == ["a.1"]

    def test_tells_an_older_attempt_at_the_same_job_that_it_is_lost(self) -> None:
        told = list[str]()
        book = make_book(RecordingStore(), on_lost=told.append)
        older, newer = make_attempt("a", token=1), make_attempt("a", token=2)
        book.open(older)
        book.open(newer)
        assert (older.lost.is_set(), newer.lost.is_set()) == (True, False)
        assert told == ["a.1"], "the newer one's segments have another key"

    def test_a_late_answer_does_not_end_a_newer_attempt_at_the_same_job(self) -> None:
        """The job is given back and claimed anew while a heartbeat of the first attempt is on its way."""
        first, second = make_attempt("a", token=1), make_attempt("a", token=2)

        class SlowStore(RecordingStore):
            def heartbeat(
                self,
                worker: str,
                jobs: Sequence[Heartbeat],
                *,
                lease_s: float,
                renew: bool,
                description: str | None = None,
            ) -> set[Heartbeat]:
                if not self.beats:
                    book.close(first)
                    book.open(second)
                self.beats.append((list(jobs), lease_s if renew else None, description))
                return {job for job in jobs if job.token == 1}

        store = SlowStore()
        book = make_book(store)
        book.open(first)
        book.start()
        eventually(lambda: len(store.beats) >= 2)
        book.stop()
        assert first.lost.is_set()
        assert not second.lost.is_set()
        assert [beat.token for beat in store.beats[1][0]] == [2]

    def test_goes_on_after_an_error_that_nobody_foresaw(self) -> None:
        class OddStore(RecordingStore):
            def heartbeat(
                self,
                worker: str,
                jobs: Sequence[Heartbeat],
                *,
                lease_s: float,
                renew: bool,
                description: str | None = None,
            ) -> set[Heartbeat]:
                self.beats.append((list(jobs), lease_s if renew else None, description))
                if len(self.beats) == 1:
                    raise ValueError("an answer too few")
                return set()

        store = OddStore()
        book = make_book(store)
        book.start()
        eventually(lambda: len(store.beats) >= 2)
        book.stop()
        assert store.beats[1][1] == 1.0, "what was missed is made up for at the next look"

    def test_outlives_an_outage_of_the_store(self) -> None:
        store = RecordingStore()
        store.down = True
        book = make_book(store)
        attempt = make_attempt()
        book.open(attempt)
        book.start()
        time.sleep(0.7)
        store.down = False
        eventually(lambda: store.beats)
        book.stop()
        assert not attempt.lost.is_set()

    def test_knows_whether_the_store_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attempts, "_OVERDUE_S", 1.0)
        store = RecordingStore()
        book = make_book(store)
        assert not book.answering(), "nobody has asked it yet"
        book.start()
        eventually(book.answering)
        store.down = True
        eventually(lambda: not book.answering())
        store.down = False
        eventually(book.answering)
        store.thawed.clear()  # a heartbeat is on its way, and no answer comes
        eventually(lambda: not book.answering())
        store.thawed.set()
        eventually(book.answering)
        book.stop()

    def test_says_that_the_engine_is_broken_and_stops_renewing(self) -> None:
        store, reasons = RecordingStore(), list[str]()
        book = make_book(store, failure=lambda: "the device is gone", on_broken=reasons.append)
        book.start()
        eventually(lambda: reasons)
        time.sleep(0.6)
        assert reasons == ["the device is gone"]
        assert store.beats == []
