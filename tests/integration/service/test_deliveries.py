"""Deliveries in the ledger: when they are due, whose they are, and what ends them, each on a real Redis."""

import time
from collections.abc import Iterator

import pytest

from service.contract.attempt import Claim, Lane
from service.contract.callback import CallbackState, Fault
from service.contract.deliveries import Backlog, Delivery, DeliveryStore, Outcome
from service.contract.errors import CallbackMissing, JobGone, JobNotEnded, WebhookSecretMissing, WebhookSecretNotFound
from service.contract.request import JobRequest
from service.contract.signatures import sign, verify
from service.contract.webhook_secrets import OVERLAP_S, WebhookSecretStore
from tests.integration.service.front_end import open_store, work
from tests.ledger import WholeLedger

ME, OTHER = "me", "other"
URL = "https://example.org/hook?token=t0ken"


@pytest.fixture
def deliveries(store: WholeLedger) -> DeliveryStore:
    return DeliveryStore(store.redis, prefix="depeche:", retention_s=3600)


@pytest.fixture
def secrets(store: WholeLedger) -> WebhookSecretStore:
    found = WebhookSecretStore(store.redis, prefix="depeche:")
    for client in (ME, OTHER):
        found.rotate(client)
    return found


@pytest.fixture
def quick(redis_url: str) -> Iterator[WholeLedger]:
    """A store whose ended jobs live for a second."""
    store = open_store(redis_url, retention_s=1)
    yield store
    store.redis.close()


def admitted(store: WholeLedger, url: str | None = URL, client: str = ME) -> str:
    return store.admit(JobRequest(text="Bonjour.", callback_url=url), client=client).job_id


def claimed(store: WholeLedger, job_id: str) -> Claim:
    claim = store.claim(job_id, worker="w", lease_s=15)
    assert claim is not None
    return claim


def ended(store: WholeLedger, url: str = URL, client: str = ME) -> str:
    job_id = admitted(store, url, client)
    store.fail(claimed(store, job_id), "model_failed", "It broke.")
    return job_id


def taken(deliveries: DeliveryStore, *, lease_s: float = 30, most: int = 50) -> list[Delivery]:
    return deliveries.claim("test:1", lease_s=lease_s, most=most)


def callback(store: WholeLedger, job_id: str, client: str = ME) -> tuple[CallbackState, int, bool]:
    """State, tries in the log, and whether there will be another."""
    found = store.get(job_id, client=client).callback
    assert found is not None
    return found.state, len(found.attempts), found.next_ms is not None


@pytest.mark.usefixtures("secrets")
def test_a_record_that_cannot_be_read_harms_no_other(store: WholeLedger, deliveries: DeliveryStore) -> None:
    broken, whole = ended(store), ended(store)
    store.redis.hset(store.keys.job(broken), "history", "no json")
    assert [delivery.job.id for delivery in taken(deliveries)] == [whole]


@pytest.mark.usefixtures("secrets")
class TestEveryEnd:
    def test_success(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = admitted(store)
        assert callback(store, job_id) == (CallbackState.WAITING, 0, False)
        assert taken(deliveries) == []
        work(store, job_id)
        assert callback(store, job_id) == (CallbackState.PENDING, 0, True)
        [delivery] = taken(deliveries)
        assert (delivery.job.id, delivery.job.state, delivery.tries) == (job_id, "succeeded", 1)
        assert (delivery.callback.url, len(delivery.secrets)) == (URL, 1)
        assert delivery.job.result is None
        assert taken(deliveries) == [], "it is that sender's now"

    def test_failure(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        [delivery] = taken(deliveries)
        assert (delivery.job.id, delivery.job.state, delivery.job.error_code) == (job_id, "failed", "model_failed")

    @pytest.mark.parametrize("at_work", [False, True])
    def test_cancelled(self, store: WholeLedger, deliveries: DeliveryStore, at_work: bool) -> None:
        job_id = admitted(store)
        if at_work:
            claimed(store, job_id)
        store.delete(job_id, client=ME)
        [delivery] = taken(deliveries)
        assert (delivery.job.id, delivery.job.state) == (job_id, "cancelled")

    def test_too_many_deaths(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = admitted(store)
        for lane in ("", "", "quarantine", "quarantine", "quarantine"):
            assert store.claim(job_id, worker="w", lease_s=15, lane=Lane(lane)) is not None
            store.mourn("w")
        [delivery] = taken(deliveries)
        assert (delivery.job.id, delivery.job.error_code) == (job_id, "attempts_exhausted")

    def test_what_was_given_back_has_not_ended(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        store.release(claimed(store, admitted(store)))
        assert taken(deliveries) == []

    def test_who_asks_for_none_gets_none(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = admitted(store, None)
        work(store, job_id)
        assert taken(deliveries) == []
        assert store.get(job_id, client=ME).callback is None
        assert deliveries.backlog().due == 0


@pytest.mark.usefixtures("secrets")
class TestNoDelivery:
    def test_of_what_was_erased(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        for at_work in (False, True):
            job_id = ended(store)
            delivery = taken(deliveries)[0] if at_work else None
            assert store.delete(job_id, client=ME) is None
            assert taken(deliveries) == []
            if delivery:
                assert deliveries.settle(delivery, Outcome.AGAIN, took_ms=1) is None
        assert leftovers(store) == set()

    @pytest.mark.parametrize("at_work", [False, True])
    def test_of_what_was_withdrawn(self, store: WholeLedger, deliveries: DeliveryStore, at_work: bool) -> None:
        job_id = admitted(store)
        if at_work:
            work(store, job_id)
        assert store.withdraw(job_id, client=ME, at_work=at_work)
        assert taken(deliveries) == []
        assert leftovers(store) == set()

    def test_of_what_has_expired(self, quick: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(quick)
        while quick.redis.exists(quick.keys.job(job_id)):
            time.sleep(0.05)
        assert taken(deliveries) == []
        assert leftovers(quick) == set()

    def test_after_its_job_has_expired(self, quick: WholeLedger, deliveries: DeliveryStore) -> None:
        ended(quick)
        [delivery] = taken(deliveries)
        assert deliveries.settle(delivery, Outcome.AGAIN, after_s=2, took_ms=1) is CallbackState.FAILED
        assert leftovers(quick) == set()

    def test_what_expired_goes_where_no_sender_runs(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        week_ago = int(time.time() * 1000) - 8 * 86_400_000
        for number in range(6):
            lane = f"{ME} old{number}.example:443"
            store.redis.zadd(store.keys.callbacks_to(lane), {f"old{number}": week_ago})
            store.redis.zadd(store.keys.lanes, {lane: week_ago})
            store.redis.zadd(store.keys.callbacks, {f"old{number}": week_ago})
        for _ in range(3):
            ended(store)
        assert store.redis.zcard(store.keys.lanes) == 1
        assert store.redis.zcard(store.keys.callbacks) == 3
        assert len(taken(deliveries)) == 3


def leftovers(store: WholeLedger) -> set[object]:
    """Keys of deliveries, the senders' own aside."""
    found: list[object] = list(store.redis.keys("depeche:callbacks*"))
    return {*found} - {store.keys.senders.encode()}


@pytest.mark.usefixtures("secrets")
class TestTries:
    def test_delivered(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        before = store.get(job_id, client=ME).version
        [delivery] = taken(deliveries)
        version = store.get(job_id, client=ME).version
        assert version > before, "`next_at` is another one now"
        assert deliveries.settle(delivery, Outcome.DELIVERED, status=204, took_ms=12) is CallbackState.DELIVERED
        job = store.get(job_id, client=ME)
        assert job.version > version
        assert job.callback is not None
        [attempt] = job.callback.attempts
        assert (attempt.status, attempt.error, attempt.took_ms) == (204, None, 12)
        assert callback(store, job_id) == (CallbackState.DELIVERED, 1, False)
        assert leftovers(store) == set()

    def test_again_after_a_while(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        [first] = taken(deliveries)
        again = deliveries.settle(first, Outcome.AGAIN, after_s=0.3, fault=Fault.TIMEOUT, took_ms=9)
        assert again is CallbackState.PENDING
        assert taken(deliveries) == []
        time.sleep(0.35)
        [second] = taken(deliveries)
        assert (second.job.id, second.tries) == (job_id, 2)
        assert second.token > first.token
        assert callback(store, job_id)[1] == 1

    def test_given_up(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        [delivery] = taken(deliveries)
        deliveries.settle(delivery, Outcome.FAILED, status=410, fault=Fault.STATUS, took_ms=1)
        assert callback(store, job_id) == (CallbackState.FAILED, 1, False)
        assert leftovers(store) == set()

    def test_a_sender_that_dies_loses_nothing(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        [dead] = taken(deliveries, lease_s=0.2)
        time.sleep(0.25)
        [alive] = taken(deliveries)
        assert (alive.job.id, alive.tries) == (job_id, 2)
        late = deliveries.settle(dead, Outcome.DELIVERED, status=200, took_ms=1)
        assert late is None, "its lease is over, and another one has it"
        job = store.get(job_id, client=ME)
        assert job.callback is not None
        assert [attempt.error for attempt in job.callback.attempts] == ["sender_lost"]
        assert deliveries.settle(alive, Outcome.DELIVERED, status=200, took_ms=1) is CallbackState.DELIVERED
        assert deliveries.settle(alive, Outcome.DELIVERED, status=200, took_ms=1) is None, "once"

    def test_the_last_twenty_are_remembered(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        for number in range(25):
            [delivery] = taken(deliveries)
            deliveries.settle(delivery, Outcome.AGAIN, status=500, fault=Fault.STATUS, took_ms=number)
        job = store.get(job_id, client=ME)
        assert job.callback is not None
        assert [attempt.took_ms for attempt in job.callback.attempts] == list(range(5, 25))


@pytest.mark.usefixtures("secrets")
class TestOnceMore:
    @pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.FAILED, Outcome.AGAIN])
    def test_is_due_at_once(self, store: WholeLedger, deliveries: DeliveryStore, outcome: Outcome) -> None:
        job_id = ended(store)
        [delivery] = taken(deliveries)
        deliveries.settle(delivery, outcome, after_s=600, took_ms=1)
        version = store.get(job_id, client=ME).version
        deliveries.redeliver(job_id, client=ME)
        assert callback(store, job_id) == (CallbackState.PENDING, 1, True)
        assert store.get(job_id, client=ME).version > version
        [again] = taken(deliveries)
        assert (again.job.id, again.tries) == (job_id, 1)

    def test_leaves_alone_what_a_sender_has(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        job_id = ended(store)
        [delivery] = taken(deliveries)
        deliveries.redeliver(job_id, client=ME)
        assert taken(deliveries) == []
        assert deliveries.settle(delivery, Outcome.DELIVERED, took_ms=1) is CallbackState.DELIVERED

    def test_needs_an_end_a_callback_and_the_owner(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        with pytest.raises(JobNotEnded):
            deliveries.redeliver(admitted(store), client=ME)
        silent = admitted(store, None)
        work(store, silent)
        with pytest.raises(CallbackMissing):
            deliveries.redeliver(silent, client=ME)
        mine = ended(store)
        with pytest.raises(JobGone):
            deliveries.redeliver(mine, client=OTHER)


@pytest.mark.usefixtures("secrets")
class TestFairness:
    def test_a_receiver_gets_four_at_once(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        slow = {ended(store, "http://slow.example/") for _ in range(10)}
        good = ended(store, "http://good.example/")
        first = taken(deliveries)
        assert len(first) == 5
        assert good in {delivery.job.id for delivery in first}
        assert taken(deliveries) == []
        freed = next(delivery for delivery in first if delivery.job.id in slow)
        deliveries.settle(freed, Outcome.DELIVERED, took_ms=1)
        [fifth] = taken(deliveries)
        assert fifth.job.id in slow

    def test_a_client_gets_sixteen_however_many_receivers_it_names(
        self, store: WholeLedger, deliveries: DeliveryStore
    ) -> None:
        for number in range(30):
            ended(store, f"http://r{number}.example/")
        theirs = ended(store, "http://r0.example/", OTHER)
        first = taken(deliveries)
        assert len(first) == 17
        assert theirs in {delivery.job.id for delivery in first}
        assert taken(deliveries) == []

    def test_the_oldest_come_first(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        ids = [ended(store, f"http://r{number % 3}.example/") for number in range(9)]
        assert [taken(deliveries, most=1)[0].job.id for _ in range(9)] == ids

    def test_what_dead_senders_had_makes_room(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        for _ in range(6):
            ended(store)
        assert len(taken(deliveries, lease_s=0.2)) == 4
        time.sleep(0.7)
        assert len(taken(deliveries)) == 4


@pytest.mark.usefixtures("secrets")
def test_the_backlog(store: WholeLedger, deliveries: DeliveryStore) -> None:
    assert deliveries.backlog() == Backlog(0, 0.0, 0)
    ended(store)
    ended(store)
    time.sleep(0.05)
    backlog = deliveries.backlog()
    assert (backlog.due, backlog.senders) == (2, 0)
    assert 0.05 <= backlog.oldest_s < 60
    taken(deliveries, most=1)
    assert (deliveries.backlog().due, deliveries.backlog().senders) == (1, 1)
    assert deliveries.senders() == ["test:1"]
    deliveries.leave("test:1")
    assert deliveries.backlog().senders == 0


class TestSecrets:
    def test_a_callback_needs_one(self, store: WholeLedger, secrets: WebhookSecretStore) -> None:
        admitted(store)
        secrets.remove(ME)
        with pytest.raises(WebhookSecretMissing) as caught:
            admitted(store)
        assert caught.value.pointer == "/callback_url"
        admitted(store, None)
        admitted(store, client=OTHER)

    def test_is_told_of_without_being_shown(self, store: WholeLedger) -> None:
        found = WebhookSecretStore(store.redis, prefix="depeche:")
        with pytest.raises(WebhookSecretNotFound):
            found.get(ME)
        with pytest.raises(WebhookSecretNotFound):
            found.remove(ME)
        made, secret = found.rotate(ME)
        assert secret.startswith("whsec_")
        assert (made.rotated_ms, made.old_until_ms) == (None, None)
        assert found.get(ME) == made
        rotated, other = found.rotate(ME)
        assert other != secret
        assert rotated.created_ms == made.created_ms
        assert rotated.rotated_ms is not None
        assert rotated.old_until_ms == rotated.rotated_ms + OVERLAP_S * 1000
        assert found.get(ME) == rotated
        assert secret not in repr(found.get(ME))

    def test_both_sign_after_a_rotation_until_the_day_is_over(
        self,
        store: WholeLedger,
        deliveries: DeliveryStore,
        secrets: WebhookSecretStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        _, old = secrets.rotate(ME)
        _, new = secrets.rotate(ME)
        ended(store)
        [delivery] = taken(deliveries)
        assert delivery.secrets[:2] == (new, old)
        now = int(time.time())
        signed = {
            "webhook-id": "1",
            "webhook-timestamp": str(now),
            "webhook-signature": sign(delivery.secrets, "1", now, b""),
        }
        for secret in (old, new):
            verify(secret, signed, b"")
        monkeypatch.setattr("service.contract.webhook_secrets.OVERLAP_S", 0)
        _, newest = secrets.rotate(OTHER)
        ended(store, client=OTHER)
        time.sleep(0.01)
        [delivery] = taken(deliveries)
        assert delivery.secrets == (newest,)
        assert secrets.get(OTHER).old_until_ms is None

    def test_at_most_three_old_ones_sign(self, store: WholeLedger, deliveries: DeliveryStore) -> None:
        found = WebhookSecretStore(store.redis, prefix="depeche:")
        made = [found.rotate(ME)[1] for _ in range(6)]
        ended(store)
        [delivery] = taken(deliveries)
        assert delivery.secrets == tuple(reversed(made[-4:]))

    def test_removed_ones_sign_nothing(
        self, store: WholeLedger, deliveries: DeliveryStore, secrets: WebhookSecretStore
    ) -> None:
        ended(store)
        secrets.remove(ME)
        [delivery] = taken(deliveries)
        assert delivery.secrets == ()
