"""The events of a job over HTTP; the test plays the worker."""

import json
import threading
import time
from collections.abc import Callable

import httpx2
import pytest

from service.client import Client
from service.client.event_stream import JobEvent, read_events
from service.contract.attempt import Claim, Heartbeat
from service.contract.states import Stage
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.integration.service.http_checks import problem, submit
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer


def claimed(store: WholeLedger, job_id: str) -> Claim:
    claim = store.claim(job_id, worker="w", lease_s=15)
    assert claim is not None
    return claim


def line(segment: int, target: str) -> str:
    return json.dumps({"paragraph": 0, "segment": segment, "source": "x", "target": target, "flags": []})


def eventually(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


class Listener:
    """Reads a stream in a thread of its own."""

    def __init__(self, front_end: FrontEnd, job_id: str, **headers: str) -> None:
        self.events: list[JobEvent] = []
        self.ended = threading.Event()
        self._request = (front_end.url, job_id, headers)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def targets(self) -> list[str]:
        return [event.data["target"] for event in self.events if event.name == "segment"]

    def to_the_end(self) -> list[JobEvent]:
        assert self.ended.wait(15)
        return self.events

    def _listen(self) -> None:
        url, job_id, headers = self._request
        with (
            httpx2.Client(base_url=url, timeout=30, trust_env=False) as http,
            http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer,
        ):
            assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            for event in read_events(answer.iter_lines()):
                self.events.append(event)
        self.ended.set()


def test_a_job_is_followed_from_the_queue_to_its_end(
    front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    job_id = submit(http)["id"]
    listener = Listener(front_end, job_id)
    eventually(lambda: store.is_heard(job_id))
    claim = claimed(store, job_id)
    store.heartbeat("w", [Heartbeat(job_id, claim.token, Stage.TRANSLATING, 1, 2)], lease_s=15, renew=True)
    assert store.tell(claim, 0, [line(0, "Hullo.")]) == 1
    eventually(lambda: listener.targets() == ["Hullo."])
    store.succeed(claim, sample_result(target="Hello."), segments=1)
    events = listener.to_the_end()
    states = [event.data["state"] for event in events if event.name == "state"]
    assert states == ["queued", "running", "succeeded"]
    assert {"done": 1, "total": 2, "eta_at": None} in [event.data for event in events if event.name == "progress"]
    # The repaired segment comes once more, without a number.
    assert [(event.data["target"], event.id) for event in events if event.name == "segment"] == [
        ("Hullo.", "1"), ("Hello.", ""),
    ]  # fmt: skip
    assert (events[-1].name, events[-1].data) == ("done", {"state": "succeeded", "error": None})


def test_segments_go_on_behind_the_last_one(front_end: FrontEnd, http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    claim = claimed(store, job_id)
    store.tell(claim, 0, [line(0, "one"), line(1, "two"), line(2, "three")])
    listener = Listener(front_end, job_id, **{"Last-Event-ID": "2"})
    eventually(lambda: listener.targets() == ["three"])
    assert listener.events[-1].id == "3"
    # A worker that has taken over tells what it has from the start: nothing comes twice.
    store.release(claim)
    again = claimed(store, job_id)
    assert store.tell(claim, 3, [line(3, "stale")]) == -1
    assert store.tell(again, 0, [line(0, "one"), line(1, "two")]) == 3
    assert store.tell(again, 2, [line(2, "three"), line(3, "four")]) == 4
    assert store.tell(again, 9, [line(9, "a gap")]) == 4
    eventually(lambda: listener.targets() == ["three", "four"])
    store.fail(again, "model_failed", "It broke.")
    assert listener.to_the_end()[-1].data == {
        "state": "failed", "error": {"code": "model_failed", "detail": "It broke."},
    }  # fmt: skip
    assert 0 < store.redis.ttl(store.keys.told(job_id)) <= 60


def test_who_comes_after_the_end_gets_all_of_it(front_end: FrontEnd, http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http, title="Titre")["id"]
    work(store, job_id, sample_result(target="Hello.", title="Title"))
    events = Listener(front_end, job_id).to_the_end()
    segments = [event for event in events if event.name == "segment"]
    assert [(event.id, event.data["paragraph"], event.data["target"]) for event in segments] == [
        ("1", None, "Title"), ("2", 0, "Hello."),
    ]  # fmt: skip
    assert Listener(front_end, job_id, **{"Last-Event-ID": "1"}).to_the_end()[-2].id == "2"


def test_who_comes_back_late_gets_what_may_have_been_repaired(
    front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    job_id = submit(http, title="Titre")["id"]
    claim = claimed(store, job_id)
    store.tell(claim, 0, [line(0, "Title"), line(1, "Hullo.")])
    store.succeed(claim, sample_result(target="Hello.", title="Title"), segments=2)

    def heard(last: str) -> list[tuple[str, str]]:
        events = Listener(front_end, job_id, **{"Last-Event-ID": last}).to_the_end()
        return [(event.data["target"], event.id) for event in events if event.name == "segment"]

    assert (heard("1"), heard("2")) == ([("Hullo.", "2"), ("Hello.", "")], [("Hello.", "")])
    store.redis.delete(store.keys.told(job_id))
    assert heard("1") == [("Title", ""), ("Hello.", "2")]
    assert heard("2") == heard("9") == [("Title", ""), ("Hello.", "")]


def test_a_cancelled_and_an_erased_job_end_their_streams(
    front_end: FrontEnd, http: httpx2.Client, store: WholeLedger
) -> None:
    job_id = submit(http)["id"]
    listener = Listener(front_end, job_id)
    eventually(lambda: listener.events)
    http.delete(f"/v1/jobs/{job_id}")
    assert listener.to_the_end()[-1].data["state"] == "cancelled"
    http.delete(f"/v1/jobs/{job_id}")
    assert problem(http.get(f"/v1/jobs/{job_id}/events")) == (410, "job_gone")


@pytest.mark.parametrize("breakage", [{"maxmemory": "1"}, {"min-replicas-to-write": "1"}])
def test_a_redis_that_takes_no_writes_keeps_nobody_from_listening(
    front_end: FrontEnd, http: httpx2.Client, store: WholeLedger, breakage: dict[str, str]
) -> None:
    ended, waiting = submit(http)["id"], submit(http)["id"]
    work(store, ended)
    for name, value in breakage.items():
        store.redis.config_set(name, value)
    try:
        assert [e.name for e in Listener(front_end, ended).to_the_end()] == ["state", "progress", "segment", "done"]
        listener = Listener(front_end, waiting)
        eventually(lambda: listener.names() == ["state"])
        if "maxmemory" in breakage:
            claimed(store, waiting)
            eventually(lambda: listener.names() == ["state", "state"])
    finally:
        for name in breakage:
            store.redis.config_set(name, "0")
    http.delete(f"/v1/jobs/{waiting}")
    listener.to_the_end()


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "1" * 10])
def test_a_last_event_that_is_none_is_refused(http: httpx2.Client, number: str) -> None:
    job_id = submit(http)["id"]
    answer = http.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": number})
    assert problem(answer) == (400, "invalid_parameter")


def test_no_stream_of_a_job_that_was_never_there(http: httpx2.Client) -> None:
    assert problem(http.get("/v1/jobs/x/events")) == (404, "job_not_found")


def test_the_client_goes_on_where_the_stream_broke_off(redis_server: RedisServer, store: WholeLedger) -> None:
    with FrontEnd(redis_server.url) as front_end, Client(front_end.url) as client:
        job_id = client.submit("Bonjour.").id
        claim = claimed(store, job_id)
        store.tell(claim, 0, [line(0, "Hello.")])
        found = client.events(job_id)
        assert [next(found).name for _ in range(2)] == ["state", "segment"]
        assert front_end.stop() == 0
        store.succeed(claim, sample_result(target="Hello."), segments=1)
        with FrontEnd(redis_server.url, port=str(front_end.port)):
            rest = list(found)
    assert [event.name for event in rest] == ["state", "progress", "done"]
