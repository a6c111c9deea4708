"""The Redis that the launcher starts, for real."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from scripts.lab.data_folder import Owned, claim
from scripts.lab.embedded_redis import EmbeddedRedis
from scripts.lab.processes import ChildError, stop_all


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[EmbeddedRedis]]:
    """What a test has started, stopped after it."""
    started: list[EmbeddedRedis] = []
    yield started
    for redis in started:
        stop_all([redis.child])
        redis.close()


def start(data: Path, started: list[EmbeddedRedis], lock: int) -> Redis:
    redis = EmbeddedRedis(data, log=data / "redis.log", environment=os.environ, lock=lock)
    started.append(redis)
    redis.start()
    return Redis.from_url(redis.url, decode_responses=True)


def test_it_is_durable_private_and_there_at_once(tmp_path: Path, started: list[EmbeddedRedis]) -> None:
    began = time.monotonic()
    with (tmp_path / "lock").open("w") as lock, start(tmp_path, started, lock.fileno()) as client:
        assert time.monotonic() - began < 5
        settings = client.config_get("appendfsync", "appendonly", "maxmemory-policy", "port")
        assert settings == {"appendfsync": "always", "appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}
        socket = Path(started[0].url.removeprefix("unix://"))
        assert socket.stat().st_mode & 0o777 == 0o700
        assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_its_data_outlive_a_kill(tmp_path: Path, started: list[EmbeddedRedis]) -> None:
    with (tmp_path / "lock").open("w") as lock:
        with start(tmp_path, started, lock.fileno()) as client:
            client.set("a", "b")
        started[0].child.kill()
        assert started[0].child.wait(10)
        with start(tmp_path, started, lock.fileno()) as client:
            assert client.get("a") == "b"


def test_nobody_else_gets_its_folder_while_it_lives(tmp_path: Path, started: list[EmbeddedRedis]) -> None:
    with claim(tmp_path, patience_s=0, on_wait=lambda: None) as owner:
        assert isinstance(owner, Owned)
        start(tmp_path, started, owner.lock).close()
    with pytest.raises(ChildError), claim(tmp_path, patience_s=0, on_wait=lambda: None):
        pass
    stop_all([started[0].child])
    with claim(tmp_path, patience_s=0, on_wait=lambda: None) as owner:
        assert isinstance(owner, Owned)
