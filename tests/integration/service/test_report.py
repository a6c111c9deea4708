"""What a front end says of its Redis when it starts, and in /readyz: what may be thrown away, and what is not durable."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.contract.durability import Outlives
from tests.integration.service.front_end import FrontEnd, open_store
from tests.redis_server import RedisServer


@pytest.fixture
def configure(redis_server: RedisServer) -> Iterator[Callable[..., None]]:
    """Gives the server a policy and a limit of its memory until the test ends."""

    def set_memory(policy: str, limit: str) -> None:
        with redis_server.client() as client:
            client.config_set("maxmemory-policy", policy)
            client.config_set("maxmemory", limit)

    yield set_memory
    set_memory("noeviction", "0")


def said(front_end: FrontEnd, event: str) -> list[dict[str, Any]]:
    """Its lines of the log about an event."""
    lines = [json.loads(line) for line in front_end.log.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("policy", "durability", "lost"),
    [("allkeys-lru", "none", "jobs that wait, and results,"), ("volatile-lru", "machine", "results")],
)
def test_a_policy_that_evicts_is_said_and_shown(
    redis_server: RedisServer, configure: Callable[..., None], policy: str, durability: str, lost: str
) -> None:
    configure(policy, "1gb")
    with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
        ready = http.get("/readyz").json()
        assert (ready["durability"], ready["eviction"]) == (durability, policy)
        wait_for(lambda: said(front_end, "may_evict"))
        (line,) = said(front_end, "may_evict")
        assert line["policy"] == policy
        assert line["effect"].startswith(f"{lost} may be gone")
        assert said(front_end, "not_durable") == [], "its remedy would not help"


def test_a_policy_without_a_limit_evicts_nothing(redis_server: RedisServer, configure: Callable[..., None]) -> None:
    configure("allkeys-lru", "0")
    store = open_store(redis_server.url)
    assert store.durability.outlives() is Outlives.MACHINE
    store.close()


def test_a_redis_that_is_down_at_the_start_is_reported_when_it_is_back() -> None:
    with RedisServer(options={"appendonly": "no", "maxmemory": "1gb", "maxmemory-policy": "volatile-lru"}) as server:
        server.kill()
        with FrontEnd(server.url) as front_end:
            wait_for(lambda: said(front_end, "redis_unavailable"))
            time.sleep(6)  # until after another look
            assert said(front_end, "may_evict") == said(front_end, "not_durable") == []
            server.start()
            wait_for(lambda: said(front_end, "not_durable"))
            assert [line["durability"] for line in said(front_end, "not_durable")] == ["none"]
            assert len(said(front_end, "may_evict")) == len(said(front_end, "redis_unavailable")) == 1
