"""The engine's one thread: runs what all callers submit, and sees to it that every future is resolved.

Which inputs go together is the queue's affair (`worker.engine.queue`); what runs them is a `Decoder`. Where it has a flow
for a model, inputs join those in flight as others end; else they run in closed batches.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Protocol

from service.contract.logs import get_logger
from worker.engine.backlog import Item
from worker.engine.errors import DeviceFailed, OutOfMemory, first_line, stack_of
from worker.engine.flow import Flow, ItemFlow
from worker.engine.interface import (
    DecodeOptions,
    EngineError,
    EngineStats,
    EngineStopped,
    InputTooLong,
    ModelInfo,
    Output,
    Role,
    Tokens,
)
from worker.engine.lanes import Lanes
from worker.engine.queue import BatchLimits, EngineQueue
from worker.engine.request import Request

log = get_logger(__name__)

_DEFAULTS = DecodeOptions()


class Decoder(Protocol):
    """Runs batches. `run` is called by the engine thread alone, the rest by any thread."""

    def info(self, role: Role) -> ModelInfo | None:
        """The model loaded for a role, or None."""

    def beams(self, role: Role) -> int:
        """Rows that the model decodes for each input."""

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk. Never truncates."""

    def flow(self, role: Role) -> Flow | None:
        """A new flow through a role's model, or None where it runs closed batches only. Asked for more than once."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        """One output for each request, in order.

        Raises `OutOfMemory` where a smaller batch may do, `DeviceFailed` where nothing will, anything else where an
        input is to blame.
        """


class BatchingEngine:
    """The `Engine` over a `Decoder`: one daemon thread that owns it.

    The engine is healthy until the decoder raises `DeviceFailed` or the thread dies of something else.
    """

    def __init__(self, decoder: Decoder, limits: BatchLimits | None = None) -> None:
        self._decoder = decoder
        self._limits = limits or BatchLimits()
        self._queue = EngineQueue(self._limits)
        self._failure: str | None = None
        self._counts = EngineStats()
        self._in_flight: list[Item] = []
        self._part: list[Item] = []
        self._lanes = {role: lanes for role in Role if (lanes := self._make_lanes(role)) is not None}
        self._cancelled: set[str] = set()
        self._cancelling = threading.Lock()
        self._busy_since: float | None = None
        self._heartbeat = time.monotonic()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    def info(self, role: Role) -> ModelInfo | None:
        """The model loaded for a role, or None where there is none."""
        return self._decoder.info(role)

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk, in the caller's thread. Never truncates."""
        self._loaded(role)
        return self._decoder.tokenize(role, texts)

    def submit(
        self, role: Role, job_id: str, inputs: Sequence[Tokens], options: DecodeOptions = _DEFAULTS
    ) -> list[Future[Output]]:
        """Queues inputs and returns a future for each, in order; see `Engine.submit`.

        Where the job is cancelled while this waits for room, the futures of what was not queued yet come back cancelled.
        Raises `EngineError` where no model is loaded for the role or an input has no tokens.
        """
        info = self._loaded(role)
        for tokens in inputs:
            if not tokens.ids:
                raise EngineError("an input has no tokens")
            if len(tokens) > info.max_source_tokens:
                raise InputTooLong(f"an input has {len(tokens)} tokens, {info.id} takes {info.max_source_tokens}")
        items = [Item(role, job_id, tokens, options) for tokens in inputs]
        self._queue.put(job_id, items)
        return [item.future for item in items]

    def cancel(self, job_id: str) -> None:
        """Drops what the job has waiting and cancels those futures.

        What is in flight is dropped before the next step, and its futures fail with `EngineStopped`; what is inside a closed
        batch ends with the batch.
        """
        self._queue.drop(job_id)
        if self._lanes:
            with self._cancelling:
                self._cancelled.add(job_id)

    def failure(self) -> str | None:
        """Why the engine can't work any more, or None while it is healthy."""
        return self._failure

    def close(self) -> None:
        """Stops the engine thread after its current batch; whatever waits fails with `EngineStopped`.

        A batch that does not end within `BatchLimits.close_s` is given up: its futures fail too.
        """
        _fail(self._queue.close("the engine is closed"), self._stopped)
        if threading.current_thread() is not self._thread:
            self._thread.join(self._limits.close_s)
            _fail([*self._in_flight, *self._flowing()], self._stopped)

    def busy_since(self) -> float | None:
        """When the batch in flight began, in `time.monotonic()` seconds; None while idle. A retry begins anew."""
        return self._busy_since

    def heartbeat(self) -> float:
        """When the thread last looked for work, began or ended a batch, in `time.monotonic()` seconds.

        At most a second or so ago while idle.
        """
        return self._heartbeat

    def in_flight(self) -> frozenset[str]:
        """The jobs with inputs in the batch that runs now, or that ran when the engine broke; see `Engine.in_flight`."""
        return frozenset(item.job_id for item in self._part)

    def stats(self) -> EngineStats:
        """What the engine has done, and what waits."""
        depth = self._queue.depth()
        return replace(self._counts, waiting=depth.items, waiting_tokens=depth.tokens, oldest_s=depth.oldest_s)

    def _make_lanes(self, role: Role) -> Lanes | None:
        decoder = self._decoder
        if decoder.info(role) is None or decoder.flow(role) is None:
            return None

        def make() -> Flow:
            flow = decoder.flow(role)
            if flow is None:
                raise RuntimeError(f"the {role} had a flow before")
            return flow

        return Lanes(role, make, self._queue, self._limits, decoder.beams(role))

    def _loaded(self, role: Role) -> ModelInfo:
        info = self._decoder.info(role)
        if info is None:
            raise EngineError(f"no {role} is loaded")
        return info

    def _stopped(self) -> EngineStopped:
        return EngineStopped(self._queue.closed or "the engine is closed")

    def _flowing(self) -> list[Item]:
        return [item for lanes in self._lanes.values() for item in lanes.items()]

    # The engine thread

    def _serve(self) -> None:
        try:
            while not self._queue.closed:
                self._heartbeat = time.monotonic()
                if not self._flowing():
                    self._queue.wait()
                self._drop_cancelled()
                for role in Role:
                    self._turn(role)
        except BaseException as error:  # noqa: BLE001  # whatever ends the thread is the engine's failure
            what = "the device failed" if isinstance(error, DeviceFailed) else "the engine thread died"
            self._failure = f"{what}: {first_line(error)}"
            log.critical("engine_failed", reason=self._failure, at=stack_of(error))
        finally:
            self._busy_since = None
            waiting = self._queue.close(self._failure or "the engine is closed")
            _fail([*self._in_flight, *self._flowing(), *waiting], self._stopped)

    def _drop_cancelled(self) -> None:
        if not self._cancelled:
            return
        with self._cancelling:
            jobs, self._cancelled = self._cancelled, set()
        for lanes in self._lanes.values():
            for lane in lanes.lanes():
                _fail(lane.drop(jobs), lambda: EngineStopped("the job was cancelled"))

    def _turn(self, role: Role) -> None:
        """A step of what is in flight for a role, with whoever joins; or a closed batch."""
        if (lanes := self._lanes.get(role)) is not None:
            self._flow_on(lanes)
        elif self._queue.head(role) is not None:
            limits, beams = self._limits, self._decoder.beams(role)
            self._in_flight = self._queue.take(role, limits.tokens, limits.rows, beams)
            self._run(self._in_flight)
            self._in_flight = []

    def _flow_on(self, lanes: Lanes) -> None:
        flow, new = lanes.turn()
        if not new and not flow.items:
            return
        self._in_flight = new
        self._part = [*flow.items.values(), *new]
        began = self._heartbeat = self._busy_since = time.monotonic()
        again: list[Item] = []
        try:
            with lanes.timed(flow):
                if new:
                    self._count(new, flow.admit(new))
                self._counts.steps += 1
                self._counts.row_steps += len(flow.items)
                self._counts.failed_rows += flow.step()
        except DeviceFailed:
            raise  # the part is remembered
        except Exception as error:  # noqa: BLE001  # a model may raise anything
            rows = len(self._part)
            again = flow.clear()
            again += [item for item in new if item not in again]
            if isinstance(error, OutOfMemory):
                flow.shrink(rows)
            self._counts.retries += 1
        finally:
            ended = self._heartbeat = time.monotonic()
            self._busy_since = None
            self._counts.busy_s += ended - began
        self._part = []
        self._in_flight = again
        if again:
            self._run(*_halves(again))  # and further, until it is found which input is to blame
            self._in_flight = []

    def _count(self, batch: Sequence[Item], padded: int) -> None:
        counts = self._counts
        counts.batches += 1
        counts.rows += len(batch)
        counts.tokens += sum(map(len, batch))
        counts.padded_tokens += padded

    def _run(self, *batches: list[Item]) -> None:
        """Runs closed batches; one that fails is halved until the one input is found that is to blame.

        One that does not fit into memory is not before it has had it alone: all flows give theirs up, and what was in flight
        runs after it. Where that helps, fewer may be in flight from now on.
        """
        pending = [batch for batch in reversed(batches) if batch]
        alone = not self._lanes
        moved: list[tuple[ItemFlow, list[Item]]] = []
        while pending:
            part = pending.pop()
            if self._queue.closed:
                _fail(part, self._stopped)
                continue
            try:
                outputs = self._run_once(part)
            except DeviceFailed:
                raise
            except Exception as error:  # noqa: BLE001  # a model may raise anything
                if len(part) > 1:
                    self._counts.retries += 1
                    pending += reversed(_halves(part))
                elif isinstance(error, OutOfMemory) and not alone:
                    alone = True  # also for those after it: nobody joins a flow meanwhile
                    self._counts.retries += 1
                    moved = self._make_room()
                    others = [items for _, items in moved]
                    self._in_flight = [*self._in_flight, *chain.from_iterable(others)]
                    pending = [*others, *pending, part]
                else:
                    moved = []
                    self._counts.failed_rows += 1
                    _fail(part, partial(_blame, part[0], error))
            else:
                for lane, items in moved:
                    lane.shrink(len(items))
                moved = []
                for item, output in zip(part, outputs, strict=True):
                    with suppress(InvalidStateError):  # `close` gave the batch up
                        item.future.set_result(output)

    def _make_room(self) -> list[tuple[ItemFlow, list[Item]]]:
        """Has all flows give their memory back, idle ones too. Returns those that had something in flight, with what it was."""
        lanes = chain.from_iterable(lanes.lanes() for lanes in self._lanes.values())
        cleared = [(lane, lane.clear()) for lane in lanes]
        return [(lane, items) for lane, items in cleared if items]

    def _run_once(self, part: list[Item]) -> list[Output]:
        self._part = part
        began = self._heartbeat = self._busy_since = time.monotonic()
        try:
            outputs = self._decoder.run(part[0].role, [Request(item.tokens, item.options) for item in part])
        except DeviceFailed:
            raise  # the part is remembered
        except Exception:
            self._part = []
            raise
        else:
            self._part = []
        finally:
            ended = self._heartbeat = time.monotonic()
            self._busy_since = None
            self._counts.busy_s += ended - began
        if len(outputs) != len(part):
            raise EngineError(f"the model returned {len(outputs)} outputs for {len(part)} inputs")
        self._count(part, len(part) * max(map(len, part)))
        return outputs


def _halves(items: list[Item]) -> list[list[Item]]:
    middle = len(items) // 2
    return [items[:middle], items[middle:]] if middle else [items]


def _blame(item: Item, error: Exception) -> EngineError:
    if isinstance(error, EngineError):
        return error
    if isinstance(error, OutOfMemory):
        wrapped = EngineError(f"an input of {len(item)} tokens does not fit into memory")
    else:
        wrapped = EngineError(f"the model failed on an input of {len(item)} tokens: {first_line(error)}")
    wrapped.__cause__ = error
    return wrapped


def _fail(items: Iterable[Item], reason: Callable[[], EngineError]) -> None:
    """Fails the futures that are still open. Each gets an error of its own: a shared one would pile up tracebacks."""
    for item in items:
        with suppress(InvalidStateError):
            item.future.set_exception(reason())
