"""`/metrics`: read by Prometheus's own parser, held against what was done."""

import json
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2
import psutil
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from service.contract.attempt import Heartbeat
from service.contract.metrics import CLASSES_S, MetricsStore
from service.contract.request import JobRequest
from service.contract.scripts import source
from service.contract.states import Stage
from tests.integration.service.front_end import FrontEnd, sample_result
from tests.integration.service.http_checks import problem, submit
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(http: httpx2.Client) -> Samples:
    """All samples by name and labels."""
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation for family in families)
    assert all(name.startswith("depeche_") for family in families for name in [family.name])
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def labels_of(samples: Samples, name: str, label: str) -> Mapping[str, float]:
    return {dict(labels)[label]: value for (found, labels), value in samples.items() if found == name}


def counts_of(front_end: FrontEnd) -> Path:
    """The folder in which its processes count."""
    assert front_end.process is not None
    maps = [
        Path(f"/proc/{process.pid}/maps").read_text() for process in psutil.Process(front_end.process.pid).children()
    ]
    found = re.search(r"(/\S*depeche-metrics-[^/\s]+)/", "".join(maps))
    assert found is not None
    return Path(found[1])


def finish(store: WholeLedger, job_id: str, counts: dict[str, int] | None = None) -> None:
    claim = store.claim(job_id, worker="w", lease_s=15)
    assert claim is not None
    assert store.succeed(claim, sample_result(), segments=1, counts=counts)


def test_an_empty_service_counts_nothing(http: httpx2.Client) -> None:
    samples = scrape(http)
    assert of(samples, "depeche_redis_up") == of(samples, "depeche_redis_writable") == 1
    assert set(labels_of(samples, "depeche_jobs_failed_total", "code").values()) == {0}
    assert labels_of(samples, "depeche_jobs", "state") == {"queued": 0, "running": 0, "quarantined": 0}
    assert labels_of(samples, "depeche_jobs_ended_total", "state") == {"succeeded": 0, "failed": 0, "cancelled": 0}
    assert of(samples, "depeche_job_seconds_count") == 0
    assert of(samples, "depeche_workers") == 0
    assert of(samples, "depeche_durability_info", outlives="machine") == 1


def test_jobs_are_counted_from_admission_to_their_end(http: httpx2.Client, store: WholeLedger) -> None:
    done, dead, gone, running, _ = (submit(http)["id"] for _ in range(5))
    counts = {"segments": 7, "segments_repaired": 2, "characters": 300, "translate_ms": 1500, "summarize_ms": 250}
    finish(store, done, counts | {"warnings number_missing": 3, "summaries tfidf": 1})
    claim = store.claim(dead, worker="w", lease_s=15)
    assert claim is not None
    assert store.fail(claim, "model_failed", "It failed.")
    assert http.delete(f"/v1/jobs/{gone}").status_code == 200
    again = store.claim(running, worker="w", lease_s=15)
    assert again is not None
    store.release(again)
    assert store.claim(running, worker="w", lease_s=15) is not None
    samples = scrape(http)
    assert labels_of(samples, "depeche_jobs", "state") == {"queued": 1, "running": 1, "quarantined": 0}
    assert of(samples, "depeche_jobs_limit") == 10_000
    assert 0 <= of(samples, "depeche_oldest_queued_job_seconds") < 60
    assert of(samples, "depeche_jobs_admitted_total") == 5
    assert labels_of(samples, "depeche_jobs_ended_total", "state") == {"succeeded": 1, "failed": 1, "cancelled": 1}
    failed = labels_of(samples, "depeche_jobs_failed_total", "code")
    assert {code: number for code, number in failed.items() if number} == {"model_failed": 1}
    assert of(samples, "depeche_attempts_total") == 4
    assert labels_of(samples, "depeche_attempts_lost_total", "outcome") == {"crashed": 0, "dropped": 0, "released": 1}
    assert of(samples, "depeche_job_wait_seconds_count") == 3, "a job that was given back has waited before"
    assert of(samples, "depeche_job_seconds_count") == of(samples, "depeche_job_run_seconds_count") == 1
    assert 0 <= of(samples, "depeche_job_seconds_sum") < 60
    assert of(samples, "depeche_segments_total") == 7
    assert of(samples, "depeche_segments_repaired_total") == 2
    assert of(samples, "depeche_characters_total") == 300
    assert labels_of(samples, "depeche_warnings_total", "code") == {"number_missing": 3}
    assert labels_of(samples, "depeche_summaries_total", "method") == {"tfidf": 1}
    assert labels_of(samples, "depeche_stage_seconds_total", "stage") == {"translating": 1.5, "summarizing": 0.25}


def test_a_stale_attempt_adds_nothing(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    claim = store.claim(job_id, worker="w", lease_s=15)
    assert claim is not None
    store.mourn("w")
    assert not store.succeed(claim, sample_result(), segments=1, counts={"segments": 9})
    samples = scrape(http)
    assert of(samples, "depeche_segments_total") == 0
    assert labels_of(samples, "depeche_attempts_lost_total", "outcome")["crashed"] == 1


def test_durations_fall_into_their_classes(redis_server: RedisServer, store: WholeLedger) -> None:
    """`observe` of the prelude, by jobs whose admission is moved into the past."""
    waits = [0.05, 0.25, 2, 59, 61, 30_000]
    for wait in waits:
        job_id = store.admit(JobRequest(text="Bonjour."), client="me").job_id
        created = int(store.redis.hget(store.keys.job(job_id), "created_ms") or 0)
        store.redis.hset(store.keys.job(job_id), "created_ms", created - int(wait * 1000))
        finish(store, job_id)
    metrics = MetricsStore(store.redis, prefix="depeche:", retention_s=60).read()
    took = metrics.durations("took")
    wanted = {0.1: 1, 0.3: 1, 3: 1, 60: 1, 180: 1}
    assert took.classes == (*(wanted.get(bound, 0) for bound in CLASSES_S), 1)
    assert abs(took.sum_s - sum(waits)) < 5
    assert metrics.durations("waited").classes == took.classes


def test_python_and_lua_have_the_same_classes() -> None:
    table = source("prelude").partition("local CLASSES_MS = {")[2].partition("}")[0]
    assert [int(bound) / 1000 for bound in table.split(",")] == list(CLASSES_S)


def test_a_full_queue_shows_in_the_requests(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, queue_limit="1") as front_end, front_end.client() as http:
        submit(http)
        for _ in range(2):
            assert problem(http.post("/v1/jobs", json={"text": "a"})) == (503, "queue_full")
        samples = scrape(http)
    refused = of(samples, "depeche_http_requests_total", method="POST", route="/v1/jobs", status="503")
    assert (refused, of(samples, "depeche_jobs_limit")) == (2, 1)


def test_a_redis_that_takes_no_writes_is_told_of(redis_server: RedisServer, http: httpx2.Client) -> None:
    with redis_server.client() as client:
        client.config_set("maxmemory", "1")
        try:
            samples = scrape(http)
        finally:
            client.config_set("maxmemory", "0")
    assert (of(samples, "depeche_redis_up"), of(samples, "depeche_redis_writable")) == (1, 0)


def test_a_crash_that_was_none_is_told_of(http: httpx2.Client, store: WholeLedger) -> None:
    claim = store.claim(submit(http)["id"], worker="w1", lease_s=0.2)
    assert claim is not None
    while not store.expire(lease_s=1):
        time.sleep(0.02)
    beat = Heartbeat(claim.job_id, claim.token, Stage.TRANSLATING, 1, 2)
    assert store.heartbeat("w1", [beat], lease_s=15, renew=True) == {beat}
    samples = scrape(http)
    assert labels_of(samples, "depeche_attempts_lost_total", "outcome")["crashed"] == 1
    assert of(samples, "depeche_attempts_absolved_total") == 1


def test_a_withdrawn_job_is_admitted_and_withdrawn(http: httpx2.Client, store: WholeLedger) -> None:
    job_id = submit(http)["id"]
    assert store.withdraw(job_id, client="local")
    samples = scrape(http)
    assert of(samples, "depeche_jobs_admitted_total") == of(samples, "depeche_jobs_withdrawn_total") == 1


def test_what_may_come_up_begins_at_nothing(http: httpx2.Client, store: WholeLedger) -> None:
    store.declare(["warnings repeated", "summaries tf-idf-centrality"])
    finish(store, submit(http)["id"], {"warnings repeated": 2})
    store.declare(["warnings repeated", "warnings truncated"])
    samples = scrape(http)
    assert labels_of(samples, "depeche_warnings_total", "code") == {"repeated": 2, "truncated": 0}
    assert labels_of(samples, "depeche_summaries_total", "method") == {"tf-idf-centrality": 0}


def test_a_worker_that_says_odd_things_is_shown_as_far_as_it_can_be_read(
    http: httpx2.Client, store: WholeLedger
) -> None:
    odd = {"id": "w1", "models": {"translator": "m"}, "engine": [1], "jobs": "many", "concurrency": 2}
    store.heartbeat("w1", [], lease_s=15, renew=True, description=json.dumps(odd))
    samples = scrape(http)
    assert of(samples, "depeche_worker_concurrency", worker="w1") == 2
    assert labels_of(samples, "depeche_worker_jobs", "worker") == {}


def test_workers_tell_of_themselves(http: httpx2.Client, store: WholeLedger) -> None:
    told = {
        "id": "w1",
        "host": "gpu-1",
        "lane": "main",
        "concurrency": 32,
        "jobs": 3,
        "resident_bytes": 5_000_000,
        "models": {"translator": {"id": "m", "revision": "r"}, "summarizer": None},
        "engine": {"rows": 10, "tokens": 200, "busy_s": 1.5, "waiting": 4, "oldest_s": 0.5},
    }
    store.heartbeat("w1", [], lease_s=15, renew=True, description=json.dumps(told))
    store.heartbeat("old", [], lease_s=15, renew=True, description=json.dumps({"id": "old"}))
    samples = scrape(http)
    assert of(samples, "depeche_workers") == 2
    info = next(
        dict(labels) for (name, labels) in samples if name == "depeche_worker_info" and ("worker", "w1") in labels
    )
    assert (info["translator"], info["translator_revision"], info["summarizer"]) == ("m", "r", "")
    assert of(samples, "depeche_worker_jobs", worker="w1") == 3
    assert of(samples, "depeche_worker_resident_bytes", worker="w1") == 5_000_000
    assert of(samples, "depeche_engine_source_tokens_total", worker="w1") == 200
    assert of(samples, "depeche_engine_busy_seconds_total", worker="w1") == 1.5
    assert of(samples, "depeche_engine_waiting_rows", worker="w1") == 4
    assert "old" not in labels_of(samples, "depeche_worker_jobs", "worker"), "a worker of an older version says less"


def test_all_processes_count_together(redis_server: RedisServer) -> None:
    """Whichever process answers, it tells what all of them have answered."""
    with FrontEnd(redis_server.url, processes=2) as front_end:
        for _ in range(20):  # a connection each, so that both processes get some
            with front_end.client() as http:
                assert http.get("/v1/jobs/x").status_code == 404
                http.get("/v1/jobs?wait=1")
                http.request("BREW", "/nowhere")
        with front_end.client() as http:
            samples = scrape(http)
    route = "/v1/jobs/<job_id>"
    assert of(samples, "depeche_http_requests_total", method="GET", route=route, status="404") == 20
    assert of(samples, "depeche_http_request_seconds_count", method="GET", route=route) == 20
    assert labels_of(samples, "depeche_http_requests_total", "method").keys() <= {"GET", "other"}


def test_it_answers_without_redis() -> None:
    with FrontEnd("redis://127.0.0.1:1/0") as front_end, front_end.client() as http:
        assert http.get("/v1/jobs/x").status_code == 503
        samples = scrape(http)
    assert of(samples, "depeche_redis_up") == 0
    assert not any(name.startswith("depeche_jobs") for name, _ in samples)
    assert sum(labels_of(samples, "depeche_http_requests_total", "status").values()) >= 1


def test_a_key_that_cannot_be_looked_at_is_good_for_that_news_alone() -> None:
    with FrontEnd("redis://127.0.0.1:1/0", require_keys="1") as front_end, front_end.client() as http:
        assert problem(http.get("/metrics")) == (401, "key_missing")
        answer = http.get("/metrics", headers={"X-API-Key": "depeche_00000000_" + "0" * 52})
    assert answer.status_code == 200
    said = {line for line in answer.text.splitlines() if not line.startswith("#")}
    assert said == {"depeche_redis_up 0.0", "depeche_redis_writable 0.0"}


def test_requests_are_answered_where_they_cannot_be_counted(redis_server: RedisServer) -> None:
    """Some systems clear old folders of /tmp away; a process that starts then finds a new one."""
    with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
        folder = counts_of(front_end)
        shutil.rmtree(folder)
        assert http.get("/healthz").status_code == 200
        assert of(scrape(http), "depeche_redis_up") == 1
        assert "Traceback" not in front_end.log


def test_open_metrics_where_it_is_asked_for(http: httpx2.Client) -> None:
    answer = http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    found = open_metrics(answer.text)  # type: ignore[no-untyped-call]
    assert {family.name for family in found} >= {"depeche_jobs", "depeche_jobs_admitted"}
    odd = http.get("/metrics", headers={"Accept": "text/plain; version=abc"})
    assert (odd.status_code, odd.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")


def test_strangers_are_told_nothing_where_keys_are_demanded(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, require_keys="1") as front_end, front_end.client() as http:
        assert problem(http.get("/metrics")) == (401, "key_missing")
        assert problem(http.get("/metrics?x=1", headers={"X-API-Key": "no"})) == (401, "key_invalid")


def test_unknown_parameters_are_refused(http: httpx2.Client) -> None:
    assert problem(http.get("/metrics?name=x")) == (400, "invalid_parameter")


def test_the_folder_of_counts_goes_with_the_server(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url) as front_end:
        folder = counts_of(front_end)
        front_end.stop()
    assert not folder.exists()


def test_progress_is_no_metric(http: httpx2.Client, store: WholeLedger) -> None:
    """A heartbeat without a description leaves what was said before."""
    job_id = submit(http)["id"]
    claim = store.claim(job_id, worker="w1", lease_s=15)
    assert claim is not None
    store.heartbeat("w1", [], lease_s=15, renew=True, description=json.dumps({"id": "w1", "jobs": 1}))
    beat = Heartbeat(job_id, claim.token, Stage.TRANSLATING, 1, 2)
    store.heartbeat("w1", [beat], lease_s=15, renew=False)
    assert of(scrape(http), "depeche_worker_jobs", worker="w1") == 1
