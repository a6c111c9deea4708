"""Who is let in, whose jobs they see, and how much they may submit, over HTTP."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from service.contract.api_keys import KeyStore
from service.contract.quotas import Limits
from tests.integration.service.front_end import FrontEnd, work
from tests.integration.service.http_checks import problem, submit
from tests.integration.service.test_server import run_web
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

PREFIX = "depeche:"

UNKNOWN_KEY = "depeche_00000000_" + "0" * 52


@pytest.fixture(scope="module")
def module_guarded(session_redis: RedisServer) -> Iterator[FrontEnd]:
    with FrontEnd(session_redis.url, require_keys="1", jobs_per_minute="600") as front_end:
        yield front_end


@pytest.fixture
def guarded(redis_server: RedisServer, module_guarded: FrontEnd) -> FrontEnd:
    """A front end that demands keys, with its Redis emptied. A key without quotas of its own has 600 jobs a minute."""
    return module_guarded


@pytest.fixture
def keys(store: WholeLedger) -> KeyStore:
    return KeyStore(store.redis, prefix=PREFIX)


@pytest.fixture
def key(keys: KeyStore) -> str:
    """A key of the client `press`."""
    return keys.create("press")[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# Without a key, and with a wrong one


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/" + "0" * 32),
        ("GET", "/v1/jobs/" + "0" * 32 + "?wait=5"),
        ("GET", "/v1/jobs/" + "0" * 32 + "/translation"),
        ("GET", "/v1/jobs/" + "0" * 32 + "/summary"),
        ("DELETE", "/v1/jobs/" + "0" * 32),
        ("GET", "/nothing"),
        ("GET", "/metrics"),
        ("OPTIONS", "/v1/jobs"),
        ("PUT", "/v1/jobs"),
    ],
)
def test_nothing_goes_without_a_key(guarded: FrontEnd, method: str, path: str) -> None:
    with guarded.client() as http:
        answer = http.request(method, path)
        assert problem(answer) == (401, "key_missing")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="depeche"'
        wrong = http.request(method, path, headers=bearer(UNKNOWN_KEY))
        assert problem(wrong) == (401, "key_invalid")
        assert wrong.headers["WWW-Authenticate"] == 'Bearer realm="depeche", error="invalid_token"'


def test_what_is_open_says_nothing_of_anybody(guarded: FrontEnd, key: str) -> None:
    with guarded.client() as http:
        assert http.get("/healthz").json() == {"status": "alive"}
        assert http.get("/").status_code == http.get("/static/page.js").status_code == 200
        assert http.get("/healthz", headers=bearer(UNKNOWN_KEY)).status_code == 200
        assert http.get("/readyz").json() == {"ready": True}
        without = http.get("/readyz?workers=1")
        assert problem(without) == (503, "no_worker")
        assert set(without.json()) == {"type", "title", "status", "detail", "code", "ready"}
        assert http.get("/readyz", headers=bearer(key)).json()["queue"] == {"jobs": 0, "limit": 10_000}
        assert problem(http.get("/readyz", headers=bearer(UNKNOWN_KEY))) == (401, "key_invalid")


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {}", "X-API-Key"])
def test_ways_to_give_a_key(guarded: FrontEnd, key: str, form: str) -> None:
    headers = {"X-API-Key": key} if form == "X-API-Key" else {"Authorization": form.format(key)}
    with guarded.client(headers=headers) as http:
        assert http.get(f"/v1/jobs/{submit(http)['id']}").status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Authorization": "{}"}, "key_missing"),
        ({"Authorization": "Basic {}"}, "key_missing"),
        ({"Authorization": "Bearer"}, "key_invalid"),
        ({"Authorization": "Bearer {} {}"}, "key_invalid"),
        ({"Authorization": "Bearer {},Bearer {}"}, "key_invalid"),
        ({"Authorization": "Bearer {}", "X-API-Key": "wrong"}, "key_invalid"),
        ({"X-API-Key": ""}, "key_invalid"),
        ({"Cookie": "key={}"}, "key_missing"),
    ],
)
def test_ways_that_are_none(guarded: FrontEnd, key: str, headers: dict[str, str], code: str) -> None:
    with guarded.client(headers={name: value.replace("{}", key) for name, value in headers.items()}) as http:
        assert problem(http.post("/v1/jobs", json={"text": "Bonjour."})) == (401, code)


def test_a_key_in_the_address_is_refused(guarded: FrontEnd, key: str) -> None:
    with guarded.client() as http:
        for name in ("key", "api_key", "access_token"):
            assert problem(http.post(f"/v1/jobs?{name}={key}", json={"text": "a"})) == (401, "key_missing")
    assert key not in guarded.log


def test_the_first_of_two_lines_is_not_taken(guarded: FrontEnd, key: str) -> None:
    with guarded.client() as http:
        lines = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {UNKNOWN_KEY}")]
        assert http.get("/v1/jobs/x", headers=lines).status_code in (400, 401)


def test_a_revoked_key_is_refused_from_the_next_request_on(guarded: FrontEnd, keys: KeyStore) -> None:
    made, whole = keys.create("press")
    with guarded.client(headers=bearer(whole)) as http:
        job_id = submit(http)["id"]
        keys.revoke(made.id)
        assert problem(http.get(f"/v1/jobs/{job_id}")) == (401, "key_invalid")
        assert problem(http.post("/v1/jobs", json={"text": "a"})) == (401, "key_invalid")


def test_on_loopback_a_key_is_not_needed_but_checked(front_end: FrontEnd, key: str) -> None:
    with front_end.client() as http:
        mine = submit(http)["id"]
        assert problem(http.get(f"/v1/jobs/{mine}", headers=bearer(UNKNOWN_KEY))) == (401, "key_invalid")
        assert problem(http.get(f"/v1/jobs/{mine}", headers=bearer(key))) == (404, "job_not_found")
        assert http.get(f"/v1/jobs/{mine}", headers={"Authorization": "Basic dXNlcjpwYXNz"}).status_code == 200


# Whose jobs


def test_a_client_sees_its_own_jobs_and_no_others(guarded: FrontEnd, keys: KeyStore, store: WholeLedger) -> None:
    first, second = keys.create("a", client="news")[1], keys.create("b", client="news")[1]
    stranger = keys.create("c", client="rival")[1]
    with guarded.client() as http:
        job_id = http.post("/v1/jobs", json={"text": "Bonjour."}, headers=bearer(first)).json()["id"]
        work(store, job_id)
        address = f"/v1/jobs/{job_id}"
        for path in ("", "?wait=1", "/translation", "/summary"):
            assert http.get(address + path, headers=bearer(second)).status_code == 200
            assert problem(http.get(address + path, headers=bearer(stranger))) == (404, "job_not_found")
        assert problem(http.delete(address, headers=bearer(stranger))) == (404, "job_not_found")
        assert http.get(address, headers=bearer(first)).status_code == 200
        assert http.delete(address, headers=bearer(second)).status_code == 204
        # Not even that it was there once.
        assert problem(http.get(address, headers=bearer(first))) == (410, "job_gone")
        assert problem(http.get(address, headers=bearer(stranger))) == (404, "job_not_found")


def test_the_record_has_the_last_word_on_whose_a_job_is(guarded: FrontEnd, key: str, store: WholeLedger) -> None:
    """Three bytes of an id stand for its client, and among many clients two may share them."""
    with guarded.client(headers=bearer(key)) as http:
        job_id = submit(http)["id"]
        store.redis.hset(f"{PREFIX}job:{job_id}", "client", "twin")
        assert problem(http.get(f"/v1/jobs/{job_id}")) == (404, "job_not_found")
        assert problem(http.get(f"/v1/jobs/{job_id}/summary")) == (404, "job_not_found")


def test_idempotency_keys_are_each_clients_own(guarded: FrontEnd, keys: KeyStore) -> None:
    ids = set()
    for name, text in (("a", "Bonjour."), ("b", "Bonsoir.")):
        headers = {**bearer(keys.create(name)[1]), "Idempotency-Key": "one"}
        with guarded.client(headers=headers) as http:
            ids.add(submit(http, text=text)["id"])
    assert len(ids) == 2


# How much


def test_every_answer_to_a_submission_tells_of_the_quota(guarded: FrontEnd, keys: KeyStore) -> None:
    whole = keys.create("press", limits=Limits(jobs=6, characters=600))[1]
    with guarded.client(headers=bearer(whole)) as http:
        answer = http.post("/v1/jobs", json={"text": "a" * 50, "title": "b" * 10})
        assert answer.status_code == 202
        assert answer.headers["RateLimit-Policy"] == '"jobs";q=6;w=60, "characters";q=600;w=60'
        assert answer.headers["RateLimit"] == '"jobs";r=5;t=10, "characters";r=540;t=6'
        broken = http.post("/v1/jobs", content=b"{", headers={"Content-Type": "application/json"})
        assert problem(broken) == (400, "invalid_json")
        assert broken.headers["RateLimit"].startswith('"jobs";r=5;')
        too_long = http.post("/v1/jobs", json={"text": "a" * 601})
        assert problem(too_long) == (413, "too_large")
        assert "601 characters" in too_long.json()["detail"]
        assert "Retry-After" not in too_long.headers
        for _ in range(5):
            submit(http)
        refused = http.post("/v1/jobs", json={"text": "a"})
        assert problem(refused) == (429, "quota_exceeded")
        assert 8 <= int(refused.headers["Retry-After"]) <= 10
        assert re.fullmatch(r'"jobs";r=0;t=\d\d, "characters";r=\d+;t=\d+', refused.headers["RateLimit"])
        job = http.get(f"/v1/jobs/{answer.json()['id']}")
        assert job.status_code == 200
        assert "RateLimit" not in job.headers


def test_who_waits_as_told_is_let_in(guarded: FrontEnd, keys: KeyStore) -> None:
    whole = keys.create("press", limits=Limits(jobs=60))[1]
    with guarded.client(headers=bearer(whole)) as http:
        while (answer := http.post("/v1/jobs", json={"text": "a"})).status_code == 202:
            pass
        time.sleep(int(answer.headers["Retry-After"]))
        submit(http)


def test_what_is_refused_or_known_costs_nothing(guarded: FrontEnd, keys: KeyStore) -> None:
    whole = keys.create("press", limits=Limits(jobs=10, characters=3000))[1]
    with guarded.client(headers=bearer(whole)) as http:
        foreign = "Der Stadtrat hat gestern Abend beschlossen, die alte Schule zu schliessen. " * 5
        refused = http.post("/v1/jobs", json={"text": foreign})
        assert problem(refused) == (422, "not_french")
        assert refused.headers["RateLimit"] == '"jobs";r=10;t=0, "characters";r=3000;t=0'
        http.headers["Idempotency-Key"] = "one"
        first, again = (http.post("/v1/jobs", json={"text": "Bonjour."}) for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["RateLimit"].startswith('"jobs";r=9;')
        conflict = http.post("/v1/jobs", json={"text": "Bonsoir."})
        assert problem(conflict) == (409, "idempotency_conflict")
        assert conflict.headers["RateLimit"].startswith('"jobs";r=9;')


def test_keys_without_a_quota_have_the_one_of_the_settings(guarded: FrontEnd, key: str) -> None:
    with guarded.client(headers=bearer(key)) as http:
        answer = http.post("/v1/jobs", json={"text": "a"})
    assert answer.headers["RateLimit-Policy"] == '"jobs";q=600;w=60'


def test_without_a_quota_there_are_no_headers(front_end: FrontEnd, key: str) -> None:
    with front_end.client() as http:
        for headers in ({}, bearer(key)):
            answer = http.post("/v1/jobs", json={"text": "a"}, headers=headers)
            assert answer.status_code == 202
            assert not [name for name in answer.headers if name.lower().startswith("ratelimit")]


# Starting, and Redis away


def test_an_open_address_without_a_key_is_one_line(redis_url: str) -> None:
    began = time.monotonic()
    answer = run_web("--host", "0.0.0.0", DEPECHE_PORT="0", DEPECHE_REDIS_URL=redis_url)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert len(answer.stderr.splitlines()) == 1
    assert "depeche keys create" in answer.stderr
    assert time.monotonic() - began < 10


def test_an_open_address_with_a_key_demands_it(redis_url: str, key: str) -> None:
    with FrontEnd(redis_url, host="0.0.0.0") as front_end, front_end.client() as http:
        assert problem(http.post("/v1/jobs", json={"text": "a"})) == (401, "key_missing")
        assert http.post("/v1/jobs", json={"text": "a"}, headers=bearer(key)).status_code == 202
        assert "Warning" not in front_end.log


def test_keys_are_demanded_while_redis_is_away(redis_server: RedisServer, key: str) -> None:
    redis_server.kill()
    with FrontEnd(redis_server.url, require_keys="1") as front_end, front_end.client() as http:
        assert problem(http.get("/v1/jobs/x")) == (401, "key_missing")
        for wrong_or_right in (key, UNKNOWN_KEY):
            assert problem(http.get("/v1/jobs/x", headers=bearer(wrong_or_right))) == (503, "store_unavailable")
        redis_server.start()
        assert http.post("/v1/jobs", json={"text": "a"}, headers=bearer(key)).status_code == 202
        assert problem(http.get("/v1/jobs/x", headers=bearer(UNKNOWN_KEY))) == (401, "key_invalid")


# The log


def test_no_key_is_logged(guarded: FrontEnd, keys: KeyStore) -> None:
    made, whole = keys.create("press")
    forged = whole[:-4] + "0000"
    with guarded.client() as http:
        for headers in (bearer(whole), bearer(forged), bearer("hunter2" + whole), {"X-API-Key": forged}):
            http.post("/v1/jobs", json={"text": "Le secret de Polichinelle."}, headers=headers)
    log = guarded.log
    assert made.id in log
    assert '"key_refused"' in log
    assert whole[17:-4] not in log
    assert "hunter2" not in log
    assert "Polichinelle" not in log


# The command


def test_the_whole_way_with_the_commands(guarded: FrontEnd, redis_url: str) -> None:
    environment = {"DEPECHE_REDIS_URL": redis_url, "DEPECHE_URL": guarded.url}
    made = depeche("keys", "create", "press", "--jobs-per-minute", "5", **environment)
    whole = made.stdout.strip()
    assert re.fullmatch(r"depeche_[0-9a-v]{8}_[0-9a-v]{52}", whole)
    assert whole not in made.stderr
    listed = depeche("keys", "list", **environment)
    key_id = whole.split("_")[1]
    assert listed.stdout.splitlines()[1].split()[:5] == [key_id, "press", "press", "5", "-"]
    assert whole[17:] not in listed.stdout
    with guarded.client(headers=bearer(whole)) as http:
        job_id = submit(http)["id"]
    assert depeche("status", job_id, **environment, DEPECHE_API_KEY=whole).stdout == "queued\n"
    without = depeche("status", job_id, **environment)
    assert (without.returncode, without.stdout) == (3, "")
    assert "API key" in without.stderr
    assert depeche("cancel", job_id, **environment, DEPECHE_API_KEY=whole).stdout == "cancelled\n"
    assert depeche("keys", "revoke", key_id, **environment).stdout == "revoked\n"
    again = depeche("keys", "revoke", key_id, **environment)
    assert again.returncode == 1
    assert depeche("status", job_id, **environment, DEPECHE_API_KEY=whole).returncode == 3


def depeche(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=30,
    )
