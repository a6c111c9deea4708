"""The engine's queue: callers wait in line for room, the engine thread takes batches."""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from worker.engine.backlog import Backlog, Item
from worker.engine.interface import EngineStopped, Output, Role

#: Items that one caller queues in a row while others wait for room too.
_TURN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """What a batch and the queue may hold.

    `tokens`: rows x longest source x beams of one batch, and source tokens x beams of all that is in flight through the decode
    loop. `rows`: inputs of one batch, or in flight. `queue_tokens`: source tokens that
    may wait before `submit` blocks. `linger_s`: how long an idle engine waits for company. `close_s`: how long `close`
    waits for the batch in flight.
    """

    tokens: int = 16_384
    rows: int = 64
    queue_tokens: int = 400_000
    linger_s: float = 0.005
    close_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits: inputs, their source tokens, and the age of the oldest in seconds."""

    items: int
    tokens: int
    oldest_s: float


@dataclass(slots=True, eq=False)
class _Submission:
    """A caller on its way into the queue: the items not queued yet, and how many it queued in its present turn.

    `dropped` is set when its job is cancelled.
    """

    job_id: str
    items: deque[Item]
    turn: int = 0
    dropped: bool = False


class EngineQueue:
    """One backlog for each role, bounded in tokens over both. Thread-safe.

    Callers that find it full stand in line and queue `_TURN` items each in turn, so that a book does not keep an article
    out.
    """

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._backlogs = {role: Backlog() for role in Role}
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._line: deque[_Submission] = deque()
        self._count = 0
        self._closed: str | None = None

    def put(self, job_id: str, items: Iterable[Item]) -> None:
        """Queues items in order, waiting for room. One larger than the whole queue is let in once the queue is empty.

        Where the job is dropped meanwhile, the futures of what was not queued yet are cancelled. Raises `EngineStopped`
        once closed.
        """
        submission = _Submission(job_id, deque(items))
        with self._lock:
            self._check_open()
            self._line.append(submission)
            try:
                while submission.items and not submission.dropped:
                    if self._line[0] is not submission or not self._admit(submission):
                        self._room.wait()
                    self._check_open()
            finally:
                self._line.remove(submission)
                self._room.notify_all()
        cancel_futures(submission.items)

    def drop(self, job_id: str) -> None:
        """Cancels all that the job has waiting, here or in line."""
        with self._lock:
            dropped = [item for backlog in self._backlogs.values() for item in backlog.drop(job_id)]
            for submission in self._line:
                if submission.job_id == job_id:
                    submission.dropped = True
            self._room.notify_all()
        cancel_futures(dropped)

    def wait(self, timeout_s: float = 1.0) -> None:
        """Returns when something waits, or it is closed, at the latest after so many seconds.

        Where the queue was empty, an input that comes waits up to `linger_s` for company.
        """
        with self._lock:
            if not self._any():
                self._work.wait_for(lambda: self._closed is not None or self._any(), timeout_s)
                if self._any():
                    self._work.wait_for(self._worth_a_batch, self._limits.linger_s)

    def head(self, role: Role) -> Item | None:
        """Whose turn it is."""
        with self._lock:
            return self._backlogs[role].oldest()

    def take(self, role: Role, tokens: int, rows: int, beams: int) -> list[Item]:
        """The next batch for a role within so many tokens and rows, its futures set running; empty when none waits.

        `beams` says how many rows the model decodes for each input.
        """
        with self._lock:
            batch = self._backlogs[role].take(tokens, rows, beams)
            if batch:
                self._room.notify_all()
        return [item for item in batch if item.future.set_running_or_notify_cancel()]

    def waiting(self, role: Role, job_id: str) -> int:
        """Source tokens that a job has waiting for a role."""
        with self._lock:
            return self._backlogs[role].waiting(job_id)

    def take_small(self, role: Role, tokens: int, rows: int, others: Collection[str]) -> list[Item]:
        """All that one job has waiting for a role, its futures set running: the first job, `others` left aside, that has no
        more than so many tokens and rows. Empty where there is none."""
        with self._lock:
            items = self._backlogs[role].take_small(tokens, rows, others)
            if items:
                self._room.notify_all()
        return [item for item in items if item.future.set_running_or_notify_cancel()]

    def close(self, reason: str) -> list[Item]:
        """Lets nothing in any more and hands out what waited. The first reason stays."""
        with self._lock:
            if self._closed is None:
                self._closed = reason
            self._work.notify_all()
            self._room.notify_all()
            return [item for backlog in self._backlogs.values() for item in backlog.clear()]

    @property
    def closed(self) -> str | None:
        """Why nothing is let in any more, or None."""
        return self._closed

    def depth(self) -> Depth:
        """What waits now; those in line for room don't count."""
        with self._lock:
            oldest = [item.queued_at for backlog in self._backlogs.values() if (item := backlog.oldest())]
            return Depth(
                items=sum(len(backlog) for backlog in self._backlogs.values()),
                tokens=self._tokens(),
                oldest_s=time.monotonic() - min(oldest) if oldest else 0.0,
            )

    # The lock is held below

    def _check_open(self) -> None:
        if self._closed is not None:
            raise EngineStopped(self._closed)

    def _tokens(self) -> int:
        return sum(backlog.tokens for backlog in self._backlogs.values())

    def _worth_a_batch(self) -> bool:
        return self._closed is not None or self._tokens() >= self._limits.tokens or not self._any()

    def _any(self) -> bool:
        return any(len(backlog) for backlog in self._backlogs.values())

    def _admit(self, submission: _Submission) -> bool:
        """Queues as much of the first caller in line as the room and its turn allow. False where there was no room."""
        waiting = self._tokens()
        admitted = 0
        while submission.items and (submission.turn < _TURN or len(self._line) == 1):
            item = submission.items[0]
            if waiting and waiting + len(item) > self._limits.queue_tokens:
                break
            submission.items.popleft()
            item.order = self._count
            self._count += 1
            item.queued_at = time.monotonic()
            self._backlogs[item.role].add(item)
            waiting += len(item)
            admitted += 1
            submission.turn += 1
        if admitted:
            self._work.notify_all()
        if submission.turn >= _TURN and len(self._line) > 1:
            submission.turn = 0
            self._line.rotate(-1)
            self._room.notify_all()
            return True
        return admitted > 0


def cancel_futures(items: Iterable[Item]) -> None:
    """Cancels the futures, and wakes whoever waits for them."""
    for item in items:
        future: Future[Output] = item.future
        if future.cancel():
            future.set_running_or_notify_cancel()
