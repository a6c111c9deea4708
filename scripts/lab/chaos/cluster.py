"""A whole Dépêche under the harness: Redis, one front end and some workers, each restarted when it dies."""

import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from scripts.lab.chaos.articles import POISON
from scripts.lab.chaos.units import Supervisor, Unit
from scripts.lab.embedded_redis import durable_command, find_redis_server
from scripts.lab.processes import Child
from service.contract.keys import Keys

ROOT = Path(__file__).resolve().parents[3]

#: Seconds that a part may take to be ready.
_READY_S = 60.0

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ClusterError(Exception):
    """A part did not start. The message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The lease in seconds, its renewal and the sweep for expired ones: what recovery times follow from."""

    lease_s: float
    renew_s: float
    sweep_s: float

    def __str__(self) -> str:
        return f"lease {self.lease_s:g} s, renewed every {self.renew_s:g} s, sweep every {self.sweep_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a cluster is made of. `variables` are further settings; `redis_folder` lies on another file system if given.

    `worker_command` and `worker_redis` change how a worker (by its index) is started and through which port it sees Redis,
    `web_command` how the front end is.
    """

    timing: Timing
    workers: int = 2
    concurrency: int = 8
    seconds_per_batch: float = 0.15
    seconds_per_token: float = 0.0001
    variables: Mapping[str, str] = field(default_factory=dict)
    redis_folder: Path | None = None
    worker_command: Callable[[int], list[str]] | None = None
    worker_redis: Callable[[int, int], int] | None = None
    web_command: list[str] | None = None
    on_redis_start: Callable[[int], None] | None = None


class Cluster:
    """The processes, from `with` on until its end. Logs stay in `folder` until `close`."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.timing = shape.timing
        self.folder = Path(tempfile.mkdtemp(prefix="depeche-chaos-"))
        self.redis_folder = shape.redis_folder or self.folder / "redis"
        self.redis_folder.mkdir(exist_ok=True)
        self.redis_port, self.port = free_port(), free_port()
        self._password = secrets.token_hex(16)
        self.redis = self._redis_unit()
        self.web = self._program("front end", shape.web_command or ["depeche", "web"], self.redis_port)
        self.workers = [self._worker(index) for index in range(shape.workers)]
        self._supervisor: Supervisor | None = None

    @property
    def redis_url(self) -> str:
        """Redis as the harness itself reaches it, through no proxy."""
        return self._url(self.redis_port)

    def client(self, *, timeout_s: float = 5.0) -> Redis:
        """A client of its Redis that never tries twice by itself. Close it."""
        return Redis.from_url(
            self.redis_url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )

    def __enter__(self) -> Self:
        self._supervisor = Supervisor([self.redis, self.web, *self.workers])
        try:
            self.redis.wanted = True
            self.wait_for_redis()
            for unit in (self.web, *self.workers):
                unit.wanted = True
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kills all processes and removes their files."""
        if self._supervisor is not None:
            self._supervisor.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        """Raises where the harness's own supervision broke."""
        if self._supervisor is not None:
            self._supervisor.check()

    def wait_for_redis(self, seconds: float = _READY_S) -> None:
        """Returns once Redis answers. Raises `ClusterError`."""
        with self.client(timeout_s=1) as client:
            self._wait(lambda: bool(client.ping()), "redis-server", self.redis, seconds)

    def wait_until_ready(self, seconds: float = _READY_S) -> None:
        """Returns once the front end takes work and all workers were heard. Raises `ClusterError`."""
        self.wait_for_redis(seconds)
        for unit in self.workers:
            self._wait(partial(self.is_known, unit), "a worker", unit, seconds)
        self._wait(partial(self._answers, "readyz?workers=1"), "the front end", self.web, seconds)

    def wait_for_front_end(self, seconds: float = _READY_S) -> None:
        """Returns once the front end answers, whatever it says. Raises `ClusterError`."""
        self._wait(partial(self._answers, "healthz"), "the front end", self.web, seconds)

    def is_known(self, unit: Unit) -> bool:
        """Whether the worker has said that it is there. Raises redis-py's errors."""
        with self.client(timeout_s=1) as client:
            names = client.zrange(Keys(self.prefix).workers, 0, -1)
        return any(f"-{unit.pid}-".encode() in name for name in names)

    @property
    def prefix(self) -> str:
        """What every key in Redis begins with."""
        return "depeche:"

    def _wait(self, ready: Callable[[], bool], what: str, unit: Unit, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            with suppress(OSError, RedisError):
                if ready():
                    return
            time.sleep(0.05)
        raise ClusterError(f"{what} was not ready within {seconds:.0f} s: {unit.child.last_words()}")

    def _answers(self, path: str) -> bool:
        with _direct.open(f"http://127.0.0.1:{self.port}/{path}", timeout=3):
            return True

    def _url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def _redis_unit(self) -> Unit:
        options = {"port": str(self.redis_port), "bind": "127.0.0.1", "requirepass": self._password}
        command = durable_command(find_redis_server(), self.redis_folder, options)
        # A write beyond a limit on the file's size is then an error, as on a full disk, and not a signal.
        command = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", *command]
        child = Child("redis", command, log=self.folder / "redis.log", environment=dict(os.environ), grace_s=10)
        return Unit(child, on_start=self.shape.on_redis_start)

    def _worker(self, index: int) -> Unit:
        shape = self.shape
        port = shape.worker_redis(index, self.redis_port) if shape.worker_redis else self.redis_port
        command = shape.worker_command(index) if shape.worker_command else ["depeche-worker", "run"]
        return self._program(f"worker {index}", command, port)

    def _program(self, name: str, command: list[str], redis_port: int) -> Unit:
        programs = Path(sys.executable).parent
        if (programs / command[0]).exists():
            command = [str(programs / command[0]), *command[1:]]
        shape, timing = self.shape, self.timing
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("DEPECHE_")}
        environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DEPECHE_REDIS_URL": self._url(redis_port),
            "DEPECHE_HOST": "127.0.0.1",
            "DEPECHE_PORT": str(self.port),
            "DEPECHE_PROCESSES": "2",
            "DEPECHE_ENGINE": "fake",
            "DEPECHE_FAKE_SECONDS_PER_BATCH": str(shape.seconds_per_batch),
            "DEPECHE_FAKE_SECONDS_PER_TOKEN": str(shape.seconds_per_token),
            "DEPECHE_FAKE_DIE_ON": POISON,
            "DEPECHE_LEASE_S": str(timing.lease_s),
            "DEPECHE_RENEW_S": str(timing.renew_s),
            "DEPECHE_SWEEP_S": str(timing.sweep_s),
            "DEPECHE_CONCURRENCY": str(shape.concurrency),
            **shape.variables,
        }
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return Unit(Child(name, command, log=log, environment=environment, grace_s=15))


def free_port() -> int:
    """A port of the loopback interface that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
