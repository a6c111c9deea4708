"""Keys that are revoked while an answer is on its way: nothing more is told."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from redis import Redis
from redis.client import Monitor

from service.contract.api_keys import ApiKey, KeyStore
from service.contract.ledger import as_bytes
from tests.integration.service.front_end import FrontEnd, work
from tests.integration.service.http_checks import problem
from tests.integration.service.test_events import Listener, claimed, eventually, line
from tests.ledger import WholeLedger


@pytest.fixture
def keys(store: WholeLedger) -> KeyStore:
    return KeyStore(store.redis, prefix="depeche:")


@pytest.fixture
def key(keys: KeyStore) -> tuple[ApiKey, dict[str, str]]:
    """A key and the header that shows it."""
    made, whole = keys.create("press")
    return made, {"X-API-Key": whole}


def test_events_break_off(
    front_end: FrontEnd, http: httpx2.Client, store: WholeLedger, keys: KeyStore, key: tuple[ApiKey, dict[str, str]]
) -> None:
    made, header = key
    job_id = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=header).json()["id"]
    listener = Listener(front_end, job_id, **header)
    claim = claimed(store, job_id)
    store.tell(claim, 0, [line(0, "one")])
    eventually(lambda: listener.targets() == ["one"])
    keys.revoke(made.id)
    store.tell(claim, 1, [line(1, "two")])
    assert [event.name for event in listener.to_the_end()][-1] == "segment"
    assert listener.targets() == ["one"]


def test_events_with_nothing_to_tell_end_soon(
    front_end: FrontEnd, http: httpx2.Client, keys: KeyStore, key: tuple[ApiKey, dict[str, str]]
) -> None:
    made, header = key
    job_id = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=header).json()["id"]
    listener = Listener(front_end, job_id, **header)
    eventually(lambda: listener.names() == ["state"])
    keys.revoke(made.id)
    assert listener.ended.wait(20)


@pytest.mark.parametrize("more", [True, False])
def test_a_batchs_results_break_off(
    http: httpx2.Client, store: WholeLedger, keys: KeyStore, key: tuple[ApiKey, dict[str, str]], more: bool
) -> None:
    made, header = key
    jobs = [{"text": "Bonjour."}, {"text": "Salut."}]
    batch = http.post("/v1/batches", json={"jobs": jobs}, headers=header).json()
    first, second = (item["id"] for item in batch["items"])
    work(store, first)
    with http.stream("GET", f"/v1/batches/{batch['id']}/results", headers=header) as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines))["job"]["id"] == first
        keys.revoke(made.id)
        if more:
            work(store, second)
        assert [text for text in lines if text.strip()] == []


def wait_for_a_look_at_a_job(monitor: Monitor) -> None:
    """Until the front end reads a job's record, as it does within a wait: the key has been looked at by then."""
    commands: Iterator[dict[str, str]] = iter(monitor.next_command, None)
    assert any(
        command["command"].startswith("HMGET depeche:job:") and command["client_type"] != "lua" for command in commands
    )


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda http, job_id: http.get(f"/v1/jobs/{job_id}?wait=20"), 401),
        (lambda http, _: http.post("/translate", json={"q": "Salut.", "source": "fr", "target": "en"}), 403),
    ],
)
def test_who_waits_is_refused(
    front_end: FrontEnd,
    redis_url: str,
    store: WholeLedger,
    keys: KeyStore,
    key: tuple[ApiKey, dict[str, str]],
    call: Callable[[httpx2.Client, str], httpx2.Response],
    refusal: int,
) -> None:
    made, header = key
    with front_end.client(headers=header) as http, ThreadPoolExecutor(1) as pool:
        job_id = http.post("/v1/jobs", json={"text": "Bonjour."}).json()["id"]
        with Redis.from_url(redis_url, socket_timeout=30) as redis, redis.monitor() as monitor:
            waiting = pool.submit(call, http, job_id)
            wait_for_a_look_at_a_job(monitor)
        keys.revoke(made.id)
        for queued in store.redis.zrange(store.keys.queued, 0, -1):
            work(store, as_bytes(queued).decode())
        answer = waiting.result()
    assert answer.status_code == refusal
    if refusal == 401:
        assert problem(answer) == (401, "key_invalid")
    assert "Hello" not in answer.text
