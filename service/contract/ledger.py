"""The ledger: jobs in Redis. Every transition is one Lua script; all times are Redis's own.

What both halves do with it is here. The front end's side is in `store.py`, the worker's in `leases.py`, the reconciler's in
`sweeps.py`.
"""

import json
from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.commands.core import Script

from service.contract.errors import StoreUnavailable
from service.contract.keys import Keys
from service.contract.outages import store_errors
from service.contract.scripts import load_script
from service.contract.states import JobState


class Ledger:
    """The jobs of one Redis. Thread-safe. Every method raises `StoreUnavailable` where Redis does not do its part.

    `retention_s` is how long an ended job is kept.
    """

    def __init__(self, redis: Redis, *, prefix: str, retention_s: int) -> None:
        self.redis = redis
        self.keys = Keys(prefix)
        self._retention_s = retention_s
        self._scripts: dict[str, Script] = {}

    def state(self, job_id: str) -> JobState | None:
        """The state alone, or None without a record: one small read."""
        with store_errors():
            value = self.redis.hget(self.keys.job(job_id), "state")
        return JobState(as_bytes(value).decode()) if value else None

    def states(self, job_ids: Sequence[str]) -> list[JobState | None]:
        """The state of each job, None without a record, in one round trip."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hget(self.keys.job(job_id), "state")
            values = pipeline.execute()
        return [JobState(as_bytes(value).decode()) if value else None for value in values]

    def depth(self) -> int:
        """How many jobs are queued or running."""
        with store_errors():
            pipeline = self.redis.pipeline(transaction=False)
            pipeline.zcard(self.keys.queued)
            pipeline.zcard(self.keys.running)
            return int(sum(pipeline.execute()))

    def workers(self, *, within_s: float = 30.0) -> list[dict[str, Any]]:
        """What the workers say of themselves that were seen in the last `within_s` seconds."""
        with store_errors():
            since = self._now_ms() - int(within_s * 1000)
            names = [as_bytes(name).decode() for name in self.redis.zrangebyscore(self.keys.workers, since, "+inf")]
            pipeline = self.redis.pipeline(transaction=False)
            for name in names:
                pipeline.hget(self.keys.worker(name), "description")
            descriptions = pipeline.execute()
        return [json.loads(text) for text in descriptions if text]

    def pulse(self, *, lease_s: float) -> None:
        """Notes that Redis answers. Whoever does so every third of a lease shows that it was there all the time."""
        with store_errors():
            self._run("pulse", pulse_gap_ms(lease_s))

    def _hold(self, lock: str, holder: str, *, milliseconds: int, on: bool = False) -> bool:
        """Whether `holder` has a lock (sweep, lane, rewrite) from now on; with `on` also where it had it already."""
        return bool(self._run("hold", lock, holder, milliseconds, int(on)))

    def _run(self, name: str, *arguments: str | int | bytes, on: Redis | None = None) -> Any:
        """Runs a script of `lua/`, `on` a connection of its own where one is given."""
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = load_script(self.redis, self.keys, name)
        return script(keys=[], args=list(arguments), client=on)

    def _now_ms(self) -> int:
        seconds, microseconds = self.redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000


def pulse_gap_ms(lease_s: float) -> int:
    """Silence of Redis, in ms, that a renewed lease survives: renewals come every third of a lease or sooner."""
    return int(lease_s * 500)


def as_bytes(value: object) -> bytes:
    """What a client without `decode_responses` answers; anything else means that the server is not the Redis we know."""
    if not isinstance(value, bytes):
        raise StoreUnavailable("gave an answer of another type than was asked for")
    return value
