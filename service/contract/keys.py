"""Names of keys, channels, queues and tasks. The fields of the job record are described in `lua/prelude.lua`."""

from dataclasses import dataclass

from service.contract.lines import AGAIN, LINES

#: The Celery task that works on one job. Its only argument is the job's id.
TASK_NAME = "depeche.article"


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of everything in Redis, behind one prefix such as `depeche:`."""

    prefix: str

    def job(self, job_id: str) -> str:
        """HASH: the job record."""
        return f"{self.prefix}job:{job_id}"

    def partial(self, job_id: str) -> str:
        """LIST: what attempts have translated of a job that has not ended."""
        return f"{self.prefix}job:{job_id}:partial"

    def told(self, job_id: str) -> str:
        """LIST: what listeners have been told of a job's segments, as JSON, in the article's order."""
        return f"{self.prefix}job:{job_id}:told"

    def heard(self, job_id: str) -> str:
        """STRING: there while somebody listens to the job; expires."""
        return f"{self.prefix}job:{job_id}:heard"

    def sentences_of(self, job_id: str) -> str:
        """SET: the sentences, as client:digest, that go when the job is erased."""
        return f"{self.prefix}job:{job_id}:sentences"

    def sentence(self, name: str) -> str:
        """STRING: a translated sentence by its name, client:digest."""
        return f"{self.prefix}sentence:{name}"

    def idempotency(self, client: str, digest: str) -> str:
        """HASH id, body, replays: what an Idempotency-Key (by its SHA-256, in hex) of a client was used for."""
        return f"{self.prefix}idem:{client}:{digest}"

    def jobs_of(self, client: str) -> str:
        """ZSET of the ids of a client's jobs, all with the score 0: ids sort by age."""
        return f"{self.prefix}jobs:of:{client}"

    def usage(self, client: str, month: str) -> str:
        """STRING: characters that a client has had translated in a month (YYYYMM) while it waited; expires."""
        return f"{self.prefix}usage:{client}:{month}"

    def batch(self, batch_id: str) -> str:
        """HASH client, created_ms, metadata, items: a batch, as `batches.py` keeps it; expires."""
        return f"{self.prefix}batch:{batch_id}"

    def worker(self, worker_id: str) -> str:
        """HASH: what a worker says of itself; expires 60 s after its last heartbeat."""
        return f"{self.prefix}worker:{worker_id}"

    def api_key(self, key_id: str) -> str:
        """HASH: what `api_keys.py` keeps of an API key."""
        return f"{self.prefix}key:{key_id}"

    def quota(self, key_id: str) -> str:
        """HASH jobs, characters: when the quotas of an API key are whole again (ms); expires then."""
        return f"{self.prefix}quota:{key_id}"

    @property
    def api_keys(self) -> str:
        """ZSET of the ids of all API keys by the time at which they were made (ms)."""
        return f"{self.prefix}keys"

    def hook(self, client: str) -> str:
        """HASH: the webhook secrets of a client, as `webhook_secrets.py` keeps them."""
        return f"{self.prefix}hook:{client}"

    @property
    def callbacks(self) -> str:
        """ZSET of the ids of jobs whose end is still to be told, by when it is due (ms)."""
        return f"{self.prefix}callbacks"

    @property
    def lanes(self) -> str:
        """ZSET of lanes, `client receiver`, by when to look for what is due in them (ms)."""
        return f"{self.prefix}callbacks:lanes"

    def callbacks_to(self, lane: str) -> str:
        """ZSET of the ids of a lane, by when they are due (ms)."""
        return f"{self.prefix}callbacks:to:{lane}"

    def callbacks_out(self, client: str) -> str:
        """ZSET of the deliveries of a client that senders have, `receiver id`, by the end of their lease (ms)."""
        return f"{self.prefix}callbacks:out:{client}"

    @property
    def senders(self) -> str:
        """ZSET of senders by when they last asked for work (ms)."""
        return f"{self.prefix}callbacks:senders"

    @property
    def queued(self) -> str:
        """ZSET of job ids by the time of admission (ms)."""
        return f"{self.prefix}jobs:queued"

    @property
    def running(self) -> str:
        """ZSET of job ids by the end of their lease (ms)."""
        return f"{self.prefix}jobs:running"

    @property
    def quarantined(self) -> str:
        """ZSET of the queued jobs of the quarantine lane, by the time of admission (ms)."""
        return f"{self.prefix}jobs:quarantined"

    @property
    def unlisted(self) -> str:
        """ZSET of queued jobs that a sweep saw without a message, by the time of that sweep (ms)."""
        return f"{self.prefix}jobs:unlisted"

    @property
    def messages(self) -> tuple[str, ...]:
        """LISTs: Celery's queues of wake-ups."""
        return tuple(f"{self.prefix}{name}" for name in (*LINES, AGAIN))

    @property
    def lane(self) -> str:
        """STRING: the process that is the quarantine lane now; expires unless it is renewed."""
        return f"{self.prefix}quarantine"

    @property
    def sweep(self) -> str:
        """STRING: the worker whose sweep it is; expires when the next one is due."""
        return f"{self.prefix}sweep"

    @property
    def rewrite(self) -> str:
        """STRING: the worker that had Redis rewrite its append-only file; expires when the next one is due."""
        return f"{self.prefix}rewrite"

    @property
    def pulse(self) -> str:
        """HASH last_ms, since_ms: when Redis last answered somebody, and since when without a gap."""
        return f"{self.prefix}pulse"

    def ends(self, number: int | str) -> str:
        """STRING: how many jobs ended in the ten seconds of this number since 1970; expires a minute later."""
        return f"{self.prefix}ends:{number}"

    @property
    def counts(self) -> str:
        """HASH: what has been counted, by name; `metrics.py` reads it."""
        return f"{self.prefix}counts"

    @property
    def sentences(self) -> str:
        """ZSET of all remembered sentences, as client:digest, by when they were (ms)."""
        return f"{self.prefix}sentences"

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
