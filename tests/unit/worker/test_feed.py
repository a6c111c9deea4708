"""What listeners are told of a job's segments, and when."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import cast

import pytest

from service.contract.attempt import Claim
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.request import JobRequest
from worker.engine.fake import FakeEngine
from worker.feed import LOOK_S, TELL_S, Feed
from worker.plan import Plan, make_plan

CLAIM = Claim("job", 1, 1, 0, 0, JobRequest(text="x"))
TEXT = "Il pleut. Il neige.\n\n***\n\nIl vente."


@dataclass
class Ears:
    """A store with one listener."""

    heard: bool = True
    stale: bool = False
    away: bool = False
    looks: int = 0
    told: list[dict[str, object]] = field(default_factory=list)

    def is_heard(self, job_id: str) -> bool:
        self.looks += 1
        return self.heard

    def tell(self, claim: Claim, first: int, lines: Sequence[str]) -> int:
        if self.away:
            raise StoreUnavailable("is away")
        if self.stale:
            return -1
        assert first <= len(self.told)
        self.told += [json.loads(line) for line in lines[len(self.told) - first :]]
        return len(self.told)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def plan() -> Iterator[Plan]:
    with closing(FakeEngine()) as engine:
        yield make_plan(TEXT, "Un titre. Sa suite.", engine, segment_tokens=64)


def feed_of(ears: Ears, plan: Plan) -> tuple[Feed, Clock]:
    clock = Clock()
    feed = Feed(cast(LeaseStore, ears), CLAIM, clock=clock)
    feed.open(plan)
    return feed, clock


def step(feed: Feed, clock: Clock, seconds: float = LOOK_S) -> None:
    clock.now += seconds
    feed.tell()


def test_segments_are_told_in_the_order_of_the_article(plan: Plan) -> None:
    ears = Ears()
    feed, clock = feed_of(ears, plan)
    feed.put(3, "It snows.")
    step(feed, clock)
    assert ears.told == []
    feed.put(1, "Its rest.")
    feed.put(0, "A title.")
    step(feed, clock)
    assert ears.told == [{"paragraph": None, "segment": 0, "source": None, "target": "A title. Its rest.", "flags": []}]
    feed.put(2, "It rains.")
    step(feed, clock)
    assert [line["target"] for line in ears.told[1:]] == ["It rains.", "It snows.", "***"]
    assert ears.told[1] == {"paragraph": 0, "segment": 0, "source": "Il pleut.", "target": "It rains.", "flags": []}
    feed.put(5, "It blows.")
    feed.put(99, "A phrase that is no segment.")
    step(feed, clock)
    assert [line["target"] for line in ears.told[4:]] == ["It blows."]


def test_nothing_is_told_while_nobody_listens(plan: Plan) -> None:
    ears = Ears(heard=False)
    feed, clock = feed_of(ears, plan)
    for place in range(6):
        feed.put(place, "x")
    for _ in range(10):
        step(feed, clock, TELL_S)
    assert ears.told == []
    assert ears.looks <= 10 * TELL_S / LOOK_S + 1
    ears.heard = True
    step(feed, clock)
    assert len(ears.told) == 5


def test_an_outage_costs_nothing_but_time(plan: Plan) -> None:
    ears = Ears(away=True)
    feed, clock = feed_of(ears, plan)
    for place in range(6):
        feed.put(place, "x")
    step(feed, clock)
    ears.away, ears.stale = False, True
    step(feed, clock)
    assert ears.told == []
    ears.stale = False
    step(feed, clock)
    assert len(ears.told) == 5


def test_a_later_attempt_goes_on_behind_an_earlier_one(plan: Plan) -> None:
    ears = Ears()
    for _ in range(2):
        feed, clock = feed_of(ears, plan)
        for place in range(6):
            feed.put(place, "x")
            step(feed, clock)
    assert len(ears.told) == 5
