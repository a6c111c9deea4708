"""Children of the launcher, with real small processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scripts.lab import processes
from scripts.lab.processes import Child, stop_all

#: Says when it is ready, and what it does on SIGTERM.
TRAP = 'trap "{action}" TERM; echo ready; while :; do sleep 0.02; done'

Make = Callable[..., Child]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes children that run a line of shell, and ends them after the test."""
    made: list[Child] = []

    def make_child(line: str, name: str = "child", grace_s: float = 10, keep: tuple[int, ...] = ()) -> Child:
        log = tmp_path / "logs" / f"{name}.log"
        child = Child(name, ["sh", "-c", line], log=log, environment=os.environ, grace_s=grace_s, keep=keep)
        made.append(child)
        return child

    yield make_child
    for child in made:
        child.kill()
        child.wait(10)


def start(child: Child) -> Child:
    child.start()
    eventually(lambda: "ready" in child.last_words())
    return child


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_children_stop_in_reverse_order(make: Make, tmp_path: Path) -> None:
    order = tmp_path / "order"
    action = f"sleep 0.1; echo {{name}} >> {order}; exit 0"
    children = [start(make(TRAP.format(action=action.format(name=name)), name)) for name in ("first", "last")]
    stop_all(children)
    assert order.read_text().split() == ["last", "first"]
    assert [child.status for child in children] == [0, 0]


def test_what_outlives_its_grace_is_killed_with_what_it_started(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = tmp_path / "pid"
    child = start(make(f"sleep 300 & echo $! > {pid}; {TRAP.format(action='')}", "mule", grace_s=0.1))
    stop_all([child])
    assert child.status == -signal.SIGKILL
    assert capsys.readouterr().err == "depeche: mule did not stop within 0 s and was killed\n"
    eventually(lambda: not runs(int(pid.read_text())))


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_children_that_have_ended_or_never_began_are_no_trouble(make: Make) -> None:
    ended, never = make("exit 3", "ended"), make("exit 0", "never")
    ended.start()
    assert ended.wait(10)
    stop_all([ended, never])
    assert (ended.status, never.status) == (3, None)


def test_a_ctrl_c_in_the_terminal_does_not_reach_a_child(make: Make) -> None:
    child = start(make("echo $$; echo ready; sleep 300"))
    assert os.getsid(int(child.last_words().split()[0])) != os.getsid(0)


LAUNCHER = """
import os, sys, time
from pathlib import Path
from scripts.lab.processes import Child
child = Child("child", ["sleep", "300"], log=Path(sys.argv[1]), environment=os.environ, grace_s=1)
child.start()
print(child._process.pid, flush=True)
time.sleep(300)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
class TestDeathOfTheLauncher:
    def test_ends_its_children(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", LAUNCHER, str(tmp_path / "log")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as launcher:
            assert launcher.stdout is not None
            child = int(launcher.stdout.readline())
            assert runs(child)
            launcher.kill()
        eventually(lambda: not runs(child))

    def test_before_the_kernel_was_told_ends_them_too(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "getpid", lambda: 0)
        child = make("sleep 300")
        child.start()
        assert child.wait(10)
        assert child.status == 1


class TestLastWords:
    def test_are_the_end_of_the_log(self, make: Make) -> None:
        child = make("for i in 1 2 3 4; do echo line $i; done")
        child.start()
        child.wait(10)
        assert child.last_words(2) == "line 3\nline 4"

    def test_are_not_those_of_an_earlier_start(self, make: Make) -> None:
        child = make("echo said once; exit 1")
        child.start()
        child.wait(10)
        silent = make("exit 1")
        silent.start()
        silent.wait(10)
        assert silent.last_words() == ""

    def test_are_the_reason_where_one_is_given(self, make: Make) -> None:
        child = make("""echo noise; echo '{"event": "x", "reason": "no disk"}'""")
        child.start()
        child.wait(10)
        assert child.last_words() == "no disk"

    def test_are_none_before_the_start(self, make: Make) -> None:
        assert make("exit 0").last_words() == ""


def test_a_large_log_is_put_aside(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LOG_BYTES", 10)
    for words in ("the first of many words", "more"):
        child = make(f"echo {words}")
        child.start()
        child.wait(10)
    assert (tmp_path / "logs" / "child.log").read_text() == "more\n"
    assert (tmp_path / "logs" / "child.log.1").read_text() == "the first of many words\n"


def test_a_child_gets_the_descriptors_that_it_is_to_keep_and_no_other(make: Make, tmp_path: Path) -> None:
    with (tmp_path / "kept").open("w") as kept, (tmp_path / "other").open("w") as other:
        child = make(f"[ -e /dev/fd/{kept.fileno()} ] && [ ! -e /dev/fd/{other.fileno()} ]", keep=(kept.fileno(),))
        child.start()
        assert child.wait(10)
    assert child.status == 0
