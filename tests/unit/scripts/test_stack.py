"""What `scripts/run` makes of its arguments and settings, before and around what it starts."""

import argparse
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scripts.lab import stack
from scripts.lab.data_folder import Owned, Running, claim
from scripts.lab.processes import ChildError

Call = Callable[..., int]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Calls `main` over a data folder of its own. It is not to start anything: there is no redis-server."""
    for name in ("DEPECHE_REDIS_URL", "DEPECHE_PORT", "DEPECHE_DRAIN_S"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DEPECHE_DATA_DIR", str(tmp_path / "data"))
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]

    def no_redis() -> str:
        raise ChildError("the test has no redis-server")

    monkeypatch.setattr("scripts.lab.embedded_redis.find_redis_server", no_redis)
    monkeypatch.setattr(stack, "_PATIENCE_S", 0.0)
    yield lambda *arguments: stack.main([str(argument) for argument in arguments])
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("depeche: ")
    assert err.count("\n") == 1
    return err.removeprefix("depeche: ").rstrip("\n")


def test_files_that_are_missing_are_named_and_nothing_is_made(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.txt"
    there.touch()
    assert call("one.txt", there, "-", "two.txt") == 1
    assert said(capsys) == "no such file: one.txt, two.txt"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("option", [["--json"], ["--summary"], ["--output", "x"], ["--max-words", "50"]])
def test_options_for_articles_are_not_ignored_without_any(
    call: Call, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        call(*option)
    assert caught.value.code == 2
    assert "are for articles" in capsys.readouterr().err


def test_a_setting_that_can_not_be_used_ends_it_before_anything_starts(
    call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPECHE_DRAIN_S", "soon")
    assert call() == 1
    assert said(capsys).startswith("DEPECHE_DRAIN_S: ")


def test_what_can_not_be_started_is_one_line(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--port", free_port()) == 1
    assert said(capsys) == "the test has no redis-server"


def test_a_data_folder_that_can_not_be_made_is_one_line(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").touch()
    assert call() == 1
    assert said(capsys) == f"{tmp_path / 'data'}: File exists"


class TestPort:
    def test_one_that_is_taken(self, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert call("--port", port) == 1
        assert said(capsys) == f"port {port} is taken. Choose another one with --port."

    def test_one_that_there_is_not(self, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
        assert call("--port", 70000) == 1
        assert said(capsys) == "there is no port 70000: the last one is 65535"

    @pytest.mark.parametrize("value", ["http", "-1", "80.5"])
    def test_a_variable_that_holds_none(
        self, call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("DEPECHE_PORT", value)
        assert call() == 1
        assert said(capsys) == f"DEPECHE_PORT is {value!r}, which is no port"

    def test_the_variable_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        port = free_port()
        monkeypatch.setenv("DEPECHE_PORT", str(port))
        assert stack._port(argparse.Namespace(port=None, articles=[])) == port

    def test_a_free_one_for_articles(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            monkeypatch.setenv("DEPECHE_PORT", str(taken.getsockname()[1]))
            port = stack._port(argparse.Namespace(port=None, articles=["a.txt"]))
            assert port not in (0, taken.getsockname()[1])


class TestAnotherOne:
    def test_that_serves_gets_the_articles(
        self, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[str] = []

        def submit(url: str, options: argparse.Namespace) -> int:
            sent.append(url)
            return 0

        monkeypatch.setattr(stack, "_submit", submit)
        with claim(tmp_path / "data", patience_s=0, on_wait=lambda: None) as owner:
            assert isinstance(owner, Owned)
            owner.announce("http://127.0.0.1:1")
            assert call("-") == 0
        assert sent == ["http://127.0.0.1:1"]
        assert said(capsys) == "submitting to the one that runs at http://127.0.0.1:1"

    def test_that_serves_is_not_doubled(self, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with claim(tmp_path / "data", patience_s=0, on_wait=lambda: None) as owner:
            assert isinstance(owner, Owned)
            owner.announce("http://127.0.0.1:1")
            assert call() == 1
            with claim(tmp_path / "data", patience_s=0, on_wait=lambda: None) as running:
                assert isinstance(running, Running)
        assert said(capsys) == (
            f"Dépêche already runs at http://127.0.0.1:1 (process {running.pid}) with this data folder."
        )

    def test_that_does_not_serve_is_in_the_way(
        self, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with claim(tmp_path / "data", patience_s=0, on_wait=lambda: None):
            assert call() == 1
        assert "another scripts/run uses" in said(capsys)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/odd":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def test_readiness_is_asked_of_this_machine_whatever_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        answers = [stack._answers(url + path) for path in ("/ready", "/busy", "/odd")]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert answers == [True, False, False]
    assert not stack._answers(url + "/ready"), "nobody listens any more"


def test_what_ended_a_process_is_said_in_words() -> None:
    assert stack._ending(3) == "ended with status 3"
    assert stack._ending(-9) == "was ended by SIGKILL"
    assert stack._ending(-200) == "was ended by signal 200"


@pytest.mark.parametrize("redis_url", ["unix:///tmp/depeche-x/redis.sock", None])
def test_the_greeting_tells_of_a_redis_of_our_own_alone(
    redis_url: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    stack._greet("http://127.0.0.1:1", Path("logs"), redis_url)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "depeche: ready"
    assert [line for line in lines if "DEPECHE_REDIS_URL" in line] == (
        [f"  for keys       export DEPECHE_REDIS_URL={redis_url}"] if redis_url else []
    )
    named = next(line for line in lines if "first steps" in line).split()[-1]
    assert Path(named).exists()
