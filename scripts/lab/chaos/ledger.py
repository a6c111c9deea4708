"""The ledger, read in bulk from the side: what became of jobs, and what is left in the queue."""

import json
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from service.contract.keys import Keys
from service.contract.packing import unpack_result

#: Records that one round trip reads.
_AT_ONCE = 200

_FIELDS = (
    "state", "attempts", "token", "crashes", "version", "created_ms", "started_ms", "ended_ms", "error_code", "result",
    "history",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger has of one job. Times are ms by Redis's clock. `result` is the whole result, if there is one."""

    state: str
    attempts: int = 0
    token: int = 0
    crashes: int = 0
    version: int = 0
    created_ms: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    error_code: str = ""
    result: dict[str, Any] | None = None
    history: tuple[dict[str, Any], ...] = ()

    @property
    def ended(self) -> bool:
        """Whether it is in an end state."""
        return self.state in ("succeeded", "failed", "cancelled")

    @property
    def fingerprint(self) -> int:
        """Changes with anything that may not change any more once a job has ended."""
        return zlib.crc32(repr((self.state, self.version, self.ended_ms, self.token, self.result)).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What is still in the queue: messages in the list, members of the two sets, and deliveries that nobody acknowledged."""

    messages: int
    queued: int
    running: int
    unacknowledged: int

    @property
    def none(self) -> bool:
        """Deliveries to the dead stay unacknowledged until the visibility timeout; they harm nobody."""
        return not (self.messages or self.queued or self.running)


class Ledger:
    """Reads one Redis. Raises redis-py's errors where that does not answer."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self.redis = redis
        self.keys = Keys(prefix)

    def records(self, ids: Sequence[str]) -> dict[str, Record | None]:
        """Each job's record, None where there is none."""
        found: dict[str, Record | None] = {}
        for chunk in _chunks(ids):
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in chunk:
                pipeline.hmget(self.keys.job(job_id), _FIELDS)
            for job_id, values in zip(chunk, pipeline.execute(), strict=True):
                found[job_id] = _record(values)
        return found

    def values(self, ids: Sequence[str], field: str) -> dict[str, str | None]:
        """One field of each job's record."""
        found: dict[str, str | None] = {}
        for chunk in _chunks(ids):
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in chunk:
                pipeline.hget(self.keys.job(job_id), field)
            for job_id, value in zip(chunk, pipeline.execute(), strict=True):
                found[job_id] = None if value is None else value.decode()
        return found

    def running(self) -> list[str]:
        """The ids of all running jobs."""
        members = cast("list[bytes]", self.redis.zrange(self.keys.running, 0, -1))
        return [member.decode() for member in members]

    def leftovers(self) -> Leftovers:
        """What the queue holds now."""
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.zcard(self.keys.queued)
        pipeline.zcard(self.keys.running)
        pipeline.hlen(f"{self.keys.prefix}unacked")
        for name in self.keys.messages:
            pipeline.llen(name)
        queued, running, unacknowledged, *messages = pipeline.execute()
        return Leftovers(messages=sum(messages), queued=queued, running=running, unacknowledged=unacknowledged)

    def now_ms(self) -> int:
        """Redis's clock."""
        seconds, microseconds = self.redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def used_bytes(self) -> int:
        """Memory that Redis has in use, without the buffers of whoever is connected just now and of its log."""
        memory = self.redis.info("memory")
        return int(memory["used_memory"]) - int(memory["mem_clients_normal"]) - int(memory["mem_aof_buffer"])

    def wait_until_ended(self, ids: Sequence[str], seconds: float) -> list[str]:
        """Waits for all of these jobs' ends; the ids of those that have not ended (or are gone) by then."""
        deadline = time.monotonic() + seconds
        pending = list(ids)
        while pending:
            states = self.values(pending, "state")
            pending = [job_id for job_id in pending if states[job_id] in ("queued", "running", None)]
            if not pending or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return pending


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _record(values: Sequence[bytes | None]) -> Record | None:
    found = dict(zip(_FIELDS, values, strict=True))
    state, result = found["state"], found["result"]
    if state is None:
        return None
    numbers = {name: int(found[name] or 0) for name in _FIELDS if name in _NUMBERS}
    return Record(
        state=state.decode(),
        error_code=(found["error_code"] or b"").decode(),
        result=json.loads(unpack_result(result)) if result else None,
        history=tuple(json.loads(found["history"] or b"[]")),
        **numbers,
    )


_NUMBERS = {"attempts", "token", "crashes", "version", "created_ms", "started_ms", "ended_ms"}
