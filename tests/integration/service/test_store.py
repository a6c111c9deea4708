"""The transitions of the ledger, each on a real Redis."""

import json
import threading
import time
import zlib
from collections.abc import Iterator

import pytest

from service.contract.attempt import Claim, Heartbeat
from service.contract.errors import IdempotencyConflict, JobGone, JobNotFound, QueueFull, RequestError
from service.contract.leases import Place
from service.contract.request import JobRequest
from service.contract.states import JobState, Stage
from service.contract.store import JobPage
from tests.integration.service.front_end import open_store, sample_result
from tests.ledger import WholeLedger

ME, OTHER = "me", "other"


@pytest.fixture
def small_store(redis_url: str) -> Iterator[WholeLedger]:
    """A store whose queue takes two jobs."""
    store = open_store(redis_url, queue_limit=2)
    yield store
    store.redis.close()


def admitted(store: WholeLedger, text: str = "Bonjour.") -> str:
    return store.admit(JobRequest(text=text), client=ME).job_id


def claimed(store: WholeLedger, job_id: str, *, lease_s: float = 15, worker: str = "w1") -> Claim:
    claim = store.claim(job_id, worker=worker, lease_s=lease_s)
    assert claim is not None
    return claim


def members(store: WholeLedger) -> tuple[set[str], set[str]]:
    """Ids in the two sets: queued, running."""
    names = (store.keys.queued, store.keys.running)
    queued, running = ({str(item, "ascii") for item in store.redis.zrange(name, 0, -1)} for name in names)  # type: ignore[arg-type]
    return queued, running


def test_a_clients_jobs_are_listed_in_pages(store: WholeLedger) -> None:
    ids = sorted((admitted(store) for _ in range(7)), reverse=True)
    store.admit(JobRequest(text="Bonjour."), client=OTHER)
    store.delete(ids[3], client=ME)
    page = store.jobs_of(ME, limit=3)
    assert [job.id for job in page.jobs] == ids[:3]
    assert page.next == ids[2]
    rest = store.jobs_of(ME, limit=100, cursor=page.next)
    assert ([job.id for job in rest.jobs], rest.next) == (ids[3:], None)
    cancelled = store.jobs_of(ME, state=JobState.CANCELLED, limit=100)
    assert [(job.id, job.state) for job in cancelled.jobs] == [(ids[3], JobState.CANCELLED)]
    assert store.jobs_of("nobody", limit=3) == JobPage((), None)
    for cursor in ("", "x", store.new_id(OTHER)):
        with pytest.raises(RequestError, match="cursor"):
            store.jobs_of(ME, limit=3, cursor=cursor)


def test_jobs_that_expired_leave_the_list(store: WholeLedger) -> None:
    ids = sorted(admitted(store) for _ in range(6))
    for job_id in ids[:4]:
        store.redis.delete(store.keys.job(job_id))
    newest = admitted(store)  # takes the oldest two off
    assert store.redis.zcard(store.keys.jobs_of(ME)) == 5
    assert [job.id for job in store.jobs_of(ME, limit=100).jobs] == [newest, ids[5], ids[4]]
    assert store.redis.zcard(store.keys.jobs_of(ME)) == 3
    assert store.redis.ttl(store.keys.jobs_of(ME)) == -1
    store.delete(newest, client=ME)  # cancelled
    assert store.redis.ttl(store.keys.jobs_of(ME)) > 600_000
    store.delete(newest, client=ME)
    assert newest not in [job.id for job in store.jobs_of(ME, limit=100).jobs]


def test_a_page_looks_at_so_many_jobs_and_no_more(store: WholeLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted((admitted(store) for _ in range(5)), reverse=True)
    monkeypatch.setattr("service.contract.store._MOST_LOOKS", 2)
    pages = [store.jobs_of(ME, state=JobState.FAILED, limit=1)]
    while pages[-1].next is not None:
        pages.append(store.jobs_of(ME, state=JobState.FAILED, limit=1, cursor=pages[-1].next))
    assert [page.next for page in pages] == [ids[1], ids[3], None]
    assert all(not page.jobs for page in pages)


def test_admit_records_a_queued_job(store: WholeLedger) -> None:
    request = JobRequest(text="Bonjour.", metadata={"clé": "été"})
    admission = store.admit(request, client=ME)
    job = store.get(admission.job_id, client=ME)
    assert (admission.known, job.state, job.attempts, job.metadata) == (False, JobState.QUEUED, 0, {"clé": "été"})
    assert job.stage is None
    assert job.version == 1
    assert members(store) == ({job.id}, set())
    assert store.depth() == 1


def test_ids_are_of_one_client(store: WholeLedger) -> None:
    job_id = admitted(store)
    for wrong in (job_id[:-1] + ("0" if job_id[-1] != "0" else "1"), "x", "", "é" * 32, job_id.upper()):
        with pytest.raises(JobNotFound):
            store.get(wrong, client=ME)
    with pytest.raises(JobNotFound):
        store.get(job_id, client=OTHER)
    with pytest.raises(JobNotFound):
        store.delete(job_id, client=OTHER)


def test_a_redis_that_lost_its_data_gives_all_front_ends_the_same_secret(store: WholeLedger, redis_url: str) -> None:
    second = open_store(redis_url)
    before = admitted(store)
    second.get(before, client=ME)
    store.redis.flushall()
    for first, other in ((store, second), (second, store)):
        job_id = admitted(first)
        assert other.get(job_id, client=ME).state is JobState.QUEUED
    second.redis.close()


def test_an_idempotency_key_leads_to_the_same_job(store: WholeLedger) -> None:
    request = JobRequest(text="Bonjour.")
    first = store.admit(request, client=ME, idempotency_key="k", body=b"1")
    again = store.admit(request, client=ME, idempotency_key="k", body=b"1")
    assert (again.job_id, again.known) == (first.job_id, True)
    assert store.depth() == 1
    with pytest.raises(IdempotencyConflict):
        store.admit(request, client=ME, idempotency_key="k", body=b"2")
    stranger = store.admit(request, client=OTHER, idempotency_key="k", body=b"2")
    assert not stranger.known
    ttl = store.redis.ttl(store.redis.keys(f"{store.keys.prefix}idem:{ME}:*")[0])
    assert 86_000 < ttl <= 86_400


def test_a_full_queue_refuses_and_still_knows_its_keys(small_store: WholeLedger) -> None:
    request = JobRequest(text="Bonjour.")
    first = small_store.admit(request, client=ME, idempotency_key="k", body=b"1")
    running = admitted(small_store)
    claimed(small_store, running)
    with pytest.raises(QueueFull) as refusal:
        admitted(small_store)
    assert refusal.value.retry_after
    assert small_store.admit(request, client=ME, idempotency_key="k", body=b"1").job_id == first.job_id
    small_store.delete(running, client=ME)
    assert admitted(small_store)


def test_withdraw_leaves_nothing_behind(store: WholeLedger) -> None:
    request = JobRequest(text="Bonjour.")
    job_id = store.admit(request, client=ME, idempotency_key="k", body=b"1").job_id
    assert store.withdraw(job_id, client=ME, idempotency_key="k")
    assert members(store) == (set(), set())
    assert not store.redis.exists(store.keys.job(job_id))
    assert not store.admit(request, client=ME, idempotency_key="k", body=b"2").known


def test_withdraw_spares_a_job_in_use(store: WholeLedger) -> None:
    job_id = admitted(store)
    claim = claimed(store, job_id)
    assert not store.withdraw(job_id, client=ME)
    store.release(claim)
    assert not store.withdraw(job_id, client=ME), "it was claimed once: somebody may have seen it"


def test_withdraw_spares_a_job_that_a_second_submission_was_given(store: WholeLedger) -> None:
    request = JobRequest(text="Bonjour.")
    job_id = store.admit(request, client=ME, idempotency_key="k", body=b"1").job_id
    assert store.admit(request, client=ME, idempotency_key="k", body=b"1").known
    assert not store.withdraw(job_id, client=ME, idempotency_key="k")
    assert store.get(job_id, client=ME).state is JobState.QUEUED


def test_claim_begins_an_attempt(store: WholeLedger) -> None:
    job_id = admitted(store, "Un texte.")
    claim = claimed(store, job_id)
    job = store.get(job_id, client=ME)
    assert (claim.attempt, claim.request.text) == (1, "Un texte.")
    assert (job.state, job.stage, job.attempts) == (JobState.RUNNING, Stage.TRANSLATING, 1)
    assert job.started_ms == claim.started_ms >= claim.created_ms == job.created_ms
    assert members(store) == (set(), {job_id})


def test_claim_refuses_what_is_held_ended_or_gone(store: WholeLedger) -> None:
    held, cancelled, erased = (admitted(store) for _ in range(3))
    claimed(store, held)
    store.delete(cancelled, client=ME)
    store.delete(erased, client=ME)
    store.delete(erased, client=ME)
    for job_id in (held, cancelled, erased, "0" * 32):
        assert store.claim(job_id, worker="w2", lease_s=15) is None
    assert store.get(held, client=ME).attempts == 1


@pytest.mark.parametrize("record", [b"no zlib", zlib.compress(b"{"), zlib.compress(b'{"text": 5}')])
def test_a_request_that_cannot_be_read_ends_its_job(store: WholeLedger, record: bytes) -> None:
    job_id = admitted(store)
    store.redis.hset(store.keys.job(job_id), "request", record)
    assert store.claim(job_id, worker="w1", lease_s=15) is None
    job = store.get(job_id, client=ME)
    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    assert members(store) == (set(), set())


def test_only_one_of_many_claims_at_once_succeeds(store: WholeLedger) -> None:
    job_id = admitted(store)
    claims: list[Claim | None] = []
    threads = [
        threading.Thread(target=lambda n=n: claims.append(store.claim(job_id, worker=f"w{n}", lease_s=15)))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1


def test_a_heartbeat_renews_and_reports(store: WholeLedger) -> None:
    job_id = admitted(store)
    claim = claimed(store, job_id, lease_s=1)
    version = store.get(job_id, client=ME).version
    beat = Heartbeat(job_id, claim.token, Stage.SUMMARIZING, 3, 7)
    description = json.dumps({"models": {}})
    assert store.heartbeat("w1", [beat], lease_s=60, renew=True, description=description) == set()
    job = store.get(job_id, client=ME)
    assert (job.stage, job.done, job.total, job.version) == (Stage.SUMMARIZING, 3, 7, version + 1)
    lease_ms = store.redis.zscore(store.keys.running, job_id)
    assert lease_ms is not None
    assert lease_ms > claim.started_ms + 30_000
    assert store.heartbeat("w1", [beat], lease_s=60, renew=True) == set()
    assert store.get(job_id, client=ME).version == version + 1, "nothing visible has changed"
    assert store.workers() == [{"models": {}}]
    store.withdraw_worker("w1")
    assert store.workers() == []


def test_progress_alone_leaves_the_lease(store: WholeLedger) -> None:
    job_id = admitted(store)
    claim = claimed(store, job_id, lease_s=30)
    before = store.redis.zscore(store.keys.running, job_id)
    beat = Heartbeat(job_id, claim.token, Stage.TRANSLATING, 1, 2)
    assert store.heartbeat("w1", [beat], lease_s=60, renew=False) == set()
    assert store.redis.zscore(store.keys.running, job_id) == before


def test_success_keeps_the_result_and_drops_the_request(store: WholeLedger) -> None:
    job_id = admitted(store)
    claim = claimed(store, job_id)
    result = sample_result()
    assert store.succeed(claim, result, segments=4)
    job = store.get(job_id, client=ME)
    assert (job.state, job.result, job.done, job.total, job.stage) == (JobState.SUCCEEDED, result, 4, 4, None)
    assert job.ended_ms is not None
    assert job.expires_ms == job.ended_ms + 3_600_000
    assert 3500 < store.redis.ttl(store.keys.job(job_id)) <= 3600
    assert not store.redis.hexists(store.keys.job(job_id), "request")
    assert members(store) == (set(), set())
    assert not store.succeed(claim, result, segments=4), "only once"
    assert json.loads(job.to_json())["result"] == json.loads(result)


def test_failure_says_why(store: WholeLedger) -> None:
    job_id = admitted(store)
    assert store.fail(claimed(store, job_id), "model_failed", "It broke.")
    view = store.get(job_id, client=ME).view()
    assert (view["state"], view["error"]) == ("failed", {"code": "model_failed", "detail": "It broke."})


def test_release_gives_the_attempt_back_uncharged(store: WholeLedger) -> None:
    job_id = admitted(store)
    claim = claimed(store, job_id)
    assert store.release(claim) is Place.QUEUED
    job = store.get(job_id, client=ME)
    assert (job.state, job.attempts, job.started_ms, job.stage) == (JobState.QUEUED, 0, None, None)
    assert members(store) == ({job_id}, set())
    assert store.release(claim) is Place.LOST
    assert claimed(store, job_id).attempt == 1


def test_delete_cancels_then_erases(store: WholeLedger) -> None:
    queued, running = admitted(store), admitted(store)
    claim = claimed(store, running)
    for job_id in (queued, running):
        assert store.delete(job_id, client=ME) is JobState.CANCELLED
        assert store.get(job_id, client=ME).state is JobState.CANCELLED
    assert not store.succeed(claim, sample_result(), segments=1)
    beat = Heartbeat(running, claim.token, Stage.TRANSLATING, 1, 1)
    assert store.heartbeat("w1", [beat], lease_s=15, renew=True) == {beat}
    assert members(store) == (set(), set())
    assert store.delete(queued, client=ME) is None
    for call in (store.get, store.delete):
        with pytest.raises(JobGone):
            call(queued, client=ME)


def test_each_end_is_announced(store: WholeLedger) -> None:
    with store.redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
        pubsub.subscribe(store.keys.ended)
        assert pubsub.get_message(timeout=2)
        succeeded, failed, cancelled = (admitted(store) for _ in range(3))
        store.succeed(claimed(store, succeeded), sample_result(), segments=1)
        store.fail(claimed(store, failed), "model_failed", "")
        store.delete(cancelled, client=ME)
        heard = [pubsub.get_message(timeout=2) for _ in range(3)]
    assert [message and message["data"].decode() for message in heard] == [succeeded, failed, cancelled]


def test_an_expired_record_is_gone(redis_url: str) -> None:
    store = open_store(redis_url, retention_s=1)
    job_id = admitted(store)
    store.succeed(claimed(store, job_id), sample_result(), segments=1)
    time.sleep(1.2)
    with pytest.raises(JobGone):
        store.get(job_id, client=ME)
    store.redis.close()


def test_states_of_many(store: WholeLedger) -> None:
    queued, running = admitted(store), admitted(store)
    claimed(store, running)
    assert store.states([queued, running, "0" * 32]) == [JobState.QUEUED, JobState.RUNNING, None]
    assert store.states([]) == []
