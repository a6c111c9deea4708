"""Streams that are read on where they broke off, and waits that end in time: what both clients keep meanwhile."""

import math
import time
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from service.client.calls import batch_path, job_path
from service.client.errors import ApiError, WaitTimeout
from service.client.event_stream import EventReader, JobEvent
from service.client.views import BatchResult, JobView

T = TypeVar("T")

#: Seconds between two lines of a stream, at most.
STREAM_PAUSE_S = 15.0

#: Seconds of `?wait=` that one request asks for while nobody watches the progress, and while somebody does.
_LONG_WAIT_S = 30.0
_WATCHED_WAIT_S = 1.0

#: A shorter wait than this is none: there is a pause between two looks instead.
_SHORTEST_WAIT_S, _LOOK_PAUSE_S = 0.5, 1.0


class Stream(ABC, Generic[T]):
    """Something that comes line by line over one connection after the other, and once it has `ended` is whole."""

    path: str
    ended: bool = False

    @abstractmethod
    def open(self) -> dict[str, str]:
        """Begins a connection, with these headers."""

    @abstractmethod
    def feed(self, line: str) -> T | None:
        """What has become whole with a line, without its end, and was not there before."""


class EventStream(Stream[JobEvent]):
    """The events of a job, to `done`. Another connection goes on behind the last segment."""

    def __init__(self, job_id: str) -> None:
        self.path = f"{job_path(job_id)}/events"
        self._last = ""
        self._reader = EventReader()

    def open(self) -> dict[str, str]:
        """Goes on behind the last segment. What the connection before broke off is dropped."""
        self._reader = EventReader()
        return {"Last-Event-ID": self._last} if self._last else {}

    def feed(self, line: str) -> JobEvent | None:
        """The event that the line ends."""
        event = self._reader.feed(line)
        if event is not None:
            self._last = event.id or self._last
            self.ended = event.name == "done"
        return event


class BatchStream(Stream[BatchResult]):
    """The results of a batch of some `articles`. Another connection begins anew; nothing comes twice."""

    def __init__(self, batch_id: str, articles: int) -> None:
        self.path = f"{batch_path(batch_id)}/results"
        self._articles = articles
        self._seen: set[int] = set()

    def open(self) -> dict[str, str]:
        """Begins anew."""
        return {}

    def feed(self, line: str) -> BatchResult | None:
        """The result on a line, if it is a new one. A line that was broken off comes again whole."""
        try:
            result = BatchResult.from_line(line)
        except ValueError:
            return None
        if result.index in self._seen:
            return None
        self._seen.add(result.index)
        self.ended = len(self._seen) >= self._articles
        return result


class Waiting:
    """One wait for a job, of `timeout_s` at most. Where somebody watches, each request is a short one.

    `deadline` is when the time is up, by the monotonic clock. Some servers permit shorter waits only, and do not say so before
    they are asked.
    """

    def __init__(self, timeout_s: float | None, *, watched: bool) -> None:
        self._timeout_s = timeout_s
        self.deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._longest = _WATCHED_WAIT_S if watched else _LONG_WAIT_S
        self._left = math.inf
        self._asked = 0.0

    def next_s(self) -> float:
        """Seconds that the next request may wait."""
        self._left = math.inf if self.deadline is None else self.deadline - time.monotonic()
        self._asked = max(0.0, min(self._longest, self._left))
        return self._asked

    def shorten(self, refusal: ApiError) -> None:
        """The last request was refused: the next ones wait half as long. Raises what it was refused with for another reason."""
        if not self._asked or refusal.code != "invalid_parameter":
            raise refusal
        self._longest = self._asked / 2 if self._asked >= 2 * _SHORTEST_WAIT_S else 0.0

    @property
    def pause_s(self) -> float:
        """Seconds between two requests: none where they wait by themselves."""
        return 0.0 if self._longest else max(0.0, min(_LOOK_PAUSE_S, self._left))

    def over(self, job: JobView) -> bool:
        """Whether the job has ended. Raises `WaitTimeout` where it has not and the time is up."""
        if not job.state.ended and self._left <= 0:
            raise WaitTimeout(f"The job had not ended after {self._timeout_s:g} s; it is {job.state}.")
        return job.state.ended
