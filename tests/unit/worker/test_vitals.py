"""Signs of life: what is a fault, and what is none."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import signals

from service.contract.errors import StoreUnavailable
from worker.engine.batcher import BatchingEngine
from worker.engine.fake import FakeDecoder, FakeEngine, FakeOptions
from worker.engine.interface import Role
from worker.vitals import EngineCheck, Fault, IntakeCheck, LoopCheck, LoopMoves, Standstill

Look = Callable[[float], Fault | None]


def first_fault(look: Look, seconds: range, between: Callable[[int], object] = lambda now: None) -> int | None:
    """The second at which the check finds its first fault. `between` is called before each look."""
    for now in seconds:
        between(now)
        if look(float(now)) is not None:
            return now
    return None


def test_a_standstill_is_counted_from_the_last_change() -> None:
    still = Standstill()
    assert still.seconds("a", 10) == 0
    assert still.seconds("a", 14) == 4
    assert still.seconds("b", 15) == 0
    still.restart(20)
    assert still.seconds("b", 22) == 2


class TestEngine:
    @pytest.fixture
    def engine(self) -> Iterator[FakeEngine]:
        engine = FakeEngine(FakeOptions(hang_on="fige"))
        yield engine
        engine.close()

    def test_an_idle_engine_is_seen(self, engine: FakeEngine) -> None:
        check = EngineCheck(engine, hang_s=2)
        began = time.monotonic()
        while time.monotonic() < began + 3:
            assert check.look(time.monotonic()) is None
            time.sleep(0.1)

    def test_a_batch_that_hangs_is_a_fault_of_its_jobs(self) -> None:
        engine = FakeEngine(FakeOptions(hang_on="fige"))
        engine.submit(Role.TRANSLATOR, "guilty", engine.tokenize(Role.TRANSLATOR, ["Tout se fige."]))
        while engine.busy_since() is None:
            time.sleep(0.001)
        engine.submit(Role.TRANSLATOR, "waiting", engine.tokenize(Role.TRANSLATOR, ["Il pleut."]))
        check = EngineCheck(engine, hang_s=30)
        assert first_fault(check.look, range(100, 200)) == 130
        assert check.look(131) == Fault("a batch has been in the engine for 31 s", frozenset({"guilty"}))

    def test_a_thread_that_stands_still_between_batches_is_nobodys_fault(
        self, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "heartbeat", lambda: 5.0)
        check = EngineCheck(engine, hang_s=30)
        assert first_fault(check.look, range(100)) == 30
        assert check.look(31) == Fault("the engine's thread has not moved for 31 s")

    def test_an_engine_that_broke_is_not_this_checks_affair(self) -> None:
        class Broken(FakeDecoder):
            def beams(self, role: Role) -> int:
                raise RuntimeError("no")

        engine = BatchingEngine(Broken())
        engine.submit(Role.TRANSLATOR, "a", engine.tokenize(Role.TRANSLATOR, ["Oui."]))[0].exception(20)
        assert engine.failure() is not None
        assert first_fault(EngineCheck(engine, hang_s=3).look, range(100)) is None


class TestLoop:
    def test_a_loop_that_turns_is_fine(self) -> None:
        moves = LoopMoves()
        look = LoopCheck(moves, lambda: True, 60).look
        assert first_fault(look, range(600), lambda now: moves.turn() if now % 50 == 0 else None) is None

    def test_one_that_stands_still_while_redis_answers_is_a_fault(self) -> None:
        fault = LoopCheck(LoopMoves(), lambda: True, 60)
        assert first_fault(fault.look, range(600)) == 60
        assert fault.look(61) == Fault("the event loop has not turned for 61 s although Redis answers")

    def test_an_outage_excuses_it_and_so_does_the_time_of_a_stall_after_it(self) -> None:
        answers = {"now": False}
        look = LoopCheck(LoopMoves(), lambda: answers["now"], 60).look
        assert first_fault(look, range(1000)) is None
        answers["now"] = True
        assert first_fault(look, range(1000, 2000)) == 1059  # it was excused at 999 for the last time


class TestIntake:
    @pytest.fixture
    def world(self) -> dict[str, Any]:
        return {"answering": True, "room": True, "waiting": 3}

    @pytest.fixture
    def moves(self) -> LoopMoves:
        return LoopMoves()

    @pytest.fixture
    def look(self, world: dict[str, Any], moves: LoopMoves) -> Look:
        def waiting() -> int:
            world["looks"] = world.get("looks", 0) + 1
            if isinstance(world["waiting"], Exception):
                raise world["waiting"]
            return int(world["waiting"])

        return IntakeCheck(moves, lambda: world["answering"], lambda: world["room"], waiting, 60).look

    def test_messages_that_wait_in_vain_are_a_fault(self, look: Look, world: dict[str, Any]) -> None:
        assert first_fault(look, range(600)) == 60
        assert world["looks"] <= 13, "Redis is asked every few seconds alone"

    def test_what_comes_in_shows_that_all_is_well(self, look: Look, moves: LoopMoves) -> None:
        def receive(now: int) -> None:
            if now % 50 == 0:
                signals.task_received.send(sender=None, request=None)

        assert first_fault(look, range(600), receive) is None
        assert moves.messages == 12

    @pytest.mark.parametrize("signal", [signals.task_unknown, signals.task_rejected])
    def test_a_message_that_is_dropped_has_come_in_too(self, look: Look, signal: Any) -> None:
        assert first_fault(look, range(600), lambda now: signal.send(sender=None)) is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [("answering", False), ("room", False), ("waiting", 0), ("waiting", StoreUnavailable("can't be reached"))],
    )
    def test_a_good_reason_excuses_it_and_starts_the_count_anew(
        self, look: Look, world: dict[str, Any], name: str, value: object
    ) -> None:
        usual = world[name]

        def change(now: int) -> None:
            world[name] = value if now in range(40, 46) else usual

        # The excuse holds until the last look that found it, and the next look comes every five seconds.
        found = first_fault(look, range(600), change)
        assert found is not None
        assert 100 <= found <= 110

    def test_a_list_that_is_emptied_by_others_again_and_again_is_no_fault(
        self, look: Look, world: dict[str, Any]
    ) -> None:
        def change(now: int) -> None:
            world["waiting"] = now % 30 // 10

        assert first_fault(look, range(600), change) is None
