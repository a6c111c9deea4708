"""Batches over HTTP: what becomes of each article, how far they are, and the results as they come."""

import json
import socket
import threading
import time
from typing import Any

import httpx2
import pytest

from service.contract.api_keys import KeyStore
from service.contract.batches import BatchStore
from service.contract.lines import Kind, line_of
from service.contract.quotas import Limits
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.integration.service.http_checks import problem
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

NDJSON = {"Content-Type": "application/x-ndjson"}


def articles(number: int) -> list[dict[str, Any]]:
    return [{"text": f"Article numéro {index}."} for index in range(number)]


def submitted(http: httpx2.Client, jobs: list[Any], **headers: str) -> dict[str, Any]:
    answer = http.post("/v1/batches", json={"jobs": jobs}, headers=headers)
    assert answer.status_code == 202, answer.text
    batch: dict[str, Any] = answer.json()
    return batch


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line]


def test_each_article_becomes_a_job_or_an_error(http: httpx2.Client, store: WholeLedger) -> None:
    jobs = [
        {"text": "Un.", "metadata": {"n": 1}},
        {"text": " "},
        {"text": "a", "texte": "x"},
        7,
        {"text": "Deux.", "title": "Titre"},
    ]
    answer = http.post("/v1/batches", json={"jobs": jobs, "metadata": {"desk": "été"}})
    batch = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/batches/{batch['id']}"
    assert batch["metadata"] == {"desk": "été"}
    assert [item["state"] for item in batch["items"]] == ["queued", "refused", "refused", "refused", "queued"]
    assert [item["error"]["code"] for item in batch["items"][1:4]] == ["empty_text", "unknown_field", "invalid_request"]
    assert batch["items"][1]["error"]["pointer"] == "/text"
    assert batch["counts"] == {
        "queued": 2, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0, "refused": 3, "gone": 0,
    }  # fmt: skip
    first = http.get(f"/v1/jobs/{batch['items'][0]['id']}").json()
    assert (first["state"], first["metadata"]) == ("queued", {"n": 1})
    assert store.redis.llen(f"depeche:{line_of('local', Kind.BATCH)}") == 2


def test_ndjson_has_an_article_on_each_line(http: httpx2.Client) -> None:
    body = '\ufeff{"text": "Un."}\n\n{"text": "Deux."}\r\nnot json\n{"text": "Trois."}'.encode()
    batch = http.post("/v1/batches", content=body, headers=NDJSON).json()
    assert [item["state"] for item in batch["items"]] == ["queued", "queued", "refused", "queued"]
    assert batch["items"][2]["error"]["code"] == "invalid_json"


def test_half_a_pair_in_a_term_harms_no_other_article(http: httpx2.Client) -> None:
    body = (
        b'{"text": "Un."}\n{"text": "Deux.", "keep": ["a\\ud800"]}\n{"text": "Trois.", "glossary": {"a\\ud800": "b"}}'
    )
    answer = http.post("/v1/batches", content=body, headers=NDJSON)
    assert answer.status_code == 202
    assert [item["state"] for item in answer.json()["items"]] == ["queued", "refused", "refused"]
    assert [item["error"]["code"] for item in answer.json()["items"][1:]] == ["invalid_encoding"] * 2


def test_counts_follow_the_jobs(http: httpx2.Client, store: WholeLedger) -> None:
    batch = submitted(http, articles(4))
    ids = [item["id"] for item in batch["items"]]
    work(store, ids[1], sample_result(target="x"))
    http.delete(f"/v1/jobs/{ids[2]}")
    work(store, ids[3], sample_result(target="x"))
    http.delete(f"/v1/jobs/{ids[3]}")
    now = http.get(f"/v1/batches/{batch['id']}").json()
    assert [item["state"] for item in now["items"]] == ["queued", "succeeded", "cancelled", "gone"]
    assert {name: count for name, count in now["counts"].items() if count} == {
        "queued": 1, "succeeded": 1, "cancelled": 1, "gone": 1,
    }  # fmt: skip


def test_results_come_in_the_order_of_their_ends(http: httpx2.Client, store: WholeLedger) -> None:
    batch = submitted(http, [*articles(3), {"text": ""}])
    ids = [item["id"] for item in batch["items"][:3]]
    work(store, ids[2], sample_result(target="third"))

    def later() -> None:
        time.sleep(0.3)
        work(store, ids[0], sample_result(target="first"))
        time.sleep(0.3)
        http.delete(f"/v1/jobs/{ids[1]}")

    thread = threading.Thread(target=later)
    thread.start()
    with http.stream("GET", f"/v1/batches/{batch['id']}/results") as answer:
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        found = []
        for line in answer.iter_lines():
            found.append(json.loads(line))
            if len(found) == 2:
                assert thread.is_alive()  # the first two came before the rest had ended
    thread.join()
    assert [line["index"] for line in found] == [3, 2, 0, 1]
    assert found[0]["error"]["code"] == "empty_text"
    assert found[1]["job"]["result"]["translation"]["text"] == "third"
    assert [line["job"]["state"] for line in found[1:]] == ["succeeded", "succeeded", "cancelled"]
    again = lines(http.get(f"/v1/batches/{batch['id']}/results").text)
    assert [line["index"] for line in again] == [3, 2, 0, 1]


def test_what_was_erased_has_a_line_too(http: httpx2.Client, store: WholeLedger) -> None:
    batch = submitted(http, articles(1))
    job_id = batch["items"][0]["id"]
    http.delete(f"/v1/jobs/{job_id}")
    http.delete(f"/v1/jobs/{job_id}")
    (line,) = lines(http.get(f"/v1/batches/{batch['id']}/results").text)
    assert (line["index"], line["job"], line["error"]["code"]) == (0, None, "job_gone")


def test_a_batch_that_is_sent_again_is_the_same(http: httpx2.Client, store: WholeLedger) -> None:
    first = submitted(http, articles(3), **{"Idempotency-Key": "k1"})
    again = http.post("/v1/batches", json={"jobs": articles(3)}, headers={"Idempotency-Key": "k1"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] == first["id"]
    assert store.redis.zcard(store.keys.queued) == 3
    other = http.post("/v1/batches", json={"jobs": articles(2)}, headers={"Idempotency-Key": "k1"})
    assert problem(other) == (409, "idempotency_conflict")
    assert store.redis.zcard(store.keys.queued) == 3
    # A job of the same key is another matter.
    assert http.post("/v1/jobs", json={"text": "x"}, headers={"Idempotency-Key": "k1"}).status_code == 202


def test_a_batch_that_broke_off_leads_to_the_same_jobs(http: httpx2.Client, store: WholeLedger) -> None:
    first = submitted(http, articles(3), **{"Idempotency-Key": "k1"})
    batches = BatchStore(store, retention_s=60)
    store.redis.delete(
        store.keys.batch(first["id"]), batches._idempotency("local", "k1")
    )  # as if it had never come so far
    again = submitted(http, articles(3), **{"Idempotency-Key": "k1"})
    assert again["id"] != first["id"]
    assert [item["id"] for item in again["items"]] == [item["id"] for item in first["items"]]
    assert store.redis.zcard(store.keys.queued) == 3


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[]", 422, "invalid_request"),
        (b'{"jobs": []}', 422, "invalid_request"),
        (b'{"jobs": {"text": "a"}}', 422, "invalid_request"),
        (b'{"jobs": [{"text": "a"}], "name": 1}', 422, "unknown_field"),
        (b'{"jobs": [{"text": "a"}], "metadata": [1]}', 422, "invalid_request"),
        (b'{"jobs": [{"text": "a"}]', 400, "invalid_json"),
        (b'{"jobs": ["' + b"\xff" + b'"]}', 400, "invalid_encoding"),
        (json.dumps({"jobs": articles(1001)}).encode(), 422, "invalid_request"),
    ],
)
def test_a_batch_that_is_none_is_refused(
    http: httpx2.Client, store: WholeLedger, body: bytes, status: int, code: str
) -> None:
    answer = http.post("/v1/batches", content=body, headers={"Content-Type": "application/json"})
    assert problem(answer) == (status, code)
    assert store.redis.zcard(store.keys.queued) == 0


def test_other_media_types_are_refused(http: httpx2.Client) -> None:
    answer = http.post("/v1/batches", content=b"Un.", headers={"Content-Type": "text/plain"})
    assert problem(answer) == (415, "unsupported_media_type")


def test_too_many_bytes_are_refused(http: httpx2.Client) -> None:
    body = b'{"text": "' + b"a" * 33 * 1024 * 1024 + b'"}'
    assert problem(http.post("/v1/batches", content=body, headers=NDJSON)) == (413, "too_large")


@pytest.mark.parametrize(
    "batch_id", ["x", "b", "06h0mdg1uteo7rlaep90u3ddcd4aiq0m", "b06h0mdg1uteo7rlaep90u3ddcd4aiq0m"]
)
def test_no_batch_has_an_id_that_was_not_given_out(http: httpx2.Client, batch_id: str) -> None:
    for path in (batch_id, f"{batch_id}/results"):
        assert problem(http.get(f"/v1/batches/{path}")) == (404, "batch_not_found")


def test_a_batch_expires(http: httpx2.Client, store: WholeLedger) -> None:
    batch = submitted(http, articles(1))
    assert store.redis.ttl(store.keys.batch(batch["id"])) > 600_000
    store.redis.delete(store.keys.batch(batch["id"]))
    assert problem(http.get(f"/v1/batches/{batch['id']}")) == (410, "batch_gone")
    assert problem(http.get(f"/v1/jobs/{batch['id']}")) == (404, "job_not_found")


def test_a_thousand_articles(http: httpx2.Client, store: WholeLedger) -> None:
    batch = submitted(http, articles(1000))
    assert batch["counts"]["queued"] == 1000
    ids = [item["id"] for item in batch["items"]]
    assert len(set(ids)) == 1000
    assert store.redis.llen(f"depeche:{line_of('local', Kind.BATCH)}") == 1000
    assert json.loads(http.get(f"/v1/jobs/{ids[777]}").text)["state"] == "queued"


def test_what_a_quota_or_the_queue_has_no_room_for_is_refused_by_itself(
    redis_server: RedisServer, store: WholeLedger
) -> None:
    keys = KeyStore(store.redis, prefix="depeche:")
    large, small = keys.create("a")[1], keys.create("b", limits=Limits(jobs=2))[1]
    with FrontEnd(redis_server.url, queue_limit="5", require_keys="1") as front_end:
        with front_end.client(headers={"X-API-Key": small}) as http:
            batch = submitted(http, articles(4))
            assert (batch["counts"]["queued"], batch["counts"]["refused"]) == (2, 2)
            assert {item["error"]["code"] for item in batch["items"] if item["error"]} == {"quota_exceeded"}
            assert all(item["error"]["retry_after"] > 0 for item in batch["items"] if item["error"])
        with front_end.client(headers={"X-API-Key": large}) as http:
            more = submitted(http, articles(6))
            assert more["counts"]["queued"] == 3
            assert {item["error"]["code"] for item in more["items"] if item["error"]} == {"queue_full"}
            assert problem(http.get(f"/v1/batches/{batch['id']}")) == (404, "batch_not_found")


def test_a_stream_ends_with_the_server(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
        batch = submitted(http, [*articles(1), {"text": ""}])
        with http.stream("GET", f"/v1/batches/{batch['id']}/results") as answer:
            found = answer.iter_lines()
            assert json.loads(next(found))["index"] == 1
            began = time.monotonic()
            assert front_end.stop() == 0
            assert list(found) == []
        assert time.monotonic() - began < 8


def test_nothing_is_accepted_of_a_body_that_breaks_off(front_end: FrontEnd, store: WholeLedger) -> None:
    whole = b"".join(b'{"text": "Article %d."}\n' % number for number in range(50))
    with socket.create_connection(("127.0.0.1", front_end.port)) as connection:
        head = f"POST /v1/batches HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {NDJSON['Content-Type']}\r\n"
        connection.sendall(f"{head}Content-Length: {len(whole) + 1000}\r\n\r\n".encode() + whole)
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(65_536).split(b"\r\n")[0]
    assert store.redis.zcard(store.keys.queued) == 0


@pytest.mark.parametrize("ascii_only", [True, False])
def test_articles_arrive_whole_however_they_are_written(
    http: httpx2.Client, store: WholeLedger, ascii_only: bool
) -> None:
    texts = ['Il a dit : "[{, \\ }]".\n' + "L’été. " * 3000, "Un \U0001f600 ]", "x" * 70_000]
    body = json.dumps({"jobs": [{"text": text} for text in texts]}, ensure_ascii=ascii_only, indent=1).encode()
    batch = http.post("/v1/batches", content=body, headers={"Content-Type": "application/json"}).json()
    assert [item["state"] for item in batch["items"]] == ["queued"] * 3
    claims = [store.claim(item["id"], worker="w", lease_s=15) for item in batch["items"]]
    assert [claim.request.text for claim in claims if claim] == texts
