"""A queue over the tests' Redis, and workers that end with their test."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.worker.processes import Queue, Worker


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    queue = Queue(redis_url)
    yield queue
    queue.redis.close()


@pytest.fixture
def start(queue: Queue, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts workers that are ready when it returns, and ends them after the test."""
    workers: list[Worker] = []

    def start_worker(*command: str, **variables: str) -> Worker:
        worker = Worker(redis_url, tmp_path / f"worker-{len(workers)}.log", *command, **variables)
        workers.append(worker)
        queue.until(lambda: worker.seen(queue) or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.log.read_text()
        return worker

    yield start_worker
    for worker in workers:
        worker.stop(signal.SIGKILL)
