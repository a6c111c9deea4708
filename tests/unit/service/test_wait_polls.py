"""The looks at the states of jobs that are waited for, where no message comes."""

from collections.abc import Sequence
from itertools import chain, repeat

import pytest
from redis import Redis
from redis.exceptions import ConnectionError

from service import waits
from service.contract.errors import StoreFault, StoreUnavailable
from service.contract.states import JobState
from service.waits import WaitHub

PATIENCE_S = 10.0


def no_subscription() -> Redis:
    raise ConnectionError("refused")


@pytest.mark.parametrize("trouble", [StoreUnavailable("does not answer"), StoreFault("wrongtype")])
def test_a_look_that_fails_is_not_the_last(
    trouble: StoreUnavailable | StoreFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "POLL_S", 0.01)
    answers = chain([trouble], repeat(JobState.SUCCEEDED))

    def states(job_ids: Sequence[str]) -> list[JobState | None]:
        if not job_ids:
            return []
        answer = next(answers)
        if not isinstance(answer, JobState):
            raise answer
        return [answer]

    hub = WaitHub(no_subscription, "ended", states)
    try:
        with hub.watch("a") as event:
            assert event.wait(PATIENCE_S)
    finally:
        hub.close()
