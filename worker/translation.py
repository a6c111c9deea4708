"""Moves a plan's segments through the engine and keeps account of what came out."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial

from worker.engine.interface import Engine, EngineStopped, Output, Role, Tokens, Vector
from worker.memory import Memory
from worker.plan import PlannedSegment
from worker.repair import Draft, Repairs
from worker.terms import Use
from worker.text import Flag

#: Seconds after which a wait for the engine looks up to see whether the attempt should stop.
_LOOK_UP_S = 0.25

#: Segments handed over at once. Between two such groups the attempt is checked, since a full engine makes callers wait.
_GROUP = 64


@dataclass(frozen=True, slots=True)
class Translated:
    """A segment and its translation.

    `truncated`: the model stopped at its output limit. `again`: this is not the model's first output. `inserted`, `masked` and
    `missing` are terms, as in `Draft`.
    """

    planned: PlannedSegment
    target: str
    flags: tuple[Flag, ...]
    truncated: bool
    vector: Vector | None
    again: bool = False
    inserted: tuple[Use, ...] = ()
    masked: tuple[Use, ...] = ()
    missing: tuple[Use, ...] = ()


def translate(
    segments: Sequence[PlannedSegment],
    engine: Engine,
    job_id: str,
    *,
    check_attempt: Callable[[], None],
    on_progress: Callable[[int], None],
    memory: Memory | None = None,
    on_draft: Callable[[int, str], None] = lambda place, text: None,
) -> list[Translated]:
    """Translates what has to be, in the engine's batches, and passes the rest through; one result for each segment, in order.

    A segment that stands there more than once is translated once.

    `on_progress` gets the number of segments done, from any thread; `on_draft` each first translation, by its place, which a
    repair may still better. Whatever `check_attempt` raises ends the work, and
    the engine drops what was left of it. Raises `EngineError` where the engine failed on a segment.
    """
    model = engine.info(Role.TRANSLATOR)
    inputs = {place: segment.tokens for place, segment in enumerate(segments) if segment.tokens is not None}
    known = memory.recall(segments, model) if memory is not None and model is not None else {}
    known = {place: found for place, found in known.items() if place in inputs}
    done = _Counter(on_progress, len(segments) - len(inputs) + len(known))

    def look_up() -> None:
        check_attempt()
        if memory is not None:
            memory.save_when_due()

    def note(place: int, future: "Future[Output]") -> None:
        if future.cancelled() or future.exception() is not None:
            return
        for twin in twins[place]:
            if memory is not None:
                memory.note(twin, future.result(), settled=False)
            done.add()

    def hand_in(places: Sequence[int], future: "Future[Output]") -> None:
        text = drafts.add(places, wait_for(future, look_up))
        for place in places:
            on_draft(place, text)

    twins = _twins({place: tokens for place, tokens in inputs.items() if place not in known})
    wanted = list(twins)
    futures: list[Future[Output]] = []
    settled = {place for place, found in known.items() if found.settled and not segments[place].uses}
    drafts = _Drafts(segments, Repairs(segments, engine, job_id, lambda future: wait_for(future, look_up)))
    try:
        for place, found in known.items():
            on_draft(place, drafts.add([place], found.output, settled=place in settled))
        seen = 0
        for start in range(0, len(wanted), _GROUP):
            look_up()
            places = wanted[start : start + _GROUP]
            group = engine.submit(Role.TRANSLATOR, job_id, [inputs[place] for place in places])
            for place, future in zip(places, group, strict=True):
                future.add_done_callback(partial(note, place))
            futures += group
            while seen < len(futures) and futures[seen].done():
                hand_in(twins[wanted[seen]], futures[seen])
                seen += 1
        for place, future in zip(wanted[seen:], futures[seen:], strict=True):
            hand_in(twins[place], future)
        finished = drafts.finish()
    except BaseException:
        engine.cancel(job_id)
        raise
    if memory is not None:
        for place in finished.keys() - settled:
            # Of a sentence with terms the first output is remembered: the next job may want others.
            if not segments[place].uses:
                memory.note(place, finished[place].output, settled=True)
    return [_account(segment, finished.get(place)) for place, segment in enumerate(segments)]


class _Drafts:
    """The outputs as drafts, better ones where there are any. What is settled is taken as it is; twins are mended once.

    A bad draft is decoded again as soon as it is seen, beside first translations that are still to come.
    """

    def __init__(self, segments: Sequence[PlannedSegment], repairs: Repairs) -> None:
        self._segments = segments
        self._repairs = repairs
        self._drafts: dict[int, Draft] = {}
        self._twins: dict[tuple[str, tuple[Use, ...], str], list[int]] = {}

    def add(self, places: Sequence[int], output: Output, *, settled: bool = False) -> str:
        """The output for segments that are the same to the model. Returns the text of the last one."""
        text = ""
        for place in places:
            draft = self._repairs.first(place, output)
            self._drafts[place] = draft
            text = draft.output.text
            if settled or not draft.is_bad:
                continue
            segment = self._segments[place]
            twins = self._twins.setdefault((segment.source, segment.uses, draft.output.text), [])
            twins.append(place)
            if len(twins) == 1:
                self._repairs.start(place, draft)
        return text

    def finish(self) -> dict[int, Draft]:
        """All drafts by place, once the second translations are there."""
        better = self._repairs.finish()
        for places in self._twins.values():
            if places[0] in better:
                self._drafts.update(dict.fromkeys(places, better[places[0]]))
        return self._drafts


def _twins(inputs: Mapping[int, Tokens]) -> dict[int, list[int]]:
    """The places of equal inputs, by the first of them."""
    first: dict[tuple[str, tuple[int, ...]], int] = {}
    twins: dict[int, list[int]] = {}
    for place, tokens in inputs.items():
        twins.setdefault(first.setdefault((tokens.text, tokens.ids), place), []).append(place)
    return twins


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


def _account(segment: PlannedSegment, draft: Draft | None) -> Translated:
    if draft is None:
        return Translated(segment, segment.source, (), truncated=False, vector=None)
    output = draft.output
    return Translated(
        segment,
        output.text,
        draft.flags,
        output.truncated,
        output.vector,
        again=draft.again,
        inserted=draft.inserted,
        masked=draft.masked,
        missing=draft.missing,
    )


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
