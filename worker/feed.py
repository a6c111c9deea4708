"""Tells those who listen to a job of each segment as it is translated, in the article's order.

Nothing is told, and next to nothing costs anything, while nobody listens. What repairs change later is told by the front
end, which compares with the result.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from service.contract.attempt import Claim
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from worker.plan import Plan, PlannedSegment, Route

log = get_logger(__name__)

#: Seconds between two tellings, and between two looks whether somebody listens.
TELL_S, LOOK_S = 0.4, 1.0

#: Segments that are told at once, at most.
_AT_ONCE = 200


class Feed:
    """The segments of one attempt, as they come. Thread-safe but for `tell`, which is the attempt's own thread's."""

    def __init__(self, store: LeaseStore, claim: Claim, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._claim = claim
        self._clock = clock
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._ready: dict[int, str] = {}
        self._lines: list[str] = []
        self._next = self._told = 0
        self._listened = False
        self._look_at = self._tell_at = -1.0

    def open(self, plan: Plan) -> None:
        """The segments that are to come. Those that are not translated are ready at once."""
        with self._lock:
            self._plan = plan
            for place, segment in enumerate(plan.segments):
                if segment.tokens is None:
                    self._ready[place] = segment.source

    def put(self, place: int, target: str) -> None:
        """A segment's translation, by its place in the plan; the first one counts."""
        with self._lock:
            if self._plan is not None and place < len(self._plan.segments):
                self._ready.setdefault(place, target)

    def tell(self) -> None:
        """Tells what is new and due, if somebody listens. Raises nothing: who listens has the result in the end."""
        now = self._clock()
        try:
            if now >= self._look_at:
                self._look_at = now + LOOK_S
                self._listened = self._store.is_heard(self._claim.job_id)
            if self._listened and now >= self._tell_at:
                self._tell_at = now + TELL_S
                self._send()
        except (StoreUnavailable, StoreFault) as error:
            log.debug("segments_not_told", reason=error.detail)

    def _send(self) -> None:
        with self._lock:
            self._collect()
            first, lines = self._told, self._lines[self._told : self._told + _AT_ONCE]
        if lines and (told := self._store.tell(self._claim, first, lines)) >= 0:
            self._told = max(self._told, min(told, first + len(lines)))

    def _collect(self) -> None:
        """Makes lines of what is ready without a gap: one for the title, one for each segment of the body."""
        if self._plan is None:
            return
        segments = self._plan.segments
        while self._next < len(segments) and self._next in self._ready:
            segment = segments[self._next]
            if segment.paragraph is not None:
                self._lines.append(_line(segment, self._ready[self._next]))
                self._next += 1
                continue
            titles = sum(other.paragraph is None for other in segments)
            if self._plan.title is None or any(place not in self._ready for place in range(titles)):
                return
            rows = iter(self._ready[place] for place in range(titles))
            target = self._plan.title.rebuild([[next(rows) for _ in p.segments] for p in self._plan.title.paragraphs])
            self._lines.append(_json(None, 0, None, target, []))
            self._next = titles


def _line(segment: PlannedSegment, target: str) -> str:
    flags = [segment.route.value] if segment.route in (Route.ENGLISH, Route.OPAQUE) else []
    return _json(segment.paragraph, segment.segment, segment.source, target, flags)


def _json(paragraph: int | None, segment: int, source: str | None, target: str, flags: list[str]) -> str:
    members = {"paragraph": paragraph, "segment": segment, "source": source, "target": target, "flags": flags}
    return json.dumps(members, ensure_ascii=False)
