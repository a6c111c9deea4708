"""Names of keys, channels, queues and tasks. The fields of the job record are described in `lua/prelude.lua`."""

from dataclasses import dataclass

#: The Celery task that works on one job. Its only argument is the job's id.
TASK_NAME = "depeche.article"

#: The Celery queue of ordinary work: a Redis list of this name behind the prefix.
QUEUE_NAME = "articles"


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of everything in Redis, behind one prefix such as `depeche:`."""

    prefix: str

    def job(self, job_id: str) -> str:
        """HASH: the job record."""
        return f"{self.prefix}job:{job_id}"

    def idempotency(self, client: str, digest: str) -> str:
        """HASH id, body, replays: what an Idempotency-Key (by its SHA-256, in hex) of a client was used for."""
        return f"{self.prefix}idem:{client}:{digest}"

    def worker(self, worker_id: str) -> str:
        """HASH: what a worker says of itself; expires 60 s after its last heartbeat."""
        return f"{self.prefix}worker:{worker_id}"

    @property
    def queued(self) -> str:
        """ZSET of job ids by the time of admission (ms)."""
        return f"{self.prefix}jobs:queued"

    @property
    def running(self) -> str:
        """ZSET of job ids by the end of their lease (ms)."""
        return f"{self.prefix}jobs:running"

    @property
    def workers(self) -> str:
        """ZSET of worker ids by their last heartbeat (ms)."""
        return f"{self.prefix}workers"

    @property
    def secret(self) -> str:
        """STRING: the secret under the job ids, made by the first front end."""
        return f"{self.prefix}secret"

    @property
    def probe(self) -> str:
        """STRING: written by readiness checks."""
        return f"{self.prefix}probe"

    @property
    def ended(self) -> str:
        """Channel: the id of each job at the moment at which it ends."""
        return f"{self.prefix}ended"
