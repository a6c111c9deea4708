"""Progress on standard error: bars on a terminal, else lines."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Protocol

from service.client import JobView
from service.contract.states import JobState

#: Seconds between two lines where nobody watches live.
_QUIET_S = 10.0


class Progress(Protocol):
    """Shows how far the articles are. Messages between go through `say`, so that they don't mix with what moves."""

    #: Whether it is worth asking for the progress of each job.
    watched: bool

    def show(self, name: str, job: JobView) -> None:
        """How far the job of an article is."""

    def over(self, name: str) -> None:
        """An article is done with, however that went."""

    def say(self, message: str) -> None:
        """A line that stays."""

    def pause(self) -> AbstractContextManager[None]:
        """Nothing moves within, so that something else may write to the same terminal."""

    def close(self) -> None:
        """Takes away what moves."""


class Lines:
    """A line now and then, for logs and pipes: about the one article, if there is only one."""

    def __init__(self, err: IO[str], *, total: int) -> None:
        self.watched = total == 1
        self._err = err
        self._said_at = time.monotonic()

    def show(self, name: str, job: JobView) -> None:
        """Every ten seconds."""
        if not job.state.ended and time.monotonic() - self._said_at >= _QUIET_S:
            self.say(f"{name}: {describe(job)}")

    def over(self, name: str) -> None:
        """Nothing moves."""

    def say(self, message: str) -> None:
        """Writes it."""
        self._err.write(f"depeche: {message}\n")
        self._err.flush()
        self._said_at = time.monotonic()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Nothing moves anyway."""
        yield

    def close(self) -> None:
        """Nothing moves."""


def show_progress(err: IO[str], *, total: int) -> Progress:
    """What suits where `err` leads to. Close it."""
    if err.isatty():
        from service.commands.bars import Bars, is_capable

        if is_capable(err):
            return Bars(err, total=total)
    return Lines(err, total=total)


def describe(job: JobView) -> str:
    """How far a job is, in a few words."""
    if job.state is JobState.RUNNING:
        return f"{job.stage}, {job.done} of {job.total} segments" if job.stage and job.total else "has begun"
    return "waits in the queue" if job.state is JobState.QUEUED else str(job.state)
