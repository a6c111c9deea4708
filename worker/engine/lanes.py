"""The two flows of one model: a small job need not stand behind a large one, nor beside it.

All join the main lane. Where that is full of a large job, whose rows make every step slow, a small job gets a lane of its own,
and of the engine's time three fifths while it is there. It then takes less than twice as long as alone.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from worker.engine.backlog import Item
from worker.engine.flow import Flow, ItemFlow
from worker.engine.interface import Role
from worker.engine.queue import BatchLimits, EngineQueue

#: The small lane may hold this part of what the main one may, and so may the jobs that are small.
_PART = 4

#: A job is large while so many times what the main lane holds is still waiting.
_LARGE = 2

#: While both lanes have something in flight, the small one gets so many seconds for each of the main one's: what it has to wait
#: for before its first step, and the processor's caches that it has to fill anew, come on top.
_SHARE = 1.5


class Lanes:
    """The flows of one role. Used by the engine's thread alone, but for `items`."""

    def __init__(
        self, role: Role, make: Callable[[], Flow], queue: EngineQueue, limits: BatchLimits, beams: int
    ) -> None:
        self._role = role
        self._queue = queue
        self._beams = beams
        self._small = limits.tokens // _PART // beams
        self._large = limits.tokens * _LARGE // beams
        small = replace(limits, tokens=limits.tokens // _PART, rows=max(1, limits.rows // _PART))
        self._main, self._quick = ItemFlow(make(), limits, beams), ItemFlow(make(), small, beams)
        self._spent = {self._main: 0.0, self._quick: 0.0}

    def items(self) -> list[Item]:
        """All that is in flight."""
        return [item for lane in self.lanes() for item in list(lane.items.values())]

    def lanes(self) -> tuple[ItemFlow, ItemFlow]:
        """Both flows."""
        return self._main, self._quick

    def turn(self) -> tuple[ItemFlow, list[Item]]:
        """The lane that takes the next step, and who joins it before."""
        if new := self._small_job():
            return self._quick, new
        lane = self._next()
        return lane, self._newcomers() if lane is self._main else []

    @contextmanager
    def timed(self, lane: ItemFlow) -> Iterator[None]:
        """What a lane does inside counts as its time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            if self._quick.items and self._main.items:
                self._spent[lane] += time.perf_counter() - began
            else:
                self._spent = dict.fromkeys(self._spent, 0.0)

    def _next(self) -> ItemFlow:
        if not self._quick.items:
            return self._main
        if not self._main.items:
            return self._quick if self._queue.head(self._role) is None else self._main
        return self._quick if self._spent[self._quick] <= _SHARE * self._spent[self._main] else self._main

    def _newcomers(self) -> list[Item]:
        head = self._queue.head(self._role)
        room = self._main.room(head) if head is not None else None
        return self._queue.take(self._role, *room, self._beams) if room is not None else []

    def _small_job(self) -> list[Item]:
        """A small job that waits while the main lane is full of a large one, if it fits into its own lane."""
        jobs = {item.job_id for item in self._main.items.values()}
        if not any(self._queue.waiting(self._role, job) >= self._large for job in jobs):
            return []
        used = sum(map(len, self._quick.items.values()))
        return self._queue.take_small(self._role, self._small - used, self._quick.rows_left(), jobs)
