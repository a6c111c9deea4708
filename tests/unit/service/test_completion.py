"""What a shell completes, asked as a shell asks."""

import os
import shutil
import subprocess
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from service import cli
from service.client import Client
from service.commands import completion
from service.commands.server import DEFAULT_URL
from tests.unit.service.server_double import Handler, job


def completed(line: str, **environment: str) -> list[str]:
    """The values that bash is given for the last word of a line."""
    done = subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main(prog_name='depeche')"],
        env={**os.environ, **environment, "_DEPECHE_COMPLETE": "bash_complete", "COMP_WORDS": line,
             "COMP_CWORD": str(len(line.split(" ")) - 1)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [entry.partition(",")[2] for entry in done.stdout.splitlines() if entry]


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The jobs that the server lists."""
    found: list[dict[str, object]] = []

    def make(url: str, *, transport: object = None, **options: object) -> Client:
        assert url == DEFAULT_URL
        handler: Handler = lambda _: httpx2.Response(200, json={"jobs": found, "next": None})  # noqa: E731
        return Client(url, transport=httpx2.MockTransport(handler))

    monkeypatch.setattr("service.client.Client", make)
    return found


def test_commands_options_and_states() -> None:
    assert "submit" in completed("depeche su")
    assert "--in-flight" in completed("depeche submit --in")
    assert completed("depeche list --state ca") == ["cancelled"]
    assert completed("depeche submit --format ") == ["text", "markdown", "html"]


def test_ids_of_jobs(jobs: list[dict[str, object]]) -> None:
    jobs += [job("a1"), job("a2", "running"), job("b1")]
    context = cli.main.make_context("depeche", ["status", "a2"], resilient_parsing=True)
    command = cli.main.commands["status"].make_context("status", ["a2"], parent=context, resilient_parsing=True)
    found = completion.complete_job(command, command.command.params[0], "a")
    assert [(item.value, str(item.help).partition(",")[0]) for item in found] == [("a1", "succeeded")]


def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), None) as silent:  # type: ignore[arg-type]
        url = f"http://127.0.0.1:{silent.server_port}"  # it listens, and nobody takes the connection up
        assert completed("depeche status ", DEPECHE_URL=url) == []
    assert completed("depeche status ", DEPECHE_URL="http://127.0.0.1:1") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_reads(shell: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.main, ["completion", shell], prog_name="depeche")
    assert done.exit_code == 0
    assert "_DEPECHE_COMPLETE" in done.stdout
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    script = tmp_path / "script"
    script.write_text(done.stdout)
    subprocess.run([program, "-n", str(script)], check=True)
