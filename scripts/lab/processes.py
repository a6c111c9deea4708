"""Child processes of the launcher: started apart from its terminal, watched, stopped in order, and never left behind."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

#: Bytes above which a log is put aside at the next start.
_LOG_BYTES = 10_000_000

_PR_SET_PDEATHSIG = 1

#: Looked up here and not between fork and exec, where little is safe.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class ChildError(Exception):
    """A child could not be started or ended too early. The message is for people."""


class Child:
    """One process of the stack, with its output in a log file.

    `grace_s` is how many seconds it may take to stop. It gets the descriptors `keep` besides its output.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        grace_s: float,
        keep: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.grace_s = grace_s
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log
        self._log_start = 0
        self._keep = tuple(keep)
        self._process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Starts the process in a session of its own, so that a Ctrl-C reaches the launcher alone."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                start_new_session=True,
                pass_fds=self._keep,
                preexec_fn=partial(_die_with, os.getpid()),
            )
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        """The process's number, which is that of its session too; None before the first start."""
        return self._process.pid if self._process else None

    @property
    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll() if self._process else None

    def last_words(self, lines: int = 5) -> str:
        """The end of its log since its start: the reason alone where the last line is a structured one that gives it."""
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_start)
                last = log.read().decode(errors="replace").splitlines()[-lines:]
        except OSError:
            return ""
        with contextlib.suppress(ValueError, IndexError, KeyError, TypeError):
            return str(json.loads(last[-1])["reason"])
        return "\n".join(last)

    def ask_to_stop(self) -> None:
        """Sends SIGTERM."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Sends SIGKILL to the process and to whatever it started in its session."""
        self._signal(signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)


def stop_all(children: Sequence[Child]) -> None:
    """Stops one after the other, in reverse order of their start; kills what outlives its grace."""
    for child in reversed(children):
        child.ask_to_stop()
        if not child.wait(child.grace_s):
            print(f"depeche: {child.name} did not stop within {child.grace_s:.0f} s and was killed", file=sys.stderr)
            child.kill()
            child.wait(10)


def _die_with(parent: int) -> None:
    """On Linux the kernel ends a child whose launcher was killed; elsewhere only an orderly stop does."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before the kernel knew
            os._exit(1)
