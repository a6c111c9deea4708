import time

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.engine.scripted import tokens
from worker.engine.backlog import Backlog, Item
from worker.engine.interface import DecodeOptions, Role

OPTIONS = DecodeOptions()


def backlog_of(*lengths: int, job: str = "job") -> Backlog:
    backlog = Backlog()
    for order, length in enumerate(lengths):
        backlog.add(Item(Role.TRANSLATOR, job, tokens(str(order), length), OPTIONS, order=order))
    return backlog


def lengths(items: list[Item]) -> list[int]:
    return [len(item) for item in items]


def test_the_oldest_comes_first_and_brings_the_nearest_lengths() -> None:
    backlog = backlog_of(20, 90, 21, 5, 19, 20, 22)

    assert lengths(backlog.take(budget=88, rows=64)) == [20, 20, 19, 21]
    assert lengths(backlog.take(budget=200, rows=64)) == [90]
    assert lengths(backlog.take(budget=200, rows=64)) == [5, 22]


def test_equal_lengths_come_in_the_order_of_arrival() -> None:
    backlog = backlog_of(7, 7, 7, 7)

    assert [item.order for item in backlog.take(budget=21, rows=64)] == [0, 1, 2]


def test_beams_count_against_the_budget() -> None:
    assert lengths(backlog_of(10, 10, 10, 10).take(budget=80, rows=64, beams=4)) == [10, 10]


def test_rows_are_bounded() -> None:
    assert len(backlog_of(*[3] * 50).take(budget=10_000, rows=8)) == 8


def test_one_item_above_the_budget_goes_alone() -> None:
    assert lengths(backlog_of(500, 1).take(budget=100, rows=64)) == [500]


def test_a_long_input_does_not_pad_out_short_ones() -> None:
    backlog = backlog_of(400, 8, 9, 300)

    assert lengths(backlog.take(budget=100_000, rows=64)) == [400, 300]


def test_dropping_a_job_leaves_the_others_and_their_tokens() -> None:
    backlog = backlog_of(5, 6)
    other = Item(Role.TRANSLATOR, "other", tokens("x", 7), OPTIONS, order=99)
    backlog.add(other)

    assert lengths(backlog.drop("job")) == [5, 6]
    assert (len(backlog), backlog.tokens, backlog.oldest()) == (1, 7, other)
    assert backlog.drop("nobody") == []


def test_an_article_does_not_wait_for_the_book_before_it() -> None:
    backlog = Backlog()
    for order in range(100):
        backlog.add(Item(Role.TRANSLATOR, "book", tokens("", 10), OPTIONS, order=order))
    backlog.take(budget=50, rows=5)
    for order in (100, 101):
        backlog.add(Item(Role.TRANSLATOR, "article", tokens("", 10), OPTIONS, order=order))
    seen = [backlog.take(budget=10, rows=1)[0].job_id for _ in range(5)]

    assert seen.count("article") == 2
    assert len(backlog) == 92


def test_jobs_take_turns_by_tokens() -> None:
    """Whatever the size of their inputs."""
    backlog = Backlog()
    for order in range(300):
        job, length = ("long", 30) if order % 3 else ("short", 10)
        backlog.add(Item(Role.TRANSLATOR, job, tokens("", length), OPTIONS, order=order))
    taken = {"long": 0, "short": 0}
    for _ in range(80):
        (item,) = backlog.take(budget=1, rows=1)
        taken[item.job_id] += len(item)

    assert abs(taken["long"] - taken["short"]) <= 40


def test_who_was_idle_has_saved_up_no_turns() -> None:
    backlog = Backlog()
    for order in range(50):
        backlog.add(Item(Role.TRANSLATOR, "early", tokens("", 10), OPTIONS, order=order))
    for _ in range(20):
        backlog.take(budget=1, rows=1)
    for order in range(50, 100):
        backlog.add(Item(Role.TRANSLATOR, "late", tokens("", 10), OPTIONS, order=order))
    seen = [backlog.take(budget=1, rows=1)[0].job_id for _ in range(20)]

    assert 9 <= seen.count("late") <= 11


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=60),
    st.integers(1, 2000),
    st.integers(1, 16),
    st.integers(1, 4),
)
def test_every_batch_keeps_the_rules_and_nothing_is_lost(sizes: list[int], budget: int, rows: int, beams: int) -> None:
    backlog = backlog_of(*sizes)
    seen: list[int] = []
    while oldest := backlog.oldest():
        batch = backlog.take(budget, rows, beams)
        assert batch[0] is oldest
        assert len(batch) == 1 or len(batch) * max(lengths(batch)) * beams <= budget
        assert len(batch) <= rows
        seen += [item.order for item in batch]
    assert sorted(seen) == list(range(len(sizes)))
    assert (len(backlog), backlog.tokens, backlog.take(budget, rows, beams)) == (0, 0, [])


def test_a_hundred_thousand_inputs_are_quick() -> None:
    backlog = Backlog()
    began = time.process_time()
    for order in range(100_000):
        item = Item(Role.TRANSLATOR, f"job{order % 7}", tokens("", order * 7919 % 160 + 1), OPTIONS, order=order)
        backlog.add(item)
    backlog.drop("job3")
    batches = 0
    while backlog.take(4096, 64):
        batches += 1
    assert batches > 1000
    assert time.process_time() - began < 15  # a loose ceiling: what is quadratic takes minutes
