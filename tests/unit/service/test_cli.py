"""The `depeche` command."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from service import cli
from service.client import AsyncClient, Client
from tests.unit.service.server_double import Handler, Server, job, problem

Answering = Callable[[Handler], None]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answering:
    """Makes commands talk to a function."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def answer(handler: Handler) -> None:
        transport = httpx2.MockTransport(handler)

        def make(url: str, key: str | None, **_: object) -> Client:
            return Client(url, transport=transport, retries=0)

        def make_async(url: str, key: str | None, **_: object) -> AsyncClient:
            return AsyncClient(url, transport=transport, retries=0)

        for module in ("jobs", "submit"):
            monkeypatch.setattr(f"service.commands.{module}.open_client", make)
        monkeypatch.setattr("service.commands.submit.open_async_client", make_async)

    return answer


@pytest.fixture
def server(answering: Answering) -> Server:
    """Answers whatever the command asks for."""
    server = Server()
    answering(server)
    return server


def depeche(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def test_submit(server: Server, tmp_path: Path) -> None:
    article = tmp_path / "a.txt"
    article.write_text("salut")
    done = depeche("submit", str(article), "--json", "--max-words", "30")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["result"]["translation"]["text"] == "SALUT"
    assert server.bodies == [{"text": "salut", "summary": {"max_words": 30}}]
    assert depeche("submit", str(article), str(tmp_path / "missing")).exit_code == 1


def test_submit_without_files_is_a_wrong_use(server: Server) -> None:
    assert depeche("submit").exit_code == 2


def test_an_interrupt_is_130(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    article = tmp_path / "a.txt"
    article.write_text("salut")
    monkeypatch.setattr("service.commands.submission.run_submission", interrupt)
    assert depeche("submit", str(article)).exit_code == 130


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("queued", "queued"),
        ("running", "running (translating, 1 of 2 segments)"),
        ("succeeded", "succeeded"),
        ("failed", "failed (model_failed): It broke."),
    ],
)
def test_status(answering: Answering, state: str, line: str) -> None:
    answering(lambda _: httpx2.Response(200, json=job(state=state)))
    assert depeche("status", "j1").stdout == line + "\n"
    assert json.loads(depeche("status", "j1", "--json").stdout)["state"] == state


def test_list(answering: Answering) -> None:
    times = {"created_at": "2026-11-24T01:40:18.552Z"}
    jobs = [job("a", "running", **times), job("b", "failed", **times), job("c", **times)]
    answering(lambda _: httpx2.Response(200, json={"jobs": jobs, "next": None}))
    assert depeche("list", "--limit", "2").stdout.splitlines() == [
        "a  running    2026-11-24T01:40:18.552Z",
        "b  failed     2026-11-24T01:40:18.552Z  model_failed",
    ]
    assert json.loads(depeche("list", "--limit", "1", "--json").stdout)["id"] == "a"
    assert depeche("list", "--state", "gone").exit_code == 2


def test_cancel_spares_what_has_ended(server: Server) -> None:
    server.bodies.append({"text": "salut"})
    ended = depeche("cancel", "j1")
    assert (ended.exit_code, ended.stderr) == (1, "depeche: the job has already ended: succeeded\n")
    server.unfinished.add("j1")
    assert depeche("cancel", "j1").stdout == "cancelled\n"
    assert [method for method, _ in server.calls].count("DELETE") == 1


def test_refusals_are_one_line(answering: Answering) -> None:
    answering(lambda _: problem(410, "job_gone"))
    for command in ("status", "cancel"):
        refused = depeche(command, "j1")
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", "depeche: About job_gone.\n")


def test_a_wrong_address_is_one_line() -> None:
    refused = depeche("status", "j1", "--url", "http://[")
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
