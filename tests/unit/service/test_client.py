"""Both clients: what they send, what they make of answers, and when they try again."""

import asyncio
import inspect
import json

import httpx2
import pytest

from service.client import ApiError, AsyncClient, Client, ClientError, JobView, Unreachable, WaitTimeout
from service.client.retries import Tries
from service.contract.states import JobState, Stage
from tests.unit.service.driven_client import Maker
from tests.unit.service.server_double import answers, job, problem


def test_submit_sends_what_is_set_and_nothing_else(client_of: Maker) -> None:
    handler, requests = answers(*(httpx2.Response(202, json=job(state="queued")) for _ in range(2)))
    with client_of(handler) as client:
        assert client.submit("Bonjour.").state is JobState.QUEUED
        client.submit(
            "b", title="t", summary="none", max_words=7, force=True, metadata={"k": 1}, idempotency_key="mine"
        )
    assert json.loads(requests[0].content) == {"text": "Bonjour."}
    assert len(requests[0].headers["Idempotency-Key"]) > 20
    assert json.loads(requests[1].content) == {
        "text": "b",
        "title": "t",
        "summary": {"mode": "none", "max_words": 7},
        "force": True,
        "metadata": {"k": 1},
    }
    assert requests[1].headers["Idempotency-Key"] == "mine"


def test_a_submission_is_tried_again_with_the_same_key(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        problem(503, "queue_full", **{"Retry-After": "7"}),
        httpx2.Response(202, json=job(state="queued")),
    )
    with client_of(handler) as client:
        client.submit("Bonjour.")
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
    assert len(requests) == 4
    assert pauses[2] == 7
    assert all(0 < pause <= 8 for pause in pauses)


def test_want_of_room_is_raised_at_once_where_it_is_not_waited_for(client_of: Maker, pauses: list[float]) -> None:
    for status, code, sent in ((503, "queue_full", 1), (429, "quota_exceeded", 1), (503, "store_unavailable", 3)):
        handler, requests = answers(*(problem(status, code) for _ in range(3)))
        with client_of(handler, retries=2, wait_for_room=False) as client, pytest.raises(ApiError, match=code):
            client.submit("Bonjour.")
        assert len(requests) == sent


def test_it_gives_up(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(*(problem(503, "store_unavailable", **{"Retry-After": "2"}) for _ in range(3)))
    with client_of(handler, retries=2) as client, pytest.raises(ApiError) as refusal:
        client.get("j1")
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after) == (503, "store_unavailable", 2)
    assert len(requests) == 3
    handler, requests = answers(*(httpx2.ConnectError("refused") for _ in range(3)))
    with client_of(handler, retries=2) as client, pytest.raises(Unreachable, match=r"depeche\.test"):
        client.get("j1")
    assert len(requests) == 3
    assert len(pauses) == 4


@pytest.mark.parametrize("status", [400, 404, 409, 410, 413, 422, 500])
def test_what_does_not_pass_is_not_tried_again(client_of: Maker, status: int, pauses: list[float]) -> None:
    handler, requests = answers(problem(status, "some_code"))
    with client_of(handler) as client, pytest.raises(ApiError) as refusal:
        client.submit("a")
    assert (refusal.value.status, refusal.value.code) == (status, "some_code")
    assert len(requests) == 1
    assert pauses == []


def test_an_answer_from_somebody_else(client_of: Maker) -> None:
    handler, _ = answers(httpx2.Response(404, content=b"<html>"))
    with client_of(handler) as client, pytest.raises(ApiError, match="not from Dépêche") as refusal:
        client.get("j1")
    assert refusal.value.code == "unknown"


def test_delete_and_ready_are_sent_once(client_of: Maker, pauses: list[float]) -> None:
    for call in (lambda client: client.delete("j1"), lambda client: client.ready(workers=True)):
        handler, requests = answers(problem(503, "store_unavailable"))
        with client_of(handler) as client, pytest.raises(ApiError):
            call(client)  # type: ignore[no-untyped-call]
        assert len(requests) == 1
    assert pauses == []


def test_delete_tells_cancelled_from_erased(client_of: Maker) -> None:
    handler, _ = answers(httpx2.Response(200, json=job(state="cancelled")), httpx2.Response(204))
    with client_of(handler) as client:
        cancelled = client.delete("j1")
        assert cancelled is not None
        assert cancelled.state is JobState.CANCELLED
        assert client.delete("j1") is None


def test_wait_follows_the_job(client_of: Maker) -> None:
    states = [job(state="queued"), job(state="running"), job()]
    handler, requests = answers(*(httpx2.Response(200, json=state) for state in states))
    seen: list[JobView] = []
    with client_of(handler) as client:
        ended = client.wait("j1", on_progress=seen.append)
    assert [view.state for view in seen] == [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED]
    assert (seen[1].stage, seen[1].done, seen[1].total) == (Stage.TRANSLATING, 1, 2)
    assert ended.result is not None
    assert {request.url.params["wait"] for request in requests} == {"1"}


def test_wait_without_an_onlooker_asks_seldom(client_of: Maker) -> None:
    handler, requests = answers(httpx2.Response(200, json=job()))
    with client_of(handler) as client:
        client.wait("j1")
    assert requests[0].url.params["wait"] == "30"


def test_wait_ends_with_its_time(client_of: Maker) -> None:
    with client_of(lambda _: httpx2.Response(200, json=job(state="queued"))) as client, pytest.raises(WaitTimeout):
        client.wait("j1", timeout_s=0.01)


def test_jobs_come_page_by_page(client_of: Maker) -> None:
    pages = [{"jobs": [job("a"), job("b")], "next": "b"}, {"jobs": [], "next": "c"}, {"jobs": [job("d")], "next": None}]
    handler, requests = answers(*(httpx2.Response(200, json=page) for page in pages))
    with client_of(handler) as client:
        found = client.jobs(state="succeeded")
        assert next(found).id == "a"
        assert len(requests) == 1
        assert [item.id for item in found] == ["b", "d"]
    assert [dict(request.url.params) for request in requests] == [
        {"limit": "100", "state": "succeeded"},
        {"limit": "100", "state": "succeeded", "cursor": "b"},
        {"limit": "100", "state": "succeeded", "cursor": "c"},
    ]


def test_a_batch_is_submitted_and_looked_at(client_of: Maker) -> None:
    handler, requests = answers(httpx2.Response(202, json={"id": "b1"}), httpx2.Response(200, json={"id": "b1"}))
    with client_of(handler) as client:
        assert client.submit_batch([{"text": "a"}], metadata={"k": 1})["id"] == "b1"
        assert client.batch("b1")["id"] == "b1"
        with pytest.raises(ClientError, match="not a job's id"):
            client.batch("../x")
    assert json.loads(requests[0].content) == {"jobs": [{"text": "a"}], "metadata": {"k": 1}}
    assert len(requests[0].headers["Idempotency-Key"]) > 20


def test_results_of_a_batch_go_on_where_the_stream_broke_off(client_of: Maker, pauses: list[float]) -> None:
    first = b'{"index":2,"job":null,"error":{"code":"empty_text"}}\n\n'
    rest = [{"index": 1, "job": job("y"), "error": None}, {"index": 0, "job": job("x"), "error": None}]
    handler, requests = answers(
        httpx2.Response(200, json={"items": [{}, {}, {}]}),
        httpx2.Response(200, content=first),
        httpx2.ConnectError("refused"),
        httpx2.Response(200, content=first + b"".join(json.dumps(line).encode() + b"\n" for line in rest)),
    )
    with client_of(handler) as client:
        found = list(client.batch_results("b1"))
    assert [(item.index, item.job.id if item.job else None) for item in found] == [(2, None), (1, "y"), (0, "x")]
    assert found[0].error == {"code": "empty_text"}
    assert len(requests) == 4
    assert len(pauses) == 2


def test_events_go_on_behind_the_last_segment(client_of: Maker, pauses: list[float]) -> None:
    first = b'event: state\ndata: {"state": "running"}\n\nid: 1\nevent: segment\ndata: {"target": "One."}\n\n'
    rest = b'id: 2\nevent: segment\ndata: {"target": "Two."}\n\nevent: done\ndata: {"state": "succeeded"}\n\n'
    handler, requests = answers(
        httpx2.Response(200, content=first), problem(503, "store_unavailable"), httpx2.ConnectError("refused"),
        httpx2.Response(200, content=rest),
    )  # fmt: skip
    with client_of(handler) as client:
        found = list(client.events("j1"))
    assert [(event.name, event.id) for event in found] == [
        ("state", ""),
        ("segment", "1"),
        ("segment", "2"),
        ("done", ""),
    ]
    assert [request.headers.get("Last-Event-ID") for request in requests] == [None, "1", "1", "1"]
    assert len(pauses) == 3


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_lines_may_hold_what_ends_lines_elsewhere(client_of: Maker, separator: str) -> None:
    text = f"Two.{separator}Three."
    lines = [json.dumps({"index": n, "job": None, "error": {"detail": text}}, ensure_ascii=False) for n in range(2)]
    event = f"event: done\ndata: {json.dumps({'title': text}, ensure_ascii=False)}\n\n"
    handler, _ = answers(httpx2.Response(200, json={"items": [{}, {}]}),
        *(httpx2.Response(200, content=content.encode()) for content in ("\r\n".join(lines), event)))  # fmt: skip
    with client_of(handler, retries=0) as client:
        assert [item.error for item in client.batch_results("b1")] == [{"detail": text}] * 2
        assert [event.data for event in client.events("j1")] == [{"title": text}]


def test_a_stream_that_is_refused_is_not_tried_again(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(problem(404, "job_not_found"))
    with client_of(handler) as client, pytest.raises(ApiError, match="About job_not_found"):
        list(client.events("j1"))
    assert (len(requests), pauses) == (1, [])


def test_nobody_who_answers_is_unreachable_in_the_end(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(*(httpx2.ConnectError("refused") for _ in range(3)))
    with client_of(handler, retries=2) as client, pytest.raises(Unreachable):
        list(client.events("j1"))
    assert len(requests) == 3


def test_a_batch_that_is_gone_has_no_results(client_of: Maker) -> None:
    handler, _ = answers(httpx2.Response(200, json={"items": [{}]}), problem(410, "batch_gone"))
    with client_of(handler) as client, pytest.raises(ApiError, match="About batch_gone"):
        list(client.batch_results("b1"))


def test_webhooks(client_of: Maker) -> None:
    handler, requests = answers(
        httpx2.Response(201, json={"secret": "s"}), httpx2.Response(200, json={"created_at": "t"}),
        httpx2.Response(204), httpx2.Response(202, json=job()), httpx2.Response(202, json=job(state="queued")),
    )  # fmt: skip
    with client_of(handler) as client:
        assert client.rotate_webhook_secret() == {"secret": "s"}
        assert client.webhook_secret() == {"created_at": "t"}
        client.delete_webhook_secret()
        assert client.redeliver("j1").id == "j1"
        client.submit("Bonjour.", callback_url="https://example.org/told")
    assert [(request.method, request.url.path) for request in requests[:4]] == [
        ("POST", "/v1/webhook-secret"),
        ("GET", "/v1/webhook-secret"),
        ("DELETE", "/v1/webhook-secret"),
        ("POST", "/v1/jobs/j1/callback"),
    ]
    assert json.loads(requests[4].content)["callback_url"] == "https://example.org/told"


def test_a_secret_is_not_made_twice(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(problem(503, "store_unavailable"))
    with client_of(handler) as client, pytest.raises(ApiError):
        client.rotate_webhook_secret()
    assert (len(requests), pauses) == (1, [])


def test_texts(client_of: Maker) -> None:
    handler, requests = answers(*(httpx2.Response(200, content="Été\r\n".encode()) for _ in range(2)))
    with client_of(handler) as client:
        assert client.translation("j1") == "Été\r\n"
        assert client.summary("j1", markdown=True) == "Été\r\n"
    assert [request.headers["Accept"] for request in requests] == ["*/*", "text/markdown"]


@pytest.mark.parametrize("job_id", ["", "../x", "a/b", "a?b", "é", "a b"])
def test_an_id_can_not_lead_elsewhere(client_of: Maker, job_id: str) -> None:
    with client_of(lambda _: httpx2.Response(200)) as client, pytest.raises(ClientError, match="not a job's id"):
        client.get(job_id)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://[", "http://x:port"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ClientError, match="is not an address"):
        Client(url)


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(Client) == methods(AsyncClient)
    assert list(inspect.signature(Client).parameters) == list(inspect.signature(AsyncClient).parameters)


def test_an_option_that_does_not_exist_is_a_type_error(client_of: Maker) -> None:
    handler, requests = answers()
    with client_of(handler) as client, pytest.raises(TypeError, match="langue"):
        client.submit("Bonjour.", langue="fr")  # type: ignore[call-arg]
    assert requests == []


def test_a_good_answer_from_somebody_else_is_a_refusal(client_of: Maker) -> None:
    for content in (b"<html>", b"{}", b'{"id": "j1", "state": "asleep"}', b"[]"):
        handler, _ = answers(httpx2.Response(200, content=content))
        with client_of(handler) as client, pytest.raises(ApiError, match="not from Dépêche"):
            client.get("j1")


def test_a_view_shows_what_newer_servers_add() -> None:
    assert (JobView(job()).eta_at, JobView(job()).callback) == (None, None)
    newer = JobView(job(eta_at="2026-11-24T01:40:30.000Z", callback={"state": "delivered"}))
    assert (newer.eta_at, newer.callback) == ("2026-11-24T01:40:30.000Z", {"state": "delivered"})


def test_a_stream_that_only_ends_is_given_up(client_of: Maker, pauses: list[float]) -> None:
    handler, requests = answers(*(httpx2.Response(200, content=b"") for _ in range(3)))
    with client_of(handler, retries=2) as client, pytest.raises(Unreachable):
        list(client.events("j1"))
    assert len(requests) == 3


def test_retry_after_is_obeyed_within_reason() -> None:
    tries = Tries(9, "http://depeche.test")
    assert tries.pause_after(ApiError(503, "queue_full", "", retry_after=7)) == 7
    assert tries.pause_after(ApiError(429, "quota_exceeded", "", retry_after=9999)) == 60
    assert 0 < Tries(1, "").pause_after(ApiError(503, "queue_full", "", retry_after=0)) <= 0.25


def test_pauses_grow_to_a_bound() -> None:
    tries = Tries(12, "http://depeche.test")
    taken = [tries.pause_after(httpx2.ConnectError("refused")) for _ in range(12)]
    assert all(0.125 * 2**number <= pause <= 0.25 * 2**number for number, pause in enumerate(taken[:5]))
    assert all(4 <= pause <= 8 for pause in taken[5:])
    with pytest.raises(Unreachable):
        tries.pause_after(httpx2.ConnectError("refused"))


def test_a_password_in_the_address_is_not_repeated() -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    client = Client("http://me:hidden@depeche.test", transport=httpx2.MockTransport(handler), retries=0)
    with client, pytest.raises(Unreachable) as refusal:
        client.get("j1")
    assert "hidden" not in str(refusal.value)


def test_fifty_waits_at_once() -> None:
    async def handler(request: httpx2.Request) -> httpx2.Response:
        together.add(request.url.path)
        while len(together) < 50:  # answers once all are there
            await asyncio.sleep(0.001)
        return httpx2.Response(200, json=job(request.url.path.rpartition("/")[2]))

    async def wait_for_all() -> list[JobView]:
        async with AsyncClient("http://depeche.test", transport=httpx2.MockTransport(handler)) as client:
            return await asyncio.gather(*(client.wait(f"j{number}") for number in range(50)))

    together: set[str] = set()
    assert [view.id for view in asyncio.run(wait_for_all())] == [f"j{number}" for number in range(50)]
