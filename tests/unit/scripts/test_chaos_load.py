"""The campaign's clients: every answer is noted, refusals are tried again, keys stay the same."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripts.lab.chaos.articles import write
from scripts.lab.chaos.load import Load, LoadPlan


class FrontEnd(ThreadingHTTPServer):
    """Answers as it is told, and then with 202. `seen` has each request's key and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = []
        self.seen: list[tuple[str | None, dict[str, Any]]] = []
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FrontEnd

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append((self.headers.get("Idempotency-Key"), body))
            number = len(self.server.seen)
            status = self.server.answers.pop(0) if self.server.answers else 202
        if status == 0:
            self.close_connection = True
            return
        content = json.dumps({"id": f"job{number}"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 503:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def front_end() -> Iterator[FrontEnd]:
    with FrontEnd() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def run(front_end: FrontEnd, plan: LoadPlan) -> Load:
    load = Load(front_end.server_port, plan, lambda number: write(1, number))
    load.start()
    load.wait()
    return load


def test_every_article_is_sent_once_and_its_id_kept(front_end: FrontEnd) -> None:
    load = run(front_end, LoadPlan(jobs=40, threads=4))
    assert load.done
    assert sorted(item.article.number for item in load.submissions) == list(range(40))
    assert len(load.accepted()) == len(front_end.seen) == 40
    assert sum(key is not None for key, _ in front_end.seen) == 20
    assert {body["text"] for _, body in front_end.seen} == {write(1, number).text for number in range(40)}


def test_refusals_and_broken_connections_are_tried_again_with_the_same_key(front_end: FrontEnd) -> None:
    front_end.answers = [503, 0, 202]
    load = run(front_end, LoadPlan(jobs=1, threads=1))
    (submission,) = load.submissions
    assert [answer.status for answer in submission.answers] == [503, 0, 202]
    assert submission.answers[0].retry_after == "7"
    assert submission.ids == ["job3"]
    assert len({key for key, _ in front_end.seen}) == 1
    assert None not in {key for key, _ in front_end.seen}


def test_other_answers_are_kept_and_not_tried_again(front_end: FrontEnd) -> None:
    front_end.answers = [500]
    load = run(front_end, LoadPlan(jobs=1, threads=1))
    assert [answer.status for answer in load.submissions[0].answers] == [500]


def test_refusals_stay_where_nobody_insists(front_end: FrontEnd) -> None:
    front_end.answers = [503]
    load = run(front_end, LoadPlan(jobs=2, threads=1, insist=False))
    assert [item.answers[0].status for item in load.submissions] == [503, 202]
    assert load.accepted() == ["job2"]


def test_the_pace_is_kept(front_end: FrontEnd) -> None:
    load = Load(front_end.server_port, LoadPlan(jobs=11, rate=20, threads=4), lambda number: write(1, number))
    load.start()
    load.wait()
    assert 0.45 < load.took_s < 3
