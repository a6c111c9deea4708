"""When jobs are expected to end, on a real Redis whose scripts read the test's own clock."""

from collections.abc import Iterator

import httpx2
import pytest

from service.contract.attempt import Claim, Heartbeat
from service.contract.job import Job
from service.contract.lines import LINES
from service.contract.request import JobRequest
from service.contract.states import Stage
from tests.integration.service.front_end import open_store
from tests.ledger import WholeLedger
from tests.script_clock import set_clock, take_over

ME = "me"
START_MS = 1_764_000_000_000


class Clocked:
    """A ledger and the clock of its scripts, in seconds since the start."""

    def __init__(self, store: WholeLedger) -> None:
        self.store = store
        self.at(0)

    def at(self, seconds: float) -> None:
        set_clock(self.store.redis, START_MS + int(seconds * 1000))

    def admitted(self, client: str = ME, line: str = LINES[0]) -> str:
        """With something in the list of messages that stands for the job's."""
        job_id = self.store.admit(JobRequest(text="Bonjour."), client=client, line=line).job_id
        self.store.redis.lpush(f"depeche:{line}", job_id)
        return job_id

    def claimed(self, job_id: str) -> Claim:
        for name in self.store.keys.messages:
            self.store.redis.lrem(name, 0, job_id)
        claim = self.store.claim(job_id, worker="w1", lease_s=15)
        assert claim is not None
        return claim

    def progress(self, claim: Claim, done: int, total: int = 100) -> None:
        beat = Heartbeat(claim.job_id, claim.token, Stage.TRANSLATING, done, total)
        assert self.store.heartbeat("w1", [beat], lease_s=15, renew=True) == set()

    def job(self, job_id: str) -> Job:
        [job] = self.store.with_outlook([self.store.get(job_id, client=ME)])
        return job

    def eta(self, job_id: str) -> float | None:
        eta_ms = self.job(job_id).eta_ms
        return None if eta_ms is None else (eta_ms - START_MS) / 1000


@pytest.fixture
def clocked(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocked]:
    take_over(monkeypatch)
    store = open_store(redis_url)
    yield Clocked(store)
    store.redis.close()


def test_a_running_job_ends_when_its_pace_says(clocked: Clocked) -> None:
    claim = clocked.claimed(clocked.admitted())
    assert clocked.eta(claim.job_id) is None
    clocked.at(10)  # it has waited for its turn in the engine: that is no measure of anything
    clocked.progress(claim, 20)
    assert clocked.eta(claim.job_id) is None
    clocked.at(10.5)
    clocked.progress(claim, 24)
    assert clocked.eta(claim.job_id) is None  # too soon to tell
    clocked.at(20)
    clocked.progress(claim, 60)
    assert clocked.eta(claim.job_id) == 30
    version = clocked.job(claim.job_id).version
    clocked.at(25)
    clocked.progress(claim, 60)  # nothing new: the record says the same
    assert (clocked.eta(claim.job_id), clocked.job(claim.job_id).version) == (30, version)


def test_a_new_attempt_is_measured_anew(clocked: Clocked) -> None:
    claim = clocked.claimed(clocked.admitted())
    for seconds, done in ((0, 0), (10, 50)):
        clocked.at(seconds)
        clocked.progress(claim, done)
    assert clocked.eta(claim.job_id) == 20
    clocked.store.release(claim)
    assert clocked.eta(claim.job_id) is None
    again = clocked.claimed(claim.job_id)
    assert clocked.eta(claim.job_id) is None
    clocked.at(15)
    clocked.progress(again, 50)
    clocked.at(20)
    clocked.progress(again, 60)
    assert clocked.eta(claim.job_id) == 40
    clocked.store.succeed(again, b"{}", segments=100)
    assert clocked.eta(claim.job_id) is None


def test_a_queued_job_ends_when_those_before_it_have(clocked: Clocked) -> None:
    ids = [clocked.admitted() for _ in range(20)]
    assert [clocked.eta(one) for one in ids] == [None] * 20
    for second in range(1, 11):  # one every two seconds
        clocked.at(2 * second)
        clocked.store.succeed(clocked.claimed(ids[second - 1]), b"{}", segments=1)
    assert clocked.eta(ids[9]) is None
    # Ten have ended in twenty seconds, and the eleventh waits since the start.
    assert clocked.eta(ids[10]) == 25  # 22, and the next five seconds
    assert clocked.eta(ids[19]) == 40
    running = clocked.claimed(ids[10])
    assert clocked.eta(ids[19]) == 40
    assert clocked.eta(running.job_id) is None


def test_nothing_is_said_while_nothing_ends_or_nothing_waits(clocked: Clocked) -> None:
    first, second = clocked.admitted(), clocked.admitted()
    clocked.at(40)
    assert clocked.eta(first) is None  # no worker has ended anything
    clocked.store.succeed(clocked.claimed(first), b"{}", segments=1)
    clocked.store.succeed(clocked.claimed(second), b"{}", segments=1)
    late = clocked.admitted()
    clocked.at(41)
    assert clocked.eta(late) is None  # two ends a moment ago, but not while this one waited


def test_the_interface_shows_it_and_the_etag_moves_with_it(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = http.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
    before = http.get(f"/v1/jobs/{job_id}")
    assert before.json()["eta_at"] is None
    key = store.keys.job(job_id)
    created = int(store.redis.hget(key, "created_ms") or 0)
    store.redis.zadd(store.keys.queued, {job_id: created - 60_000})  # it has waited for a minute
    now_ms = int(store.redis.time()[0]) * 1000
    store.redis.set(store.keys.ends(now_ms // 10_000 - 1), 4)
    after = http.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json()["eta_at"] is not None
    assert after.headers["ETag"] != before.headers["ETag"]
    assert http.get("/v1/jobs").json()["jobs"][0]["eta_at"] is not None


def test_lines_have_turns(clocked: Clocked) -> None:
    """Ten of a batch wait, then one of another line: it comes second, whatever the batch has."""
    first = clocked.admitted()
    batch = [clocked.admitted() for _ in range(10)]
    clocked.at(20)
    other = clocked.admitted(client=ME, line=LINES[1])
    clocked.at(40)
    clocked.store.succeed(clocked.claimed(first), b"{}", segments=1)
    every = clocked.eta(other)
    assert every is not None
    assert clocked.eta(batch[0]) == clocked.eta(other), "each is behind the first of the other line at the most"
    last = clocked.eta(batch[-1])
    assert last is not None
    assert last - 40 == pytest.approx((every - 40) * 11 / 2, abs=6)
