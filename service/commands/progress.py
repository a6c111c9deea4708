"""Progress on standard error: one live line on a terminal, else a line now and then."""

import shutil
import time
from typing import IO

from service.client import JobView
from service.contract.states import JobState

#: Seconds between two lines where nobody watches live.
_QUIET_S = 10.0

_BAR = 24


class Progress:
    """Shows how far an article is. Messages between go through `say`, so that they don't mix with the live line."""

    def __init__(self, err: IO[str], *, total: int) -> None:
        self._err = err
        self._total = total
        self._live = err.isatty()
        self._shown = False
        self._said_at = time.monotonic()

    def show(self, number: int, name: str, job: JobView) -> None:
        """How far the job of article `number`, counted from 1, is."""
        if job.state.ended:
            return
        before = f"[{number}/{self._total}] " if self._total > 1 else ""
        after = f": {_describe(job)}"
        if self._live:
            room = shutil.get_terminal_size().columns - 1 - len(before) - len(after)
            shown = name if len(name) <= room else "…" + name[-max(0, room - 1) :] if room > 1 else ""
            self._err.write(f"\r\x1b[K{before}{shown}{after}")
            self._shown = True
            self._err.flush()
        elif time.monotonic() - self._said_at >= _QUIET_S:
            self.say(before + name + after)

    def say(self, message: str) -> None:
        """A line that stays."""
        self.clear()
        self._err.write(f"depeche: {message}\n")
        self._err.flush()
        self._said_at = time.monotonic()

    def clear(self) -> None:
        """Takes the live line away."""
        if self._shown:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._shown = False


def _describe(job: JobView) -> str:
    if job.state is JobState.QUEUED:
        return "waits in the queue"
    if not job.total:
        return "has begun"
    filled = min(_BAR, _BAR * job.done // job.total)
    return f"{job.stage or job.state} {'#' * filled}{'.' * (_BAR - filled)} {job.done}/{job.total} segments"
