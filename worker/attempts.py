"""Attempts in flight: their leases, their progress, and whether they should go on.

One thread renews all leases and reports all progress in one round trip. It runs apart from the work, so that a long batch
never costs a lease.
"""

import json
import math
import threading
import time
from collections.abc import Callable

from service.contract.attempt import Claim, Heartbeat
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from service.contract.states import Stage

log = get_logger(__name__)

#: Seconds between two looks at what has changed. Progress is written at most this often.
_TICK_S = 0.5

#: Seconds that an answer to a heartbeat may take before Redis counts as silent.
_OVERDUE_S = 2.0


class AttemptOver(Exception):
    """The attempt must stop; the subclass says why."""


class AttemptLost(AttemptOver):
    """The job was cancelled or erased, or another worker holds it. Nothing may be written for it."""


class AttemptDrained(AttemptOver):
    """The worker is stopping; the job goes back into the queue."""


class DeadlineExceeded(AttemptOver):
    """The attempt has run for longer than a job may."""


class Attempt:
    """One attempt at one job. The working thread reports and asks; the heartbeat thread reads and tells."""

    def __init__(self, claim: Claim, *, deadline_s: float, draining: threading.Event) -> None:
        self.claim = claim
        self.lost = threading.Event()
        self._ends_at = time.monotonic() + deadline_s
        self._draining = draining
        self._lock = threading.Lock()
        self._progress = (Stage.TRANSLATING, 0, 0)

    @property
    def key(self) -> str:
        """What the engine knows this attempt's segments by: a later attempt at the same job has another one."""
        return f"{self.claim.job_id}.{self.claim.token}"

    def report(self, stage: Stage, done: int, total: int) -> None:
        """Takes note of progress, in segments. It is written with the next heartbeat.

        The engine's thread may still tell of the translation when the summary has begun: a stage never comes back.
        """
        with self._lock:
            if stage is not Stage.TRANSLATING or self._progress[0] is Stage.TRANSLATING:
                self._progress = (stage, done, total)

    def check(self) -> None:
        """Raises a kind of `AttemptOver` where the work should stop."""
        if self.lost.is_set():
            raise AttemptLost
        if self._draining.is_set():
            raise AttemptDrained
        if time.monotonic() > self._ends_at:
            raise DeadlineExceeded

    def heartbeat(self) -> Heartbeat:
        """The attempt as the store's heartbeat wants it."""
        with self._lock:
            stage, done, total = self._progress
        return Heartbeat(self.claim.job_id, self.claim.token, stage, done, total)


class AttemptBook:
    """All attempts of this worker, and the thread that renews their leases and makes the worker known.

    `description` gives what `/readyz` and `/metrics` show of the worker, asked at each renewal. `on_lost` is called with an
    attempt's key as soon as it is lost, so that the engine can drop its segments. `failure` says why the engine is broken, or
    None; then `on_broken` is called once.
    """

    def __init__(
        self,
        store: LeaseStore,
        *,
        worker: str,
        lease_s: float,
        renew_s: float,
        description: Callable[[], dict[str, object]],
        on_lost: Callable[[str], None],
        failure: Callable[[], str | None],
        on_broken: Callable[[str], None],
    ) -> None:
        self._store = store
        self._worker = worker
        self._lease_s = lease_s
        self._renew_s = renew_s
        self._describe = description
        self._description: str | None = None
        self._on_lost = on_lost
        self._failure = failure
        self._on_broken = on_broken
        self._attempts: dict[str, Attempt] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._silent = False
        self._answered_at = -math.inf

    def start(self) -> None:
        """Starts the thread; from now on the worker is seen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and takes the worker off the list. Leases are no longer renewed."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._renew_s)
        try:
            self._store.withdraw_worker(self._worker)
        except StoreUnavailable as error:
            log.warning("worker_not_withdrawn", reason=error.detail)

    def open(self, attempt: Attempt) -> None:
        """Begins to renew the attempt's lease. An older attempt at the same job has lost it, or there were no newer one."""
        with self._lock:
            older = self._attempts.get(attempt.claim.job_id)
            self._attempts[attempt.claim.job_id] = attempt
        if older is not None:
            self._tell(older)

    def close(self, attempt: Attempt) -> None:
        """Lets go of an attempt that has ended."""
        with self._lock:
            if self._attempts.get(attempt.claim.job_id) is attempt:
                del self._attempts[attempt.claim.job_id]

    def __len__(self) -> int:
        return len(self._attempts)

    def attempts(self) -> list[Attempt]:
        """The attempts in flight."""
        with self._lock:
            return list(self._attempts.values())

    def answering(self) -> bool:
        """Whether Redis answered the last heartbeat, and the next one is not overdue."""
        return time.monotonic() - self._answered_at < self._renew_s + _OVERDUE_S

    def _run(self) -> None:
        renewed_at = -self._renew_s
        while True:
            reason = self._failure()
            if reason is not None:
                self._on_broken(reason)
                return
            now = time.monotonic()
            due = now - renewed_at >= self._renew_s
            attempts = self.attempts()
            # An unchanged attempt is asked about all the same: this is how a cancelled one learns of it.
            if (due or attempts) and self._beat(attempts, renew=due) and due:
                renewed_at = now
            if self._stopping.wait(_TICK_S):
                return

    def _beat(self, attempts: list[Attempt], *, renew: bool) -> bool:
        """One round trip. False where Redis did not answer; leases then run on until it does or they expire."""
        try:
            beats = [attempt.heartbeat() for attempt in attempts]
            lost = self._store.heartbeat(
                self._worker,
                beats,
                lease_s=self._lease_s,
                renew=renew,
                description=self._described() if renew else None,
            )
        except StoreUnavailable as error:
            return self._miss(error.detail, len(attempts))
        except Exception as error:  # noqa: BLE001 - without this thread all leases would expire, and nobody would say why
            return self._miss(type(error).__name__, len(attempts))
        if self._silent:
            log.info("heartbeat_back", jobs=len(attempts))
        self._silent = False
        self._answered_at = time.monotonic()
        # Those that were asked about: a job can have been given back and claimed anew while the answer was on its way.
        for attempt, beat in zip(attempts, beats, strict=True):
            if beat in lost:
                self._tell(attempt)
        return True

    def _described(self) -> str | None:
        """What the worker says of itself; what it said last where that can't be told: leases matter more."""
        try:
            self._description = json.dumps({**self._describe(), "jobs": len(self)}, ensure_ascii=False)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("worker_not_described", kind=type(error).__name__)
        return self._description

    def _miss(self, reason: str, jobs: int) -> bool:
        if not self._silent:
            log.warning("heartbeat_failed", reason=reason, jobs=jobs)
        self._silent = True
        self._answered_at = -math.inf
        return False

    def _tell(self, attempt: Attempt) -> None:
        """Makes it known, once, that an attempt is lost."""
        if not attempt.lost.is_set():
            attempt.lost.set()
            self._on_lost(attempt.key)
