"""Wrong addresses and methods, foreign hosts and sites, and what is no HTTP at all."""

import json
import socket

import httpx2
import pytest

from service.contract.store import JobStore
from tests.integration.service.front_end import FrontEnd
from tests.integration.service.http_checks import problem, submit

UNKNOWN = "0" * 32

JSON = {"Content-Type": "application/json"}
PLAIN = {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/static/../app.py", 404, "not_found"),
        ("GET", "/static/page.html", 404, "not_found"),
        ("GET", "/v1/jobs/a/b", 404, "not_found"),
        ("GET", "//v1/jobs", 404, "not_found"),
        ("PUT", "/v1/jobs", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("PATCH", f"/v1/jobs/{UNKNOWN}", 405, "method_not_allowed"),
        ("DELETE", f"/v1/jobs/{UNKNOWN}/summary", 405, "method_not_allowed"),
    ],
)
def test_wrong_addresses_and_methods(http: httpx2.Client, method: str, path: str, status: int, code: str) -> None:
    answer = http.request(method, path)
    assert problem(answer) == (status, code)
    assert ("Allow" in answer.headers) == (status == 405)


def test_head_and_options(http: httpx2.Client) -> None:
    job_id = submit(http)["id"]
    head = http.head(f"/v1/jobs/{job_id}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == http.get(f"/v1/jobs/{job_id}").headers["ETag"]
    options = http.options(f"/v1/jobs/{job_id}")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS"}
    assert "Access-Control-Allow-Origin" not in options.headers


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/jobs/x"])
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:1:2", "", "[::2]"]
)
def test_a_foreign_host_is_misdirected(http: httpx2.Client, host: str, path: str) -> None:
    assert problem(http.get(path, headers={"Host": host})) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "localhost."])
def test_our_own_names_are_served(http: httpx2.Client, host: str) -> None:
    assert http.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:1"},
        {"Origin": "file://"},
        {"Origin": "http://[x"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_are_refused(http: httpx2.Client, store: JobStore, headers: dict[str, str]) -> None:
    assert problem(http.post("/v1/jobs", json={"text": "a"}, headers=headers)) == (403, "foreign_origin")
    assert problem(http.delete(f"/v1/jobs/{UNKNOWN}", headers=headers)) == (403, "foreign_origin")
    assert store.depth() == 0


def test_our_own_page_is_served(front_end: FrontEnd, http: httpx2.Client) -> None:
    headers = {"Origin": front_end.url, "Sec-Fetch-Site": "same-origin"}
    answer = http.post("/v1/jobs", json={"text": "a"}, headers=headers)
    assert answer.status_code == 202
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_every_answer_is_guarded(http: httpx2.Client) -> None:
    for path in ("/", "/static/page.js", "/healthz", "/nothing", f"/v1/jobs/{UNKNOWN}"):
        headers = http.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert http.get(f"/v1/jobs/{UNKNOWN}").headers["Cache-Control"] == "no-store"


def test_what_is_no_http_is_a_problem_too(front_end: FrontEnd) -> None:
    for head in (
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET /" + "a" * 9000 + " HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", front_end.port), timeout=5) as raw:
            raw.sendall(head.encode())
            answer = b""
            while chunk := raw.recv(4096):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "malformed_request"


def test_smuggled_header_lines_come_to_nothing(front_end: FrontEnd) -> None:
    head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rSet-Cookie: b\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", front_end.port), timeout=5) as raw:
        raw.sendall(head.encode())
        assert b"400" in raw.recv(4096)
