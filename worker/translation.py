"""Moves a plan's segments through the engine and keeps account of what came out."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from worker.engine.interface import DecodeOptions, Engine, EngineStopped, ModelInfo, Output, Role, Tokens, Vector
from worker.plan import PlannedSegment
from worker.text import Flag, FlagCode, check

#: Seconds after which a wait for the engine looks up to see whether the attempt should stop.
_LOOK_UP_S = 0.25

#: Segments handed over at once. Between two such groups the attempt is checked, since a full engine makes callers wait.
_GROUP = 64


#: How an output that ran in circles is decoded again.
WITHOUT_REPEATS = DecodeOptions(no_repeat_ngram=3)


@dataclass(frozen=True, slots=True)
class Translated:
    """A segment and its translation. `truncated`: the model stopped at its output limit."""

    planned: PlannedSegment
    target: str
    flags: tuple[Flag, ...]
    truncated: bool
    vector: Vector | None


class Memory(Protocol):
    """What earlier attempts at the same job have left, and what this one leaves."""

    def recall(self, segments: Sequence[PlannedSegment], model: ModelInfo) -> Mapping[int, Output]:
        """Outputs that need not be made again, by the segment's place."""

    def note(self, place: int, output: Output) -> None:
        """Takes note of an output, from any thread."""

    def save_when_due(self) -> None:
        """Called often by the working thread."""


def translate(
    segments: Sequence[PlannedSegment],
    engine: Engine,
    job_id: str,
    *,
    check_attempt: Callable[[], None],
    on_progress: Callable[[int], None],
    memory: Memory | None = None,
) -> list[Translated]:
    """Translates what has to be, in the engine's batches, and passes the rest through; one result for each segment, in order.

    A segment that stands there more than once is translated once.

    `on_progress` gets the number of segments done, from any thread. Whatever `check_attempt` raises ends the work, and
    the engine drops what was left of it. Raises `EngineError` where the engine failed on a segment.
    """
    model = engine.info(Role.TRANSLATOR)
    inputs = {place: segment.tokens for place, segment in enumerate(segments) if segment.tokens is not None}
    outputs = dict(memory.recall(segments, model)) if memory is not None and model is not None else {}
    outputs = {place: output for place, output in outputs.items() if place in inputs}
    done = _Counter(on_progress, len(segments) - len(inputs) + len(outputs))

    def look_up() -> None:
        check_attempt()
        if memory is not None:
            memory.save_when_due()

    def note(place: int, future: "Future[Output]") -> None:
        if future.cancelled() or future.exception() is not None:
            return
        for twin in twins[place]:
            if memory is not None:
                memory.note(twin, future.result())
            done.add()

    twins = _twins({place: tokens for place, tokens in inputs.items() if place not in outputs})
    wanted = list(twins)
    futures: list[Future[Output]] = []
    try:
        for start in range(0, len(wanted), _GROUP):
            look_up()
            places = wanted[start : start + _GROUP]
            group = engine.submit(Role.TRANSLATOR, job_id, [inputs[place] for place in places])
            for place, future in zip(places, group, strict=True):
                future.add_done_callback(partial(note, place))
            futures += group
        for place, future in zip(wanted, futures, strict=True):
            outputs.update(dict.fromkeys(twins[place], wait_for(future, look_up)))
        for place, output in _decode_again(inputs, outputs, engine, job_id, look_up).items():
            outputs[place] = output
            if memory is not None:
                memory.note(place, output)
    except BaseException:
        engine.cancel(job_id)
        raise
    return [_account(segment, outputs.get(place)) for place, segment in enumerate(segments)]


def _decode_again(
    inputs: Mapping[int, Tokens],
    outputs: Mapping[int, Output],
    engine: Engine,
    job_id: str,
    check_attempt: Callable[[], None],
) -> dict[int, Output]:
    """Better outputs for those that ran in circles or did not end, where a second decoding has them; by place."""
    failed = _twins({place: row for place, row in inputs.items() if runs_on(row.text, outputs[place])})
    if not failed:
        return {}
    futures = engine.submit(Role.TRANSLATOR, job_id, [inputs[place] for place in failed], WITHOUT_REPEATS)
    found: dict[int, Output] = {}
    for (place, twins), future in zip(failed.items(), futures, strict=True):
        second = wait_for(future, check_attempt)
        if not runs_on(inputs[place].text, second):
            found.update(dict.fromkeys(twins, second))
    return found


def _twins(inputs: Mapping[int, Tokens]) -> dict[int, list[int]]:
    """The places of equal inputs, by the first of them."""
    first: dict[tuple[str, tuple[int, ...]], int] = {}
    twins: dict[int, list[int]] = {}
    for place, tokens in inputs.items():
        twins.setdefault(first.setdefault((tokens.text, tokens.ids), place), []).append(place)
    return twins


def runs_on(source: str, output: Output) -> bool:
    """Whether an output should be decoded again: it ran in circles, or did not end."""
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
    """Counts segments that are done, whichever thread they end in."""

    def __init__(self, on_progress: Callable[[int], None], start: int) -> None:
        self._on_progress = on_progress
        self._count = start
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self._count += 1
            self._on_progress(self._count)
