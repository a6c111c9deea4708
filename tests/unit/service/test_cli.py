"""The `depeche` command."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from service import cli
from service.client import AsyncClient, Client
from service.commands.journal import NAME, Journal
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
    assert server.bodies == [{"text": "salut", "summary": {"max_words": 30}, "metadata": {"name": "a"}}]
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
    named = {"metadata": {"name": "pont\x1b[2J"}}
    jobs = [job("a", "running", **times, **named), job("b", "failed", **times, metadata={"name": 7}), job("c", **times)]
    answering(lambda _: httpx2.Response(200, json={"jobs": jobs, "next": None}))
    assert depeche("list", "--limit", "2").stdout.splitlines() == [
        "a  running    2026-11-24T01:40:18.552Z  pont?[2J",
        "b  failed     2026-11-24T01:40:18.552Z  model_failed",
    ]
    assert json.loads(depeche("list", "--limit", "1", "--json").stdout)["id"] == "a"
    assert depeche("list", "--state", "gone").exit_code == 2


def test_that_there_are_no_jobs_is_said(answering: Answering) -> None:
    answering(lambda _: httpx2.Response(200, json={"jobs": [], "next": None}))
    for arguments, words in (((), "no jobs"), (("--state", "failed"), "no failed jobs")):
        answer = depeche("list", *arguments)
        assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", f"depeche: there are {words}\n")


def test_status_of_several(answering: Answering) -> None:
    states = {"j1": job("j1"), "j2": job("j2", "failed"), "j3": job("j3", "running", eta_at="2026-11-24T01:40:30.000Z")}
    answering(lambda request: httpx2.Response(200, json=states[request.url.path.rpartition("/")[2]]))
    done = depeche("status", "j1", "j2", "j3")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "j1  succeeded",
        "j2  failed (model_failed): It broke.",
        "j3  running (translating, 1 of 2 segments), expected to end at 2026-11-24T01:40:30.000Z",
    ]
    lines = depeche("status", "j1", "j2", "--json").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["j1", "j2"]


def test_status_waits(answering: Answering) -> None:
    states = iter([job(state="queued"), job(state="running"), job(), job(state="failed")])
    answering(lambda _: httpx2.Response(200, json=next(states)))
    assert depeche("status", "j1", "--wait").stdout == "succeeded\n"
    assert depeche("status", "j1", "--wait").exit_code == 1


def test_show(server: Server, tmp_path: Path) -> None:
    server.bodies += [{"text": "salut"}, {"text": "fail"}, {"text": "été", "title": "un", "format": "markdown"}]
    assert depeche("show", "j1").stdout == "SALUT\n\nSummary\n-------\nShort.\n"
    assert depeche("show", "j1", "--summary").stdout == "Short.\n"
    several = depeche("show", "j1", "j2", "j3", "--json")
    assert several.exit_code == 1
    assert [item["state"] for item in json.loads(several.stdout)] == ["succeeded", "failed", "succeeded"]
    assert several.stderr == "depeche: j2: failed (model_failed): It broke.\n"
    assert depeche("show", "j3", "--output", str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out" / "j3.en.md").read_text() == "UN\n\nÉTÉ"


def test_cancel_spares_what_has_ended(server: Server) -> None:
    server.bodies += [{"text": "salut"}, {"text": "salut"}]
    ended = depeche("cancel", "j1")
    assert (ended.exit_code, ended.stderr) == (1, "depeche: the job has already ended: succeeded\n")
    server.unfinished.add("j1")
    assert depeche("cancel", "j1").stdout == "cancelled\n"
    both = depeche("cancel", "j2", "j1")
    assert (both.exit_code, both.stdout) == (1, "j1: cancelled\n")
    assert [method for method, _ in server.calls].count("DELETE") == 2


def test_one_that_is_not_there_harms_no_other(server: Server) -> None:
    server.bodies.append({"text": "salut"})
    server.lost.add("j9")
    done = depeche("status", "j9", "j1")
    assert (done.exit_code, done.stdout) == (1, "j1  succeeded\n")
    assert done.stderr == "depeche: j9: About job_gone.\n"


@pytest.mark.parametrize("command", ["status", "cancel", "show", "list"])
def test_who_is_not_let_in_is_told_by_the_status(answering: Answering, command: str) -> None:
    def nobody(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    arguments = [] if command == "list" else ["j1"]
    for handler, words in ((nobody, "Nobody answers"), (lambda _: problem(401, "key_invalid"), "About key_invalid.")):
        answering(handler)
        refused = depeche(command, *arguments)
        assert (refused.exit_code, refused.stdout) == (3, "")
        assert words in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_submit_finds_out_first_that_nobody_is_there(answering: Answering, tmp_path: Path) -> None:
    def nobody(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    answering(nobody)
    assert depeche("submit", str(tmp_path)).exit_code == 3


@pytest.mark.parametrize(
    "options", [("--title", "T", "a", "b"), ("--summary", "--no-summary", "a"), ("--format", "pdf", "a")]
)
def test_wrong_uses(server: Server, options: tuple[str, ...]) -> None:
    assert depeche("submit", *options).exit_code == 2
    assert server.calls == []


def test_submit_sends_its_options(server: Server, tmp_path: Path) -> None:
    article = tmp_path / "a.txt"
    article.write_text("salut")
    depeche("submit", str(article), "--title", "T", "--no-summary", "--force", "--format", "markdown", "--no-wait")
    assert server.bodies == [
        {
            "text": "salut",
            "title": "T",
            "format": "markdown",
            "force": True,
            "summary": {"mode": "none"},
            "metadata": {"name": "T"},
        }
    ]


def test_a_finished_run_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    article = tmp_path / "a.txt"
    article.write_text("salut")
    for _ in range(2):
        depeche("submit", str(article))
    assert len(server.bodies) == 2, "the second is a run of its own"
    assert not list((tmp_path / "state").rglob("*.jsonl"))


def test_one_run_at_a_time_into_a_folder(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with Journal(folder / NAME, folder=folder):
        refused = depeche("submit", str(tmp_path), "--output", str(folder))
    assert (refused.exit_code, refused.stderr) == (1, f"depeche: another run writes into {folder}\n")


def test_a_folder_that_can_not_be_made_is_one_line(server: Server, tmp_path: Path) -> None:
    article = tmp_path / "a.txt"
    article.write_text("salut")
    refused = depeche("submit", str(article), "--output", str(article / "under-a-file"))
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)


def test_refusals_are_one_line(answering: Answering) -> None:
    answering(lambda _: problem(410, "job_gone"))
    for command in ("status", "cancel"):
        refused = depeche(command, "j1")
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", "depeche: About job_gone.\n")


def test_a_wrong_address_is_one_line() -> None:
    refused = depeche("status", "j1", "--url", "http://[")
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1


def test_terms_go_with_each_article(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("salut")
    (tmp_path / "terms.txt").write_text("comité = works council\n")
    arguments = ["submit", str(tmp_path / "a.txt"), "--glossary", str(tmp_path / "terms.txt")]
    assert depeche(*arguments, "--keep", "Halle aux Vins", "--keep", "Val").exit_code == 0
    (body,) = server.bodies
    assert (body["glossary"], body["keep"]) == ({"comité": "works council"}, ["Halle aux Vins", "Val"])
    (tmp_path / "terms.txt").write_text("comité\n")
    wrong = depeche(*arguments)
    assert (wrong.exit_code, len(server.bodies)) == (2, 1)
    assert "line 1" in wrong.stderr


def test_version() -> None:
    assert depeche("--version").stdout.startswith("Dépêche ")
