"""Worker processes that hang in one way or another: each ends for its supervisor, and no job is lost or wronged."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.contract.attempt import Heartbeat
from service.contract.states import JobState, Stage
from tests.integration.worker.processes import Queue, Worker
from tests.redis_server import RedisServer
from tests.texts import rain
from worker.context import EXIT_BROKEN

HANGING = [sys.executable, str(Path(__file__).with_name("hanging_worker.py"))]
SLOW = {"DEPECHE_FAKE_SECONDS_PER_TOKEN": "0.02", "DEPECHE_BATCH_ROWS": "1"}
LONG = rain(2000)

#: A thread that holds the interpreter's lock, so that no other one runs.
HOLD_THE_LOCK = """
import ctypes, faulthandler, time
from worker.watchdog import Watchdog
Watchdog([], excused=lambda: False, on_fault=print, net_s=1).start()
time.sleep(0.2)
ctypes.PyDLL(None).sleep(60)
"""


def running(queue: Queue) -> int:
    count = queue.redis.zcard(queue.store.keys.running)
    assert isinstance(count, int)
    return count


def test_a_batch_that_hangs_ends_the_worker_and_charges_its_job_alone(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    worker = start(DEPECHE_FAKE_HANG_ON="fige", DEPECHE_ENGINE_HANG_S="5", DEPECHE_BATCH_ROWS="1")
    guilty = queue.submit("Le village se fige.")
    queue.until(lambda: running(queue) == 1)
    others = [queue.submit(f"Le village numéro {n} se tait.") for n in range(5)]
    queue.until(lambda: running(queue) == 6)
    assert worker.process.wait(30) == EXIT_BROKEN
    log = worker.log.read_text()
    assert re.search(r"a batch has been in the engine for \d+ s", log)

    assert {queue.get(job_id).state for job_id in [guilty, *others]} == {JobState.QUEUED}
    assert [queue.crashes(job_id) for job_id in [guilty, *others]] == [1, 0, 0, 0, 0, 0]
    assert [queue.get(job_id).attempts for job_id in others] == [0] * 5
    assert re.search(r'"engine": \["threading:.* "worker.engine.fake:\d+ run"', log)
    assert "worker/engine/fake.py" in log.split("worker_hung")[1], "faulthandler's stacks"
    assert "village" not in log

    start(DEPECHE_SWEEP_S="0.5")
    for job_id in [guilty, *others]:
        queue.wait(job_id, JobState.SUCCEEDED)


def test_an_article_that_hangs_the_engine_each_time_is_ended_in_the_quarantine_lane(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    hangs = {"DEPECHE_FAKE_HANG_ON": "fige", "DEPECHE_ENGINE_HANG_S": "1", "DEPECHE_SWEEP_S": "0.5"}
    guilty = queue.submit("Le village se fige.")
    for _ in range(2):
        assert start(**hangs).process.wait(30) == EXIT_BROKEN
    last = start(**hangs)
    job = queue.wait(guilty, JobState.FAILED, seconds=60)
    assert job.error_code == "attempts_exhausted"
    assert queue.crashes(guilty) == 5, "two beside others, three alone"
    queue.wait(queue.submit("Il pleut."), JobState.SUCCEEDED)
    assert last.process.poll() is None, "the lane died, the worker did not"


@pytest.mark.parametrize(("charge", "crashes"), [("its own", 1), ("who saw it die", 1), ("a sweep", 0)])
def test_a_heartbeat_on_its_way_takes_back_only_what_a_sweep_charged(queue: Queue, charge: str, crashes: int) -> None:
    claim = queue.store.claim(queue.admit("Il pleut."), worker="w", lease_s=0.2)
    assert claim is not None
    if charge == "its own":
        queue.store.crash(claim)
    elif charge == "who saw it die":
        queue.store.mourn("w")
    else:
        queue.until(lambda: queue.store.expire(lease_s=1))
    version = queue.redis.hget(queue.store.keys.job(claim.job_id), "version")
    assert queue.crashes(claim.job_id) == 1
    beat = Heartbeat(claim.job_id, claim.token, Stage.TRANSLATING, 0, 1)
    assert queue.store.heartbeat("w", [beat], lease_s=30, renew=True, description=None) == {beat}
    assert queue.crashes(claim.job_id) == crashes
    changed = queue.redis.hget(queue.store.keys.job(claim.job_id), "version") != version
    assert changed is (crashes == 0), "the history that clients see is another"


def test_an_event_loop_that_stands_still_ends_the_worker_and_charges_nobody(
    queue: Queue, start: Callable[..., Worker]
) -> None:
    worker = start(*HANGING, "blocked", "3", **SLOW)
    job_id = queue.submit(LONG)
    assert worker.process.wait(30) == EXIT_BROKEN
    log = worker.log.read_text()
    assert "the event loop has not turned for 3 s although Redis answers" in log
    assert re.search(r'"MainThread": \["threading:.* "celery.worker.loops:\d+ asynloop"', log)
    assert (queue.get(job_id).state, queue.get(job_id).attempts, queue.crashes(job_id)) == (JobState.QUEUED, 0, 0)


def test_a_worker_that_hears_no_messages_ends(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(*HANGING, "deaf", "3", **SLOW)
    working = queue.submit(LONG)
    queue.until(lambda: "deaf" in worker.log.read_text())
    time.sleep(4)
    assert worker.process.poll() is None, "nothing waits"
    waiting = queue.submit("Il pleut.")
    assert worker.process.wait(30) == EXIT_BROKEN
    assert "no message has come in for 3 s although Redis answers and some are waiting" in worker.log.read_text()
    assert [queue.get(job_id).state for job_id in (working, waiting)] == [JobState.QUEUED] * 2
    assert [queue.crashes(job_id) for job_id in (working, waiting)] == [0, 0]
    assert queue.messages() == 1


def test_messages_that_wait_for_a_full_worker_are_no_fault(queue: Queue, start: Callable[..., Worker]) -> None:
    worker = start(*HANGING, "well", "2", DEPECHE_CONCURRENCY="2", **SLOW)
    for _ in range(6):
        queue.submit(LONG)
    queue.until(lambda: running(queue) == 2)
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(6)
    assert queue.messages() >= 2


def test_redis_that_is_away_for_long_is_no_fault(
    queue: Queue, start: Callable[..., Worker], redis_server: RedisServer
) -> None:
    worker = start(*HANGING, "well", "7", DEPECHE_REDIS_TIMEOUT_S="1", **SLOW)
    queue.submit(LONG)
    queue.until(lambda: running(queue) == 1)
    redis_server.pause()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(9)
    redis_server.resume()
    queue.submit("Il pleut.")
    queue.until(lambda: running(queue) == 2)
    assert worker.process.poll() is None
    assert "heartbeat_failed" in worker.log.read_text()


def test_what_holds_the_interpreters_lock_is_caught_by_the_last_net() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLD_THE_LOCK], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert "Timeout (0:00:01)!" in done.stderr
    assert 'File "<string>", line 6' in done.stderr
