"""The server process: how it starts, what it refuses to start with, slow clients, and how it stops."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from tests.integration.service.front_end import FrontEnd
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer

#: Makes torch, transformers and the worker unimportable, as where they are not installed, then runs the command.
WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "sentencepiece", "safetensors", "worker"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from service.cli import main
main(["web"])
"""


def run_web(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "web", *arguments],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=30,
    )


def read_to_end(raw: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    answer = b""
    while chunk := raw.recv(4096):
        answer += chunk
    return answer


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (["--port", "65536"], {}, "DEPECHE_PORT"),
        (["--processes", "0"], {}, "DEPECHE_PROCESSES"),
        ([], {"DEPECHE_PORT": "http"}, "DEPECHE_PORT"),
        ([], {"DEPECHE_REDIS_URL": "localhost:6379"}, "DEPECHE_REDIS_URL"),
        ([], {"DEPECHE_REDIS_URL": "redis://localhost:port/0"}, "DEPECHE_REDIS_URL"),
        ([], {"DEPECHE_REDIS_URL": "redis://localhost/zero"}, "DEPECHE_REDIS_URL"),
        ([], {"DEPECHE_LEASE_S": "3"}, "DEPECHE_LEASE_S"),
        (["--host", "192.0.2.1"], {"DEPECHE_TRUST_NETWORK": "1"}, "192.0.2.1"),
        (["--host", "no.such.host.invalid"], {"DEPECHE_TRUST_NETWORK": "1"}, "no.such.host.invalid"),
    ],
)
def test_what_it_can_not_use_is_one_line(arguments: list[str], settings: dict[str, str], says: str) -> None:
    answer = run_web(*arguments, **{"DEPECHE_PORT": "0", **settings})
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert says in answer.stderr


def test_a_secret_in_a_wrong_address_is_not_repeated() -> None:
    answer = run_web(DEPECHE_REDIS_URL="rediss://user:hunter2@localhost:port/0", DEPECHE_PORT="0")
    assert answer.returncode == 1
    assert "hunter2" not in answer.stderr


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        began = time.monotonic()
        answer = run_web("--port", port)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        f"depeche: port {port} of 127.0.0.1 is taken. Stop what uses it, or choose another with --port or DEPECHE_PORT"
    ]
    assert time.monotonic() - began < 10


def test_it_starts_without_redis_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with FrontEnd(f"redis://127.0.0.1:{port}/0") as front_end, front_end.client() as http:
        assert http.get("/readyz").status_code == 503
        time.sleep(0.2)
        lines = [line for line in front_end.log.splitlines() if '"redis_unavailable"' in line]
    assert len(lines) == 1


def test_gevent_patches_before_anything_is_imported_that_it_must_patch(front_end: FrontEnd) -> None:
    assert "Warning" not in front_end.log


def test_it_starts_where_torch_and_the_worker_are_not(redis_server: RedisServer) -> None:
    front_end = FrontEnd(redis_server.url)
    front_end.command = [sys.executable, "-c", WITHOUT_TORCH]
    with front_end, front_end.client() as http:
        assert http.get("/readyz").status_code == 200
        assert http.post("/v1/jobs", json={"text": "Bonjour."}).status_code == 202
        assert http.get("/").status_code == 200


def test_a_slow_body_is_given_up(redis_server: RedisServer) -> None:
    slow = FrontEnd(redis_server.url, body_timeout_s="1")
    with slow, socket.create_connection(("127.0.0.1", slow.port), timeout=10) as raw, slow.client() as http:
        head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"
        raw.sendall(head.encode())
        began = time.monotonic()
        for _ in range(3):
            raw.sendall(b"a")
            time.sleep(0.1)
            assert http.get("/healthz").status_code == 200, "others are served meanwhile"
        answer = read_to_end(raw)  # nothing after it can be trusted: the connection ends
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"too_slow"' in answer
        assert 0.9 < time.monotonic() - began < 4


def test_a_body_that_breaks_off_is_no_submission(redis_server: RedisServer, front_end: FrontEnd) -> None:
    head = (
        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nBonjour"
    )
    with socket.create_connection(("127.0.0.1", front_end.port), timeout=10) as raw:
        raw.sendall(head.encode())
        raw.shutdown(socket.SHUT_WR)
        assert b'"malformed_request"' in read_to_end(raw)
    head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    with socket.create_connection(("127.0.0.1", front_end.port), timeout=10) as raw:
        raw.sendall(head.encode())
        assert b'"malformed_request"' in read_to_end(raw)
    with redis_server.client() as client:
        assert client.zcard("depeche:jobs:queued") == 0


def test_a_slow_head_is_given_up(front_end: FrontEnd) -> None:
    with socket.create_connection(("127.0.0.1", front_end.port), timeout=15) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: ")
        began = time.monotonic()
        assert raw.recv(4096) == b""
        assert time.monotonic() - began < 10


def test_it_stops_at_once_and_holds_nothing(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url, processes=2) as front_end:
        port = front_end.port
        idle = socket.create_connection(("127.0.0.1", port), timeout=5)
        began = time.monotonic()
        assert front_end.stop() == 0
        assert time.monotonic() - began < 6
        idle.close()
        assert "Traceback" not in front_end.log
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_ctrl_c_is_quiet(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url) as front_end:
        assert front_end.process is not None
        front_end.process.send_signal(signal.SIGINT)
        assert front_end.process.wait(10) == 0
        assert "Traceback" not in front_end.log


def test_a_process_that_dies_is_replaced(redis_server: RedisServer) -> None:
    with FrontEnd(redis_server.url) as front_end, front_end.client() as http:
        assert front_end.process is not None
        listing = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(front_end.process.pid)], capture_output=True, text=True
        )
        os.kill(int(listing.stdout.split()[0]), signal.SIGKILL)
        deadline = time.monotonic() + 15
        while True:
            with contextlib.suppress(httpx2.TransportError):
                if http.get("/healthz").status_code == 200:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_says_all_the_time_that_redis_answers(redis_server: RedisServer, store: WholeLedger) -> None:
    """Where all workers are dead, their jobs' leases are judged by it: a silence of Redis charges nobody."""

    def pulse() -> tuple[int, int]:
        last, since = store.redis.hmget(store.keys.pulse, "last_ms", "since_ms")
        return int(last or 0), int(since or 0)

    with FrontEnd(redis_server.url, lease_s="3", renew_s="1"):
        deadline = time.monotonic() + 20
        while (began := pulse())[0] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(4)
        last, since = pulse()
        assert since == began[1]
        assert last >= since + 3000
