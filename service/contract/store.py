"""The ledger: jobs in Redis. Every transition is one Lua script; all times are Redis's own."""

import hashlib
import json
import secrets
import zlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from redis import Redis

from service.contract.attempt import Admission, Claim, Heartbeat
from service.contract.errors import Code, IdempotencyConflict, JobGone, JobNotFound, QueueFull, StoreUnavailable
from service.contract.ids import IdMint
from service.contract.job import Job
from service.contract.keys import Keys
from service.contract.outages import store_errors
from service.contract.request import JobRequest
from service.contract.scripts import load_script
from service.contract.states import JobState

#: Seconds for which an Idempotency-Key is remembered.
IDEMPOTENCY_S = 86_400

#: Fields of the record that `get` reads. The request is not among them: it can be large and clients never see it.
_FIELDS = [
    "state",
    "client",
    "stage",
    "done",
    "total",
    "attempts",
    "created_ms",
    "started_ms",
    "ended_ms",
    "expires_ms",
    "error_code",
    "error_detail",
    "metadata",
    "result",
    "version",
]


class JobStore:
    """The jobs of one Redis. Thread-safe. Every method raises `StoreUnavailable` where Redis does not do its part.

    `retention_s` is how long an ended job is kept; `queue_limit` how many jobs may be queued and running at once.
    """

    def __init__(self, redis: Redis, *, prefix: str, retention_s: int, queue_limit: int = 10_000) -> None:
        self.redis = redis
        self.keys = Keys(prefix)
        self._retention_s = retention_s
        self._queue_limit = queue_limit
        names = ("admit", "withdraw", "claim", "renew", "finish", "release", "delete")
        self._scripts = {name: load_script(redis, name) for name in names}
        self._mint: IdMint | None = None

    # The front end's side

    def new_id(self, client: str) -> str:
        """A fresh id for a job of this client."""
        with store_errors():
            mint, now_ms = self._mint_and_time()
        return mint.new(client, now_ms)

    def admit(
        self,
        request: JobRequest,
        *,
        client: str,
        idempotency_key: str | None = None,
        body: bytes = b"",
        job_id: str | None = None,
    ) -> Admission:
        """Records a new job as queued. `body` is what an Idempotency-Key is bound to.

        Who hands in a `job_id` from `new_id` can withdraw the job even where Redis carried this out and did not answer.
        Raises `QueueFull`, `IdempotencyConflict`, and `JobGone` where the key's job has been erased or has expired.
        """
        keys = self.keys
        idem = keys.idempotency(client, _digest(idempotency_key.encode())) if idempotency_key else ""
        job_id = job_id or self.new_id(client)
        with store_errors():
            metadata = json.dumps(request.metadata, ensure_ascii=False) if request.metadata is not None else ""
            answer = self._scripts["admit"](
                keys=[keys.job(job_id), keys.queued, keys.running, idem],
                args=[
                    job_id,
                    client,
                    self._queue_limit,
                    _digest(body),
                    IDEMPOTENCY_S,
                    metadata,
                    _pack(request.to_json()),
                ],
            )
        match answer[0]:
            case b"admitted":
                return Admission(job_id, known=False)
            case b"known":
                return Admission(answer[1].decode(), known=True)
            case b"conflict":
                raise IdempotencyConflict
            case _:
                raise QueueFull(self._queue_limit, retry_after=30)

    def withdraw(self, job_id: str, *, client: str, idempotency_key: str | None = None) -> bool:
        """Undoes an admission that could not be published. False where the job is in use already: claimed, or given to another
        submission with the same key."""
        keys = self.keys
        idem = keys.idempotency(client, _digest(idempotency_key.encode())) if idempotency_key else ""
        with store_errors():
            return bool(self._scripts["withdraw"](keys=[keys.job(job_id), keys.queued, idem], args=[job_id]))

    def get(self, job_id: str, *, client: str) -> Job:
        """The job. Raises `JobNotFound`, and `JobGone` for a genuine id of this client whose record is no more."""
        with store_errors():
            genuine = self._is_genuine(job_id, client)
            values = self.redis.hmget(self.keys.job(job_id), _FIELDS) if genuine else []
        if not genuine:
            raise JobNotFound
        record = {name: _bytes(value) for name, value in zip(_FIELDS, values, strict=True) if value is not None}
        if "state" not in record:
            raise JobGone
        return Job.from_record(job_id, record)

    def state(self, job_id: str) -> JobState | None:
        """The state alone, or None without a record: one small read."""
        with store_errors():
            value = self.redis.hget(self.keys.job(job_id), "state")
        return JobState(_bytes(value).decode()) if value else None

    def states(self, job_ids: Sequence[str]) -> list[JobState | None]:
        """The state of each job, None without a record, in one round trip."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hget(self.keys.job(job_id), "state")
            values = pipeline.execute()
        return [JobState(_bytes(value).decode()) if value else None for value in values]

    def delete(self, job_id: str, *, client: str) -> JobState | None:
        """Cancels a job that waits or runs (returns `CANCELLED`), erases one that has ended (returns None)."""
        keys = self.keys
        with store_errors():
            if not self._is_genuine(job_id, client):
                raise JobNotFound
            answer = self._scripts["delete"](
                keys=[keys.job(job_id), keys.queued, keys.running], args=[job_id, client, self._retention_s, keys.ended]
            )
        if answer == b"none":
            raise JobGone
        return JobState.CANCELLED if answer == b"cancelled" else None

    def depth(self) -> int:
        """How many jobs are queued or running."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            pipeline.zcard(self.keys.queued)
            pipeline.zcard(self.keys.running)
            return int(sum(pipeline.execute()))

    @property
    def queue_limit(self) -> int:
        """How many jobs may be queued and running at once."""
        return self._queue_limit

    def workers(self, *, within_s: float = 30.0) -> list[dict[str, Any]]:
        """What the workers say of themselves that were seen in the last `within_s` seconds."""
        with store_errors():
            since = self._now_ms() - int(within_s * 1000)
            names = [_bytes(name).decode() for name in self.redis.zrangebyscore(self.keys.workers, since, "+inf")]
            descriptions = [self.redis.hget(self.keys.worker(name), "description") for name in names]
        return [json.loads(text) for text in descriptions if text]

    # The worker's side

    def claim(self, job_id: str, *, worker: str, lease_s: float) -> Claim | None:
        """Begins an attempt, or returns None where there is nothing to do: ended, erased, or held by another worker.

        A record whose request can't be read is failed on the spot: nobody else could do more with it.
        """
        keys = self.keys
        with store_errors():
            answer = self._scripts["claim"](
                keys=[keys.job(job_id), keys.queued, keys.running], args=[job_id, worker, int(lease_s * 1000)]
            )
        if answer[0] != b"claimed":
            return None
        _, token, attempt, created_ms, started_ms, packed = answer
        try:
            request = JobRequest.from_json(zlib.decompress(packed))
        except (zlib.error, ValidationError, TypeError):
            code, detail = Code.JOB_INTERNAL.value.code, "The stored request can't be read. Submit the article again."
            self._finish(job_id, token, JobState.FAILED, code=code, detail=detail)
            return None
        return Claim(job_id, token, attempt, created_ms, started_ms, request)

    def heartbeat(
        self, worker: str, jobs: Sequence[Heartbeat], *, lease_s: float | None, description: str | None = None
    ) -> set[str]:
        """Reports progress of all attempts in one round trip; `lease_s` renews their leases too.

        Returns the ids that are lost: cancelled, erased, or claimed by another worker. Those attempts can change
        nothing any more.
        """
        keys = self.keys
        args: list[str | int] = [worker, int((lease_s or 0) * 1000), description or ""]
        for job in jobs:
            args += [job.job_id, job.token, job.stage.value, job.done, job.total]
        with store_errors():
            answers = self._scripts["renew"](
                keys=[keys.running, keys.workers, keys.worker(worker), *(keys.job(job.job_id) for job in jobs)],
                args=args,
            )
        return {job.job_id for job, answer in zip(jobs, answers, strict=True) if answer == b"lost"}

    def succeed(self, claim: Claim, result: bytes, *, segments: int) -> bool:
        """Ends the job with a result (JSON). `segments` is the final progress. False where the token is stale."""
        return self._finish(claim.job_id, claim.token, JobState.SUCCEEDED, result=_pack(result), segments=segments)

    def fail(self, claim: Claim, code: str, detail: str) -> bool:
        """Ends the job with an error. False where the token is stale."""
        return self._finish(claim.job_id, claim.token, JobState.FAILED, code=code, detail=detail)

    def release(self, claim: Claim) -> bool:
        """Gives the attempt back, uncharged. False where the token is stale."""
        keys = self.keys
        with store_errors():
            answer = self._scripts["release"](
                keys=[keys.job(claim.job_id), keys.queued, keys.running], args=[claim.job_id, claim.token]
            )
        return bool(answer)

    def withdraw_worker(self, worker: str) -> None:
        """Takes a worker that stops off the list of those that were seen."""
        with store_errors():
            self.redis.zrem(self.keys.workers, worker)
            self.redis.delete(self.keys.worker(worker))

    def _finish(
        self,
        job_id: str,
        token: int,
        state: JobState,
        *,
        code: str = "",
        detail: str = "",
        result: bytes = b"",
        segments: int = 0,
    ) -> bool:
        keys = self.keys
        ending: list[str | int | bytes] = [state.value, code, detail, result]
        with store_errors():
            answer = self._scripts["finish"](
                keys=[keys.job(job_id), keys.queued, keys.running],
                args=[job_id, token, *ending, self._retention_s, keys.ended, segments, segments],
            )
        return bool(answer)

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
        self._mint = IdMint(_bytes(secret))
        return self._mint, int(seconds) * 1000 + int(microseconds) // 1000

    def _is_genuine(self, job_id: str, client: str) -> bool:
        """Whether the id was given out to this client, by the secret as it is known here, else as Redis has it now."""
        if self._mint is not None and self._mint.is_genuine(job_id, client):
            return True
        secret = self.redis.get(self.keys.secret)
        if secret is None:
            return False
        self._mint = IdMint(_bytes(secret))
        return self._mint.is_genuine(job_id, client)

    def _now_ms(self) -> int:
        seconds, microseconds = self.redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _pack(value: bytes) -> bytes:
    return zlib.compress(value, level=6)


def _bytes(value: object) -> bytes:
    """What a client without `decode_responses` answers; anything else means that the server is not the Redis we know."""
    if not isinstance(value, bytes):
        raise StoreUnavailable("gave an answer of another type than was asked for")
    return value
