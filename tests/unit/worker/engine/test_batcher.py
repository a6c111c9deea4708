import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, wait

import pytest

from tests.unit.worker.engine.scripted import HeldEngine, ScriptedDecoder, echo, eventually, tokens, trips_on
from worker.engine.batcher import BatchingEngine
from worker.engine.errors import DeviceFailed, OutOfMemory
from worker.engine.interface import EngineError, EngineStopped, Output, Role
from worker.engine.queue import BatchLimits
from worker.engine.request import Request

T, S = Role.TRANSLATOR, Role.SUMMARIZER


def texts(futures: Sequence[Future[Output]]) -> list[str]:
    return [future.result(20).text for future in futures]


def test_inputs_of_all_jobs_share_batches() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder)
    first = engine.submit(T, "a", [tokens("a1", 5), tokens("a2", 5)])
    second = engine.submit(T, "b", [tokens("b1", 5)])
    engine.release()

    assert texts(first + second) == ["<a1>", "<a2>", "<b1>"]
    assert decoder.batches == [(T, ["a1", "b1", "a2"])]
    engine.close()


def test_roles_take_turns_and_so_do_jobs() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(rows=2))
    futures = engine.submit(T, "a", [tokens(f"t{n}") for n in range(3)])
    futures += engine.submit(S, "b", [tokens("s0")])
    futures += engine.submit(T, "c", [tokens(f"t{n}") for n in range(3, 6)])
    engine.release()
    wait(futures)

    assert decoder.batches == [(S, ["s0"]), (T, ["t0", "t3"]), (T, ["t1", "t4"]), (T, ["t2", "t5"])]
    engine.close()


def test_an_idle_engine_waits_a_moment_for_company() -> None:
    decoder = ScriptedDecoder()
    engine = BatchingEngine(decoder, BatchLimits(linger_s=1.0))
    futures = engine.submit(T, "a", [tokens("a")])
    time.sleep(0.05)
    futures += engine.submit(T, "b", [tokens("b")])

    assert texts(futures) == ["<a>", "<b>"]
    assert decoder.batches == [(T, ["a", "b"])]
    engine.close()


def test_a_full_batch_does_not_wait() -> None:
    engine = BatchingEngine(ScriptedDecoder(), BatchLimits(linger_s=60, tokens=10))

    assert texts(engine.submit(T, "a", [tokens("a", 10)])) == ["<a>"]
    engine.close()


def test_under_a_backlog_nothing_waits() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(linger_s=60, tokens=10), plug=10)
    futures = engine.submit(T, "a", [tokens("a", 4)])
    engine.release()

    assert texts(futures) == ["<a>"]
    engine.close()


def test_cancel_drops_what_waits_and_leaves_the_batch_in_flight() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder)
    mine = engine.submit(T, "mine", [tokens("m1"), tokens("m2")])
    other = engine.submit(T, "other", [tokens("o")])
    engine.cancel("mine")
    engine.cancel("plug")

    assert all(future.cancelled() for future in mine)
    assert wait(mine, timeout=20).not_done == set()  # whoever waits is woken
    with pytest.raises(CancelledError):
        mine[0].result(0)
    engine.release()
    assert texts([engine.held, *other]) == ["<plug>", "<o>"]
    assert decoder.batches == [(T, ["o"])]
    engine.close()


def test_a_future_that_its_owner_cancelled_is_not_run() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder)
    dropped, kept = engine.submit(T, "a", [tokens("dropped"), tokens("kept")])
    assert dropped.cancel()
    engine.release()

    assert kept.result(20).text == "<kept>"
    assert decoder.batches == [(T, ["kept"])]
    engine.close()


class Submitter(threading.Thread):
    """Submits from a thread of its own, since that may block."""

    def __init__(self, engine: BatchingEngine, job: str, count: int) -> None:
        super().__init__(daemon=True)
        self.futures: list[Future[Output]] = []
        self.error: Exception | None = None
        self._work = (engine, job, [tokens(f"{job}{n}", 10) for n in range(count)])
        self.start()

    def run(self) -> None:
        engine, job, inputs = self._work
        try:
            self.futures = engine.submit(T, job, inputs)
        except EngineError as error:
            self.error = error


def test_submissions_block_while_the_queue_is_full() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(queue_tokens=30))
    submitter = Submitter(engine, "a", 6)
    eventually(lambda: engine.stats().waiting == 3)
    submitter.join(0.05)

    assert submitter.is_alive()
    assert engine.stats().waiting_tokens == 30
    engine.release()
    submitter.join(20)
    assert texts(submitter.futures) == [f"<a{n}>" for n in range(6)]
    engine.close()


def test_an_input_larger_than_the_queue_gets_in_once_it_is_empty() -> None:
    engine = BatchingEngine(ScriptedDecoder(), BatchLimits(queue_tokens=5))

    assert texts(engine.submit(T, "a", [tokens("x", 9), tokens("y", 9)])) == ["<x>", "<y>"]
    engine.close()


def test_a_book_that_waits_for_room_does_not_keep_an_article_out() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(queue_tokens=20, rows=1))
    book = Submitter(engine, "book", 200)
    eventually(lambda: engine.stats().waiting == 2)
    article = Submitter(engine, "article", 2)
    time.sleep(0.05)
    engine.release()
    article.join(20)
    book.join(20)
    wait(article.futures + book.futures)

    order = [batch[0] for _, batch in decoder.batches]
    assert order.index("article1") < 60
    engine.close()


def test_cancel_frees_a_caller_that_waits_for_room() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(queue_tokens=30))
    submitter = Submitter(engine, "a", 6)
    eventually(lambda: engine.stats().waiting == 3)
    engine.cancel("a")
    submitter.join(20)

    assert len(submitter.futures) == 6
    assert all(future.cancelled() for future in submitter.futures)
    assert engine.stats().waiting == 0
    engine.release()
    engine.close()


def test_close_frees_a_caller_that_waits_for_room_and_fails_what_waits() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder, BatchLimits(queue_tokens=30))
    waiting = engine.submit(T, "b", [tokens("b", 10)])
    submitter = Submitter(engine, "a", 6)
    eventually(lambda: engine.stats().waiting == 3)
    threading.Timer(0.1, engine.release).start()
    engine.close()
    submitter.join(20)

    assert isinstance(submitter.error, EngineStopped)
    with pytest.raises(EngineStopped, match="closed"):
        waiting[0].result(20)
    assert engine.held.result(20).text == "<plug>"  # the batch in flight ended
    with pytest.raises(EngineStopped):
        engine.submit(T, "c", [tokens("c")])
    assert engine.failure() is None
    engine.close()


def test_close_gives_up_a_batch_that_hangs() -> None:
    engine = HeldEngine(ScriptedDecoder(), BatchLimits(close_s=0.05))
    engine.close()

    with pytest.raises(EngineStopped):
        engine.held.result(0)
    engine.release()


def test_out_of_memory_halves_the_batch() -> None:
    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        if len(batch) > 2:
            raise OutOfMemory("too many rows")
        return echo(role, batch)

    decoder = ScriptedDecoder(script)
    engine = HeldEngine(decoder)
    futures = engine.submit(T, "a", [tokens(f"a{n}") for n in range(8)])
    engine.release()

    assert texts(futures) == [f"<a{n}>" for n in range(8)]
    assert [len(batch) for _, batch in decoder.batches] == [8, 4, 2, 2, 4, 2, 2]
    assert engine.stats().retries == 3
    engine.close()


def test_close_ends_the_search_for_what_is_to_blame() -> None:
    engines: list[BatchingEngine] = []

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        if len(batch) > 1:
            engines[0].close()
            raise ValueError("no")
        return echo(role, batch)

    engine = HeldEngine(ScriptedDecoder(script))
    engines.append(engine)
    futures = engine.submit(T, "a", [tokens("a"), tokens("b")])
    engine.release()

    for future in futures:
        with pytest.raises(EngineStopped, match="closed"):
            future.result(20)


def test_one_input_that_does_not_fit_fails_alone() -> None:
    engine = HeldEngine(ScriptedDecoder(trips_on("huge", OutOfMemory("no"))))
    futures = engine.submit(T, "a", [tokens("a"), tokens("huge"), tokens("c")])
    engine.release()

    assert texts([futures[0], futures[2]]) == ["<a>", "<c>"]
    with pytest.raises(EngineError, match="does not fit into memory"):
        futures[1].result(20)
    assert engine.failure() is None
    engine.close()


def test_an_error_is_traced_to_the_one_input_that_causes_it() -> None:
    engine = HeldEngine(ScriptedDecoder(trips_on("bad", ValueError("odd shape\nlong trace"))))
    futures = engine.submit(T, "a", [tokens(f"a{n}") for n in range(6)] + [tokens("bad")])
    engine.release()

    assert texts(futures[:6]) == [f"<a{n}>" for n in range(6)]
    with pytest.raises(EngineError, match=r"1 tokens: ValueError: odd shape$") as caught:
        futures[6].result(20)
    assert isinstance(caught.value.__cause__, ValueError)
    assert engine.stats().failed_rows == 1
    engine.close()


def test_a_model_that_returns_too_few_outputs_fails_its_inputs() -> None:
    engine = BatchingEngine(ScriptedDecoder(lambda role, batch: []))

    with pytest.raises(EngineError, match="0 outputs for 1 inputs"):
        engine.submit(T, "a", [tokens("a")])[0].result(20)
    engine.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [(DeviceFailed("CUDA error: assert"), "the device failed"), (KeyboardInterrupt("stop"), "the engine thread died")],
)
def test_a_broken_engine_says_why_and_resolves_every_future(error: BaseException, reason: str) -> None:
    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        raise error

    decoder = ScriptedDecoder(script)
    engine = HeldEngine(decoder, BatchLimits(rows=2, queue_tokens=40))
    futures = engine.submit(T, "a", [tokens(f"a{n}") for n in range(5)])
    blocked = Submitter(engine, "b", 9)
    eventually(lambda: engine.stats().waiting > 5)
    engine.release()
    blocked.join(20)

    for future in [engine.held, *futures]:
        with pytest.raises(EngineStopped, match=reason):
            future.result(20)
    assert isinstance(blocked.error, EngineStopped)
    failure = engine.failure()
    assert failure is not None
    assert failure.startswith(reason)
    with pytest.raises(EngineStopped, match=reason):
        engine.submit(T, "c", [tokens("c")])
    engine.close()


def test_a_callback_may_use_the_engine() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder)
    later: list[Future[Output]] = []
    engine.held.add_done_callback(lambda _: later.extend(engine.submit(T, "b", [tokens("b")])))
    engine.submit(T, "c", [tokens("c")])[0].add_done_callback(lambda _: engine.cancel("c"))
    engine.release()
    eventually(lambda: bool(later))

    assert texts(later) == ["<b>"]
    engine.close()


def test_stats_count_rows_and_padding() -> None:
    decoder = ScriptedDecoder()
    engine = HeldEngine(decoder)
    futures = engine.submit(T, "a", [tokens("a", 6), tokens("b", 10)])
    queued = engine.stats()
    assert (queued.waiting, queued.waiting_tokens) == (2, 16)
    assert queued.oldest_s >= 0
    engine.release()
    wait(futures)
    eventually(lambda: engine.stats().batches == 2)

    stats = engine.stats()
    assert (stats.rows, stats.tokens, stats.padded_tokens) == (3, 17, 21)
    assert (stats.waiting, stats.waiting_tokens, stats.oldest_s, stats.failed_rows) == (0, 0, 0.0, 0)
    assert stats.busy_s > 0
    engine.close()


def test_many_threads_get_their_own_results() -> None:
    engine = BatchingEngine(ScriptedDecoder(), BatchLimits(queue_tokens=300, tokens=200, rows=9))
    submitters = [Submitter(engine, f"job{n}-", 60) for n in range(12)]
    for number, submitter in enumerate(submitters):
        submitter.join(20)
        assert texts(submitter.futures) == [f"<job{number}-{n}>" for n in range(60)]
    assert engine.stats().rows == 720
    engine.close()
