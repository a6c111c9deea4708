"""A 202 for what is on the disk. WAITAOF is a stub's: no packaged server here has it (see docs/reliability.md)."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.integration.service.front_end import FrontEnd
from tests.integration.service.newer_redis import NewerRedis
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer


@pytest.fixture
def every_second(redis_server: RedisServer) -> Iterator[RedisServer]:
    """A Redis that brings its file to disk once a second."""
    with redis_server.client() as client:
        client.config_set("appendfsync", "everysec")
        yield redis_server
        client.config_set("appendfsync", "always")


def submit(http: httpx2.Client, **headers: str) -> httpx2.Response:
    return http.post("/v1/jobs", json={"text": "Il pleut."}, headers=headers)


def test_a_server_that_can_wait_is_waited_for(every_second: RedisServer) -> None:
    """On the very connection that has written the job."""
    with NewerRedis(every_second) as redis, FrontEnd(redis.url) as front_end, front_end.client() as http:
        assert http.get("/readyz").json()["durability"] == "machine"
        assert submit(http).status_code == 202
        assert redis.commands[-1][-2:] == ["EVALSHA", "WAITAOF"]
        assert '"durability"' not in front_end.log


def test_what_does_not_come_to_disk_is_refused_and_withdrawn(every_second: RedisServer, store: WholeLedger) -> None:
    with NewerRedis(every_second) as redis, FrontEnd(redis.url) as front_end, front_end.client() as http:
        assert http.get("/readyz").status_code == 200
        redis.local = 0
        answer = submit(http, **{"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert store.depth() == 0
        redis.local = 1
        again = submit(http, **{"Idempotency-Key": "k"})
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again.headers


def test_a_disk_that_takes_too_long_is_503_in_time(every_second: RedisServer, store: WholeLedger) -> None:
    with NewerRedis(every_second) as redis, FrontEnd(redis.url) as front_end, front_end.client() as http:
        assert http.get("/readyz").status_code == 200
        redis.seconds = 8
        answer = submit(http)
        assert answer.status_code == 503
        assert answer.elapsed.total_seconds() < 3


@pytest.mark.parametrize("version", ["7.0.15", "7.4.1"])
def test_a_server_that_can_not_wait_or_lies_is_not_believed(every_second: RedisServer, version: str) -> None:
    with NewerRedis(every_second, version=version) as redis, FrontEnd(redis.url) as front_end:
        with front_end.client() as http:
            assert http.get("/readyz").json()["durability"] == "process"
            assert submit(http).status_code == 202
        assert redis.commands == []
        assert '"durability": "process"' in front_end.log


def test_with_appendfsync_always_nobody_waits(redis_server: RedisServer) -> None:
    with NewerRedis(redis_server) as redis, FrontEnd(redis.url) as front_end, front_end.client() as http:
        assert http.get("/readyz").json()["durability"] == "machine"
        assert submit(http).status_code == 202
        assert redis.commands == []
