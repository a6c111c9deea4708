"""The data folder has one owner: two servers must never write the same append-only file."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.processes import ChildError

#: Seconds between two looks at a folder that somebody else has.
_LOOK_S = 0.1


@dataclass(frozen=True)
class Owned:
    """The folder is ours. It stays locked for as long as any process has the descriptor `lock` open."""

    data: Path
    lock: int

    def announce(self, url: str) -> None:
        """Lets others know where articles can be sent, until `withdraw`."""
        _record(self.data).write_text(json.dumps({"url": url, "pid": os.getpid()}))

    def withdraw(self) -> None:
        """No more articles, please: this one stops."""
        _record(self.data).unlink(missing_ok=True)


@dataclass(frozen=True)
class Running:
    """Somebody else has the folder, and serves at `url`."""

    url: str
    pid: int


@contextlib.contextmanager
def claim(data: Path, *, patience_s: float, on_wait: Callable[[], None]) -> Iterator[Owned | Running]:
    """Yields the folder, made where it is missing, or where its owner serves.

    An owner that does not serve starts, stops, or works on articles of its own: it is waited for, after `on_wait` was called
    once. Raises `ChildError` when `patience_s` seconds were not enough.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + patience_s
    waits = False
    with open(data / "lock", "w") as lock:
        while not _locked(lock.fileno()):
            running = _running(data)
            if running is not None:
                yield running
                return
            if time.monotonic() >= deadline:
                raise ChildError(f"another scripts/run uses {data}. Wait for its end, or set DEPECHE_DATA_DIR.")
            if not waits:
                on_wait()
            waits = True
            time.sleep(_LOOK_S)
        owned = Owned(data, lock.fileno())
        owned.withdraw()  # what an owner that was killed has left
        yield owned


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _running(data: Path) -> Running | None:
    """What the owner announced, if it still lives."""
    try:
        record = json.loads(_record(data).read_text())
        running = Running(str(record["url"]), int(record["pid"]))
        os.kill(running.pid, 0)
    except PermissionError:  # it lives, as another user
        return running
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running


def _record(data: Path) -> Path:
    return data / "running.json"
