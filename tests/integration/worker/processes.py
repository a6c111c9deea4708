"""What tests of the worker start and ask: the front end's part of the queue, and worker processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from service.contract.celery_app import make_celery, publish
from service.contract.connection import connect
from service.contract.job import Job
from service.contract.lines import LINES, Kind, line_of
from service.contract.request import JobRequest
from service.contract.settings import SharedSettings
from service.contract.states import JobState
from tests.ledger import WholeLedger

PROGRAM = str(Path(sys.executable).parent / "depeche-worker")

#: An engine that takes its time: one segment of an article after the other, 0.02 s for each token.
SLOW = {"DEPECHE_FAKE_SECONDS_PER_TOKEN": "0.02", "DEPECHE_BATCH_ROWS": "1"}

#: Short leases and frequent sweeps.
QUICK = {"DEPECHE_LEASE_S": "2", "DEPECHE_RENEW_S": "0.5", "DEPECHE_SWEEP_S": "0.5"}


class Queue:
    """What the front end does, without the front end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.settings = SharedSettings.load(redis_url=url)
        self.redis = connect(url, timeout_s=5, name="test")
        self.store = WholeLedger(self.redis, prefix=self.settings.key_prefix, retention_s=60)
        self._celery = make_celery(self.settings, socket_timeout_s=5)

    def admit(self, text: str, *, client: str = "local", line: str = LINES[0]) -> str:
        """Without a message."""
        return self.store.admit(JobRequest(text=text), client=client, line=line).job_id

    def submit(self, text: str, *, client: str = "local", kind: Kind = Kind.SINGLE) -> str:
        line = line_of(client, kind)
        job_id = self.admit(text, client=client, line=line)
        self.publish(job_id, line)
        return job_id

    def quarantine(self, job_id: str) -> None:
        """Puts a queued job into the quarantine lane, as two crashes would."""
        self.redis.hset(self.store.keys.job(job_id), "lane", "quarantine")
        self.redis.zadd(self.store.keys.quarantined, {job_id: time.time()})

    def publish(self, job_id: str, line: str = LINES[0]) -> None:
        publish(self._celery, job_id, line)

    def get(self, job_id: str, *, client: str = "local") -> Job:
        return self.store.get(job_id, client=client)

    def wait(self, job_id: str, state: JobState, seconds: float = 30) -> Job:
        self.until(lambda: self.get(job_id).state is state, seconds)
        return self.get(job_id)

    def until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)

    def crashes(self, job_id: str) -> int:
        value = self.redis.hget(self.store.keys.job(job_id), "crashes")
        assert value is None or isinstance(value, bytes)
        return int(value or 0)

    def messages(self) -> int:
        """How many wait, in all lines."""
        return sum(len(self.redis.lrange(name, 0, -1)) for name in self.store.keys.messages)


class Worker:
    """A worker process; its log goes to a file."""

    def __init__(self, url: str, log: Path, *command: str, **variables: str) -> None:
        self.log = log
        environment = {**os.environ, "DEPECHE_REDIS_URL": url, "DEPECHE_ENGINE": "fake", **variables}
        with log.open("ab") as output:
            self.process = subprocess.Popen(command or [PROGRAM, "run"], env=environment, stdout=output, stderr=output)

    def seen(self, queue: Queue) -> bool:
        return any(f"-{self.process.pid}-" in worker["id"] for worker in queue.store.workers())

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)
