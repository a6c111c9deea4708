"""What was erased goes from Redis's file too, by a rewrite that all workers together ask for once in a while."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.contract.errors import StoreUnavailable
from service.contract.packing import pack_text
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.contract.sweeps import Rewrite
from tests.integration.service.front_end import open_store, work
from tests.integration.worker.processes import QUICK, Queue, Worker
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer
from tests.texts import rain
from worker.rewriter import Rewriter

USERS = Path(__file__).parents[3] / "docker" / "users.acl"

#: What stays. Redis would compress it in a file that it rewrites.
KEPT = JobRequest(text=rain(5))
PLAIN_FILE = {"rdbcompression": "no"}

ERASED = JobRequest(text="Le secret du village est bien gardé. " * 3)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer(options=PLAIN_FILE) as server:
        yield server


@pytest.fixture
def store(server: RedisServer) -> Iterator[WholeLedger]:
    server.flush()
    store = open_store(server.url)
    yield store
    store.close()


def packed(request: JobRequest) -> bytes:
    """The request as the record of a job has it."""
    return pack_text(request.to_json())


def rewritten(store: WholeLedger) -> bool:
    found = store.redis.info("persistence")
    return not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def erase(store: WholeLedger, request: JobRequest) -> None:
    job_id = store.admit(request, client="local").job_id
    work(store, job_id)
    assert store.delete(job_id, client="local") is None


def test_what_was_erased_is_in_the_file_before_and_not_after(server: RedisServer, store: WholeLedger) -> None:
    kept = store.admit(KEPT, client="local").job_id
    erase(store, ERASED)
    assert packed(ERASED) in server.on_disk()
    assert store.rewrite_file("w", every_s=3600) is Rewrite.BEGUN
    until(lambda: rewritten(store) and packed(ERASED) not in server.on_disk())
    assert packed(KEPT) in server.on_disk()
    server.kill()
    server.start()
    assert store.get(kept, client="local").state is JobState.QUEUED


def test_many_workers_make_one_rewrite(store: WholeLedger) -> None:
    answers = [store.rewrite_file(f"w{n}", every_s=3600) for n in range(5)]
    assert answers == [Rewrite.BEGUN, *[Rewrite.LATER] * 4]
    assert 3590 <= int(store.redis.ttl(store.keys.rewrite)) <= 3600
    until(lambda: rewritten(store))


def test_the_next_one_comes_when_it_is_due(store: WholeLedger) -> None:
    assert store.rewrite_file("w", every_s=1) is Rewrite.BEGUN
    until(lambda: rewritten(store))
    until(lambda: store.rewrite_file("w", every_s=1) is Rewrite.BEGUN)
    until(lambda: rewritten(store))


def test_none_is_asked_for_where_that_is_turned_off(store: WholeLedger) -> None:
    Rewriter(store, worker="w", every_s=0).tend()
    assert not store.redis.exists(store.keys.rewrite)


def test_a_redis_without_a_file_gets_none(tmp_path: Path) -> None:
    with RedisServer(options={"appendonly": "no"}) as server:
        store = open_store(server.url)
        erase(store, ERASED)
        rewriter = Rewriter(store, worker="w", every_s=3600)
        with capture_logs() as logs:
            for _ in range(2):
                rewriter.tend()
                store.redis.delete(store.keys.rewrite)
        assert server.on_disk() == b""
        store.close()
    assert [line["event"] for line in logs] == ["file_not_rewritten"]


@pytest.mark.parametrize("line", ['rename-command BGREWRITEAOF ""', "user default on nopass ~* &* +@all -bgrewriteaof"])
def test_a_refusal_is_said_once_and_tried_no_sooner(line: str, tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text(line + "\n")
    with RedisServer(options={"include": str(tmp_path / "more.conf")}) as server:
        store = open_store(server.url)
        rewriter = Rewriter(store, worker="w", every_s=3600)
        with capture_logs() as logs:
            for _ in range(3):
                rewriter.tend()
                assert int(store.redis.ttl(store.keys.rewrite)) > 3500
                store.redis.delete(store.keys.rewrite)
        store.close()
    assert [line["event"] for line in logs] == ["file_not_rewritten"]


def test_one_that_finds_no_redis_is_made_up_for(server: RedisServer, store: WholeLedger) -> None:
    hasty = open_store(server.url, timeout_s=0.3)
    hasty.redis.ping()
    server.pause()
    with pytest.raises(StoreUnavailable):
        hasty.rewrite_file("w", every_s=3600)
    server.resume()
    until(lambda: store.redis.exists(store.keys.rewrite), seconds=5)  # the frozen Redis has taken that up
    assert int(store.redis.ttl(store.keys.rewrite)) <= 60
    hasty.close()


def test_workers_do_it_as_the_user_that_docker_has_for_them(tmp_path: Path) -> None:
    users = USERS.read_text().replace("WEB_PASSWORD", "one").replace("WORKER_PASSWORD", "two")
    (tmp_path / "users.acl").write_text(users + "user admin on >three ~* &* +@all\n")
    options = {"aclfile": str(tmp_path / "users.acl"), **PLAIN_FILE}
    with RedisServer(options=options, user="admin:three") as server:
        store = open_store(server.url)
        erase(store, ERASED)
        assert packed(ERASED) in server.on_disk()
        queue = Queue(server.url_of("worker:two"))
        worker = Worker(queue.url, tmp_path / "worker.log", **QUICK)
        try:
            until(lambda: "file_rewrite_begun" in worker.log.read_text(), seconds=40)
            until(lambda: rewritten(store) and packed(ERASED) not in server.on_disk())
            assert worker.stop() == 0
        finally:
            worker.process.kill()
            queue.redis.close()
        with server.client() as admin:
            assert [entry["object"] for entry in admin.acl_log()] == []
        store.close()
