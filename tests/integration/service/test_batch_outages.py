"""A batch that is answered with 503 leaves nothing: neither jobs nor a record, whatever Redis did meanwhile."""

import time
from collections.abc import Callable, Iterator

import pytest

from service.admission import admit
from service.batch_admission import all_or_nothing
from service.contract.api_keys import KeyStore
from service.contract.batches import BatchItem, BatchStore, item_key
from service.contract.errors import BatchGone, IdempotencyConflict, StoreFault, StoreUnavailable
from service.contract.ledger import as_bytes
from service.contract.quotas import Limits
from service.contract.request import JobRequest
from service.publisher import Publisher
from service.settings import Settings
from tests.integration.service.front_end import FrontEnd, open_store
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

ARTICLES = {"jobs": [{"text": f"Article numéro {index}."} for index in range(20)]}


@pytest.fixture
def no_batches(redis_server: RedisServer, store: WholeLedger) -> Iterator[str]:
    """The address for a user who may do all, but may not touch what is kept of batches."""
    store.redis.acl_setuser(
        "plain", enabled=True, passwords=["+word"], keys=["depeche:[^b]*"], channels=["*"], categories=["+@all"]
    )
    yield redis_server.url.replace("//", "//plain:word@")
    store.redis.acl_deluser("plain")


def until(condition: Callable[[], object], seconds: float = 6) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_jobs_go_with_a_batch_that_can_not_be_recorded(no_batches: str, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("a", limits=Limits(jobs=30))[1]
    headers = {"X-API-Key": key, "Idempotency-Key": "k"}
    with FrontEnd(no_batches, require_keys="1") as front_end, front_end.client(headers=headers) as http:
        answer = http.post("/v1/batches", json=ARTICLES)
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert store.depth() == 20, "not yet: their withdrawal has just begun"
        (claimed,) = (as_bytes(job_id).decode() for job_id in store.redis.zrange(store.keys.queued, 0, 0))
        assert store.claim(claimed, worker="w", lease_s=15) is not None
        store.redis.acl_setuser("plain", enabled=True, keys=["*"])
        until(lambda: not store.redis.keys("depeche:idem:*"))
        assert store.depth() == 0
        assert store.redis.keys("depeche:job:*") == store.redis.keys("depeche:batch:*") == []
        # The quota would not do for both, if the first had kept what it took.
        again = http.post("/v1/batches", json=ARTICLES)
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again.headers
        assert again.json()["counts"]["queued"] == store.depth() == 20


class Parts:
    """What a front end has, without one."""

    def __init__(self, url: str, *, timeout_s: float = 5) -> None:
        self.store = open_store(url, timeout_s=timeout_s)
        self.batches = BatchStore(self.store, retention_s=60)
        self.publisher = Publisher(Settings.load(redis_url=url))
        self.batch_id = self.batches.new_id("local")

    def submit(
        self,
        before_record: Callable[[], object] = lambda: None,
        *,
        digest: str = "d",
        then: Callable[[str], object] = lambda batch_id: None,
    ) -> str:
        """A batch of two articles with the Idempotency-Key `k`. `before_record` comes when its jobs are in the ledger, `then`
        before its answer."""
        with all_or_nothing(self.store, self.batches, self.batch_id, client="local", idempotency_key="k") as fresh:
            items = []
            for index in range(2):
                article = JobRequest(text=f"Article {index}.")
                key, body = item_key("k", index), article.to_json()
                job, known = admit(self.store, self.publisher, article, client="local", idempotency_key=key, body=body)
                if not known:
                    fresh.add(job.id, index, lambda: None)
                items.append(BatchItem(job_id=job.id))
            before_record()
            batch_id = self.batches.add(
                self.batch_id, "local", items, metadata=None, idempotency_key="k", digest=digest
            )
            then(batch_id)
            return batch_id

    def close(self) -> None:
        self.store.close()
        self.publisher.close()


@pytest.fixture
def parts(redis_server: RedisServer) -> Iterator[Parts]:
    parts = Parts(redis_server.url)
    yield parts
    parts.close()


def nothing_is_left(store: WholeLedger) -> bool:
    patterns = ("depeche:job:*", "depeche:batch:*", "depeche:idem:*")
    return store.depth() == 0 and not any(store.redis.keys(pattern) for pattern in patterns)


def test_a_record_that_a_frozen_redis_writes_later_is_withdrawn(redis_server: RedisServer, store: WholeLedger) -> None:
    hasty = Parts(redis_server.url, timeout_s=0.5)
    with pytest.raises(StoreUnavailable):
        hasty.submit(redis_server.pause)
    redis_server.resume()
    until(lambda: nothing_is_left(store))
    time.sleep(1.5)
    assert nothing_is_left(store)
    with pytest.raises(BatchGone):
        hasty.batches.get(hasty.batch_id, client="local")
    hasty.close()


@pytest.mark.parametrize("error", [StoreFault("wrongtype"), ValueError("broken code")])
def test_whatever_breaks_takes_the_jobs_along(parts: Parts, store: WholeLedger, error: Exception) -> None:
    def fail() -> None:
        assert store.depth() == 2
        raise error

    with pytest.raises(type(error)):
        parts.submit(fail)
    until(lambda: nothing_is_left(store), seconds=1)


def test_a_batch_of_the_same_key_that_was_answered_meanwhile_keeps_record_and_jobs(
    parts: Parts, store: WholeLedger
) -> None:
    """It is recorded, its own answer fails, and by then the client has sent it again and has a 202."""

    def answer_another(batch_id: str) -> None:
        assert parts.batches.find("local", "k", "d") == batch_id
        raise StoreUnavailable("did not bring the batch to disk in time")

    with pytest.raises(StoreUnavailable):
        parts.submit(then=answer_another)
    assert store.depth() == 2
    assert parts.batches.find("local", "k", "d") == parts.batch_id


def test_a_record_whose_answer_fails_goes_with_its_jobs(parts: Parts, store: WholeLedger) -> None:
    def fail(batch_id: str) -> None:
        assert len(parts.batches.get(batch_id, client="local").items) == 2
        raise StoreUnavailable("did not bring the batch to disk in time")

    with pytest.raises(StoreUnavailable):
        parts.submit(then=fail)
    assert nothing_is_left(store)


def test_a_race_with_another_body_leaves_the_winner_alone(parts: Parts, store: WholeLedger, redis_url: str) -> None:
    winner = Parts(redis_url)
    batch_id = ""

    def win() -> None:
        nonlocal batch_id
        batch_id = winner.submit(digest="other")

    with pytest.raises(IdempotencyConflict):
        parts.submit(win)
    assert winner.batches.find("local", "k", "other") == batch_id
    assert store.depth() == 2, "they are the winner's too"
    winner.close()
