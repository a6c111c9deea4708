"""The HTTP interface as a client sees it: a real server, a real Redis, a worker played by the test."""

import json
import re
import socket
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.contract.attempt import Heartbeat
from service.contract.lines import Kind, line_of
from service.contract.request import JobRequest
from service.contract.states import Stage
from tests.integration.service.front_end import FrontEnd, sample_result, work
from tests.integration.service.http_checks import problem, submit
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

UNKNOWN = "0" * 32

JSON = {"Content-Type": "application/json"}
PLAIN = {"Content-Type": "text/plain"}


# Submitting


def test_a_submission_is_queued_for_the_workers(http: httpx2.Client, store: WholeLedger) -> None:
    answer = http.post("/v1/jobs", json={"text": "Bonjour.\n\nSalut.", "metadata": {"n": 1}})
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert (job["state"], job["metadata"], job["result"]) == ("queued", {"n": 1}, None)
    messages = [
        json.loads(message) for message in store.redis.lrange(f"depeche:{line_of('local', Kind.SINGLE)}", 0, -1)
    ]
    assert [message["headers"]["id"] for message in messages] == [job["id"]]
    assert [message["headers"]["task"] for message in messages] == ["depeche.article"]
    assert "Bonjour" not in str(messages), "the queue carries ids alone"
    claim = store.claim(job["id"], worker="test", lease_s=15)
    assert claim is not None
    assert claim.request.text == "Bonjour.\n\nSalut."


def test_plain_text_is_taken_as_it_is(http: httpx2.Client, store: WholeLedger) -> None:
    text = "\n  Été.\r\n\r\n\tFin. "
    for content_type in ("text/plain", "text/plain; charset=UTF-8", "TEXT/PLAIN;charset=utf8"):
        job = http.post("/v1/jobs", content=text.encode(), headers={"Content-Type": content_type}).json()
        claim = store.claim(job["id"], worker="test", lease_s=15)
        assert claim is not None
        assert claim.request.text == text


def test_a_byte_order_mark_is_left_out(http: httpx2.Client, store: WholeLedger) -> None:
    for content, headers in ((b"\xef\xbb\xbfSalut.", PLAIN), (b'\xef\xbb\xbf{"text": "Salut."}', JSON)):
        job = http.post("/v1/jobs", content=content, headers=headers).json()
        claim = store.claim(job["id"], worker="test", lease_s=15)
        assert claim is not None
        assert claim.request.text == "Salut."


def test_a_chunked_body_is_read(http: httpx2.Client) -> None:
    answer = http.post("/v1/jobs", content=iter([b'{"text": ', b'"Bonjour."}']), headers=JSON)
    assert answer.status_code == 202


def test_an_idempotency_key_gives_the_same_job(http: httpx2.Client, store: WholeLedger) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=headers)
    again = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert problem(http.post("/v1/jobs", json={"text": "Salut."}, headers=headers)) == (409, "idempotency_conflict")
    assert problem(http.post("/v1/jobs", content=b"Bonjour.", headers={**headers, **PLAIN})) == (
        409,
        "idempotency_conflict",
    )
    work(store, first.json()["id"])
    ended = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=headers).json()
    assert (ended["id"], ended["state"]) == (first.json()["id"], "succeeded")


def test_the_language_is_looked_at(http: httpx2.Client) -> None:
    spanish = "El ayuntamiento aprobó el lunes por la noche el presupuesto de la ciudad después de cuatro horas. " * 4
    english = "The city council adopted its budget on Monday evening after four hours of debate. " * 4
    assert problem(http.post("/v1/jobs", json={"text": spanish})) == (422, "not_french")
    assert http.post("/v1/jobs", json={"text": spanish, "force": True}).status_code == 202
    assert http.post("/v1/jobs", json={"text": english}).status_code == 202
    assert http.post("/v1/jobs", json={"text": spanish[:100]}).status_code == 202


BAD_BODIES: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("no JSON", b"{text: 1}", JSON, 400, "invalid_json"),
    ("nothing", b"", JSON, 400, "invalid_json"),
    ("NaN", b'{"text": "a", "metadata": {"n": NaN}}', JSON, 400, "invalid_json"),
    ("a name twice", b'{"text": "a", "text": "b"}', JSON, 400, "invalid_json"),
    ("a number of many digits", b'{"text": "a", "metadata": {"n": ' + b"9" * 5000 + b"}}", JSON, 400, "invalid_json"),
    (
        "many levels",
        b'{"text": "a", "metadata": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        JSON,
        400,
        "invalid_json",
    ),
    ("Latin 1 in JSON", '{"text": "été"}'.encode("latin-1"), JSON, 400, "invalid_encoding"),
    ("UTF-16 JSON", '{"text": "a"}'.encode("utf-16"), JSON, 400, "invalid_encoding"),
    ("Latin 1 text", "été".encode("latin-1"), PLAIN, 400, "invalid_encoding"),
    ("another charset", b"a", {"Content-Type": "text/plain; charset=iso-8859-1"}, 400, "invalid_encoding"),
    ("half a pair", b'{"text": "\\ud800"}', JSON, 400, "invalid_encoding"),
    ("half a pair in a title", b'{"text": "a", "title": "\\ud800"}', JSON, 400, "invalid_encoding"),
    ("half a pair in keep", b'{"text": "a", "keep": ["b", "c\\ud800"]}', JSON, 400, "invalid_encoding"),
    ("half a pair as a term", b'{"text": "a", "glossary": {"b\\ud800": "c"}}', JSON, 400, "invalid_encoding"),
    ("half a pair as English", b'{"text": "a", "glossary": {"b": "c\\ud800"}}', JSON, 400, "invalid_encoding"),
    (
        "half a pair as English, written out",
        b'{"text": "a", "glossary": {"b": {"translation": "c\\ud800"}}}',
        JSON,
        400,
        "invalid_encoding",
    ),
    ("an array", b"[]", JSON, 422, "invalid_request"),
    ("a string", b'"Bonjour"', JSON, 422, "invalid_request"),
    ("no text", b"{}", JSON, 422, "invalid_request"),
    ("text of another type", b'{"text": 1}', JSON, 422, "invalid_request"),
    ("null text", b'{"text": null}', JSON, 422, "invalid_request"),
    ("force as a string", b'{"text": "a", "force": "yes"}', JSON, 422, "invalid_request"),
    ("too few words", b'{"text": "a", "summary": {"max_words": 1}}', JSON, 422, "invalid_request"),
    ("an unknown mode", b'{"text": "a", "summary": {"mode": "best"}}', JSON, 422, "invalid_request"),
    ("half a pair in metadata", b'{"text": "a", "metadata": {"a": "\\ud800"}}', JSON, 422, "invalid_request"),
    ("infinity in metadata", b'{"text": "a", "metadata": {"a": 1e999}}', JSON, 422, "invalid_request"),
    ("much metadata", b'{"text": "a", "metadata": {"a": "' + b"x" * 5000 + b'"}}', JSON, 422, "invalid_request"),
    ("an unknown field", b'{"text": "a", "langue": "fr"}', JSON, 422, "unknown_field"),
    ("an unknown option", b'{"text": "a", "summary": {"words": 3}}', JSON, 422, "unknown_field"),
    ("half a pair as a name", b'{"text": "a", "\\ud800": 1}', JSON, 400, "invalid_encoding"),
    ("a glossary that is a list", b'{"text": "a", "glossary": ["b"]}', JSON, 422, "invalid_request"),
    ("format", b'{"text": "a", "format": "docx"}', JSON, 422, "invalid_request"),
    ("empty text", b'{"text": ""}', JSON, 422, "empty_text"),
    ("blank text", " \n\t\u00a0\n".encode(), PLAIN, 422, "empty_text"),
    ("no body", b"", PLAIN, 422, "empty_text"),
    ("NUL", b"a\0b", PLAIN, 422, "nul_character"),
    ("NUL in JSON", b'{"text": "a\\u0000b"}', JSON, 422, "nul_character"),
    ("a form", b"text=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    ("no type", b'{"text": "a"}', {}, 415, "unsupported_media_type"),
    ("compressed", b"x", {**JSON, "Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
    ("an empty key", b'{"text": "a"}', {**JSON, "Idempotency-Key": ""}, 400, "invalid_parameter"),
    ("a key with a blank", b'{"text": "a"}', {**JSON, "Idempotency-Key": "a b"}, 400, "invalid_parameter"),
    ("a long key", b'{"text": "a"}', {**JSON, "Idempotency-Key": "k" * 256}, 400, "invalid_parameter"),
]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"), [c[1:] for c in BAD_BODIES], ids=[c[0] for c in BAD_BODIES]
)
def test_a_bad_submission_is_a_problem_with_a_code(
    http: httpx2.Client, store: WholeLedger, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    assert problem(http.post("/v1/jobs", content=body, headers=headers)) == (status, code)
    assert store.depth() == 0


def test_a_problem_points_at_the_field(http: httpx2.Client) -> None:
    answer = http.post("/v1/jobs", json={"text": "a", "summary": {"max_words": 0}})
    assert answer.json()["pointer"] == "/summary/max_words"
    assert "pointer" not in http.get("/nothing").json()


def test_too_large_is_413(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, max_characters="100") as small, small.client() as http:
        assert http.post("/v1/jobs", json={"text": "é" * 100}).status_code == 202
        assert problem(http.post("/v1/jobs", json={"text": "é" * 101})) == (413, "too_large")
        assert problem(http.post("/v1/jobs", content=b"a" * 200_000, headers=PLAIN)) == (413, "too_large")
        chunks = (b"a" * 10_000 for _ in range(20))
        assert problem(http.post("/v1/jobs", content=chunks, headers=PLAIN)) == (413, "too_large")
        # The announced size is enough: nothing of the body needs to arrive.
        with socket.create_connection(("127.0.0.1", small.port), timeout=5) as raw:
            head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 99999999\r\n\r\n"
            raw.sendall(head.encode())
            assert b"413" in raw.recv(100)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(["text", "title", "force", "format", "summary", "metadata", "keep", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_no_body_breaks_the_server(http: httpx2.Client, body: dict[str, Any]) -> None:
    content = json.dumps({"text": "Bonjour.", **body}).encode()
    answer = http.post("/v1/jobs", content=content, headers=JSON)
    assert answer.status_code in (202, 400, 422)
    if answer.status_code == 202:
        job = answer.json()
        assert http.get(answer.headers["Location"]).json() == job
        assert job["metadata"] == body.get("metadata")


# Looking


def test_a_job_shows_how_far_it_is(http: httpx2.Client, store: WholeLedger) -> None:
    job = submit(http)
    claim = store.claim(job["id"], worker="test", lease_s=15)
    assert claim is not None
    store.heartbeat("test", [Heartbeat(job["id"], claim.token, Stage.TRANSLATING, 3, 8)], lease_s=15, renew=True)
    answer = http.get(f"/v1/jobs/{job['id']}")
    running = answer.json()
    assert (running["state"], running["stage"], running["progress"]) == (
        "running",
        "translating",
        {"done": 3, "total": 8},
    )
    assert int(answer.headers["Retry-After"]) >= 1
    store.succeed(claim, sample_result(), segments=8)
    answer = http.get(f"/v1/jobs/{job['id']}")
    ended = answer.json()
    assert (ended["state"], ended["progress"]) == ("succeeded", {"done": 8, "total": 8})
    assert ended["result"] == json.loads(sample_result())
    assert "Retry-After" not in answer.headers
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ended["ended_at"])


def test_an_etag_saves_a_look(http: httpx2.Client, store: WholeLedger) -> None:
    path = f"/v1/jobs/{submit(http)['id']}"
    etag = http.get(path).headers["ETag"]
    unchanged = http.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == etag
    work(store, path.rpartition("/")[2])
    changed = http.get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


@pytest.mark.parametrize("path", ["", "/translation", "/summary"])
def test_unknown_and_erased_jobs(http: httpx2.Client, path: str) -> None:
    for wrong in (UNKNOWN, "x", "%00", "..%2f..", "é", "a" * 500):
        assert problem(http.get(f"/v1/jobs/{wrong}{path}"))[0] == 404
    assert problem(http.get(f"/v1/jobs/{UNKNOWN}{path}")) == (404, "job_not_found")
    job_id = submit(http)["id"]
    http.delete(f"/v1/jobs/{job_id}")
    http.delete(f"/v1/jobs/{job_id}")
    assert problem(http.get(f"/v1/jobs/{job_id}{path}")) == (410, "job_gone")


@pytest.mark.parametrize("wait", ["", "-1", "60.1", "61", "nan", "inf", "1e9", "soon", "1,5", "٣"])
def test_a_wait_is_from_0_to_60_seconds(http: httpx2.Client, wait: str) -> None:
    job_id = submit(http)["id"]
    assert problem(http.get(f"/v1/jobs/{job_id}", params={"wait": wait})) == (400, "invalid_parameter")


def test_unknown_query_parameters_are_refused(http: httpx2.Client) -> None:
    job_id = submit(http)["id"]
    for path in (
        f"/v1/jobs/{job_id}?waits=1",
        f"/v1/jobs/{job_id}?wait=1&wait=2",
        "/readyz?worker=1",
        "/readyz?workers=2",
    ):
        assert problem(http.get(path)) == (400, "invalid_parameter")
    assert problem(http.post("/v1/jobs?max_words=5", json={"text": "a"})) == (400, "invalid_parameter")


# The list


def test_the_list_has_the_callers_jobs(http: httpx2.Client, store: WholeLedger) -> None:
    ids = sorted((submit(http)["id"] for _ in range(3)), reverse=True)
    work(store, ids[1], sample_result(target="x"))
    store.admit(JobRequest(text="Bonjour."), client="somebody else")
    first = http.get("/v1/jobs?limit=2")
    assert [item["id"] for item in first.json()["jobs"]] == ids[:2]
    assert all(item["result"] is None for item in first.json()["jobs"])
    assert first.json()["next"] == ids[1]
    assert first.headers["Link"] == f'</v1/jobs?limit=2&cursor={ids[1]}>; rel="next"'
    second = http.get(first.links["next"]["url"])
    assert [item["id"] for item in second.json()["jobs"]] == ids[2:]
    assert second.json()["next"] is None
    assert "Link" not in second.headers
    ended = http.get("/v1/jobs?state=succeeded").json()["jobs"]
    assert [(item["id"], item["state"]) for item in ended] == [(ids[1], "succeeded")]


@pytest.mark.parametrize(
    "query",
    ["state=gone", "state=", "limit=0", "limit=101", "limit=1e1", "limit=%D9%A3", "cursor=", "cursor=x", "page=2"],
)
def test_a_wrong_query_of_the_list_is_refused(http: httpx2.Client, query: str) -> None:
    assert problem(http.get(f"/v1/jobs?{query}")) == (400, "invalid_parameter")


# The texts


def test_the_texts_alone(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    for part in ("translation", "summary"):
        early = http.get(f"/v1/jobs/{job_id}/{part}")
        assert problem(early) == (409, "job_not_ended")
        assert int(early.headers["Retry-After"]) >= 1
    work(store, job_id, sample_result(target="1. A *plain* text.", title="News"))
    plain = http.get(f"/v1/jobs/{job_id}/translation")
    assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert plain.text == "News\n\n1. A *plain* text."
    page = http.get(f"/v1/jobs/{job_id}/translation", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "Content-Disposition" not in page.headers
    markdown = http.get(f"/v1/jobs/{job_id}/translation", headers={"Accept": "application/pdf, text/markdown;q=0.5"})
    assert markdown.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert markdown.text == "# News\n\n1\\. A \\*plain\\* text.\n"
    assert http.get(f"/v1/jobs/{job_id}/summary").text == "1. A *plain* text."
    etag = plain.headers["ETag"]
    assert etag != markdown.headers["ETag"]
    again = http.get(f"/v1/jobs/{job_id}/translation", headers={"If-None-Match": etag})
    assert again.status_code == 304
    refused = http.get(f"/v1/jobs/{job_id}/translation", headers={"Accept": "application/pdf"})
    assert problem(refused) == (406, "not_acceptable")


def test_no_text_without_a_result(http: httpx2.Client, store: WholeLedger) -> None:
    failed, cancelled, plain = (submit(http)["id"] for _ in range(3))
    claim = store.claim(failed, worker="test", lease_s=15)
    assert claim is not None
    store.fail(claim, "model_failed", "It broke.")
    http.delete(f"/v1/jobs/{cancelled}")
    work(store, plain, sample_result(summary=False))
    for job_id, part in ((failed, "translation"), (cancelled, "summary"), (plain, "summary")):
        assert problem(http.get(f"/v1/jobs/{job_id}/{part}")) == (409, "job_without_result")
    assert http.get(f"/v1/jobs/{plain}/translation").text == "Hello."


# Cancelling and erasing


def test_delete_cancels_then_erases(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    cancelled = http.delete(f"/v1/jobs/{job_id}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    erased = http.delete(f"/v1/jobs/{job_id}")
    assert (erased.status_code, erased.content) == (204, b"")
    assert problem(http.delete(f"/v1/jobs/{job_id}")) == (410, "job_gone")
    assert problem(http.delete(f"/v1/jobs/{UNKNOWN}")) == (404, "job_not_found")
    assert store.depth() == 0
