"""Who listens to jobs: one look of a process at all that are listened to, however many listen."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from service.contract.errors import StoreFault, StoreUnavailable

#: Seconds between two looks, and for which a worker believes that somebody listens: it is told at every tenth look.
LOOK_S, HEARD_S = 0.5, 30

_LOOKS_TO_RENEW = 10

#: Jobs that are looked at in one round trip.
_CHUNK = 500


@dataclass(slots=True)
class _Listened:
    """A job that is listened to: by whom, and what was seen of it last."""

    listeners: list[threading.Event] = field(default_factory=list)
    seen: tuple[int, int] | None = None


class ListenerHub:
    """Wakes those who listen to a job when it has changed. Thread-safe; its thread starts with the first, so after any fork.

    `look` gives for each job the version of its record and how many segments have been told; it says meanwhile, for so many
    seconds if not for 0, that the jobs are listened to.
    """

    def __init__(self, look: Callable[[Sequence[str], int], list[tuple[int, int]]], *, look_s: float = LOOK_S) -> None:
        self._look = look
        self._look_s = look_s
        self._lock = threading.Lock()
        self._jobs: dict[str, _Listened] = {}
        self._started = False
        self._closed = threading.Event()

    @contextmanager
    def listen(self, job_id: str, event: threading.Event) -> Iterator[None]:
        """Sets `event` whenever the job has changed since the last look. Read the job after entering, and after each time."""
        with self._lock:
            self._jobs.setdefault(job_id, _Listened()).listeners.append(event)
            if not self._started and not self._closed.is_set():
                self._started = True
                threading.Thread(target=self._run, name="listeners", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                listened = self._jobs[job_id]
                listened.listeners.remove(event)
                if not listened.listeners:
                    del self._jobs[job_id]

    @property
    def listening(self) -> int:
        """How many listen now."""
        with self._lock:
            return sum(len(listened.listeners) for listened in self._jobs.values())

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()

    def _run(self) -> None:
        looks = 0
        while not self._closed.wait(self._look_s):
            with self._lock:
                job_ids = list(self._jobs)
            heard_s = 0 if looks % _LOOKS_TO_RENEW else HEARD_S
            looks += 1
            with suppress(StoreUnavailable, StoreFault):  # the next look may find it back
                for start in range(0, len(job_ids), _CHUNK):
                    chunk = job_ids[start : start + _CHUNK]
                    self._tell(dict(zip(chunk, self._look(chunk, heard_s), strict=True)))

    def _tell(self, found: dict[str, tuple[int, int]]) -> None:
        with self._lock:
            for job_id, seen in found.items():
                listened = self._jobs.get(job_id)
                if listened is not None and listened.seen != seen:
                    listened.seen = seen
                    for event in listened.listeners:
                        event.set()
