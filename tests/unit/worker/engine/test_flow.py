"""The engine over a flow: who joins when, who leaves, and what failures do to whom."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from tests.unit.worker.engine.scripted import ScriptedDecoder, echo, eventually, tokens, trips_on
from worker.engine.batcher import BatchingEngine
from worker.engine.errors import DeviceFailed, OutOfMemory
from worker.engine.interface import EngineError, EngineStopped, Output, Role
from worker.engine.queue import BatchLimits
from worker.engine.request import Request

T, S = Role.TRANSLATOR, Role.SUMMARIZER


class CountingFlow:
    """Each row ends after as many steps as its source has tokens. `on_step` takes a millisecond, and may raise.

    `kept`: it has memory, which it keeps when it is idle. `broken`: rows with these texts break in the next step.
    """

    def __init__(self) -> None:
        self.rows: dict[int, tuple[str, int, int]] = {}
        self.admitted: list[list[str]] = []
        self.most = 0
        self.steps = 0
        self.kept = False
        self.broken: set[str] = set()
        self.on_step: Callable[[], None] = lambda: time.sleep(0.001)
        self.on_admit: Callable[[Sequence[Request]], None] = lambda batch: None

    def admit(self, keys: Sequence[int], batch: Sequence[Request]) -> int:
        self.admitted.append([request.tokens.text for request in batch])
        self.on_admit(batch)
        for key, request in zip(keys, batch, strict=True):
            self.rows[key] = (request.tokens.text, len(request.tokens), len(request.tokens))
        self.most = max(self.most, len(self.rows))
        self.kept = True
        return sum(len(request.tokens) for request in batch)

    def step(self) -> list[tuple[int, Output | EngineError]]:
        self.steps += 1
        self.on_step()
        ended: list[tuple[int, Output | EngineError]] = []
        for key, (text, size, left) in list(self.rows.items()):
            self.rows[key] = (text, size, left - 1)
            if text in self.broken:
                del self.rows[key]
                ended.append((key, EngineError("not finite")))
            elif left == 1:
                del self.rows[key]
                ended.append((key, Output(f"<{text}>", size, 1, truncated=False)))
        return ended

    def drop(self, keys: Iterable[int]) -> None:
        for key in keys:
            self.rows.pop(key, None)

    def clear(self) -> None:
        self.rows.clear()
        self.kept = False


class FlowingDecoder(ScriptedDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.flows = {T: CountingFlow(), S: CountingFlow()}
        self.quick = {T: CountingFlow(), S: CountingFlow()}
        self._asked = {T: 0, S: 0}

    def flow(self, role: Role) -> CountingFlow:  # type: ignore[override]  # the double of all others has none
        self._asked[role] += 1
        return self.quick[role] if self._asked[role] == 3 else self.flows[role]


@pytest.fixture
def decoder() -> FlowingDecoder:
    return FlowingDecoder()


@pytest.fixture
def engine(decoder: FlowingDecoder) -> Iterator[BatchingEngine]:
    engine = BatchingEngine(decoder, BatchLimits(tokens=400, rows=8, linger_s=0.05))
    yield engine
    engine.close()


def texts(futures: Sequence[Future[Output]]) -> list[str]:
    return [future.result(20).text for future in futures]


def test_inputs_join_those_in_flight(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    futures = engine.submit(T, "book", [tokens(f"b{n}", 5 + n) for n in range(40)])
    assert texts(futures) == [f"<b{n}>" for n in range(40)]
    flow = decoder.flows[T]
    assert flow.most <= 8
    assert 5 < len(flow.admitted) < 40
    assert flow.steps < sum(range(5, 45)) / 4  # alone they would take the sum
    assert decoder.batches == []
    stats = engine.stats()
    assert (stats.rows, stats.tokens, stats.waiting) == (40, sum(range(5, 45)), 0)


def test_an_article_overtakes_the_book_before_it(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    book = engine.submit(T, "book", [tokens("b", 20) for _ in range(200)])
    article = engine.submit(T, "article", [tokens("a", 20) for _ in range(5)])
    texts(article)
    assert sum(future.done() for future in book) < 60
    texts(book)


def test_a_small_job_gets_half_of_the_time_beside_a_large_one(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    main, quick = decoder.flows[T], decoder.quick[T]
    main.on_step = lambda: time.sleep(0.008)  # its steps are slow, since they are many
    engine.submit(T, "book", [tokens("b", 40) for _ in range(300)])
    eventually(lambda: main.steps > 5)
    before = main.steps
    assert texts(engine.submit(T, "article", [tokens(f"a{n}", 40) for n in range(2)])) == ["<a0>", "<a1>"]
    during = main.steps - before
    assert quick.steps == 40
    assert quick.admitted == [["a0", "a1"]]
    assert 2 <= during <= 15, "an eighth of the steps is half of the time"
    assert {text for batch in main.admitted for text in batch} == {"b"}
    engine.cancel("book")


def test_beside_small_jobs_a_small_job_joins_them(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    jobs = [engine.submit(T, f"job{n}", [tokens(f"{n}", 20) for _ in range(4)]) for n in range(20)]
    for job in jobs:
        texts(job)
    assert decoder.quick[T].steps == 0


def test_a_job_too_large_for_the_small_lane_joins_the_main_one(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    main = decoder.flows[T]
    engine.submit(T, "book", [tokens("b", 40) for _ in range(300)])
    eventually(lambda: main.steps > 5)
    texts(engine.submit(T, "article", [tokens("a", 40) for _ in range(3)]))
    assert decoder.quick[T].steps == 0
    engine.cancel("book")


def test_a_cancelled_small_job_leaves_its_lane(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    quick = decoder.quick[T]
    engine.submit(T, "book", [tokens("b", 40) for _ in range(300)])
    eventually(lambda: decoder.flows[T].steps > 5)
    quick.on_step = lambda: time.sleep(0.02)
    (doomed,) = engine.submit(T, "small", [tokens("s", 90)])
    eventually(lambda: quick.steps > 2)
    engine.cancel("small")
    with pytest.raises(EngineStopped):
        doomed.result(20)
    assert quick.rows == {}
    engine.cancel("book")


def test_roles_go_on_side_by_side(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    book = engine.submit(T, "book", [tokens("b", 30) for _ in range(100)])
    assert texts(engine.submit(S, "summary", [tokens("s", 10)])) == ["<s>"]
    assert sum(future.done() for future in book) < 50
    texts(book)


def test_the_budget_holds_and_one_above_it_goes_alone(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    flow = decoder.flows[T]
    loads: list[int] = []
    flow.on_step = lambda: loads.append(sum(size for _, size, _ in flow.rows.values()))
    sizes = [90, 100, 450, 80, 10, 120, 500, 30]
    texts(engine.submit(T, "a", [tokens(str(n), size) for n, size in enumerate(sizes)]))
    assert max(load for load in loads if load not in (450, 500)) <= 400
    assert {450, 500} <= set(loads)


def test_a_long_one_does_not_make_memory_of_many_short_ones(decoder: FlowingDecoder) -> None:
    flow = decoder.flows[T]
    padded: list[int] = []
    flow.on_step = lambda: padded.append(len(flow.rows) * max((size for _, size, _ in flow.rows.values()), default=0))
    engine = BatchingEngine(decoder, BatchLimits(tokens=400, rows=64))
    sizes = [3, 3, 3, 3, 200, *[3] * 80]
    texts(engine.submit(T, "a", [tokens(str(n), size) for n, size in enumerate(sizes)]))
    engine.close()
    assert max(padded) <= 4 * 400
    assert max(padded) > 2 * 200, "others may still join it"


def test_a_cancelled_jobs_rows_leave_before_the_next_step(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    flow = decoder.flows[T]
    doomed = engine.submit(T, "doomed", [tokens("d", 350) for _ in range(1)])
    eventually(lambda: flow.steps > 2)
    engine.cancel("doomed")
    with pytest.raises(EngineStopped):
        doomed[0].result(20)
    assert flow.rows == {}
    assert texts(engine.submit(T, "next", [tokens("n", 3)])) == ["<n>"]


def test_out_of_memory_runs_in_halves_and_fewer_are_in_flight_then(
    engine: BatchingEngine, decoder: FlowingDecoder
) -> None:
    flow = decoder.flows[T]
    tripped: list[int] = []

    def on_step() -> None:
        if len(flow.rows) > 4:
            tripped.append(len(flow.rows))
            raise OutOfMemory("step")

    flow.on_step = on_step
    assert texts(engine.submit(T, "a", [tokens(f"{n}", 9) for n in range(60)])) == [f"<{n}>" for n in range(60)]
    assert len(tripped) == 1
    assert engine.failure() is None
    assert decoder.batches, "those in flight were run again, in closed batches"


@pytest.mark.parametrize("role", [T, S])
def test_a_small_job_does_not_fail_for_want_of_memory_that_others_hold(
    engine: BatchingEngine, decoder: FlowingDecoder, role: Role
) -> None:
    """The device holds 8 rows, whosever they are, and a book has filled it."""
    flows = [*decoder.flows.values(), *decoder.quick.values()]

    def hold(new: int = 0) -> None:
        if sum(len(flow.rows) for flow in flows) + new > 8:
            raise OutOfMemory("full")

    def on_step() -> None:
        time.sleep(0.001)
        hold()

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        hold(len(batch))
        return [Output(f"<{request.tokens.text}>", len(request.tokens), 1, truncated=False) for request in batch]

    for flow in flows:
        flow.on_step, flow.on_admit = on_step, lambda batch: hold(len(batch))
    decoder.script = script
    book = engine.submit(T, "book", [tokens(f"b{n}", 50) for n in range(60)])
    eventually(lambda: len(decoder.flows[T].rows) == 8)
    for name in ("one", "two"):
        assert texts(engine.submit(role, name, [tokens(name, 3)])) == [f"<{name}>"]
    assert texts(book) == [f"<b{n}>" for n in range(60)]
    assert engine.stats().failed_rows == 0


def test_idle_flows_give_their_memory_up_before_an_input_fails(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    def hold(batch: Sequence[Request]) -> None:
        if decoder.flows[T].kept:
            raise OutOfMemory("full")

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        hold(batch)
        return echo(role, batch)

    assert texts(engine.submit(T, "before", [tokens("b", 3)])) == ["<b>"]
    decoder.flows[S].on_admit, decoder.script = hold, script
    assert texts(engine.submit(S, "summary", [tokens("s", 3)])) == ["<s>"]
    assert decoder.batches == [(S, ["s"]), (S, ["s"])]


def test_an_input_that_does_not_fit_alone_leaves_the_others_their_room(
    engine: BatchingEngine, decoder: FlowingDecoder
) -> None:
    flow = decoder.flows[T]

    def refuse(batch: Sequence[Request]) -> None:
        raise OutOfMemory("huge")

    decoder.flows[S].on_admit, decoder.script = refuse, trips_on("huge", OutOfMemory("huge"))
    book = engine.submit(T, "book", [tokens(f"b{n}", 45) for n in range(8)])
    eventually(lambda: len(flow.rows) == 8)
    with pytest.raises(EngineError, match="does not fit into memory"):
        engine.submit(S, "summary", [tokens("huge", 3)])[0].result(20)
    assert texts(book) == [f"<b{n}>" for n in range(8)]
    assert [batch for role, batch in decoder.batches if role is S] == [["huge"], ["huge"]]
    flow.most = 0
    texts(engine.submit(T, "next", [tokens(f"{n}", 5) for n in range(30)]))
    assert flow.most == 8


def test_one_input_to_blame_fails_alone(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    flow = decoder.flows[T]

    def refuse(batch: Sequence[Request]) -> None:
        if any(request.tokens.text == "bad" for request in batch):
            raise ValueError("a shape")

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        refuse(batch)
        return [Output(f"<{request.tokens.text}>", len(request.tokens), 1, truncated=False) for request in batch]

    flow.on_admit, decoder.script = refuse, script
    futures = engine.submit(T, "a", [tokens(text, 5) for text in ("one", "bad", "two")])
    assert [type(future.exception(20)) for future in futures] == [type(None), EngineError, type(None)]
    assert texts([futures[0], futures[2]]) == ["<one>", "<two>"]


def test_a_row_that_breaks_fails_and_nobody_begins_anew(engine: BatchingEngine, decoder: FlowingDecoder) -> None:
    flow = decoder.flows[T]
    flow.broken = {"bad"}
    futures = engine.submit(T, "a", [tokens(text, 30) for text in ("one", "bad", "two")])
    with pytest.raises(EngineError, match="not finite"):
        futures[1].result(20)
    assert texts([futures[0], futures[2]]) == ["<one>", "<two>"]
    assert decoder.batches == []
    assert flow.steps == 30
    stats = engine.stats()
    assert (stats.failed_rows, stats.retries) == (1, 0)


def test_a_device_that_fails_ends_it_and_names_who_was_in_flight(
    engine: BatchingEngine, decoder: FlowingDecoder
) -> None:
    flow = decoder.flows[T]

    def on_step() -> None:
        raise DeviceFailed("it fell off the bus")

    flow.on_step = on_step
    futures = engine.submit(T, "a", [tokens("a", 5)]) + engine.submit(T, "b", [tokens("b", 5)])
    for future in futures:
        with pytest.raises(EngineStopped):
            future.result(20)
    assert "fell off the bus" in (engine.failure() or "")
    assert "a" in engine.in_flight()
