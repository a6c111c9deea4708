"""The `depeche` command."""

import json
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from service import cli
from service.client import Client
from tests.unit.service.server_double import Server, job, problem


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Answers whatever the command asks for."""
    server = Server()
    transport = httpx2.MockTransport(server)
    monkeypatch.setattr(cli, "_client", lambda url, key: Client(url, transport=transport, retries=0))
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
    monkeypatch.setattr(Client, "wait", interrupt)
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
def test_status(monkeypatch: pytest.MonkeyPatch, state: str, line: str) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=job(state=state)))
    monkeypatch.setattr(cli, "_client", lambda url, key: Client(url, transport=transport))
    assert depeche("status", "j1").stdout == line + "\n"
    assert json.loads(depeche("status", "j1", "--json").stdout)["state"] == state


def test_list(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"created_at": "2026-11-24T01:40:18.552Z"}
    jobs = [job("a", "running", **times), job("b", "failed", **times), job("c", **times)]
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"jobs": jobs, "next": None}))
    monkeypatch.setattr(cli, "_client", lambda url, key: Client(url, transport=transport))
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


def test_refusals_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx2.MockTransport(lambda _: problem(410, "job_gone"))
    monkeypatch.setattr(cli, "_client", lambda url, key: Client(url, transport=transport))
    for command in ("status", "cancel"):
        refused = depeche(command, "j1")
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", "depeche: About job_gone.\n")


def test_a_wrong_address_is_one_line() -> None:
    refused = depeche("status", "j1", "--url", "http://[")
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
