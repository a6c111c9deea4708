"""What the engine shows of itself: whether it moves, what it broke on, and where."""

import time
from collections.abc import Sequence
from concurrent.futures import wait

import pytest
from structlog.testing import capture_logs

from tests.unit.worker.engine.scripted import HeldEngine, ScriptedDecoder, echo, eventually, tokens, trips_on
from worker.engine.batcher import BatchingEngine
from worker.engine.errors import DeviceFailed, OutOfMemory
from worker.engine.interface import Output, Role
from worker.engine.queue import BatchLimits
from worker.engine.request import Request

T = Role.TRANSLATOR


def test_a_watchdog_sees_a_batch_that_hangs() -> None:
    decoder = ScriptedDecoder()
    before = time.monotonic()
    engine = HeldEngine(decoder)
    since = engine.busy_since()

    assert since is not None
    assert before <= since <= time.monotonic()
    assert engine.heartbeat() == since
    engine.release()
    engine.held.result(20)
    eventually(lambda: engine.busy_since() is None and engine.heartbeat() > since)
    engine.close()


def test_the_jobs_of_the_running_batch_are_known() -> None:
    seen: list[frozenset[str]] = []

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        seen.append(engine.in_flight())
        return trips_on("bad", ValueError("no"))(role, batch)

    engine = HeldEngine(ScriptedDecoder(script), BatchLimits(rows=2))
    assert engine.in_flight() == {"plug"}
    futures = engine.submit(T, "a", [tokens("a1")]) + engine.submit(T, "b", [tokens("bad"), tokens("b2")])
    engine.release()
    wait(futures)

    assert seen == [{"plug"}, {"a", "b"}, {"a"}, {"b"}, {"b"}], "the third and the fourth are halves of the second"
    eventually(lambda: engine.in_flight() == frozenset())
    engine.close()


@pytest.mark.parametrize("error", [DeviceFailed("lost"), SystemExit("now")])
def test_an_engine_that_broke_remembers_what_it_broke_on(error: BaseException) -> None:
    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        if batch[0].tokens.text == "plug":
            return echo(role, batch)
        raise OutOfMemory("halve it") if len(batch) > 1 else error

    engine = HeldEngine(ScriptedDecoder(script))
    futures = engine.submit(T, "a", [tokens("a")]) + engine.submit(T, "b", [tokens("b")])
    engine.release()
    wait(futures)

    eventually(lambda: engine.failure() is not None)
    assert engine.in_flight() == {"a"}, "b was not in the half that broke it"
    engine.close()
    assert engine.in_flight() == {"a"}


@pytest.mark.parametrize("how", ["as it is", "with its cause"])
def test_an_engine_that_breaks_logs_where_and_nothing_of_what_it_held(how: str) -> None:
    def touch_the_device() -> None:
        raise RuntimeError("CUDA error: an illegal memory access\nLe secret du village")

    def script(role: Role, batch: Sequence[Request]) -> list[Output]:
        try:
            touch_the_device()
        except RuntimeError as error:
            if how == "as it is":
                raise SystemExit("now") from None
            raise DeviceFailed("CUDA error") from error
        raise AssertionError

    with capture_logs() as logs:
        engine = BatchingEngine(ScriptedDecoder(script))
        engine.submit(T, "a", [tokens("Le secret du village")])[0].exception(20)
        eventually(lambda: len(logs) == 1)
    assert logs[0]["event"] == "engine_failed"
    assert logs[0]["reason"] == engine.failure()
    innermost = {"as it is": "script", "with its cause": "touch_the_device"}[how]
    assert logs[0]["at"][0].startswith(f"{__name__}:")
    assert logs[0]["at"][0].endswith(innermost)
    assert "secret" not in str(logs)
