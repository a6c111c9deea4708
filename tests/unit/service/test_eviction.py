"""What the policy of a server's memory means for jobs and results."""

import pytest

from service.contract.eviction import Eviction

GIB = 1024**3


@pytest.mark.parametrize(
    ("policy", "limit", "jobs", "results"),
    [
        ("noeviction", GIB, False, False),
        ("noeviction", 0, False, False),
        ("allkeys-lru", GIB, True, True),
        ("allkeys-random", GIB, True, True),
        ("allkeys-lru", 0, False, False),
        ("volatile-ttl", GIB, False, True),
        ("volatile-ttl", 0, False, False),
    ],
)
def test_what_may_go(policy: str, limit: int, jobs: bool, results: bool) -> None:
    eviction = Eviction.of({"maxmemory_policy": policy, "maxmemory": limit, "used_memory": 7})
    assert eviction == Eviction(policy, limit)
    assert (eviction.takes_jobs, eviction.takes_results) == (jobs, results)


@pytest.mark.parametrize("memory", [{}, {"maxmemory": 0}, {"maxmemory_policy": "noeviction"}])
def test_a_server_that_does_not_say(memory: dict[str, object]) -> None:
    assert Eviction.of(memory) is None
