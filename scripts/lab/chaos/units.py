"""Processes that are started again when they die, as an init system does it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable

from scripts.lab.processes import Child

#: Seconds between a death and the next start.
BACKOFF_S = 1.0

#: Seconds between two looks at all processes.
_LOOK_S = 0.05


class Unit:
    """One supervised process: a front end, a worker or Redis. `on_start` is called after each start with its number.

    `ends` has the number and the exit status of each process that has ended."""

    def __init__(self, child: Child, *, on_start: Callable[[int], None] | None = None) -> None:
        self.child = child
        self.name = child.name
        self.wanted = False
        self.ends: list[tuple[int, int]] = []
        self._on_start = on_start
        self._start_at = 0.0
        self._up = False

    @property
    def pid(self) -> int:
        """Its process's number, or that of its last one."""
        return self.child.pid or 0

    @property
    def up(self) -> bool:
        """Whether its process runs."""
        return self._up and self.child.status is None

    def signal(self, number: signal.Signals, *, group: bool = False) -> bool:
        """Sends a signal to its process, or to the whole group. False where it does not run."""
        if not self.up:
            return False
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def look(self) -> None:
        """Notes a death, ends what it left behind, and starts it again when its time has come."""
        if self._up and self.child.status is not None:
            self._up = False
            self.ends.append((self.pid, self.child.status))
            self._start_at = time.monotonic() + BACKOFF_S
            self._bury()
        if self.wanted and not self._up and time.monotonic() >= self._start_at:
            self.child.start()
            self._up = True
            if self._on_start is not None:
                self._on_start(self.pid)

    def _bury(self) -> None:
        """Children outlive a kill -9 of their parent for a moment; a service manager ends the whole group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


class Supervisor:
    """Looks after units from one thread. All of them are started there: the kernel ends them with it."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = list(units)
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises what broke the supervisor itself, if anything did."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Kills everything."""
        self._stopping.set()
        self._thread.join(10)
        for unit in self.units:
            unit.wanted = False
            if unit.up:
                unit.signal(signal.SIGKILL, group=True)
                unit.child.wait(10)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_LOOK_S):
                for unit in self.units:
                    unit.look()
        except BaseException as error:  # noqa: BLE001 - handed on by check()
            self._failure = error
