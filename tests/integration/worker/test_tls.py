"""Redis across a network: TLS with an authority of one's own, and users who may do what their half needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from service.contract.connection import connect
from service.contract.errors import StoreUnavailable
from service.contract.ledger import Ledger
from service.contract.states import JobState
from tests.integration.service.front_end import FrontEnd
from tests.integration.worker.processes import Queue, Worker
from tests.redis_server import RedisServer

USERS = Path(__file__).parents[3] / "docker" / "users.acl"
ADMIN = "admin:three"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that speaks TLS alone, with the users of `docker/users.acl` and one for the test."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    users = USERS.read_text().replace("WEB_PASSWORD", "one").replace("WORKER_PASSWORD", "two")
    (folder / "users.acl").write_text(users + f"user {ADMIN.partition(':')[0]} on >three ~* &* +@all\n")
    options = {
        "tls-cert-file": str(folder / "cert.pem"),
        "tls-key-file": str(folder / "key.pem"),
        "tls-ca-cert-file": str(folder / "ca.pem"),
        "tls-auth-clients": "no",
        "aclfile": str(folder / "users.acl"),
    }
    with RedisServer(options=options, authority=folder / "ca.pem", user=ADMIN) as server:
        yield server


def test_the_whole_way(server: RedisServer, tmp_path: Path) -> None:
    """Also what keys, waits, cancelling and the sweeps of a worker need: nothing was denied to anybody."""
    queue = Queue(server.url)
    worker = Worker(server.url_of("worker:two"), tmp_path / "worker.log", DEPECHE_SWEEP_S="0.5", DEPECHE_LEASE_S="2",
                    DEPECHE_RENEW_S="0.5")  # fmt: skip
    try:
        with FrontEnd(server.url_of("web:one"), lease_s="2", renew_s="0.5") as front_end, front_end.client() as http:
            queue.until(lambda: worker.seen(queue))
            assert http.get("/readyz?workers=1").json()["durability"] == "machine"
            job = http.post("/v1/jobs", json={"text": "Il pleut."}, headers={"Idempotency-Key": "k"}).json()
            ended = http.get(f"/v1/jobs/{job['id']}?wait=30").json()
            assert ended["state"] == JobState.SUCCEEDED
            assert http.delete(f"/v1/jobs/{job['id']}").status_code == 204
            orphan = queue.admit("Il neige.")  # without a message: the sweep publishes it
            queue.wait(orphan, JobState.SUCCEEDED)
        assert worker.stop() == 0
        with server.client() as admin:
            assert [entry["object"] for entry in admin.acl_log()] == []
    finally:
        worker.stop()
        queue.redis.close()


@pytest.mark.parametrize(
    "url",
    [
        "rediss://web:one@127.0.0.1:{port}/0",  # an authority that nobody has heard of
        "redis://web:one@127.0.0.1:{port}/0",  # in the clear
        "rediss://web:wrong@127.0.0.1:{port}/0?ssl_ca_certs={authority}",
        "rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}",
    ],
)
def test_who_is_not_trusted_gets_nowhere(server: RedisServer, url: str) -> None:
    authority = server.url.partition("ssl_ca_certs=")[2]
    redis = connect(url.format(port=server.port, authority=authority), timeout_s=2, name="test")
    with redis, pytest.raises(StoreUnavailable):
        Ledger(redis, prefix="depeche:", retention_s=60).depth()


def test_neither_half_may_read_what_is_not_ours_or_ruin_all(server: RedisServer) -> None:
    for user in ("web:one", "worker:two"):
        redis = connect(server.url_of(user), timeout_s=2, name="test")
        with redis:
            for command in (["GET", "other"], ["FLUSHALL"], ["CONFIG", "SET", "appendonly", "no"], ["KEYS", "*"]):
                with pytest.raises(Exception, match=r"(?i)noperm|no permission|can't"):
                    redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py has no hints there
    with server.client() as admin:
        admin.acl_log_reset()
