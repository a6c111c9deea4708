"""The front end's side of the ledger: admission, reading, cancelling and erasing."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.client import Pipeline

from service.contract.attempt import Admission
from service.contract.callback import Receiver
from service.contract.connection import one_connection
from service.contract.durability import Durability
from service.contract.errors import (
    Code,
    IdempotencyConflict,
    JobGone,
    JobNotFound,
    KeyInvalid,
    QueueFull,
    RequestError,
    WebhookSecretMissing,
)
from service.contract.ids import IdMint
from service.contract.job import Job
from service.contract.ledger import Ledger, as_bytes
from service.contract.lines import LINES
from service.contract.outages import store_errors
from service.contract.packing import pack_text
from service.contract.request import JobRequest
from service.contract.room import Room
from service.contract.states import JobState

#: Seconds for which an Idempotency-Key is remembered.
IDEMPOTENCY_S = 86_400

#: Fields of the record that `get` reads, the result aside. The request is not among them: clients never see it.
_FIELDS = [
    "state",
    "client",
    "stage",
    "done",
    "total",
    "attempts",
    "history",
    "created_ms",
    "started_ms",
    "ended_ms",
    "expires_ms",
    "progress_ms",
    "paced_ms",
    "paced_done",
    "error_code",
    "error_detail",
    "metadata",
    "version",
    "callback_url",
    "callback_state",
    "callback_due_ms",
    "callback_log",
]


#: Seconds for which a month's usage is kept.
_USAGE_S = 70 * 86_400

#: Milliseconds to which the time is rounded at which a queued job is likely to end.
_ETA_STEP_MS = 5_000

#: Jobs that one page looks at, at most, to find those in the state that is wanted.
_MOST_LOOKS = 2_000


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some of a client's jobs. `next` is the cursor of the page after it, or None where there is none."""

    jobs: tuple[Job, ...]
    next: str | None


class JobStore(Ledger):
    """What requests do with jobs. `queue_limit` is how many jobs may be queued and running at once.

    `admissions` is a client with connections that only admissions use, since they may hold theirs for a second.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        prefix: str,
        retention_s: int,
        queue_limit: int = 10_000,
        admissions: Redis | None = None,
    ) -> None:
        super().__init__(redis, prefix=prefix, retention_s=retention_s)
        self.durability = Durability(redis, self.keys.probe)
        self._admissions = admissions or redis
        self._queue_limit = queue_limit
        self._mint: IdMint | None = None

    def new_id(self, client: str) -> str:
        """A fresh id for a job of this client."""
        with store_errors():
            mint, now_ms = self._mint_and_time()
        return mint.new(client, now_ms)

    def close(self) -> None:
        """Closes the connections."""
        self.redis.close()
        self._admissions.close()

    @contextmanager
    def admission(self) -> Iterator[Redis]:
        """A connection for an admission: WAITAOF speaks of what was written on its own connection only."""
        with store_errors(), one_connection(self._admissions) as connection:
            yield connection

    def admit(
        self,
        request: JobRequest,
        *,
        client: str,
        idempotency_key: str | None = None,
        body: bytes = b"",
        job_id: str | None = None,
        line: str = LINES[0],
        on: Redis | None = None,
    ) -> Admission:
        """Records a new job as queued. `body` is what an Idempotency-Key is bound to, `line` where its message will stand.

        Who hands in a `job_id` from `new_id` can withdraw the job even where Redis carried this out and did not answer.
        Raises `QueueFull`, `IdempotencyConflict`, `WebhookSecretMissing`, and `JobGone` where the key's job has been erased or
        has expired.
        """
        idem = self.keys.idempotency(client, _digest(idempotency_key.encode())) if idempotency_key else ""
        job_id = job_id or self.new_id(client)
        with store_errors():
            metadata = json.dumps(request.metadata, ensure_ascii=False) if request.metadata is not None else ""
            known: list[str | int] = [idem, _digest(body), IDEMPOTENCY_S]
            packed = pack_text(request.to_json())
            url = request.callback_url or ""
            callback = [url, Receiver.of(url).name if url else ""]
            place = f"{self.keys.prefix}{line}"
            answer = self._run(
                "admit", job_id, client, self._queue_limit, *known, metadata, packed, *callback, place, on=on
            )
        match answer[0]:
            case b"admitted":
                return Admission(job_id, known=False, created_ms=answer[1])
            case b"known":
                return Admission(answer[1].decode(), known=True)
            case b"conflict":
                raise IdempotencyConflict
            case b"unsigned":
                raise WebhookSecretMissing
            case _:
                raise QueueFull(self._queue_limit, Room(answer[1], self._queue_limit, *answer[2:]).retry_after)

    def withdraw(self, job_id: str, *, client: str, idempotency_key: str | None = None, at_work: bool = False) -> bool:
        """Undoes an admission. False where there is none, or where the job was given to another submission with the same key.

        A job that a worker has claimed is left to it too, unless `at_work`.
        """
        idem = self.keys.idempotency(client, _digest(idempotency_key.encode())) if idempotency_key else ""
        with store_errors():
            return bool(self._run("withdraw", job_id, idem, int(at_work)))

    def get(self, job_id: str, *, client: str, result: bool = True) -> Job:
        """The job, with its result or without. Raises `JobNotFound`, and `JobGone` for a genuine id of this client whose record
        is no more."""
        fields = [*_FIELDS, "result"] if result else _FIELDS
        with store_errors():
            genuine = self.is_genuine(job_id, client)
            values = self.redis.hmget(self.keys.job(job_id), fields) if genuine else []
        if not genuine:
            raise JobNotFound
        record = {name: as_bytes(value) for name, value in zip(fields, values, strict=True) if value is not None}
        if "state" not in record:
            raise JobGone
        return Job.from_record(job_id, record)

    def jobs_of(self, client: str, *, state: JobState | None = None, limit: int, cursor: str | None = None) -> JobPage:
        """Jobs of a client, newest first, without results: those after `cursor`, the `next` of the page before.

        Raises `RequestError` for a cursor that is none.
        """
        with store_errors():
            if cursor is not None and not self.is_genuine(cursor, client):
                raise RequestError(Code.INVALID_PARAMETER, "cursor takes the next of the page before, as it was given.")
            wanted = state.value if state else ""
            last, *records = self._run("list", client, cursor or "", wanted, limit, _MOST_LOOKS, *_FIELDS)
        jobs = []
        for job_id, *values in records:
            record = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
            jobs.append(Job.from_record(job_id.decode(), record))
        return JobPage(tuple(jobs), last.decode() or None)

    def with_outlook(self, jobs: Sequence[Job]) -> list[Job]:
        """The same jobs; those that are queued with the time at which they are likely to end, as far as that is known.

        One round trip, and none where no job is queued. The times are rounded to five seconds, so that they don't flicker.
        """
        queued = [job.id for job in jobs if job.state is JobState.QUEUED]
        if not queued:
            return list(jobs)
        with store_errors():
            times = dict(zip(queued, self._run("outlook", *queued), strict=True))
        return [
            replace(job, eta_ms=-(-times[job.id] // _ETA_STEP_MS) * _ETA_STEP_MS) if times.get(job.id) else job
            for job in jobs
        ]

    def delete(self, job_id: str, *, client: str) -> JobState | None:
        """Cancels a job that waits or runs (returns `CANCELLED`), erases one that has ended (returns None)."""
        with store_errors():
            if not self.is_genuine(job_id, client):
                raise JobNotFound
            answer = self._run("delete", job_id, client, self._retention_s)
        if answer == b"none":
            raise JobGone
        return JobState.CANCELLED if answer == b"cancelled" else None

    def ends(self, job_ids: Sequence[str]) -> dict[str, int | None]:
        """When each job ended (ms since 1970), 0 for one that is gone, None for one that has not ended, in one round trip."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hmget(self.keys.job(job_id), ["state", "ended_ms"])
            values = pipeline.execute()
        return {
            job_id: 0 if state is None else int(ended) if ended is not None else None
            for job_id, (state, ended) in zip(job_ids, values, strict=True)
        }

    def count_usage(self, client: str, characters: int) -> None:
        """Counts characters that a client has had translated while it waited."""
        with store_errors():
            key = self.keys.usage(client, self._month())
            pipeline = self.redis.pipeline(transaction=False)
            pipeline.incrby(key, characters)
            pipeline.expire(key, _USAGE_S)
            pipeline.execute()

    def usage(self, client: str) -> int:
        """How many such characters this month has, by Redis's own clock in UTC."""
        with store_errors():
            return int(self.redis.get(self.keys.usage(client, self._month())) or 0)

    def _month(self) -> str:
        return f"{datetime.fromtimestamp(self._now_ms() / 1000, UTC):%Y%m}"

    def run_script(self, name: str, *arguments: str | int | bytes, on: Redis | None = None) -> Any:
        """Runs a script of the batches, `lua/{name}.lua`, which tells of its arguments and its answer."""
        with store_errors():
            return self._run(name, *arguments, on=on)

    def listen(self, job_id: str, *, heard_s: int, told: int, key_id: str | None = None) -> list[bytes]:
        """The segments after the first `told`, as JSON, in one round trip.

        With `heard_s` it says that somebody listens to the job for so many seconds. With `key_id` it raises `KeyInvalid`
        where that API key has been revoked.
        """
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            pipeline.lrange(self.keys.told(job_id), told, -1)
            if key_id is not None:
                pipeline.exists(self.keys.api_key(key_id))
            lines, *in_force = self._heard(pipeline, [job_id], heard_s)
        if in_force == [0]:
            raise KeyInvalid
        segments: list[bytes] = lines
        return segments

    def look(self, job_ids: Sequence[str], heard_s: int) -> list[tuple[int, int]]:
        """The version of each job's record and how many of its segments have been told, 0 where there is none; one round trip.

        With `heard_s` it says that somebody listens to them all for so many seconds.
        """
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hget(self.keys.job(job_id), "version")
                pipeline.llen(self.keys.told(job_id))
            answers = iter(self._heard(pipeline, job_ids, heard_s))
        return [(int(version or 0), told) for version, told in zip(answers, answers, strict=True)]

    def _heard(self, reads: Pipeline, job_ids: Sequence[str], heard_s: int) -> list[Any]:
        """What the reads answer. Then it is said who is listened to, if Redis takes writes: nobody is kept from reading."""
        count = len(reads)
        for job_id in job_ids if heard_s else ():
            reads.set(self.keys.heard(job_id), "1", ex=heard_s)
        answers = reads.execute(raise_on_error=False)[:count]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def room(self) -> Room:
        """How full the queue is, how fast it empties, and whether memory runs short."""
        with store_errors():
            jobs, ends, over_ms, short = self._run("room")
        return Room(jobs, self._queue_limit, ends, over_ms, memory_short=bool(short))

    def _mint_and_time(self) -> tuple[IdMint, int]:
        """The mint, with the secret that all front ends share, and Redis's time in ms; one round trip.

        The secret is read each time and made where there is none: a Redis that came back empty must not leave front ends
        with different ones.
        """
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.set(self.keys.secret, secrets.token_bytes(32), nx=True)
        pipeline.get(self.keys.secret)
        pipeline.time()
        _, secret, (seconds, microseconds) = pipeline.execute()
        self._mint = IdMint(as_bytes(secret))
        return self._mint, int(seconds) * 1000 + int(microseconds) // 1000

    def is_genuine(self, job_id: str, client: str) -> bool:
        """Whether the id was given out to this client, by the secret as it is known here, else as Redis has it now."""
        if self._mint is not None and self._mint.is_genuine(job_id, client):
            return True
        secret = self.redis.get(self.keys.secret)
        if secret is None:
            return False
        self._mint = IdMint(as_bytes(secret))
        return self._mint.is_genuine(job_id, client)


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
