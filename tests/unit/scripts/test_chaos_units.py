"""Supervised processes: started again after a death, signalled, and never left behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lab.chaos.units import Supervisor, Unit
from scripts.lab.processes import Child

SLEEP = "import time; time.sleep(60)"

#: A process with a child, whose number it writes.
PARENT = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Unit]]:
    supervisors = []

    def start(code: str) -> Unit:
        log = tmp_path / "unit.log"
        unit = Unit(Child("unit", [sys.executable, "-c", code], log=log, environment=dict(os.environ), grace_s=5))
        supervisors.append(Supervisor([unit]))
        unit.wanted = True
        wait_until(lambda: unit.up)
        return unit

    yield start
    for supervisor in supervisors:
        supervisor.check()
        supervisor.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_what_dies_is_started_again_after_a_moment(supervise: Callable[[str], Unit]) -> None:
    unit = supervise(SLEEP)
    first, killed_at = unit.pid, time.monotonic()
    assert unit.signal(signal.SIGKILL)
    wait_until(lambda: unit.up and unit.pid != first)
    assert time.monotonic() - killed_at > 0.9
    assert unit.ends == [(first, -signal.SIGKILL)]


def test_nothing_is_signalled_that_does_not_run(supervise: Callable[[str], Unit]) -> None:
    unit = supervise(SLEEP)
    unit.wanted = False
    unit.signal(signal.SIGKILL)
    wait_until(lambda: not unit.up)
    assert not unit.signal(signal.SIGKILL)


def test_children_do_not_outlive_a_killed_parent(supervise: Callable[[str], Unit], tmp_path: Path) -> None:
    unit = supervise(PARENT)
    log = tmp_path / "unit.log"
    wait_until(lambda: log.exists() and log.read_text().strip().isdigit())
    child = int(log.read_text())
    unit.wanted = False
    unit.signal(signal.SIGKILL)
    wait_until(lambda: gone(child))


def test_the_end_of_the_supervisor_ends_everything(tmp_path: Path) -> None:
    log = tmp_path / "unit.log"
    unit = Unit(Child("unit", [sys.executable, "-c", SLEEP], log=log, environment=dict(os.environ), grace_s=5))
    supervisor = Supervisor([unit])
    unit.wanted = True
    wait_until(lambda: unit.up)
    supervisor.close()
    assert gone(unit.pid)
