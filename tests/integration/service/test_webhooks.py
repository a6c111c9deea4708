"""Webhooks from the submission to a real receiver: front end, Redis and sender are real."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook

from service.contract.api_keys import KeyStore
from service.contract.connection import connect
from service.contract.deliveries import DeliveryStore
from service.webhooks.addresses import Addresses, read_networks
from service.webhooks.post import Poster
from service.webhooks.sender import Sender
from tests.integration.service.front_end import FrontEnd, work
from tests.integration.service.http_checks import problem, submit
from tests.integration.service.sender_process import LOOPBACK
from tests.ledger import WholeLedger
from tests.receiver import Receiver, Reply
from tests.redis_server import RedisServer

TOKEN = "t0ken-in-the-path"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def address(receiver: Receiver) -> str:
    """A URL of the receiver by its name, since addresses of loopback are refused at once."""
    return f"http://localhost:{receiver.port}/{TOKEN}?q=1"


@pytest.fixture
def secret(http: httpx2.Client) -> str:
    answer = http.post("/v1/webhook-secret")
    assert answer.status_code == 201
    made: str = answer.json()["secret"]
    return made


@pytest.fixture
def start_sender(redis_url: str) -> Iterator[Callable[..., Sender]]:
    """Starts senders, in threads; all of them stop at the end."""
    running: list[tuple[Sender, threading.Thread, Any]] = []

    def start(networks: str = LOOPBACK, **options: Any) -> Sender:
        redis = connect(redis_url, timeout_s=2, name="test-sender")
        store = DeliveryStore(redis, prefix="depeche:", retention_s=3600)
        poster = Poster(Addresses(read_networks(networks)), **options)
        sender = Sender(store, poster, name=f"test:{len(running)}", at_once=8)
        thread = threading.Thread(target=sender.run)
        thread.start()
        running.append((sender, thread, redis))
        return sender

    yield start
    for sender, _, _ in running:
        sender.stop()
    for _, thread, redis in running:
        thread.join(60)
        assert not thread.is_alive()
        redis.close()


def until(http: httpx2.Client, job_id: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The job's callback, once it fits."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = http.get(f"/v1/jobs/{job_id}").json()["callback"]
        if fits(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def delivered(http: httpx2.Client, job_id: str) -> dict[str, Any]:
    return until(http, job_id, lambda callback: callback["state"] == "delivered")


def tried(http: httpx2.Client, job_id: str, times: int = 1) -> dict[str, Any]:
    return until(http, job_id, lambda callback: len(callback["attempts"]) >= times)


class TestDelivery:
    def test_of_a_success(
        self, http: httpx2.Client, store: WholeLedger, receiver: Receiver, address: str, secret: str,
        start_sender: Callable[..., Sender],
    ) -> None:  # fmt: skip
        job = submit(http, callback_url=address, title="Un titre", metadata={"n": "é"})
        assert job["callback"] == {"url": address, "state": "waiting", "attempts": [], "next_at": None}
        work(store, job["id"])
        start_sender()
        [got] = receiver.wait(1)
        event = Webhook(secret).verify(got.body, got.headers)
        assert got.path == f"/{TOKEN}?q=1"
        assert got.headers["content-type"] == "application/json"
        assert got.headers["user-agent"].startswith("depeche/")
        assert got.headers["webhook-id"] == job["id"]
        ended = http.get(f"/v1/jobs/{job['id']}").json()
        assert (event["type"], event["timestamp"]) == ("job.succeeded", ended["ended_at"])
        assert event["data"] == {n: v for n, v in ended.items() if n not in ("result", "callback", "eta_at")}
        assert b"Bonjour" not in got.body
        assert b"Hello" not in got.body
        callback = delivered(http, job["id"])
        assert [(a["status"], a["error"]) for a in callback["attempts"]] == [(204, None)]
        assert callback["next_at"] is None

    def test_of_a_failure(
        self, http: httpx2.Client, store: WholeLedger, receiver: Receiver, address: str, secret: str,
        start_sender: Callable[..., Sender],
    ) -> None:  # fmt: skip
        start_sender()
        job = submit(http, callback_url=address)
        claim = store.claim(job["id"], worker="w", lease_s=15)
        assert claim is not None
        store.fail(claim, "deadline_exceeded", "It took too long.")
        event = Webhook(secret).verify(receiver.wait(1)[0].body, receiver.requests[0].headers)
        assert event["type"] == "job.failed"
        assert event["data"]["error"]["code"] == "deadline_exceeded"

    def test_of_a_cancelled_job(
        self, http: httpx2.Client, receiver: Receiver, address: str, secret: str, start_sender: Callable[..., Sender]
    ) -> None:
        start_sender()
        job = submit(http, callback_url=address)
        assert http.delete(f"/v1/jobs/{job['id']}").json()["callback"]["state"] == "pending"
        event = Webhook(secret).verify(receiver.wait(1)[0].body, receiver.requests[0].headers)
        assert event["type"] == "job.cancelled"

    @pytest.mark.usefixtures("secret")
    def test_of_a_batch(
        self, http: httpx2.Client, store: WholeLedger, receiver: Receiver, start_sender: Callable[..., Sender]
    ) -> None:
        start_sender()
        urls = [f"http://localhost:{receiver.port}/{number}" for number in range(3)]
        articles = [{"text": "Bonjour.", "callback_url": url} for url in [*urls, "http://127.0.0.1/", "hook"]]
        batch = http.post("/v1/batches", json={"jobs": [*articles, {"text": "Bonjour."}]}).json()
        errors = [item["error"] and (item["error"]["code"], item["error"]["pointer"]) for item in batch["items"]]
        assert errors == [None] * 3 + [("invalid_request", "/callback_url")] * 2 + [None]
        for item in batch["items"]:
            if item["id"]:
                work(store, item["id"])
        got = receiver.wait(3)
        ids = {f"/{index}": batch["items"][index]["id"] for index in range(3)}
        assert {request.path: request.headers["webhook-id"] for request in got} == ids

    @pytest.mark.usefixtures("secret")
    def test_is_tried_again(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("service.webhooks.backoff.FIRST_S", 0.1)
        replies = [Reply(500), Reply(302, (("Location", "/x"),)), Reply(raw=(b"no",)), Reply(204)]
        receiver.reply = lambda got: replies.pop(0)
        start_sender()
        job = submit(http, callback_url=address)
        etag = http.delete(f"/v1/jobs/{job['id']}").headers["ETag"]
        callback = delivered(http, job["id"])
        found = [(attempt["status"], attempt["error"]) for attempt in callback["attempts"]]
        assert found == [(500, "status"), (302, "redirect"), (None, "protocol"), (204, None)]
        assert all(attempt["took_ms"] >= 0 and attempt["at"].endswith("Z") for attempt in callback["attempts"])
        got = receiver.wait(4)
        assert len({request.body for request in got}) == len({request.headers["webhook-id"] for request in got}) == 1
        assert [request.path for request in got] == [f"/{TOKEN}?q=1"] * 4
        assert http.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": etag}).status_code == 200

    @pytest.mark.usefixtures("secret")
    def test_ends_where_nobody_wants_it(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
    ) -> None:
        receiver.reply = Reply(410)
        start_sender()
        job = submit(http, callback_url=address)
        http.delete(f"/v1/jobs/{job['id']}")
        callback = until(http, job["id"], lambda callback: callback["state"] == "failed")
        assert (callback["attempts"][0]["status"], callback["next_at"]) == (410, None)

    @pytest.mark.usefixtures("secret")
    def test_waits_as_long_as_the_receiver_asks(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
    ) -> None:
        receiver.reply = Reply(429, (("Retry-After", "1000"),))
        start_sender()
        job = submit(http, callback_url=address)
        http.delete(f"/v1/jobs/{job['id']}")
        callback = tried(http, job["id"])
        assert (callback["state"], callback["attempts"][0]["status"]) == ("pending", 429)
        wait_s = _seconds(callback["next_at"]) - _seconds(callback["attempts"][0]["at"])
        assert 999 <= wait_s <= 1060

    @pytest.mark.usefixtures("secret")
    def test_never_goes_to_what_is_not_public(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
    ) -> None:
        start_sender(networks="")
        job = submit(http, callback_url=address)
        http.delete(f"/v1/jobs/{job['id']}")
        assert tried(http, job["id"])["attempts"][0]["error"] == "address_refused"
        assert receiver.requests == []

    @pytest.mark.usefixtures("secret")
    def test_a_slow_receiver_holds_up_no_other(
        self, http: httpx2.Client, receiver: Receiver, start_sender: Callable[..., Sender]
    ) -> None:
        with Receiver(Reply(delay_s=120)) as slow:
            for _ in range(20):
                job = submit(http, callback_url=f"http://localhost:{slow.port}/")
                http.delete(f"/v1/jobs/{job['id']}")
            start_sender(whole_s=60)
            slow.wait(4)
            for _ in range(20):
                job = submit(http, callback_url=f"http://localhost:{receiver.port}/")
                http.delete(f"/v1/jobs/{job['id']}")
            receiver.wait(20)
            assert len(slow.requests) == slow.most_at_once == 4

    def test_a_few_senders_send_each_once(
        self, http: httpx2.Client, receiver: Receiver, secret: str, start_sender: Callable[..., Sender]
    ) -> None:
        ids = set()
        for _ in range(40):
            job = submit(http, callback_url=f"http://localhost:{receiver.port}/")
            http.delete(f"/v1/jobs/{job['id']}")
            ids.add(job["id"])
        for _ in range(3):
            start_sender()
        for job_id in ids:
            delivered(http, job_id)
        assert sorted(request.headers["webhook-id"] for request in receiver.requests) == sorted(ids)
        assert receiver.most_at_once <= 4


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class TestOnceMore:
    @pytest.mark.usefixtures("secret")
    def test_for_a_receiver_that_was_down(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
    ) -> None:
        receiver.reply = Reply(503)
        start_sender()
        job = submit(http, callback_url=address)
        assert problem(http.post(f"/v1/jobs/{job['id']}/callback")) == (409, "job_not_ended")
        http.delete(f"/v1/jobs/{job['id']}")
        tried(http, job["id"])
        receiver.reply = Reply(204)
        again = http.post(f"/v1/jobs/{job['id']}/callback")
        assert (again.status_code, again.headers["Location"]) == (202, f"/v1/jobs/{job['id']}")
        assert again.json()["callback"]["state"] == "pending"
        delivered(http, job["id"])
        http.post(f"/v1/jobs/{job['id']}/callback")
        bodies = {request.body for request in receiver.wait(3)}
        assert len(bodies) == 1

    def test_is_for_jobs_that_have_a_callback(self, http: httpx2.Client, store: WholeLedger) -> None:
        job = submit(http)
        work(store, job["id"])
        assert problem(http.post(f"/v1/jobs/{job['id']}/callback")) == (409, "callback_missing")
        assert problem(http.post("/v1/jobs/nothing/callback")) == (404, "job_not_found")
        http.delete(f"/v1/jobs/{job['id']}")
        assert problem(http.post(f"/v1/jobs/{job['id']}/callback")) == (410, "job_gone")
        assert problem(http.post(f"/v1/jobs/{job['id']}/callback?x=1")) == (400, "invalid_parameter")


class TestSecret:
    def test_is_shown_once(self, http: httpx2.Client) -> None:
        assert problem(http.get("/v1/webhook-secret")) == (404, "webhook_secret_not_found")
        assert problem(http.delete("/v1/webhook-secret")) == (404, "webhook_secret_not_found")
        made = http.post("/v1/webhook-secret").json()
        assert made["secret"].startswith("whsec_")
        shown = http.get("/v1/webhook-secret")
        assert shown.json() == {"created_at": made["created_at"], "rotated_at": None, "old_until": None}
        rotated = http.post("/v1/webhook-secret").json()
        assert rotated["secret"] != made["secret"]
        assert rotated["created_at"] == made["created_at"] < rotated["rotated_at"] < rotated["old_until"]
        assert http.delete("/v1/webhook-secret").status_code == 204
        assert problem(http.get("/v1/webhook-secret")) == (404, "webhook_secret_not_found")

    def test_a_callback_needs_one_first(self, http: httpx2.Client, address: str) -> None:
        answer = http.post("/v1/jobs", json={"text": "Bonjour.", "callback_url": address})
        assert problem(answer) == (422, "webhook_secret_missing")
        assert answer.json()["pointer"] == "/callback_url"
        assert "POST /v1/webhook-secret" in answer.json()["detail"]
        assert http.get("/v1/jobs").json()["jobs"] == []

    def test_old_and_new_sign_after_a_rotation(
        self, http: httpx2.Client, receiver: Receiver, address: str, secret: str, start_sender: Callable[..., Sender]
    ) -> None:
        job = submit(http, callback_url=address)
        new = http.post("/v1/webhook-secret").json()["secret"]
        http.delete(f"/v1/jobs/{job['id']}")
        start_sender()
        [got] = receiver.wait(1)
        for one in (secret, new):
            assert Webhook(one).verify(got.body, got.headers)["type"] == "job.cancelled"

    @pytest.mark.usefixtures("secret")
    def test_without_one_nothing_is_sent(
        self, http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("service.webhooks.backoff.FIRST_S", 0.1)
        job = submit(http, callback_url=address)
        http.delete("/v1/webhook-secret")
        http.delete(f"/v1/jobs/{job['id']}")
        start_sender()
        assert tried(http, job["id"])["attempts"][0]["error"] == "unsigned"
        assert receiver.requests == []
        secret = http.post("/v1/webhook-secret").json()["secret"]
        delivered(http, job["id"])
        Webhook(secret).verify(receiver.requests[0].body, receiver.requests[0].headers)


def test_clients_have_their_own(
    redis_server: RedisServer, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
) -> None:
    with redis_server.client() as redis:
        keys = KeyStore(redis, prefix="depeche:")
        wholes = [keys.create(name)[1] for name in ("one", "two")]
    with FrontEnd(redis_server.url, require_keys="1") as front_end:
        one, two = (front_end.client(headers={"X-API-Key": whole}) for whole in wholes)
        with one, two, front_end.client() as nobody:
            for call in (nobody.post, nobody.get, nobody.delete):
                assert call("/v1/webhook-secret").status_code == 401
            secrets = [client.post("/v1/webhook-secret").json()["secret"] for client in (one, two)]
            mine = submit(one, callback_url=address)
            assert problem(two.post(f"/v1/jobs/{mine['id']}/callback")) == (404, "job_not_found")
            theirs = submit(two, callback_url=address)
            for client, job in ((one, mine), (two, theirs)):
                client.delete(f"/v1/jobs/{job['id']}")
            start_sender()
            by_id = {request.headers["webhook-id"]: request for request in receiver.wait(2)}
            for secret, other, job in zip(secrets, reversed(secrets), (mine, theirs), strict=True):
                got = by_id[job["id"]]
                Webhook(secret).verify(got.body, got.headers)
                with pytest.raises(Exception, match="No matching signature"):
                    Webhook(other).verify(got.body, got.headers)
            two.delete("/v1/webhook-secret")
            assert one.get("/v1/webhook-secret").status_code == 200


@pytest.mark.usefixtures("secret")
def test_addresses_that_are_not_public_are_refused_at_once(http: httpx2.Client) -> None:
    for host in ("127.0.0.1", "10.1.2.3", "[::1]", "[::ffff:169.254.169.254]"):
        answer = http.post("/v1/jobs", json={"text": "Bonjour.", "callback_url": f"http://{host}/{TOKEN}"})
        assert problem(answer) == (422, "invalid_request")
        assert answer.json()["pointer"] == "/callback_url"
        assert TOKEN not in answer.text


@pytest.mark.usefixtures("secret")
def test_readiness_says_when_nobody_sends(
    http: httpx2.Client, receiver: Receiver, address: str, start_sender: Callable[..., Sender]
) -> None:
    assert http.get("/readyz").json()["deliveries"] == {"due": 0, "oldest_s": 0.0, "senders": 0}
    job = submit(http, callback_url=address)
    http.delete(f"/v1/jobs/{job['id']}")
    time.sleep(0.2)
    waiting = http.get("/readyz").json()["deliveries"]
    assert (waiting["due"], waiting["senders"]) == (1, 0)
    assert waiting["oldest_s"] >= 0.1
    start_sender()
    delivered(http, job["id"])
    after = http.get("/readyz").json()["deliveries"]
    assert after == {"due": 0, "oldest_s": 0.0, "senders": 1}
