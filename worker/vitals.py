"""Signs of life: does the engine's thread move, does Celery's event loop turn, do messages come in?

Each check is asked about once a second with the time on the watchdog's clock, and answers with a `Fault` where the process
is past saving.
"""

from collections.abc import Callable
from dataclasses import dataclass

from celery import bootsteps, signals

from service.contract.errors import StoreUnavailable
from worker.engine.interface import Engine

#: Seconds between two turns of the event loop that are counted.
_TURN_S = 1.0

#: Looks at the list of messages while none comes in, before that is a fault.
_LOOKS = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the process must end. `to_blame`: keys of the attempts whose work brought it about, as far as that is known."""

    reason: str
    to_blame: frozenset[str] = frozenset()


class Standstill:
    """For how long a value has not changed, in seconds of the clock that it is asked with."""

    def __init__(self) -> None:
        self._value: object = None
        self._since = 0.0

    def seconds(self, value: object, now: float) -> float:
        """Takes note of the value; returns how long it has been this one."""
        if value != self._value:
            self._value, self._since = value, now
        return now - self._since

    def restart(self, now: float) -> None:
        """Counts from now on: there was a good reason not to move."""
        self._since = now


class LoopMoves:
    """What Celery's event loop does: `turns` counts about one each second, `messages` those that came in.

    It does not turn while Celery tries to reach Redis again.
    """

    def __init__(self) -> None:
        self.turns = 0
        self.messages = 0
        for signal in (signals.task_received, signals.task_unknown, signals.task_rejected):
            signal.connect(self._on_message, weak=False)

    def step(self) -> type[bootsteps.StartStopStep]:
        """A step of Celery's consumer that has the turns counted."""
        moves = self

        class LoopStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
            """Celery asks for timers each time that it has connected, and cancels them when the connection is lost."""

            def register_with_event_loop(self, consumer: object, hub: object) -> None:
                hub.call_repeatedly(_TURN_S, moves.turn)  # type: ignore[attr-defined]

        return LoopStep

    def turn(self) -> None:
        """Counts a turn."""
        self.turns += 1

    def _on_message(self, **_: object) -> None:
        self.messages += 1


class EngineCheck:
    """A fault where the engine's thread has not been seen alive for `hang_s` seconds: a batch hangs, or the thread does.

    An engine that broke says so itself (`Engine.failure`) and is not this check's affair.
    """

    def __init__(self, engine: Engine, hang_s: float) -> None:
        self._engine = engine
        self._hang_s = hang_s
        self._still = Standstill()

    def look(self, now: float) -> Fault | None:
        """The fault, if there is one. `now` is in seconds of the watchdog's clock."""
        still = self._still.seconds(self._engine.heartbeat(), now)
        if self._engine.failure() is not None or still < self._hang_s:
            return None
        if self._engine.busy_since() is None:
            return Fault(f"the engine's thread has not moved for {still:.0f} s")
        return Fault(f"a batch has been in the engine for {still:.0f} s", self._engine.in_flight())


class LoopCheck:
    """A fault where the event loop has not turned for `stall_s` seconds, through all of which Redis answered."""

    def __init__(self, moves: LoopMoves, answering: Callable[[], bool], stall_s: float) -> None:
        self._moves = moves
        self._answering = answering
        self._stall_s = stall_s
        self._still = Standstill()

    def look(self, now: float) -> Fault | None:
        """The fault, if there is one. `now` is in seconds of the watchdog's clock."""
        still = self._still.seconds(self._moves.turns, now)
        if not self._answering():
            self._still.restart(now)
        elif still >= self._stall_s:
            return Fault(f"the event loop has not turned for {still:.0f} s although Redis answers")
        return None


class IntakeCheck:
    """A fault where no message has come in for `stall_s` seconds, through all of which Redis answered, messages were waiting
    and this worker had room.

    `waiting` is how many messages wait; it may raise `StoreUnavailable`.
    """

    def __init__(
        self,
        moves: LoopMoves,
        answering: Callable[[], bool],
        has_room: Callable[[], bool],
        waiting: Callable[[], int],
        stall_s: float,
    ) -> None:
        self._moves = moves
        self._answering = answering
        self._has_room = has_room
        self._waiting = waiting
        self._stall_s = stall_s
        self._still = Standstill()
        self._looked_at = 0.0

    def look(self, now: float) -> Fault | None:
        """The fault, if there is one. `now` is in seconds of the watchdog's clock."""
        still = self._still.seconds(self._moves.messages, now)
        if not (self._answering() and self._has_room()):
            self._still.restart(now)
        elif now - self._looked_at >= self._stall_s / _LOOKS:
            self._looked_at = now
            if not self._any_waiting():
                self._still.restart(now)
            elif still >= self._stall_s:
                return Fault(f"no message has come in for {still:.0f} s although Redis answers and some are waiting")
        return None

    def _any_waiting(self) -> bool:
        try:
            return self._waiting() > 0
        except StoreUnavailable:
            return False
