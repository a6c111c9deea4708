"""Waiting for a job to end: soon, never in vain, and cheap however many wait."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from service.contract.connection import connect
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.waits import POLL_S, WaitHub
from tests.integration.service.front_end import FrontEnd, open_store, work
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

#: Seconds from the end of a job to the answer; loose, for busy machines.
SOON_S = 0.5


def admit(store: WholeLedger) -> str:
    return store.admit(JobRequest(text="Bonjour."), client="local").job_id


def wait_for(http: httpx2.Client, job_id: str, seconds: float) -> tuple[str, float]:
    """The state that the answer shows, and when it came (monotonic)."""
    answer = http.get(f"/v1/jobs/{job_id}", params={"wait": str(seconds)})
    assert answer.status_code == 200
    return answer.json()["state"], time.monotonic()


def test_a_wait_ends_with_the_job(front_end: FrontEnd, store: WholeLedger) -> None:
    job_id = admit(store)
    ended: list[float] = []

    def end() -> None:
        work(store, job_id)
        ended.append(time.monotonic())

    timer = threading.Timer(1.0, end)
    timer.start()
    with front_end.client() as http:
        state, answered = wait_for(http, job_id, 20)
    timer.join()
    assert state == "succeeded"
    assert answered - ended[0] < SOON_S


def test_a_wait_ends_with_its_time(http: httpx2.Client, store: WholeLedger) -> None:
    began = time.monotonic()
    state, answered = wait_for(http, admit(store), 0.7)
    assert state == "queued"
    assert 0.65 < answered - began < 0.7 + SOON_S


def test_a_wait_for_what_has_ended_or_never_was_takes_no_time(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = admit(store)
    work(store, job_id)
    began = time.monotonic()
    assert wait_for(http, job_id, 20)[0] == "succeeded"
    assert http.get(f"/v1/jobs/{'0' * 32}", params={"wait": "20"}).status_code == 404
    assert time.monotonic() - began < SOON_S


def test_cancelling_wakes_those_who_wait(front_end: FrontEnd, store: WholeLedger) -> None:
    job_id = admit(store)
    timer = threading.Timer(0.5, lambda: store.delete(job_id, client="local"))
    timer.start()
    began = time.monotonic()
    with front_end.client() as http:
        assert wait_for(http, job_id, 20)[0] == "cancelled"
    timer.join()
    assert time.monotonic() - began < 0.5 + SOON_S


def test_200_waits_share_one_subscription_and_end_together(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url)
    job_id = admit(store)
    others = {client["name"] for client in store.redis.client_list()}
    with FrontEnd(redis_server.url) as front_end:
        waits = [socket.create_connection(("127.0.0.1", front_end.port), timeout=20) for _ in range(200)]
        for wait in waits:
            wait.sendall(f"GET /v1/jobs/{job_id}?wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(2.0)
        names = [client["name"] for client in store.redis.client_list() if client["name"] not in others]
        assert len([name for name in names if name.endswith("-waits")]) == 1
        assert len(names) <= 33
        work(store, job_id)
        ended = time.monotonic()
        for wait in waits:
            head = wait.recv(100)
            assert head.startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - ended < 2.0
    for wait in waits:
        wait.close()
    store.redis.close()


def test_a_stopping_server_answers_those_who_wait(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url)
    job_id = admit(store)
    states: list[str] = []
    with FrontEnd(redis_server.url, processes=2) as front_end:

        def wait() -> None:
            with front_end.client() as http:
                states.append(wait_for(http, job_id, 30)[0])

        threads = [threading.Thread(target=wait) for _ in range(6)]
        idle = socket.create_connection(("127.0.0.1", front_end.port), timeout=5)
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        began = time.monotonic()
        assert front_end.stop() == 0
        for thread in threads:
            thread.join()
        idle.close()
        assert time.monotonic() - began < 6
    assert states == ["queued"] * 6
    store.redis.close()


@pytest.fixture
def hub(redis_url: str, store: WholeLedger) -> Iterator[WaitHub]:
    hub = WaitHub(lambda: connect(redis_url, timeout_s=2, name="hub"), store.keys.ended, store.states)
    yield hub
    hub.close()


def test_an_end_during_the_subscription_is_not_missed(hub: WaitHub, store: WholeLedger) -> None:
    """The end may come at any moment after `watch` was entered."""
    for pause in (0.0, 0.001, 0.01):
        job_id = admit(store)
        with hub.watch(job_id) as ended:
            time.sleep(pause)
            work(store, job_id)
            assert ended.wait(SOON_S)
    assert hub.waiting == 0


def test_a_lost_message_costs_one_look_at_the_states(store: WholeLedger, redis_url: str) -> None:
    deaf = WaitHub(lambda: connect(redis_url, timeout_s=2, name="hub"), "another-channel", store.states)
    job_id = admit(store)
    with deaf.watch(job_id) as ended:
        work(store, job_id)
        assert ended.wait(POLL_S + 1)
    deaf.close()


def test_an_erased_job_ends_its_waits(store: WholeLedger, hub: WaitHub) -> None:
    job_id = admit(store)
    with hub.watch(job_id) as ended:
        store.redis.delete(store.keys.job(job_id))
        assert ended.wait(POLL_S + 1)


def test_waits_outlive_a_restart_of_redis(redis_server: RedisServer, hub: WaitHub, store: WholeLedger) -> None:
    job_id = admit(store)
    with hub.watch(job_id) as ended:
        redis_server.kill()
        assert not ended.wait(1.0)
        redis_server.start()
        assert store.state(job_id) is JobState.QUEUED
        work(store, job_id)
        assert ended.wait(POLL_S + 6)


def test_a_closed_hub_lets_nobody_wait(hub: WaitHub) -> None:
    with hub.watch("a") as before:
        hub.close()
        assert before.is_set()
    with hub.watch("a") as after:
        assert after.is_set()
    assert hub.waiting == 0
