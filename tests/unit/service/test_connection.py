"""Who waits for a connection while a crowd is served, and who while nobody is; and what is shown of an address."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty

import pytest

from service.contract.connection import ConnectionQueue, without_password


@dataclass
class Connection:
    is_connected: bool = True


class Contended(ConnectionQueue):
    """As long as `others_first`, others get hold of whatever comes back."""

    others_first = True

    def _put(self, item: Connection | None) -> None:
        if not self.others_first:
            super()._put(item)


@contextmanager
def brought_back(queue: Contended, connection: Connection, *, times: int) -> Iterator[None]:
    """Others bring the connection back every tenth of a second; the last time nobody else wants it."""

    def run() -> None:
        for turn in range(times):
            time.sleep(0.1)
            queue.others_first = turn < times - 1
            queue.put_nowait(connection)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def test_a_free_connection_is_there_at_once() -> None:
    queue, connection = ConnectionQueue(2), Connection()
    queue.put_nowait(None)
    queue.put_nowait(connection)
    assert queue.get(timeout=5) is connection
    assert queue.get(timeout=5) is None
    with pytest.raises(Empty):
        queue.get(block=False)


def test_it_is_waited_for_while_others_are_answered() -> None:
    queue, connection = Contended(1), Connection()
    with brought_back(queue, connection, times=15):
        assert queue.get(timeout=0.5) is connection


def test_it_is_not_waited_for_while_nobody_is_answered() -> None:
    queue, connection = Contended(1), Connection(is_connected=False)
    with brought_back(queue, connection, times=15), pytest.raises(Empty):
        queue.get(timeout=0.5)


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.contract.connection._PATIENCE", 3)
    queue = ConnectionQueue(1)
    queue._answered_at = time.monotonic() + 3600  # it is always as if somebody had just been answered
    began = time.monotonic()
    with pytest.raises(Empty):
        queue.get(timeout=0.1)
    assert 0.3 <= time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://h:6379/0?password=hunter2", "redis://h:6379/0"),
        ("rediss://me:hunter2@[::1]:6379/0?username=me&password=hunter2", "rediss://me:***@[::1]:6379/0"),
        ("redis://:hunter2@h", "redis://:***@h"),
        ("unix:///run/redis.sock?db=3&password=hunter2", "unix:///run/redis.sock?db=3"),
        ("unix://me:hunter2@/run/redis.sock?password=hunter2#hunter2", "unix://me:***@/run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
