"""What tests of all kinds share."""

import signal
from collections.abc import Iterator

import pytest

from tests.redis_server import RedisServer

# A shell that has put the tests into the background ignores Ctrl-C for them, and all that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def session_redis() -> Iterator[RedisServer]:
    """One server for the whole run. Tests take `redis_server`, which empties it first."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_server(session_redis: RedisServer) -> RedisServer:
    """A running, empty Redis. A test may kill it, freeze it or make it read-only: the next one finds it mended."""
    session_redis.flush()
    return session_redis


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of `redis_server`."""
    return redis_server.url
