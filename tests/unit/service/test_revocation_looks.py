"""What it costs a stream to look whether its caller's key is still in force: round trips to Redis, and wake-ups."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from service.api import batches, events
from service.api.auth import LOOK_S
from service.backend import Backend
from service.contract.api_keys import ApiKey
from service.contract.batches import Batch, BatchItem
from service.contract.errors import JobGone, KeyInvalid
from service.contract.job import Job
from service.contract.quotas import Limits
from service.contract.states import JobState

KEY = ApiKey(id="k1", name="press", client="press", limits=Limits(), created_ms=0, used_ms=None)


class Watched:
    """A back end that notes each round trip and each wait. It closes at the last of some idle waits."""

    def __init__(self, *, idle: int = 1, state: JobState = JobState.QUEUED) -> None:
        self.trips: list[str] = []
        self.waits_s: list[float] = []
        self.revoked = self.gone = False
        self._idle = idle
        self._state = state
        self.store = self.keys = self.waits = self
        self.listeners = SimpleNamespace(listen=lambda *_: nullcontext())

    def as_backend(self) -> Backend:
        return cast(Backend, self)

    @property
    def closed(self) -> bool:
        return len(self.waits_s) >= self._idle

    @contextmanager
    def watch(self, *_: str) -> Iterator["Watched"]:
        yield self

    def clear(self) -> None:
        """Is the event of `watch` too."""

    def wait(self, seconds: float) -> bool:
        self.waits_s.append(seconds)
        return False

    def get(self, job_id: str, **_: Any) -> Job:
        self.trips.append("get")
        if self.gone:
            raise JobGone
        return Job.from_record(job_id, {"state": self._state.value.encode(), "client": b"press", "created_ms": b"1"})

    def listen(self, _: str, *, heard_s: int, told: int, key_id: str | None) -> list[bytes]:
        self.trips.append("listen")
        if self.revoked and key_id is not None:
            raise KeyInvalid
        return []

    def ends(self, job_ids: list[str]) -> dict[str, int | None]:
        self.trips.append("ends")
        return dict.fromkeys(job_ids, 1 if self._state.ended else None)

    def is_in_force(self, _: str) -> bool:
        self.trips.append("key")
        return not self.revoked


def results(backend: Watched, key: ApiKey | None, jobs: int) -> Iterator[bytes]:
    batch = Batch("b1", 0, None, tuple(BatchItem(job_id=f"j{number}") for number in range(jobs)))
    return batches._results(backend.as_backend(), batch, "press", key)


@pytest.mark.parametrize(("key", "idle_s"), [(KEY, LOOK_S), (None, events.KEEPALIVE_S)])
def test_events_take_two_round_trips_at_each_look(key: ApiKey | None, idle_s: float) -> None:
    backend = Watched(idle=3)
    assert len(list(events._Stream(backend.as_backend(), "j1", "press", key, 0))) == 2
    assert backend.trips == ["get", "listen"] * 3
    assert backend.waits_s == [idle_s] * 3


@pytest.mark.parametrize(("key", "gone", "rest"), [(KEY, False, 0), (KEY, True, 0), (None, True, 1)])
def test_events_end_with_the_key(key: ApiKey | None, gone: bool, rest: int) -> None:
    backend = Watched(idle=9)
    stream = iter(events._Stream(backend.as_backend(), "j1", "press", key, 0))
    assert [next(stream)[:5], next(stream)[:12]] == [b"retry", b"event: state"]
    backend.revoked, backend.gone = True, gone
    assert len(list(stream)) == rest


@pytest.mark.parametrize(("key", "idle_s"), [(KEY, LOOK_S), (None, batches.KEEPALIVE_S)])
def test_results_that_do_not_come_yet_are_looked_for_as_rarely(key: ApiKey | None, idle_s: float) -> None:
    backend = Watched(idle=2)
    assert list(results(backend, key, 2)) == []
    assert backend.waits_s == [idle_s] * 2


def test_results_that_are_there_take_a_round_trip_each() -> None:
    backend = Watched(state=JobState.SUCCEEDED)
    assert len(list(results(backend, KEY, 20))) == 20
    assert backend.trips == ["ends", "key", *["get"] * 20]


def test_a_reader_who_is_slow_hears_no_more_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    backend = Watched(state=JobState.SUCCEEDED)
    lines = results(backend, KEY, 20)
    assert next(lines)
    backend.revoked = True
    now[0] += 0.9
    assert next(lines)
    now[0] += 0.2
    assert list(lines) == []
