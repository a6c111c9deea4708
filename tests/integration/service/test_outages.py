"""Redis dies, freezes, or refuses to write: 503 within 3 seconds, nothing half-made, and on again when it is back."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from service.admission import admit
from service.contract.errors import JobGone, StoreUnavailable
from service.contract.request import JobRequest
from service.contract.sweeps import Outcome
from service.publisher import Publisher
from service.settings import Settings
from tests.integration.service.front_end import FrontEnd, open_store
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

#: Seconds within which every answer must come.
LIMIT_S = 3.0


def kill(server: RedisServer) -> None:
    server.kill()


def freeze(server: RedisServer) -> None:
    server.pause()


def make_read_only(server: RedisServer) -> None:
    with server.client() as client:
        client.replicaof("127.0.0.1", "1")


def fill(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory", "1")


def eventually(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


@contextmanager
def restricted_user(server: RedisServer, *denied: str) -> Iterator[str]:
    """The address for a user who may do all but what is denied."""
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "plain", "on", ">word", "~*", "&*", "+@all", *denied)
    yield server.url.replace("//", "//plain:word@")
    with server.client() as client:
        client.execute_command("ACL", "DELUSER", "plain")


def answers_503(call: Callable[[], httpx2.Response], code: str = "store_unavailable") -> None:
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < LIMIT_S
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert "127.0.0.1" not in answer.text
    if "ready" in answer.json():
        assert (answer.json()["ready"], answer.json()["redis"]) == (False, "unavailable")


@pytest.mark.parametrize("breakage", [kill, freeze, make_read_only, fill])
def test_submissions_and_readiness(
    front_end: FrontEnd, redis_server: RedisServer, breakage: Callable[[RedisServer], None]
) -> None:
    with front_end.client() as http:
        breakage(redis_server)
        answers_503(lambda: http.post("/v1/jobs", json={"text": "Salut."}))
        answers_503(lambda: http.get("/readyz"))
        assert http.get("/healthz").status_code == 200
        assert http.get("/").status_code == 200


@pytest.mark.parametrize("breakage", [kill, freeze])
def test_looking_and_waiting(
    front_end: FrontEnd, redis_server: RedisServer, breakage: Callable[[RedisServer], None]
) -> None:
    with front_end.client() as http:
        path = http.post("/v1/jobs", json={"text": "Bonjour."}).headers["Location"]
        breakage(redis_server)
        answers_503(lambda: http.get(path))
        answers_503(lambda: http.get(path + "?wait=20"))
        answers_503(lambda: http.delete(path))


def test_a_cold_front_end_meets_a_frozen_redis(redis_server: RedisServer) -> None:
    redis_server.pause()
    with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
        answers_503(lambda: http.post("/v1/jobs", json={"text": "Salut."}))
        assert '"event": "redis_unavailable"' in front_end.log


def test_many_at_once_meet_a_frozen_redis(front_end: FrontEnd, redis_server: RedisServer) -> None:
    """No line forms: with 200 requests for 64 connections, all are answered in time."""
    body = b'{"text": "Salut."}'
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    redis_server.pause()
    began = time.monotonic()
    posts = [socket.create_connection(("127.0.0.1", front_end.port), timeout=20) for _ in range(200)]
    for post in posts:
        post.sendall(head.encode() + body)
    for post in posts:
        assert post.recv(100).startswith(b"HTTP/1.1 503 ")
        post.close()
    assert time.monotonic() - began < LIMIT_S


@pytest.mark.parametrize("breakage", [kill, freeze])
def test_all_is_well_again(
    front_end: FrontEnd, redis_server: RedisServer, store: WholeLedger, breakage: Callable[[RedisServer], None]
) -> None:
    with front_end.client() as http:
        before = http.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
        breakage(redis_server)
        assert http.post("/v1/jobs", json={"text": "Salut."}).status_code == 503
        redis_server.resume() if redis_server.running else redis_server.start()
        deadline = time.monotonic() + 5
        while (ready := http.get("/readyz")).status_code != 200:
            assert time.monotonic() < deadline, ready.text
            time.sleep(0.1)
        assert http.get(f"/v1/jobs/{before}").json()["state"] == "queued"
        accepted = http.post("/v1/jobs", json={"text": "Salut."})
        assert accepted.status_code == 202
        queued = {str(item, "ascii") for item in store.redis.zrange(store.keys.queued, 0, -1)}  # type: ignore[arg-type]
        assert {before, accepted.json()["id"]} <= queued


def test_what_could_not_be_queued_is_withdrawn(redis_server: RedisServer, store: WholeLedger) -> None:
    """The ledger takes the job and the queue does not: its user may not push."""
    with (
        restricted_user(redis_server, "-lpush") as url,
        FrontEnd(url) as front_end,
        front_end.client(headers={"Idempotency-Key": "k"}) as http,
    ):
        answers_503(lambda: http.post("/v1/jobs", json={"text": "Salut."}))
        assert store.depth() == 0
        assert store.redis.keys("depeche:job:*") == store.redis.keys("depeche:idem:*") == []
        store.redis.acl_setuser("plain", enabled=True, commands=["+lpush"])
        answer = http.post("/v1/jobs", json={"text": "Salut."})
        assert answer.status_code == 202
        assert "Idempotent-Replayed" not in answer.headers


def test_what_a_frozen_redis_carries_out_later_is_withdrawn(
    redis_server: RedisServer, store: WholeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It freezes between the id and the admission, and does the admission when it wakes up."""
    job_id = store.new_id("local")
    hasty = open_store(redis_server.url, timeout_s=0.3)
    monkeypatch.setattr(hasty, "new_id", lambda client: job_id)
    settings = Settings.load(redis_url=redis_server.url)
    redis_server.pause()
    with pytest.raises(StoreUnavailable):
        admit(hasty, Publisher(settings), JobRequest(text="Salut."), client="local", idempotency_key=None, body=b"")
    redis_server.resume()
    deadline = time.monotonic() + 5
    seen = False
    while store.redis.exists(store.keys.job(job_id)) or not seen:
        seen = seen or bool(store.redis.exists(store.keys.job(job_id))) or time.monotonic() > deadline - 3
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert store.depth() == 0
    with pytest.raises(JobGone):
        store.get(job_id, client="local")
    hasty.redis.close()


def test_what_could_not_be_erased_with_its_answer_is_erased_later(
    redis_server: RedisServer, store: WholeLedger
) -> None:
    with FrontEnd(redis_server.url, wait_limit_s="2") as front_end, ThreadPoolExecutor(1) as pool:
        body = {"q": ["Il pleut.", "Il neige."], "source": "fr", "target": "en"}
        waiting = pool.submit(httpx2.post, f"{front_end.url}/translate", json=body, timeout=20, trust_env=False)
        eventually(lambda: front_end.log.count('"job_admitted"') == 2)
        redis_server.kill()
        assert waiting.result().status_code == 503
        redis_server.start()
        eventually(lambda: store.redis.keys("depeche:job:*") == [])
        assert store.depth() == 0


def test_a_redis_that_keeps_dying_charges_nobody(redis_server: RedisServer, store: WholeLedger) -> None:
    """One without room dies of each long write, such as a heartbeat, and takes the pulse's short ones in between."""
    lease_s = 3.0
    job_id = store.admit(JobRequest(text="Salut."), client="me").job_id
    store.pulse(lease_s=lease_s)
    claim = store.claim(job_id, worker="w1", lease_s=lease_s)
    assert claim is not None
    began = time.monotonic()

    def answer_until(seconds: float) -> None:
        while time.monotonic() - began < seconds:
            store.pulse(lease_s=lease_s)
            time.sleep(0.2)

    answer_until(1.5)
    redis_server.kill()
    redis_server.start()
    answer_until(lease_s + 0.3)
    assert store.expire(lease_s=lease_s) == []
    answer_until(2 * lease_s + 2)
    assert [(each.job_id, each.outcome) for each in store.expire(lease_s=lease_s)] == [(job_id, Outcome.CRASHED)]
