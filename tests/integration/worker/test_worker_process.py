"""A real worker process over a real Redis, with the fake engine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.contract.states import JobState
from tests.integration.worker.processes import PROGRAM, SLOW, Queue, Worker
from tests.texts import rain
from worker.context import EXIT_BROKEN

BREAKING = [sys.executable, str(Path(__file__).with_name("breaking_worker.py"))]


def test_works_on_jobs_and_leaves_nothing_behind(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start()
    jobs = [queue.submit(f"Le maire numéro {n} est arrivé mardi.\n\nIl est reparti.") for n in range(20)]
    for job_id in jobs:
        job = queue.wait(job_id, JobState.SUCCEEDED)
        assert job.attempts == 1
        assert job.done == job.total > 0
    assert worker.stop() == 0
    assert queue.messages() == 0
    assert queue.redis.hlen(queue.settings.key_prefix + "unacked") == 0
    assert queue.store.workers() == []
    assert "maire" not in worker.log.read_text()


def test_every_log_line_of_a_job_has_its_id(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start()
    job_id = queue.submit("Il pleut.")
    queue.wait(job_id, JobState.SUCCEEDED)
    worker.stop()
    lines = [line for line in worker.log.read_text().splitlines() if "attempt_began" in line or "job_succeeded" in line]
    assert len(lines) == 2
    assert all(f'"job_id": "{job_id}"' in line for line in lines)


def test_a_running_job_is_cancelled(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(**SLOW)
    job_id = queue.submit(rain(300))
    queue.until(lambda: queue.get(job_id).done > 0)
    assert queue.store.delete(job_id, client="local") is JobState.CANCELLED
    queue.until(lambda: "attempt_lost" in worker.log.read_text(), seconds=5)
    quick = queue.submit("Il pleut.")
    queue.wait(quick, JobState.SUCCEEDED, seconds=5)
    assert queue.get(job_id).state is JobState.CANCELLED


def test_sigterm_gives_unfinished_work_back_uncharged(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(**SLOW)
    job_id = queue.submit(rain(300))
    queue.until(lambda: queue.get(job_id).done > 0)
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 10
    job = queue.get(job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert queue.messages() == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_every_signal_that_asks_for_an_end_drains_however_often(
    queue: Queue, start: Callable[..., Worker], number: signal.Signals
) -> None:
    worker = start(**SLOW)
    job_id = queue.submit(rain(300))
    queue.until(lambda: queue.get(job_id).done > 0)
    worker.process.send_signal(number)
    worker.process.send_signal(number)
    assert worker.stop(seconds=15) == 0
    assert (queue.get(job_id).state, queue.messages()) == (JobState.QUEUED, 1)
    text = worker.log.read_text()
    assert text.count("worker_draining") == 1
    assert "Traceback" not in text


def test_what_is_given_back_is_done_by_the_next_worker(queue: Queue, start: Callable[..., Worker]) -> None:
    first = start(**SLOW)
    job_id = queue.submit(rain(100))
    queue.until(lambda: queue.get(job_id).done > 0)
    first.stop()
    start()
    job = queue.wait(job_id, JobState.SUCCEEDED)
    assert job.attempts == 1


def test_a_drained_job_does_not_stand_in_line_again(queue: Queue, start: Callable[..., Worker]) -> None:
    first = start(**SLOW, DEPECHE_CONCURRENCY="1")
    drained = queue.submit(rain(100))
    queue.until(lambda: queue.get(drained).done > 0)
    backlog = [queue.submit("Il pleut.") for _ in range(30)]
    assert first.stop() == 0
    assert queue.get(drained).state is JobState.QUEUED
    start(DEPECHE_CONCURRENCY="1")
    ends = {job_id: queue.wait(job_id, JobState.SUCCEEDED).ended_ms or 0 for job_id in (drained, *backlog)}
    ahead = sum(ends[job_id] < ends[drained] for job_id in backlog)
    assert ahead <= 3, "the two queues take turns"


def test_a_drain_leaves_a_message_for_every_job(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(**SLOW)
    jobs = [queue.submit(rain(50)) for _ in range(40)]
    queue.until(lambda: queue.redis.zcard(queue.store.keys.running) == 32)
    assert worker.stop() == 0
    assert {(job.state, job.attempts) for job in map(queue.get, jobs)} == {(JobState.QUEUED, 0)}
    assert queue.messages() == 40


def test_a_broken_engine_ends_the_worker_and_charges_the_job_it_broke_on_alone(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    worker = start(*BREAKING, "breaking", **SLOW)
    jobs = [queue.submit(rain(2) + "Quelle panne.")]
    jobs += [queue.submit(rain(20)) for _ in range(19)]
    queue.until(lambda: queue.redis.zcard(queue.store.keys.running) == 20)
    assert worker.process.wait(60) == EXIT_BROKEN
    assert "the device fell off the bus" in worker.log.read_text()
    assert re.search(r'"at": \["__main__:\d+ run", "worker.engine.batcher:', worker.log.read_text()), "where it broke"
    assert {queue.get(job_id).state for job_id in jobs} == {JobState.QUEUED}
    assert [queue.crashes(job_id) for job_id in jobs] == [1, *[0] * 19]
    assert queue.messages() == len(jobs)


def test_sigterm_while_the_models_load_is_obeyed_at_once(queue: Queue, redis_url: str, tmp_path: Path) -> None:
    worker = Worker(redis_url, tmp_path / "worker.log", *BREAKING, "never")
    queue.until(lambda: "loading" in worker.log.read_text())
    assert worker.stop(seconds=5) == 0


def test_a_duplicate_message_changes_nothing(queue: Queue, start: Callable[..., Worker]) -> None:
    start()
    job_id = queue.submit("Il pleut.")
    first = queue.wait(job_id, JobState.SUCCEEDED)
    queue.publish(job_id)
    queue.until(lambda: queue.messages() == 0)
    time.sleep(0.3)
    assert queue.get(job_id) == first


def run_to_the_end(url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEPECHE_REDIS_URL": url, **variables}
    return subprocess.run([PROGRAM, "run"], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DEPECHE_TRANSLATOR": "/nowhere/model"}, "/nowhere/model"),
        ({"DEPECHE_DEVICE": "abacus"}, "DEPECHE_DEVICE"),
        ({"DEPECHE_RENEW_S": "14"}, "DEPECHE_RENEW_S"),
        ({"DEPECHE_REDIS_URL": "redis://127.0.0.1:1/0"}, "can't be reached"),
        ({"DEPECHE_REDIS_URL": "nonsense"}, "DEPECHE_REDIS_URL"),
    ],
)
def test_says_in_one_line_why_it_does_not_start(redis_url: str, variables: dict[str, str], words: str) -> None:
    answer = run_to_the_end(redis_url, **variables)
    assert answer.returncode != 0
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
