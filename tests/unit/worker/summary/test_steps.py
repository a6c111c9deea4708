import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.summary.steps import Steps, plan_steps


def test_steps_are_known_from_the_segments() -> None:
    assert plan_steps("extractive", 0) == plan_steps("extractive", 5000) == 1
    assert plan_steps("abstractive", 0) == plan_steps("abstractive", 8) == 1
    assert plan_steps("abstractive", 9) == 2
    assert plan_steps("abstractive", 3000) == 375
    with pytest.raises(ValueError, match="none"):
        plan_steps("none", 1)


@given(st.integers(1, 50), st.lists(st.integers(0, 30), max_size=8))
def test_progress_never_goes_back_and_ends_at_the_total(total: int, rounds: list[int]) -> None:
    told: list[int] = []
    steps = Steps(total, told.append)
    for chunks in rounds:
        steps.expect(chunks)
        for _ in range(chunks):
            steps.advance()
    assert told == sorted(told)
    assert all(0 <= step < total for step in told)
    steps.finish()
    assert told[-1] == total
    assert len(told) == sum(rounds) + 1


def test_progress_moves_while_chunks_are_read() -> None:
    told: list[int] = []
    steps = Steps(60, told.append)
    steps.expect(40)
    for _ in range(40):
        steps.advance()
    assert told == list(range(1, 41))


def test_nobody_needs_to_listen() -> None:
    steps = Steps(3, None)
    steps.expect(1)
    steps.advance()
    steps.finish()
