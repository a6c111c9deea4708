"""Deliveries in random orders, against a model in plain Python; the test sets the time, and several senders live and die."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis import Redis

from service.contract.callback import CallbackState
from service.contract.deliveries import Delivery, DeliveryStore, Outcome
from service.contract.errors import JobGone, JobNotEnded
from service.contract.ledger import as_bytes
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.contract.webhook_secrets import WebhookSecretStore
from tests.ledger import WholeLedger
from tests.script_clock import set_clock, take_over

RETENTION_S, LEASE = 3600, 30_000
CLIENTS, HOSTS = ("c", "d"), ("a.example", "b.example", "c.example", "d.example", "e.example")
OUT_RECEIVER, OUT_CLIENT, PARKED = 4, 16, 500


@dataclass
class ModelCallback:
    """What should be true of telling one job's end."""

    client: str
    host: str
    state: CallbackState = CallbackState.WAITING
    due: int = 0
    expires: int = 0
    out: Delivery | None = None  # the sender that may settle it
    log: list[str] = field(default_factory=list)
    tries: int = 0


class DeliveryMachine(RuleBasedStateMachine):
    """Front ends, workers and senders at random, and what time does."""

    redis: Redis

    @initialize()
    def begin(self) -> None:
        self.redis.flushall()
        self.now = 1_700_000_000_000
        set_clock(self.redis, self.now)
        self.store = WholeLedger(self.redis, prefix="t:", retention_s=RETENTION_S)
        self.deliveries = DeliveryStore(self.redis, prefix="t:", retention_s=RETENTION_S)
        secrets = WebhookSecretStore(self.redis, prefix="t:")
        for client in CLIENTS:
            secrets.rotate(client)
        self.jobs: dict[str, ModelCallback] = {}
        self.given: list[Delivery] = []
        self.ghosts: list[ModelCallback] = []  # expired while a sender had them: they take up room until the lease ends
        self.parked_until = 0

    # The front end and workers

    @rule(
        client=st.sampled_from(CLIENTS),
        host=st.sampled_from(HOSTS),
        count=st.sampled_from([1, 2, 6]),
        end=st.booleans(),
    )
    def submit(self, client: str, host: str, count: int, end: bool) -> None:
        for _ in range(count):
            request = JobRequest(text="Bonjour.", callback_url=f"http://{host}/x")
            job_id = self.store.admit(request, client=client).job_id
            self.jobs[job_id] = ModelCallback(client, host)
            if end:
                self._end(job_id)

    @rule(data=st.data())
    def end(self, data: Any) -> None:
        waiting = [i for i, job in self.jobs.items() if job.state is CallbackState.WAITING]
        if waiting:
            self._end(data.draw(st.sampled_from(sorted(waiting))))

    def _end(self, job_id: str) -> None:
        job = self.jobs[job_id]
        assert self.store.delete(job_id, client=job.client) is JobState.CANCELLED
        job.state, job.due, job.expires = CallbackState.PENDING, self.now, self.now + RETENTION_S * 1000

    @rule(data=st.data(), how=st.sampled_from(["erase", "withdraw", "expire"]))
    def vanish(self, data: Any, how: str) -> None:
        ended = [i for i, job in self.jobs.items() if job.state is not CallbackState.WAITING]
        if not ended:
            return
        job_id = data.draw(st.sampled_from(sorted(ended)))
        if how == "erase":
            assert self.store.delete(job_id, client=self.jobs[job_id].client) is None
        elif how == "withdraw":
            assert self.store.withdraw(job_id, client=self.jobs[job_id].client, at_work=True)
        else:
            self.redis.delete(self.store.keys.job(job_id))
            if self.jobs[job_id].out is not None:
                self.ghosts.append(self.jobs[job_id])
        del self.jobs[job_id]

    @rule(data=st.data())
    def once_more(self, data: Any) -> None:
        if not self.jobs:
            return
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        if job.state is CallbackState.WAITING:
            with pytest.raises(JobNotEnded):
                self.deliveries.redeliver(job_id, client=job.client)
            return
        with pytest.raises(JobGone):
            self.deliveries.redeliver(job_id, client="other")
        self.deliveries.redeliver(job_id, client=job.client)
        if job.out is None or job.due <= self.now:
            job.state, job.due, job.tries = CallbackState.PENDING, self.now, 0

    # Senders

    @rule(sender=st.sampled_from(["s:1", "s:2"]), most=st.sampled_from([1, 3, 32]))
    def claim(self, sender: str, most: int) -> None:
        taken = self.deliveries.claim(sender, lease_s=LEASE / 1000, most=most)
        assert len(taken) <= most
        for delivery in taken:
            job = self.jobs[delivery.job.id]
            assert job.state is CallbackState.PENDING
            assert job.due <= self.now
            if job.out is not None:
                job.log.append("sender_lost")
            job.out, job.due, job.tries = delivery, self.now + LEASE, job.tries + 1
            assert delivery.tries == job.tries
            self.given.append(delivery)
            assert self._out(job.client) <= OUT_CLIENT
            assert self._out(job.client, job.host) <= OUT_RECEIVER
        if len(taken) < most:
            if self.now >= self.parked_until:
                assert [i for i, job in self.jobs.items() if self._claimable(job)] == []
            if any(job.state is CallbackState.PENDING and job.due <= self.now for job in self.jobs.values()):
                self.parked_until = self.now + PARKED

    def _out(self, client: str, host: str | None = None) -> int:
        """How many deliveries senders have now, of a client or to one receiver of it."""
        return sum(
            job.out is not None and job.due > self.now and job.client == client and host in (None, job.host)
            for job in (*self.jobs.values(), *self.ghosts)
            if job.state is CallbackState.PENDING
        )

    def _claimable(self, job: ModelCallback) -> bool:
        return (
            job.state is CallbackState.PENDING
            and job.due <= self.now
            and self._out(job.client) < OUT_CLIENT
            and self._out(job.client, job.host) < OUT_RECEIVER
        )

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def speak_after_the_lease(self, data: Any, outcome: Outcome) -> None:
        """A sender that slept: somebody else has had the delivery since."""
        late = [d for d in self.given if d.job.id in self.jobs and d is not self.jobs[d.job.id].out]
        if late:
            stale = data.draw(st.sampled_from(late))
            assert self.deliveries.settle(stale, outcome, status=200, took_ms=1) is None

    @rule(sender=st.sampled_from(["s:1", "s:2"]))
    def work_off(self, sender: str) -> None:
        """Every delivery gets its turn: each round ends those that are out, and makes room for as many."""
        for _ in range(len(self.jobs) // OUT_RECEIVER + 2):
            self.pass_time(PARKED + 1)
            self.claim(sender, 32)
            for job_id, job in self.jobs.items():
                if job.out is not None and job.due > self.now:
                    found = self.deliveries.settle(job.out, Outcome.DELIVERED, status=200, took_ms=1)
                    assert found is CallbackState.DELIVERED, job_id
                    job.out, job.state = None, CallbackState.DELIVERED
                    job.log.append("")
        if not any(ghost.due > self.now for ghost in self.ghosts):
            assert not any(job.state is CallbackState.PENDING and job.due <= self.now for job in self.jobs.values())

    @rule(sender=st.sampled_from(["s:1", "s:2"]))
    def sleep_past_the_lease(self, sender: str) -> None:
        self.claim(sender, 3)
        self.pass_time(LEASE + 1)
        self.claim(sender, 3)

    @rule(data=st.data(), outcome=st.sampled_from(Outcome), after=st.sampled_from([0, 5, 600, 4000]))
    def settle(self, data: Any, outcome: Outcome, after: int) -> None:
        if not self.given:
            return
        delivery = data.draw(st.sampled_from(self.given[-12:]))
        found = self.deliveries.settle(delivery, outcome, after_s=after, status=200, took_ms=1)
        job = self.jobs.get(delivery.job.id)
        if job is None or job.out is not delivery:
            assert found is None
            return
        job.out = None
        job.log.append("")
        if outcome is Outcome.AGAIN and self.now + after * 1000 < job.expires:
            job.state, job.due = CallbackState.PENDING, self.now + after * 1000
        else:
            delivered = outcome is Outcome.DELIVERED
            job.state = CallbackState.DELIVERED if delivered else CallbackState.FAILED
        assert found is job.state

    @rule(ms=st.sampled_from([1, 499, 501, 5_000, LEASE - 1, LEASE + 1, 600_000]))
    def pass_time(self, ms: int) -> None:
        self.now += ms
        set_clock(self.redis, self.now)

    # What always holds

    @invariant()
    def the_record_is_the_model(self) -> None:
        for job_id, model in getattr(self, "jobs", {}).items():
            callback = self.store.get(job_id, client=model.client).callback
            assert callback is not None
            assert callback.state is model.state
            assert [attempt.error or "" for attempt in callback.attempts] == model.log[-20:]
            assert callback.next_ms == (model.due if model.state is CallbackState.PENDING else None)

    @invariant()
    def every_pending_delivery_is_in_its_lists(self) -> None:
        if not hasattr(self, "jobs"):
            return
        keys = self.store.keys
        pending = {i: job for i, job in self.jobs.items() if job.state is CallbackState.PENDING}
        assert self._known(keys.callbacks) == {i: job.due for i, job in pending.items()}
        lanes = {(job.client, job.host) for job in pending.values()}
        placed = self._scores(keys.lanes)
        for client, host in lanes:
            lane = f"{client} {host}:80"
            mine = {i: job.due for i, job in pending.items() if (job.client, job.host) == (client, host)}
            assert self._known(keys.callbacks_to(lane)) == mine
            assert placed[lane] <= max(min(mine.values()), self.now + PARKED), "it would be looked at too late"

    def _known(self, key: str) -> dict[str, int]:
        """Ids and times of a list, without those whose record is gone: senders clear them away."""
        return {job_id: due for job_id, due in self._scores(key).items() if job_id in self.jobs}

    def _scores(self, key: str) -> dict[str, int]:
        pairs: list[Any] = list(self.redis.zrange(key, 0, -1, withscores=True))
        return {as_bytes(member).decode(): int(score) for member, score in pairs}


def test_deliveries_hold_in_any_order(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_over(monkeypatch)
    with Redis.from_url(redis_url) as redis:
        DeliveryMachine.redis = redis
        run_state_machine_as_test(
            DeliveryMachine,
            settings=settings(
                max_examples=80,
                stateful_step_count=40,
                deadline=None,
                phases=[Phase.generate],  # a failure shows its steps; add Phase.shrink to have fewer of them
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
