"""The ledger's transitions in random orders, against a model in plain Python; the test sets the time.

Redis runs the real scripts, with a clock that reads a key instead of TIME.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from service.contract.attempt import Claim, Heartbeat, Lane
from service.contract.errors import IdempotencyConflict, JobGone, QueueFull
from service.contract.leases import Place
from service.contract.ledger import as_bytes
from service.contract.metrics import MetricsStore
from service.contract.request import JobRequest
from service.contract.states import JobState, Stage
from service.contract.sweeps import Outcome
from tests.integration.contract.model_job import ModelJob
from tests.ledger import WholeLedger
from tests.script_clock import set_clock, take_over

LEASE_S, SWEEP_S, LIMIT = 15.0, 3.0, 3
LEASE, GAP, SWEEP = 15_000, 7_500, 3_000
WORKERS = ("w1", "w2", "w3")
REQUEST = JobRequest(text="Bonjour.")


class LedgerMachine(RuleBasedStateMachine):
    """Front ends, workers and sweeps at random, and what time does."""

    redis: Redis

    @initialize()
    def begin(self) -> None:
        self.redis.flushall()
        self.now = 1_700_000_000_000
        set_clock(self.redis, self.now)
        self.store = WholeLedger(self.redis, prefix="t:", retention_s=3600, queue_limit=LIMIT)
        self.jobs: dict[str, ModelJob] = {}
        self.erased: set[str] = set()
        self.keys: dict[str, tuple[str, bytes]] = {}
        self.beats: dict[str, int] = {}
        self.pulse_last = 0
        self.pulse_since = self.now
        self.unlisted: dict[str, int] = {}
        self.claims: list[Claim] = []

    # The front end

    @rule(key=st.sampled_from([None, None, "a", "b"]), body=st.sampled_from([b"1", b"2"]))
    def admit(self, key: str | None, body: bytes) -> None:
        known = self.keys.get(key) if key else None
        depth = sum(not job.state.ended for job in self.jobs.values())
        try:
            admission = self.store.admit(REQUEST, client="c", idempotency_key=key, body=body)
        except IdempotencyConflict:
            assert known is not None
            assert known[1] != body
        except QueueFull:
            assert known is None
            assert depth >= LIMIT
        else:
            if known is not None:
                assert (admission.known, admission.job_id, body) == (True, known[0], known[1])
                return
            assert not admission.known
            assert depth < LIMIT
            self.jobs[admission.job_id] = ModelJob(self.now)
            if key:
                self.keys[key] = (admission.job_id, body)

    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        if not self.jobs:
            return
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        answer = self.store.delete(job_id, client="c")
        if job.state.ended:
            assert answer is None
            del self.jobs[job_id]
            self.erased.add(job_id)
        else:
            assert answer is JobState.CANCELLED
            self._end(job_id, JobState.CANCELLED)

    @rule(data=st.data())
    def delete_as_somebody_else(self, data: Any) -> None:
        if self.jobs:
            job_id = data.draw(st.sampled_from(sorted(self.jobs)))
            with pytest.raises(Exception, match="No job has this id"):
                self.store.delete(job_id, client="other")

    # Workers

    @rule(data=st.data(), worker=st.sampled_from(WORKERS), wrong_lane=st.booleans())
    def claim(self, data: Any, worker: str, wrong_lane: bool) -> None:
        if self.jobs:
            job_id = data.draw(st.sampled_from(sorted(self.jobs)))
            lane = self.jobs[job_id].lane
            if wrong_lane:
                lane = Lane.MAIN if lane is Lane.QUARANTINE else Lane.QUARANTINE
            self._claim(job_id, worker, lane)

    def _claim(self, job_id: str, worker: str, lane: Lane) -> None:
        job = self.jobs[job_id]
        claim = self.store.claim(job_id, worker=worker, lease_s=LEASE_S, lane=lane)
        if job.state is not JobState.QUEUED or job.lane is not lane:
            assert claim is None
            return
        assert claim is not None
        self.claims.append(claim)
        job.state, job.worker, job.lease, job.live = JobState.RUNNING, worker, self.now + LEASE, claim
        job.claimed_ever = True
        job.attempts += 1
        assert claim.attempt == job.attempts
        self.unlisted.pop(job_id, None)

    def _some_claim(self, data: Any) -> Claim | None:
        """One that still holds, more often than one of old."""
        live = [job.live for job in self.jobs.values() if job.live]
        pool = live if live and data.draw(st.booleans()) else self.claims
        return data.draw(st.sampled_from(pool)) if pool else None

    @rule(worker=st.sampled_from(WORKERS), renew=st.booleans())
    def heartbeat(self, worker: str, renew: bool) -> None:
        self._heartbeat(worker, None, renew=renew)

    @rule(data=st.data(), renew=st.booleans())
    def speak_after_having_been_given_up(self, data: Any, renew: bool) -> None:
        """A worker that slept, or was cut off: it was charged with a death, and is not dead."""
        old = [(by, (job_id, token)) for job_id, job in self.jobs.items() for token, (by, _) in job.lost_as.items()]
        if old:
            worker, stale = data.draw(st.sampled_from(sorted(old, key=lambda entry: -entry[1][1])))
            self._heartbeat(worker, stale, renew=renew)

    def _heartbeat(self, worker: str, stale: tuple[str, int] | None, *, renew: bool) -> None:
        mine = [job.live for job in self.jobs.values() if job.live and job.worker == worker]
        beats = [Heartbeat(claim.job_id, claim.token, Stage.TRANSLATING, 1, 2) for claim in mine]
        if stale:
            beats.append(Heartbeat(stale[0], stale[1], Stage.TRANSLATING, 1, 2))
        lost = self.store.heartbeat(worker, beats, lease_s=LEASE_S, renew=renew, description="{}" if renew else None)
        self._pulse()
        assert {beat.job_id for beat in lost} == ({stale[0]} if stale else set())
        if renew:
            self.beats[worker] = self.now
            for claim in mine:
                self.jobs[claim.job_id].lease = self.now + LEASE
        if stale:
            job = self.jobs[stale[0]]
            if not job.state.ended and stale[1] not in job.certain:
                _, lane = job.lost_as.pop(stale[1])
                job.crashes -= 1
                job.deaths -= lane is Lane.QUARANTINE

    @rule(data=st.data(), success=st.booleans())
    def finish(self, data: Any, success: bool) -> None:
        claim = self._some_claim(data)
        if claim is None:
            return
        job = self.jobs.get(claim.job_id)
        holds = job is not None and job.live == claim
        if success:
            assert self.store.succeed(claim, b"{}", segments=1) is holds
        else:
            assert self.store.fail(claim, "model_failed", "x") is holds
        if holds:
            self._end(
                claim.job_id, JobState.SUCCEEDED if success else JobState.FAILED, None if success else "model_failed"
            )

    @rule(data=st.data(), charge=st.booleans())
    def give_back(self, data: Any, charge: bool) -> None:
        claim = self._some_claim(data)
        if claim is None:
            return
        job = self.jobs.get(claim.job_id)
        place = self.store.crash(claim) if charge else self.store.release(claim)
        if job is None or job.live != claim:
            assert place is Place.LOST
            return
        assert place is self._take_back(claim.job_id, "crashed" if charge else "released")
        if charge:
            job.certain.add(claim.token)

    @rule(data=st.data())
    def save(self, data: Any) -> None:
        claim = self._some_claim(data)
        if claim is None:
            return
        job = self.jobs.get(claim.job_id)
        holds = job is not None and job.live == claim
        assert self.store.save(claim, b"piece") is holds
        if job is not None and holds:
            job.pieces += 1

    @rule(worker=st.sampled_from(WORKERS))
    def mourn(self, worker: str) -> None:
        expected = {}
        for job_id, job in self.jobs.items():
            if job.live is not None and job.worker == worker:
                job.certain.add(job.live.token)
                expected[job_id] = self._take_back(job_id, "crashed")
        assert self.store.mourn(worker) == expected
        self.beats.pop(worker, None)

    @rule(
        data=st.data(),
        worker=st.sampled_from(WORKERS),
        ends=st.lists(st.sampled_from(["seen", "silent", "outage"]), min_size=1, max_size=5),
    )
    def work_and_die(self, data: Any, worker: str, ends: list[str]) -> None:
        """One attempt after the other at a job; each but those during an outage of Redis ends in a charge."""
        waiting = sorted(job_id for job_id, job in self.jobs.items() if job.state is JobState.QUEUED)
        if not waiting:
            return
        job_id = data.draw(st.sampled_from(waiting))
        for end in ends:
            if self.jobs[job_id].state is not JobState.QUEUED:
                return
            self._claim(job_id, worker, self.jobs[job_id].lane)
            if end == "seen":
                self.mourn(worker)
                continue
            for ms in (16_000,) if end == "outage" else (5_000, 5_000, 7_000):
                self.pass_time(ms)
                self.pulse()
            self.expire()

    # Sweeps and time

    @rule()
    def expire(self) -> None:
        self._pulse()
        expected = {}
        for job_id, job in sorted(self.jobs.items()):
            if job.state is not JobState.RUNNING or job.lease > self.now:
                continue
            if self.now - self.beats.get(job.worker, 0) < LEASE:
                outcome = Outcome.DROPPED
            elif self.now - self.pulse_since >= LEASE:
                outcome = Outcome.CRASHED
            else:
                continue
            expected[job_id] = (outcome, job.worker, self._take_back(job_id, outcome.value))
        found = {each.job_id: (each.outcome, each.worker, each.place) for each in self.store.expire(lease_s=LEASE_S)}
        assert found == expected

    @rule(data=st.data())
    def look_for_messages(self, data: Any) -> None:
        """The list holds messages of some of the jobs."""
        listed = data.draw(st.sets(st.sampled_from(sorted(self.jobs)))) if self.jobs else set()
        names = self.store.keys.messages
        self.redis.delete(*names)
        for number, job_id in enumerate(sorted(listed)):
            self.redis.lpush(names[number % 2], f'{{"body": "x", "headers": {{"id": "{job_id}"}}}}')
        self.unlisted = {job_id: at for job_id, at in self.unlisted.items() if self.now - at <= 3 * SWEEP}
        expected = []
        for job_id, job in self.jobs.items():
            if job.state is not JobState.QUEUED or job.lane is Lane.QUARANTINE or job_id in listed:
                continue
            if job_id not in self.unlisted:
                self.unlisted[job_id] = self.now
            elif self.now - self.unlisted[job_id] >= SWEEP / 2:
                del self.unlisted[job_id]
                expected.append(job_id)
        assert sorted(self.store.unlisted(every_s=SWEEP_S)) == sorted(expected)

    @rule(ms=st.sampled_from([1, 500, 3_000, 7_000, 8_000, 15_000, 16_000]))
    def pass_time(self, ms: int) -> None:
        self.now += ms
        set_clock(self.redis, self.now)

    @rule()
    def pulse(self) -> None:
        self.store.pulse(lease_s=LEASE_S)
        self._pulse()

    # What always holds

    @invariant()
    def the_record_is_the_model(self) -> None:
        if not hasattr(self, "jobs"):
            return
        for job_id, model in self.jobs.items():
            job = self.store.get(job_id, client="c")
            record = self.redis.hgetall(self.store.keys.job(job_id))
            seen = (
                job.state,
                job.attempts,
                job.error_code,
                int(record.get(b"crashes", 0)),
                int(record.get(b"deaths", 0)),
            )
            assert seen == (model.state, model.attempts, model.code, model.crashes, model.deaths), job_id
            assert record.get(b"lane", b"") == model.lane.value.encode()
            assert (b"request" in record) is not model.state.ended
            assert self.redis.llen(self.store.keys.partial(job_id)) == model.pieces
            assert len([past for past in job.history if past.outcome == "crashed"]) == model.crashes
        for job_id in self.erased:
            with pytest.raises(JobGone):
                self.store.get(job_id, client="c")

    @invariant()
    def the_clients_list_has_every_job_newest_first(self) -> None:
        if not hasattr(self, "jobs"):
            return
        pages = [self.store.jobs_of("c", limit=2)]
        while pages[-1].next is not None:
            pages.append(self.store.jobs_of("c", limit=2, cursor=pages[-1].next))
        assert [job.id for page in pages for job in page.jobs] == sorted(self.jobs, reverse=True)
        failed = self.store.jobs_of("c", state=JobState.FAILED, limit=100)
        assert {job.id for job in failed.jobs} == {i for i, job in self.jobs.items() if job.state is JobState.FAILED}
        assert self.store.jobs_of("other", limit=2).jobs == ()

    @invariant()
    def every_job_is_in_its_set_and_in_no_other(self) -> None:
        if not hasattr(self, "jobs"):
            return
        keys = self.store.keys
        queued = {job_id for job_id, job in self.jobs.items() if job.state is JobState.QUEUED}
        assert self._members(keys.queued) == queued
        assert self._members(keys.running) == {i for i, job in self.jobs.items() if job.state is JobState.RUNNING}
        assert self._members(keys.quarantined) == {i for i in queued if self.jobs[i].lane is Lane.QUARANTINE}
        assert self._members(keys.unlisted) <= queued
        for job_id, job in self.jobs.items():
            if job.state is JobState.RUNNING:
                assert self.redis.zscore(keys.running, job_id) == job.lease

    @invariant()
    def what_was_admitted_is_counted_once_more_when_it_ends(self) -> None:
        if not hasattr(self, "jobs"):
            return
        metrics = MetricsStore(self.redis, prefix="t:", retention_s=3600).read()
        assert metrics.count("admitted") == metrics.queued + metrics.running + sum(metrics.of("ended").values())
        assert sum(metrics.durations("took").classes) == metrics.count("ended succeeded")

    def _members(self, key: str) -> set[str]:
        return {as_bytes(member).decode() for member in self.redis.zrange(key, 0, -1)}

    # The model's own transitions

    def _pulse(self) -> None:
        if self.now - self.pulse_last > GAP:
            self.pulse_since = self.now
        self.pulse_last = self.now

    def _end(self, job_id: str, state: JobState, code: str | None = None) -> None:
        job = self.jobs[job_id]
        job.state, job.live, job.code, job.pieces = state, None, code, 0
        self.unlisted.pop(job_id, None)

    def _take_back(self, job_id: str, outcome: str) -> Place:
        job = self.jobs[job_id]
        assert job.live is not None
        token, worker, lane = job.live.token, job.worker, job.lane
        job.state, job.live = JobState.QUEUED, None
        if outcome == "released":
            job.attempts -= 1
        if outcome == "crashed":
            job.crashes += 1
            job.lost_as[token] = (worker, lane)
            if lane is Lane.QUARANTINE:
                job.deaths += 1
                if job.deaths >= 3:
                    self._end(job_id, JobState.FAILED, "attempts_exhausted")
                    return Place.EXHAUSTED
            elif job.crashes >= 2:
                job.lane = Lane.QUARANTINE
        return Place.QUARANTINED if job.lane is Lane.QUARANTINE else Place.QUEUED


def test_the_transitions_hold_in_any_order(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_over(monkeypatch)
    with Redis.from_url(redis_url) as redis:
        LedgerMachine.redis = redis
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=150,
                stateful_step_count=50,
                deadline=None,
                phases=[Phase.generate],  # a failure shows its steps; add Phase.shrink to have fewer of them
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
