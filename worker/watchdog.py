"""Ends a process that is past saving, for its supervisor to start it again.

A thread looks for signs of life (`worker.vitals`). Where one is missing, it says so in the log, with the stacks of all
threads, gives the attempts back and ends the process without waiting for anybody.
"""

import faulthandler
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType

from celery.worker import state
from structlog.contextvars import bound_contextvars

from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore, Place
from service.contract.logs import get_logger
from service.contract.outages import store_errors
from worker.attempts import Attempt
from worker.context import EXIT_BROKEN, WorkerContext
from worker.vitals import EngineCheck, Fault, IntakeCheck, LoopCheck, LoopMoves

log = get_logger(__name__)

Check = Callable[[float], Fault | None]

#: Seconds between two rounds of checks.
_TICK_S = 1.0

#: Seconds that a round may count for. What is more was not watched: the process was stopped, or kept from running.
_MOST_TICK_S = 2.0

#: Seconds between two times that the last net is drawn up again.
_NET_EVERY_S = 10.0

#: The threads of the event loop and of the engine.
_SUSPECTS = ("MainThread", "engine")

#: Seconds that a faulty process may take to give its attempts back.
_END_S = 5.0


class Watchdog:
    """The thread that asks all `checks` about once a second, and calls `on_fault` with the first fault.

    Nothing is asked while `excused` (a drain has a deadline of its own). The last net under it: where this thread has not
    come round for `net_s` seconds, because something holds the interpreter's lock, the stacks are printed and the process
    ends with status 1.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        excused: Callable[[], bool],
        on_fault: Callable[[Fault], None],
        net_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = checks
        self._excused = excused
        self._on_fault = on_fault
        self._net_s = net_s
        self._clock = clock
        self._ticked_at = clock()
        self._watched_s = 0.0
        self._net_at = -_NET_EVERY_S
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._ticked_at = self._clock()
        self._thread.start()

    def tick(self) -> Fault | None:
        """One round of checks."""
        now = self._clock()
        self._watched_s += min(now - self._ticked_at, _MOST_TICK_S)
        self._ticked_at = now
        if self._watched_s - self._net_at >= _NET_EVERY_S:
            self._net_at = self._watched_s
            faulthandler.dump_traceback_later(self._net_s, exit=True)
        if self._excused():
            return None
        return next((fault for check in self._checks if (fault := check(self._watched_s))), None)

    def _run(self) -> None:
        while True:
            try:
                fault = self.tick()
            except Exception as error:  # noqa: BLE001 - without this thread nobody would notice anything
                fault = Fault(f"the watchdog itself broke: {type(error).__name__}")
            if fault is not None:
                self._on_fault(fault)
                return
            time.sleep(_TICK_S)


def make_watchdog(context: WorkerContext, moves: LoopMoves | None = None) -> Watchdog:
    """The watchdog over a process's engine and, where there is one, Celery's event loop."""
    settings = context.settings
    checks: list[Check] = [EngineCheck(context.engine, settings.engine_hang_s).look]
    longest_s = settings.engine_hang_s
    if moves is not None:
        stall_s = settings.loop_stall_s
        answering = context.book.answering
        has_room, waiting = partial(_has_room, context), partial(_messages, context.store)
        checks.append(LoopCheck(moves, answering, stall_s).look)
        checks.append(IntakeCheck(moves, answering, has_room, waiting, stall_s).look)
        longest_s = max(longest_s, stall_s)
    return Watchdog(
        checks,
        excused=context.draining.is_set,
        on_fault=partial(end_process, context),
        net_s=2 * longest_s + 30,
    )


def end_process(context: WorkerContext, fault: Fault) -> None:
    """Says why, prints the stacks, gives all attempts back and ends the process; never returns.

    Messages stay unacknowledged: the next sweep publishes the jobs again.
    """
    # Redis may be away, and nobody may read what is logged.
    deadline = threading.Timer(_END_S, os._exit, (EXIT_BROKEN,))
    deadline.daemon = True
    deadline.start()
    log.critical("worker_hung", reason=fault.reason, jobs=len(context.book), stacks=suspects())
    faulthandler.dump_traceback()
    settle(context, fault)
    os._exit(EXIT_BROKEN)


def suspects() -> dict[str, list[str]]:
    """Where the threads are that may hang, innermost first. Of all threads, faulthandler prints a hundred, without names."""
    frames = sys._current_frames()
    return {
        thread.name: [_line(frame, line) for frame, line in traceback.walk_stack(frames[thread.ident])]
        for thread in threading.enumerate()
        if thread.name in _SUSPECTS and thread.ident in frames
    }


def _line(frame: FrameType, line: int) -> str:
    return f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"


def settle(context: WorkerContext, fault: Fault) -> None:
    """Charges the attempts that are to blame and releases all others."""
    settled: set[str] = set()
    for _ in range(2):  # an attempt can begin meanwhile
        attempts = [attempt for attempt in context.book.attempts() if attempt.key not in settled]
        # Those to blame come last: where time runs out, a sweep charges whoever is left.
        attempts.sort(key=lambda attempt: attempt.key in fault.to_blame)
        for attempt in attempts:
            settled.add(attempt.key)
            _give_back(context.store, attempt, fault.reason, charged=attempt.key in fault.to_blame)


def _give_back(store: LeaseStore, attempt: Attempt, reason: str, *, charged: bool) -> None:
    with bound_contextvars(job_id=attempt.claim.job_id):
        try:
            place = store.crash(attempt.claim) if charged else store.release(attempt.claim)
        except StoreUnavailable as error:
            log.warning("attempt_not_released", reason=error.detail)
        else:
            event = "attempt_charged" if charged else "attempt_released"
            log.info("attempt_lost" if place is Place.LOST else event, reason=reason)


def _has_room(context: WorkerContext) -> bool:
    """Neither attempts nor messages that wait for one fill this worker."""
    return max(len(context.book), len(state.reserved_requests)) < context.settings.concurrency


def _messages(store: LeaseStore) -> int:
    with store_errors():
        return sum(int(store.redis.llen(name)) for name in store.keys.messages)
