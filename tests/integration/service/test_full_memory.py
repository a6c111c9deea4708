"""A Redis whose memory is full: new work is refused while there is room for what was accepted, which comes to its end."""

import json
import secrets

import httpx2
import pytest

from service.contract.attempt import Heartbeat, Lane
from service.contract.callback import CallbackState
from service.contract.deliveries import DeliveryStore, Outcome
from service.contract.errors import StoreUnavailable
from service.contract.leases import Place
from service.contract.request import JobRequest
from service.contract.states import JobState, Stage
from service.contract.webhook_secrets import WebhookSecretStore
from tests.integration.service.front_end import sample_result, work
from tests.integration.service.http_checks import problem, submit
from tests.integration.service.test_events import eventually
from tests.integration.service.test_metrics import of, scrape
from tests.ledger import WholeLedger

MIB = 1024 * 1024


def limit_memory(store: WholeLedger, more: int) -> int:
    """Leaves Redis so many bytes more than it has. Returns its limit."""
    limit = int(store.redis.info("memory")["used_memory"]) + more
    store.redis.config_set("maxmemory", str(limit))
    return limit


def fill_up(store: WholeLedger) -> None:
    """From now on Redis refuses whatever takes memory."""
    store.redis.config_set("maxmemory", "1")
    with pytest.raises(Exception, match="maxmemory"):
        store.redis.set("x", "y")


def article(characters: int) -> str:
    """An article that can't be compressed to much less than half."""
    return "Le conseil a voté. " + secrets.token_hex(characters // 2)


def test_a_queue_that_fills_the_memory_is_worked_off(http: httpx2.Client, store: WholeLedger) -> None:
    limit, accepted = limit_memory(store, 6 * MIB), []
    for characters in (40_000, 4_000, 40):
        while (answer := http.post("/v1/jobs", json={"text": article(characters), "force": True})).status_code == 202:
            accepted.append(answer.json()["id"])
        assert problem(answer) == (503, "store_unavailable")
        assert "maxmemory" in answer.json()["detail"]
    assert 0.75 * limit < int(store.redis.info("memory")["used_memory"]) < 0.85 * limit
    assert len(accepted) > 100
    assert problem(http.get("/readyz")) == (503, "store_unavailable")
    assert problem(http.post("/v1/batches", json={"jobs": [{"text": "Salut."}]})) == (503, "store_unavailable")
    assert store.redis.keys("depeche:batch:*") == []
    for job_id in accepted:
        claim = store.claim(job_id, worker="w", lease_s=15)
        assert claim is not None
        assert store.succeed(claim, sample_result(claim.request.text, claim.request.text), segments=1)
    assert store.depth() == 0
    for job_id in accepted:
        assert http.delete(f"/v1/jobs/{job_id}").status_code == 204
    submit(http)


def test_short_memory_is_told_apart_from_a_redis_that_is_away(http: httpx2.Client, store: WholeLedger) -> None:
    submit(http)
    assert of(scrape(http), "depeche_redis_memory_short") == 0
    store.redis.config_set("maxmemory", str(int(store.redis.info("memory")["used_memory"] * 1.1)))
    unready = http.get("/readyz?workers=1")
    assert problem(unready) == (503, "store_unavailable")
    assert "has no memory left (maxmemory)" in unready.json()["detail"]
    assert int(unready.headers["Retry-After"]) == 30
    members = ("redis", "durability", "eviction", "queue", "workers", "deliveries")
    assert {name: unready.json()[name] for name in members} == {
        "redis": "writable",
        "durability": "machine",
        "eviction": "noeviction",
        "queue": {"jobs": 1, "limit": 10_000},
        "workers": {"seen": 0, "models": []},
        "deliveries": {"due": 0, "oldest_s": 0.0, "senders": 0},
    }
    samples = scrape(http)
    assert of(samples, "depeche_redis_up") == of(samples, "depeche_redis_writable") == 1
    assert of(samples, "depeche_redis_memory_short") == 1


def test_a_batch_that_finds_no_room_leaves_nothing(http: httpx2.Client, store: WholeLedger) -> None:
    limit_memory(store, 4 * MIB)
    articles = [{"text": article(20_000), "force": True} for _ in range(400)]
    assert problem(http.post("/v1/batches", json={"jobs": articles})) == (503, "store_unavailable")
    eventually(lambda: store.redis.keys("depeche:job:*") == [])  # many are taken back, some of them behind the answer
    assert (store.depth(), store.redis.keys("depeche:batch:*")) == (0, [])
    assert http.post("/v1/batches", json={"jobs": articles[:3]}).status_code == 202


def test_a_redis_without_a_limit_and_one_that_evicts_take_work(http: httpx2.Client, store: WholeLedger) -> None:
    store.redis.config_set("maxmemory", "0")
    submit(http)
    store.redis.config_set("maxmemory-policy", "volatile-ttl")
    try:
        limit_memory(store, 100_000)
        submit(http)
    finally:
        store.redis.config_set("maxmemory-policy", "noeviction")


def test_transitions_of_accepted_jobs_pass_at_the_limit(store: WholeLedger) -> None:
    ids = [store.admit(JobRequest(text="Salut."), client="me").job_id for _ in range(5)]
    fill_up(store)
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        store.admit(JobRequest(text="Salut."), client="me", job_id=ids[0][::-1])
    claims = [store.claim(job_id, worker="w", lease_s=15) for job_id in ids[:4]]
    done, failed, released, crashed = (claim for claim in claims if claim is not None)
    beat = Heartbeat(done.job_id, done.token, Stage.TRANSLATING, 1, 2)
    assert store.heartbeat("w", [beat], lease_s=15, renew=True, description="{}") == set()
    assert store.succeed(done, sample_result(), segments=1)
    assert store.fail(failed, "model_failed", "It broke.")
    assert (store.release(released), store.crash(crashed)) == (Place.QUEUED, Place.QUEUED)
    assert store.claim(ids[2], worker="other", lease_s=15) is not None
    assert store.mourn("other") == {ids[2]: Place.QUEUED}
    assert store.delete(ids[4], client="me") is JobState.CANCELLED
    assert [store.delete(job_id, client="me") for job_id in (ids[4], ids[0])] == [None, None]


def test_sweeps_and_the_lane_go_on_at_the_limit(store: WholeLedger) -> None:
    job_id = store.admit(JobRequest(text="Salut."), client="me").job_id
    fill_up(store)
    store.pulse(lease_s=15)
    assert store.claim(job_id, worker="w", lease_s=0.001) is not None
    store.heartbeat("w", [], lease_s=15, renew=True, description="{}")
    assert store.begin_sweep("w", every_s=3)
    assert not store.begin_sweep("w", every_s=3)
    assert [taken.job_id for taken in store.expire(lease_s=15)] == [job_id]
    assert store.hold_lane("one", for_s=15)
    assert store.hold_lane("one", for_s=15)
    assert not store.hold_lane("two", for_s=15)
    assert store.claim(job_id, worker="w", lease_s=15, lane=Lane.MAIN) is not None


def test_ends_are_told_at_the_limit(store: WholeLedger) -> None:
    WebhookSecretStore(store.redis, prefix="depeche:").rotate("me")
    request = JobRequest(text="Salut.", callback_url="https://example.org/")
    job_id = store.admit(request, client="me").job_id
    fill_up(store)
    work(store, job_id)
    deliveries = DeliveryStore(store.redis, prefix="depeche:", retention_s=3600)
    [delivery] = deliveries.claim("sender", lease_s=30, most=1)
    assert delivery.job.id == job_id
    assert deliveries.settle(delivery, Outcome.AGAIN, status=503, took_ms=1) is CallbackState.PENDING


def test_a_waiting_job_can_be_cancelled_and_erased_at_the_limit(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    fill_up(store)
    answer = http.delete(f"/v1/jobs/{job_id}")
    assert (answer.status_code, json.loads(answer.text)["state"]) == (200, "cancelled")
    assert http.delete(f"/v1/jobs/{job_id}").status_code == 204
