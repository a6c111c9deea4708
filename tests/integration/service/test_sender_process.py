"""`depeche deliver` as a process: killed, stopped, cut off from Redis, and what it writes into its log."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.contract.callback import CallbackState
from service.contract.request import JobRequest
from service.contract.webhook_secrets import WebhookSecretStore
from tests.integration.service.front_end import FrontEnd, open_store, work
from tests.integration.service.http_checks import submit
from tests.integration.service.sender_process import SenderProcess, environment
from tests.ledger import WholeLedger
from tests.receiver import Receiver, Reply
from tests.redis_server import RedisServer

ME = "me"
USERS = Path(__file__).parents[3] / "docker" / "users.acl"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def secret(store: WholeLedger) -> str:
    return WebhookSecretStore(store.redis, prefix="depeche:").rotate(ME)[1]


def cancelled(store: WholeLedger, url: str, count: int = 1) -> list[str]:
    """Jobs that have been cancelled: their callbacks are due."""
    ids = [store.admit(JobRequest(text="Bonjour.", callback_url=url), client=ME).job_id for _ in range(count)]
    for job_id in ids:
        store.delete(job_id, client=ME)
    return ids


def states(store: WholeLedger, ids: list[str]) -> list[CallbackState | None]:
    callbacks = [store.get(job_id, client=ME).callback for job_id in ids]
    return [callback.state if callback else None for callback in callbacks]


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.usefixtures("secret")
class TestDeath:
    def test_kill_9_in_the_middle_loses_nothing(
        self, store: WholeLedger, redis_server: RedisServer, receiver: Receiver
    ) -> None:
        receiver.reply = Reply(delay_s=0.1)
        ids = cancelled(store, receiver.url, 60)
        for deaths in range(3):
            with SenderProcess(redis_server.url, quick=True) as sender:
                receiver.wait((deaths + 1) * 9)
                sender.stop(signal.SIGKILL)
        assert CallbackState.PENDING in states(store, ids), "it was killed in the middle"
        with SenderProcess(redis_server.url, quick=True) as sender:
            wait_for(lambda: set(states(store, ids)) == {CallbackState.DELIVERED})
            assert sender.stop() == 0
        assert {request.headers["webhook-id"] for request in receiver.requests} == set(ids)
        logs = [store.get(job_id, client=ME).callback for job_id in ids]
        lost = [attempt for callback in logs if callback for attempt in callback.attempts if attempt.error]
        assert {attempt.error for attempt in lost} == {"sender_lost"}
        assert len(receiver.requests) <= len(ids) + len(lost)

    def test_sigterm_lets_it_finish_what_it_has_begun(
        self, store: WholeLedger, redis_server: RedisServer, receiver: Receiver
    ) -> None:
        receiver.reply = Reply(delay_s=1.0)
        ids = cancelled(store, receiver.url, 10)
        with SenderProcess(redis_server.url) as sender:
            receiver.wait(4)
            assert sender.stop(signal.SIGTERM) == 0
            assert "sender_stopped" in sender.log
        done = states(store, ids)
        assert 4 <= done.count(CallbackState.DELIVERED) == len(receiver.requests) < 10
        assert store.redis.zcard(store.keys.senders) == 0
        with SenderProcess(redis_server.url) as sender:
            receiver.reply = Reply()
            wait_for(lambda: set(states(store, ids)) == {CallbackState.DELIVERED})
            assert sender.stop(signal.SIGINT) == 0
        assert len(receiver.requests) == 10, "each once"


@pytest.mark.usefixtures("secret")
class TestRedis:
    def test_frozen_over_a_delivery(self, store: WholeLedger, redis_server: RedisServer, receiver: Receiver) -> None:
        """What was delivered meanwhile is noted when Redis is back, and sent no second time."""
        receiver.reply = Reply(delay_s=1.0)
        ids = cancelled(store, receiver.url)
        with SenderProcess(redis_server.url, redis_timeout_s="0.5") as sender:
            receiver.wait(1)
            redis_server.pause()
            sender.wait_for_log("redis_unavailable")
            time.sleep(2)
            redis_server.resume()
            wait_for(lambda: states(store, ids) == [CallbackState.DELIVERED])
            sender.wait_for_log("redis_available")
            assert sender.log.count("redis_unavailable") == 1, "once an outage"
            assert sender.stop() == 0
        assert len(receiver.requests) == 1

    def test_away_when_it_stops(self, store: WholeLedger, redis_server: RedisServer, receiver: Receiver) -> None:
        receiver.reply = Reply(delay_s=0.5)
        ids = cancelled(store, receiver.url)
        with SenderProcess(redis_server.url, quick=True, redis_timeout_s="0.5") as sender:
            receiver.wait(1)
            redis_server.pause()
            assert sender.stop() == 0
        redis_server.resume()
        with SenderProcess(redis_server.url, quick=True):
            wait_for(lambda: states(store, ids) == [CallbackState.DELIVERED])
        # A Redis that wakes up may still find the last words of the one that stopped.
        assert len(receiver.requests) in (1, 2)

    def test_not_there_at_the_start(self, tmp_path: Path) -> None:
        with SenderProcess("redis://127.0.0.1:1/0") as sender:
            sender.wait_for_log("redis_unavailable")
            assert sender.stop() == 0

    def test_started_anew(self, store: WholeLedger, redis_server: RedisServer, receiver: Receiver) -> None:
        with SenderProcess(redis_server.url) as sender:
            redis_server.kill()
            sender.wait_for_log("redis_unavailable")
            redis_server.start()
            sender.wait_for_log("redis_available")
            cancelled(store, receiver.url)
            receiver.wait(1)


def test_its_log_tells_of_tries_and_of_no_secret(
    store: WholeLedger, redis_server: RedisServer, receiver: Receiver, secret: str
) -> None:
    receiver.reply = lambda got: (
        Reply(302, (("Location", "/s3cret-place"),)) if "away" in got.path else Reply(body=b"s3cret")
    )
    good, away = f"{receiver.url}/t0ken?key=t0ken", f"{receiver.url}/away/t0ken"
    request = JobRequest(text="Bonjour l0ngtext.", callback_url=good, metadata={"m": "m3tadata"})
    ids = [store.admit(request, client=ME).job_id, *cancelled(store, away)]
    store.delete(ids[0], client=ME)
    with SenderProcess(redis_server.url, log_level="DEBUG") as sender:
        wait_for(lambda: sender.log.count('"callback_') == 2)
        assert sender.stop() == 0
        text = sender.log
    lines = {line["event"]: line for line in map(json.loads, text.splitlines()) if line["event"].startswith("callback")}
    delivered, failed = lines["callback_delivered"], lines["callback_failed"]
    assert (delivered["job_id"], delivered["status"], delivered["attempt"]) == (ids[0], 204, 1)
    assert (failed["job_id"], failed["status"], failed["error"]) == (ids[1], 302, "redirect")
    assert (failed["state"], failed["receiver"]) == ("pending", f"127.0.0.1:{receiver.port}")
    for word in ("t0ken", "s3cret", "l0ngtext", "m3tadata", "whsec", secret.removeprefix("whsec_"), "v1,"):
        assert word not in text


def test_the_front_end_s_log_has_no_url_and_no_secret(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, log_level="DEBUG") as front_end, front_end.client() as http:
        secret = http.post("/v1/webhook-secret").json()["secret"]
        job = submit(http, callback_url="https://hooks.example/t0ken")
        http.post("/v1/jobs", json={"text": "Bonjour.", "callback_url": "http://127.0.0.1/t0ken"})
        http.post("/v1/jobs", json={"text": "Bonjour.", "callback_url": "t0ken"})
        http.delete(f"/v1/jobs/{job['id']}")
        http.post(f"/v1/jobs/{job['id']}/callback")
        log = front_end.log
    assert job["id"] in log
    assert not re.search(r"t0ken|hooks\.example", log)
    assert secret.removeprefix("whsec_") not in log


def test_alive_tells_whether_one_runs_here(redis_server: RedisServer) -> None:
    with SenderProcess(redis_server.url) as sender:
        command = [sys.executable, "-m", "service.cli", "deliver", "--alive"]

        def ask() -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, env=sender.environment, capture_output=True, text=True, timeout=60)

        assert ask().returncode == 0
        sender.stop()
        gone = ask()
        assert gone.returncode == 1
        assert "no sender of this machine was seen" in gone.stderr


def test_a_setting_that_is_wrong_is_one_line(redis_url: str) -> None:
    variables = environment(redis_url, callback_networks="loopback")
    command = [sys.executable, "-m", "service.cli", "deliver"]
    answer = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "depeche: DEPECHE_CALLBACK_NETWORKS: loopback is no network such as 10.2.0.0/16 or ::1/128"
    ]


def test_the_user_web_may_do_all_that_it_takes(receiver: Receiver, tmp_path: Path) -> None:
    """`docker/users.acl`: the front end and the sender as `web`, a worker's ends as `worker`."""
    users = USERS.read_text().replace("WEB_PASSWORD", "one").replace("WORKER_PASSWORD", "two")
    (tmp_path / "users.acl").write_text(users + "user admin on >three ~* &* +@all\n")
    with RedisServer(options={"aclfile": str(tmp_path / "users.acl")}, user="admin:three") as server:
        web = server.url_of("web:one")
        with FrontEnd(web) as front_end, front_end.client() as http, SenderProcess(web) as sender:
            http.post("/v1/webhook-secret")
            ended = submit(http, callback_url=f"http://localhost:{receiver.port}/")
            http.delete(f"/v1/jobs/{ended['id']}")
            _finish_as(
                server.url_of("worker:two"), submit(http, callback_url=f"http://localhost:{receiver.port}/")["id"]
            )
            receiver.wait(2)
            wait_for(lambda: http.get(f"/v1/jobs/{ended['id']}").json()["callback"]["state"] == "delivered")
            assert http.post(f"/v1/jobs/{ended['id']}/callback").status_code == 202
            assert http.get("/readyz").json()["deliveries"]["senders"] == 1
            assert http.get("/v1/webhook-secret").status_code == 200
            assert http.delete("/v1/webhook-secret").status_code == 204
            assert sender.stop() == 0
        with server.client() as admin:
            assert [entry["object"] for entry in admin.acl_log()] == []


def _finish_as(redis_url: str, job_id: str) -> None:
    store = open_store(redis_url)
    try:
        work(store, job_id)
    finally:
        store.redis.close()
