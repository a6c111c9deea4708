"""Real answers, of every operation and most statuses, are as the OpenAPI document says."""

import json
from pathlib import Path

import httpx2
import pytest

from service.contract.api_keys import KeyStore
from service.contract.quotas import Limits
from service.page import routes
from service.webhooks.message import body_of
from tests.integration.service.front_end import FrontEnd, work
from tests.integration.worker.processes import Worker
from tests.ledger import WholeLedger
from tests.openapi import Described
from tests.redis_server import RedisServer

UNKNOWN = "0" * 32


class Checked:
    """A client that holds every answer against the document."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http
        self.described = Described(http.get("/openapi.json").json())

    def __call__(self, method: str, path: str, expected: int, **options: object) -> httpx2.Response:
        answer = self.http.request(method, path, **options)  # type: ignore[arg-type]
        self.described.check(answer)
        assert answer.status_code == expected, answer.text
        return answer


@pytest.fixture
def checked(http: httpx2.Client) -> Checked:
    return Checked(http)


def submit(checked: Checked, **body: object) -> str:
    return str(checked("POST", "/v1/jobs", 202, json={"text": "Bonjour.", **body}).json()["id"])


@pytest.fixture
def succeeded(checked: Checked, store: WholeLedger) -> str:
    job_id = submit(checked, title="Titre", metadata={"a": [1, None]})
    work(store, job_id)
    return job_id


def test_submissions(checked: Checked) -> None:
    headers = {"Idempotency-Key": "k"}
    assert "Idempotent-Replayed" not in checked("POST", "/v1/jobs", 202, json={"text": "a"}, headers=headers).headers
    assert (
        checked("POST", "/v1/jobs", 202, json={"text": "a"}, headers=headers).headers["Idempotent-Replayed"] == "true"
    )
    checked("POST", "/v1/jobs", 409, json={"text": "b"}, headers=headers)
    checked("POST", "/v1/jobs", 202, content="Bonjour.", headers={"Content-Type": "text/plain"})
    checked("POST", "/v1/jobs", 400, content="{", headers={"Content-Type": "application/json"})
    checked("POST", "/v1/jobs", 415, content="x", headers={"Content-Type": "text/html"})
    checked("POST", "/v1/jobs", 413, json={"text": "a" * 1_000_001})
    checked("POST", "/v1/jobs", 422, json={"text": " "})
    checked("POST", "/v1/jobs", 422, json={"text": "a", "callback_url": "https://example.org/"})
    checked("POST", "/v1/jobs", 403, json={"text": "a"}, headers={"Origin": "http://evil.example"})
    checked("POST", "/v1/jobs", 421, json={"text": "a"}, headers={"Host": "evil.example"})


def test_jobs(checked: Checked, store: WholeLedger, succeeded: str) -> None:
    path = f"/v1/jobs/{succeeded}"
    etag = checked("GET", path, 200).headers["ETag"]
    checked("GET", path, 304, headers={"If-None-Match": etag})
    checked("GET", path + "?wait=x", 400)
    checked("HEAD", path, 200)
    for media_type in ("text/plain", "text/markdown", "text/html", "text/tab-separated-values"):
        checked("GET", path + "/translation", 200, headers={"Accept": media_type})
    checked("GET", path + "/summary", 200)
    checked("GET", path + "/summary", 406, headers={"Accept": "image/png"})
    assert "event: segment" in checked("GET", path + "/events", 200).text
    checked("GET", path + "/events", 400, headers={"Last-Event-ID": "x"})
    checked("POST", path + "/callback", 409)
    waiting = submit(checked)
    checked("GET", f"/v1/jobs/{waiting}/summary", 409)
    page = checked("GET", "/v1/jobs?limit=1", 200)
    assert "Link" in page.headers
    checked("GET", "/v1/jobs?state=x", 400)
    checked("DELETE", f"/v1/jobs/{waiting}", 200)
    checked("GET", f"/v1/jobs/{waiting}/translation", 409)
    checked("DELETE", path, 204)
    for rest in ("", "/translation", "/summary", "/events"):
        checked("GET", path + rest, 410)
        checked("GET", f"/v1/jobs/{UNKNOWN}{rest}", 404)


def test_a_job_that_runs_and_fails(checked: Checked, store: WholeLedger) -> None:
    job_id = submit(checked)
    claim = store.claim(job_id, worker="test", lease_s=15)
    assert claim is not None
    checked("GET", f"/v1/jobs/{job_id}", 200)
    store.fail(claim, "model_failed", "The model failed.")
    assert checked("GET", f"/v1/jobs/{job_id}", 200).json()["error"]["code"] == "model_failed"
    checked("GET", f"/v1/jobs/{job_id}/events", 200)


def test_webhooks(checked: Checked, store: WholeLedger) -> None:
    checked("GET", "/v1/webhook-secret", 404)
    checked("DELETE", "/v1/webhook-secret", 404)
    checked("POST", "/v1/webhook-secret", 201)
    checked("POST", "/v1/webhook-secret", 201)
    checked("GET", "/v1/webhook-secret", 200)
    job_id = submit(checked, callback_url="https://example.org/hook")
    checked("POST", f"/v1/jobs/{job_id}/callback", 409)
    work(store, job_id)
    checked("POST", f"/v1/jobs/{job_id}/callback", 202)
    checked("GET", f"/v1/jobs/{job_id}", 200)
    sent = body_of(store.get(job_id, client="local"))
    schema = {"$ref": "#/components/schemas/JobEnded"}
    assert checked.described.complaints("application/json", schema, json.loads(sent)) == []
    checked("DELETE", "/v1/webhook-secret", 204)


def test_batches(checked: Checked, store: WholeLedger) -> None:
    batch = checked("POST", "/v1/batches", 202, json={"jobs": [{"text": "Un."}, {"text": ""}]}).json()
    work(store, batch["items"][0]["id"])
    lines = b'{"text": "Deux."}\n{"text": 7}\n'
    checked("POST", "/v1/batches", 202, content=lines, headers={"Content-Type": "application/x-ndjson"})
    checked("GET", f"/v1/batches/{batch['id']}", 200)
    assert len(checked("GET", f"/v1/batches/{batch['id']}/results", 200).text.splitlines()) == 2
    checked("POST", "/v1/batches", 422, json={"jobs": []})
    checked("POST", "/v1/batches", 400, content="{", headers={"Content-Type": "application/json"})
    checked("GET", f"/v1/batches/b{UNKNOWN}", 404)


def test_other_services_interfaces(redis_server: RedisServer, checked: Checked, tmp_path: Path) -> None:
    worker = Worker(redis_server.url, tmp_path / "worker.log")
    try:
        checked("POST", "/translate", 200, data={"q": "Il pleut.", "source": "fr", "target": "en"})
        checked("POST", "/translate", 200, json={"q": ["Un.", "Deux."], "source": "auto", "target": "en"})
        checked("POST", "/v2/translate", 200, json={"text": ["Un."], "target_lang": "EN-US"})
    finally:
        worker.stop()
    checked("POST", "/translate", 400, json={"q": 7})
    checked("POST", "/v2/translate", 415, content=b"x", headers={"Content-Type": "text/plain"})
    checked("POST", "/detect", 200, data={"q": "Il pleut sur Brest."})
    checked("GET", "/languages", 200)
    checked("GET", "/v2/usage", 200)
    checked("GET", "/v2/languages", 200)
    checked("GET", "/v2/languages?type=target", 200)


def test_health_and_pages(checked: Checked) -> None:
    checked("GET", "/healthz", 200)
    checked("GET", "/readyz", 200)
    assert checked("GET", "/readyz?workers=1", 503).json()["code"] == "no_worker"
    checked("GET", "/readyz?workers=2", 400)
    assets = [f"/static/{name}" for name in routes._ASSETS]
    for path in ("/", f"/jobs/{UNKNOWN}", "/docs", "/docs/style.css", "/openapi.json", *assets):
        etag = checked("GET", path, 200).headers["ETag"]
        checked("GET", path, 304, headers={"If-None-Match": etag})
    checked("GET", "/static/nothing", 404)
    checked("PUT", "/v1/jobs", 405)
    checked("GET", "/nothing", 404)


def test_keys_and_quotas(redis_server: RedisServer, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press", limits=Limits(jobs=1))[1]
    with FrontEnd(redis_server.url, require_keys="1") as front_end, front_end.client() as http:
        checked = Checked(http)
        checked("GET", "/v1/jobs", 401)
        checked("GET", "/v1/jobs", 401, headers={"X-API-Key": "wrong"})
        headers = {"Authorization": f"Bearer {key}"}
        assert "RateLimit" in checked("POST", "/v1/jobs", 202, json={"text": "a"}, headers=headers).headers
        checked("POST", "/v1/jobs", 429, json={"text": "b"}, headers=headers)
        assert list(checked("GET", "/readyz", 200).json()) == ["ready"]
        checked("POST", "/translate", 403, json={"q": "a"})
        checked("GET", "/v2/usage", 403, headers={"Authorization": "DeepL-Auth-Key wrong"})


def test_without_redis(redis_server: RedisServer, checked: Checked) -> None:
    job_id = submit(checked)
    redis_server.pause()
    checked("GET", f"/v1/jobs/{job_id}", 503)
    checked("GET", "/readyz", 503)
    checked("GET", "/v2/usage", 503)
