"""Moves a plan's segments through the engine and keeps account of what came out."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

from worker.engine.interface import DecodeOptions, Engine, EngineStopped, Output, Role, Tokens, Vector
from worker.plan import PlannedSegment
from worker.text import Flag, FlagCode, check

#: Seconds after which a wait for the engine looks up to see whether the attempt should stop.
_LOOK_UP_S = 0.25

#: Segments handed over at once. Between two such groups the attempt is checked, since a full engine makes callers wait.
_GROUP = 64


#: How an output that ran in circles is decoded again.
_WITHOUT_REPEATS = DecodeOptions(no_repeat_ngram=3)


@dataclass(frozen=True, slots=True)
class Translated:
    """A segment and its translation. `truncated`: the model stopped at its output limit."""

    planned: PlannedSegment
    target: str
    flags: tuple[Flag, ...]
    truncated: bool
    vector: Vector | None


def translate(
    segments: Sequence[PlannedSegment],
    engine: Engine,
    job_id: str,
    *,
    check_attempt: Callable[[], None],
    on_progress: Callable[[int], None],
) -> list[Translated]:
    """Translates what has to be, in the engine's batches, and passes the rest through; one result for each segment, in order.

    `on_progress` gets the number of segments done, from any thread. Whatever `check_attempt` raises ends the work, and
    the engine drops what was left of it. Raises `EngineError` where the engine failed on a segment.
    """
    done = _Counter(on_progress, sum(segment.tokens is None for segment in segments))
    inputs = [segment.tokens for segment in segments if segment.tokens is not None]
    futures: list[Future[Output]] = []
    try:
        for start in range(0, len(inputs), _GROUP):
            check_attempt()
            group = engine.submit(Role.TRANSLATOR, job_id, inputs[start : start + _GROUP])
            for future in group:
                future.add_done_callback(done.add)
            futures += group
        outputs = [wait_for(future, check_attempt) for future in futures]
        _decode_again(inputs, outputs, engine, job_id, check_attempt)
    except BaseException:
        engine.cancel(job_id)
        raise
    remaining = iter(outputs)
    return [_account(segment, next(remaining) if segment.tokens is not None else None) for segment in segments]


def _decode_again(
    inputs: Sequence[Tokens], outputs: list[Output], engine: Engine, job_id: str, check_attempt: Callable[[], None]
) -> None:
    """Puts better outputs in the place of those that ran in circles or did not end, where a second decoding has them."""
    failed = [number for number, row in enumerate(inputs) if _runs_on(row.text, outputs[number])]
    if not failed:
        return
    futures = engine.submit(Role.TRANSLATOR, job_id, [inputs[number] for number in failed], _WITHOUT_REPEATS)
    for number, future in zip(failed, futures, strict=True):
        second = wait_for(future, check_attempt)
        if not _runs_on(inputs[number].text, second):
            outputs[number] = second


def _runs_on(source: str, output: Output) -> bool:
    return output.truncated or any(flag.code is FlagCode.REPEATED for flag in check(source, output.text))


def wait_for(future: "Future[Output]", check_attempt: Callable[[], None]) -> Output:
    """The future's result, looking up before it and often enough to stop when the attempt should."""
    while True:
        check_attempt()
        try:
            return future.result(timeout=_LOOK_UP_S)
        except FutureTimeout:
            continue
        except CancelledError:
            check_attempt()
            raise EngineStopped("the engine dropped a segment of a job that goes on") from None


def _account(segment: PlannedSegment, output: Output | None) -> Translated:
    if output is None:
        return Translated(segment, segment.source, (), truncated=False, vector=None)
    flags = tuple(check(segment.source, output.text))
    return Translated(segment, output.text, flags, output.truncated, output.vector)


class _Counter:
    """Counts futures that have succeeded, whichever thread they end in."""

    def __init__(self, on_progress: Callable[[int], None], start: int) -> None:
        self._on_progress = on_progress
        self._count = start
        self._lock = threading.Lock()

    def add(self, future: "Future[Output]") -> None:
        if future.cancelled() or future.exception() is not None:
            return
        with self._lock:
            self._count += 1
            self._on_progress(self._count)
