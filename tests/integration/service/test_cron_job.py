"""The script of docs/howto/from-a-cron-job.md, as it stands there but for its paths and its time."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

from tests.unit.service.server_double import Server

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "from-a-cron-job.md"


@contextmanager
def listening(server: Server) -> Iterator[str]:
    """The double behind a real port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://depeche.test{self.path}"
            answer = server(httpx2.Request(self.command, url, headers=dict(self.headers), content=content))
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            ended.wait(0.05)  # a job that does not end is asked for again at once

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    ended = threading.Event()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        ended.set()
        http.shutdown()
        http.server_close()
        thread.join()


def script(folder: Path, url: str, time: str) -> str:
    """The script of the page for this folder."""
    found = re.search(
        r"^```\n(#!/usr/bin/env bash\n.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found
    program, places = (
        found[1],
        {"/etc/depeche": "", "/run/lock": "", "/srv/press": "", "https://depeche.example.org": url},
    )
    for place, here in places.items():
        assert place in program
        program = program.replace(place, here or str(folder))
    assert " 3h " in program
    return program.replace(" 3h ", f" {time} ")


def test_it_ends_with_130_when_its_time_is_up_and_goes_on_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "press.key").write_text("depeche_key\n")
    (tmp_path / "french").mkdir()
    (tmp_path / "french" / "a.txt").write_text("il pleut")
    server = Server()
    server.unfinished.add("j1")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with listening(server) as url:

        def run(time: str) -> int:
            return subprocess.run(
                ["bash", "-c", script(tmp_path, url, time)],
                env=environment,
                timeout=120,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may have it ignored
                check=False,
            ).returncode

        assert run("4s") == 130
        server.unfinished.clear()
        assert run("60s") == 0
    assert (tmp_path / "english" / "a.en.txt").read_text() == "IL PLEUT"
    assert len(server.bodies) == 1
