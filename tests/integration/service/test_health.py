"""What the service says of itself: readiness, durability, a full queue, and its log."""

import json

import httpx2
import pytest

from tests.integration.service.front_end import FrontEnd, open_store, sample_result, work
from tests.integration.service.http_checks import problem, submit
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

UNKNOWN = "0" * 32

JSON = {"Content-Type": "application/json"}
PLAIN = {"Content-Type": "text/plain"}


def test_health(http: httpx2.Client, store: WholeLedger) -> None:
    assert http.get("/healthz").json() == {"status": "alive"}
    ready = http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "redis": "writable",
        "durability": "machine",
        "eviction": "noeviction",
        "queue": {"jobs": 0, "limit": 10_000},
        "workers": {"seen": 0, "models": []},
        "deliveries": {"due": 0, "oldest_s": 0.0, "senders": 0},
    }
    missing = http.get("/readyz?workers=1")
    assert problem(missing) == (503, "no_worker")
    assert missing.json()["durability"] == "machine"
    assert int(missing.headers["Retry-After"]) >= 1
    for name in ("w1", "w2"):
        store.heartbeat(
            name,
            [],
            lease_s=15,
            renew=False,
            description=json.dumps({"id": name, "models": {"translator": {"id": "m"}}}),
        )
    found = http.get("/readyz?workers=1")
    assert found.status_code == 200
    assert found.json()["workers"] == {"seen": 2, "models": [{"workers": 2, "translator": {"id": "m"}}]}


@pytest.mark.parametrize(
    ("options", "durability"),
    [({"appendfsync": "everysec"}, "process"), ({"appendonly": "no"}, "none")],
)
def test_durability_is_told_as_it_is(redis_server: RedisServer, options: dict[str, str], durability: str) -> None:
    with redis_server.client() as client:
        before = {name: client.config_get(name)[name] for name in options}
        for name, value in options.items():
            client.config_set(name, value)
    try:
        with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
            assert http.get("/readyz").json()["durability"] == durability
            assert f'"durability": "{durability}"' in front_end.log
    finally:
        with redis_server.client() as client:
            for name, value in before.items():
                client.config_set(name, value)


@pytest.mark.parametrize(("denied", "eviction"), [("-config", "noeviction"), ("-config -info", None)])
def test_a_hidden_configuration_counts_as_process(redis_server: RedisServer, denied: str, eviction: str | None) -> None:
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "plain", "on", ">word", "~*", "&*", "+@all", *denied.split())
    try:
        with FrontEnd(redis_server.url.replace("//", "//plain:word@")) as front_end, front_end.client() as http:
            ready = http.get("/readyz").json()
            assert (ready["durability"], ready["eviction"]) == ("process", eviction)
    finally:
        with redis_server.client() as client:
            client.execute_command("ACL", "DELUSER", "plain")


def test_a_full_queue_is_not_ready_and_refuses(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, queue_limit="1") as front_end, front_end.client() as http:
        submit(http)
        full = http.get("/readyz")
        assert problem(full) == (503, "queue_full")
        assert full.json()["queue"] == {"jobs": 1, "limit": 1}
        refused = http.post("/v1/jobs", json={"text": "a"})
        assert problem(refused) == (503, "queue_full")
        assert int(refused.headers["Retry-After"]) >= 1


def test_logs_hold_no_text(redis_server: RedisServer) -> None:
    secret = "xylophone"
    with FrontEnd(redis_server.url, log_level="DEBUG") as front_end, front_end.client() as http:
        job = submit(http, text=f"Un {secret}.", title=secret, metadata={"k": secret})
        store = open_store(redis_server.url)
        work(store, job["id"], sample_result(source=secret, target=secret))
        store.redis.close()
        http.get(f"/v1/jobs/{job['id']}")
        http.get(f"/{secret}")
        http.get(f"/v1/jobs/{job['id']}?{secret}=1")
        http.post("/v1/jobs", content=f'{{"text": {secret}}}', headers=JSON)
        http.post("/v1/jobs", json={"text": "a", secret: 1}, headers={"Idempotency-Key": secret})
        http.get("/", headers={"Host": secret})
        http.request(secret.upper(), "/")
        front_end.stop()
        lines = front_end.log.splitlines()  # a warning of Python's would be no JSON
    assert secret not in "\n".join(lines).lower()
    entries = [json.loads(line) for line in lines]
    requests = [entry for entry in entries if entry["event"] == "request"]
    posted = requests[[entry["method"] for entry in requests].index("POST")]
    assert (posted["route"], posted["status"], posted["job_id"]) == ("/v1/jobs", 202, job["id"])
    assert posted["ms"] > 0
    assert {"route", "status", "ms", "method"} <= set(requests[-1])
