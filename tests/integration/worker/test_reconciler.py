"""Workers that die: their jobs come back, suspects run alone, and nobody else pays."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service.contract.states import JobState
from tests.integration.worker.processes import QUICK, SLOW, Queue, Worker
from tests.redis_server import RedisServer
from tests.texts import rain


def quarantine_of(worker: Worker) -> list[psutil.Process]:
    """The quarantine processes of a worker."""
    children = psutil.Process(worker.process.pid).children()
    return [child for child in children if "quarantine" in child.cmdline()]


def test_jobs_of_a_killed_worker_are_taken_up_by_another_and_charged_once(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    first = start(**SLOW, **QUICK)
    jobs = [queue.submit(rain(150)) for _ in range(4)]
    queue.until(lambda: all(queue.get(job_id).state is JobState.RUNNING for job_id in jobs))
    second = start(**QUICK)
    first.stop(signal.SIGKILL)
    killed_at = time.monotonic()
    for job_id in jobs:
        job = queue.wait(job_id, JobState.SUCCEEDED)
        assert (job.attempts, queue.crashes(job_id)) == (2, 1)
        assert [(past.attempt, past.outcome, past.lane) for past in job.history] == [(1, "crashed", "")]
    assert time.monotonic() - killed_at < 10, "a lease of 2 s and a sweep of half a second"
    assert second.log.read_text().count("attempt_expired") == 4
    second.stop()
    assert queue.messages() == 0


def test_a_retry_goes_on_where_the_killed_worker_was(queue: Queue, start: Callable[..., Worker]) -> None:
    first = start(**SLOW, **QUICK)
    job_id = queue.submit("\n".join(f"Il pleut sur la ville numéro {n}." for n in range(100)))
    queue.until(lambda: queue.redis.exists(queue.store.keys.partial(job_id)))
    first.stop(signal.SIGKILL)
    second = start(**QUICK)
    queue.wait(job_id, JobState.SUCCEEDED)
    assert "attempt_resumes" in second.log.read_text()
    assert not queue.redis.exists(queue.store.keys.partial(job_id))


def test_a_job_without_a_message_is_published_again(queue: Queue, start: Callable[..., Worker]) -> None:
    """As after a crash of the front end, or of a worker that had popped the message and not claimed the job."""
    start(**QUICK)
    jobs = [queue.admit("Il pleut.") for _ in range(30)]
    for job_id in jobs:
        assert queue.wait(job_id, JobState.SUCCEEDED, seconds=10).attempts == 1


def test_a_worker_that_sleeps_past_its_lease_changes_nothing_and_its_job_is_not_charged_in_the_end(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    sleeper = start(**SLOW, **QUICK)
    job_id = queue.submit(rain(100))
    queue.until(lambda: queue.get(job_id).done > 0)
    sleeper.process.send_signal(signal.SIGSTOP)
    other = start(**SLOW, **QUICK)
    queue.until(lambda: queue.get(job_id).attempts == 2)
    assert queue.crashes(job_id) == 1
    sleeper.process.send_signal(signal.SIGCONT)
    queue.until(lambda: "attempt_lost" in sleeper.log.read_text())
    queue.until(lambda: queue.crashes(job_id) == 0)
    other.stop(signal.SIGKILL)
    assert queue.wait(job_id, JobState.SUCCEEDED, seconds=60).attempts == 3


def test_poison_ends_alone_and_its_neighbours_succeed(queue: Queue, tmp_path: Path) -> None:
    variables = {**QUICK, "DEPECHE_FAKE_DIE_ON": "poison"}
    poison = queue.submit("Voici le poison du jour.")
    innocents = [queue.submit(f"{rain(5)} Numéro {n}.") for n in range(12)]
    workers = [Worker(queue.url, tmp_path / "worker.log", **variables)]
    deadline = time.monotonic() + 90
    while not queue.get(poison).state.ended:
        assert time.monotonic() < deadline
        if workers[-1].process.poll() is not None:
            workers.append(Worker(queue.url, workers[-1].log, **variables))
        time.sleep(0.1)
    assert len(workers) == 3, "two deaths in the main lane, the rest in quarantine"
    job = queue.get(poison)
    assert (job.state, job.error_code) == (JobState.FAILED, "attempts_exhausted")
    assert [past.lane for past in job.history] == ["", "", "quarantine", "quarantine", "quarantine"]
    for job_id in innocents:
        assert queue.wait(job_id, JobState.SUCCEEDED).error_code is None
    assert workers[-1].stop() == 0
    assert queue.redis.zcard(queue.store.keys.quarantined) == 0


def test_a_killed_worker_leaves_the_lane_to_end_its_job(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(**SLOW, **QUICK)
    job_id = queue.admit(rain(40))
    queue.quarantine(job_id)
    queue.until(lambda: queue.get(job_id).state is JobState.RUNNING)
    (lane,) = quarantine_of(worker)
    worker.stop(signal.SIGKILL)
    job = queue.wait(job_id, JobState.SUCCEEDED)
    assert (job.attempts, queue.crashes(job_id)) == (1, 0)
    lane.wait(15)


def test_a_drain_takes_the_lane_along(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(**SLOW, **QUICK)
    job_id = queue.admit(rain(200))
    queue.quarantine(job_id)
    queue.until(lambda: queue.get(job_id).done > 0)
    (lane,) = quarantine_of(worker)
    assert worker.stop() == 0
    assert not lane.is_running()
    job = queue.get(job_id)
    assert (job.state, job.attempts, queue.crashes(job_id)) == (JobState.QUEUED, 0, 0)


@pytest.mark.parametrize("outage", ["freeze", "restart"])
def test_an_outage_of_redis_charges_nobody(
    queue: Queue, start: Callable[..., Worker], redis_server: RedisServer, outage: str
) -> None:
    # A busy machine may stop a worker for some seconds, which would be a lease by itself: a charge, if one that is taken back.
    patient = {**QUICK, "DEPECHE_LEASE_S": "6", "DEPECHE_RENEW_S": "1"}
    workers = [start(**SLOW, **patient) for _ in range(2)]
    jobs = [queue.submit(rain(50)) for _ in range(4)]
    queue.until(lambda: all(queue.get(job_id).state is JobState.RUNNING for job_id in jobs))
    if outage == "freeze":
        redis_server.pause()
    else:
        redis_server.kill()
    time.sleep(13)  # more than two leases
    if outage == "freeze":
        redis_server.resume()
    else:
        redis_server.start()
    for job_id in jobs:
        job = queue.wait(job_id, JobState.SUCCEEDED, seconds=60)
        assert (queue.crashes(job_id), [past.outcome for past in job.history]) == (0, [])
    for worker in workers:
        assert worker.stop() == 0
