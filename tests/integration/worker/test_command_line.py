"""`depeche submit` and the asynchronous client against a real front end, Redis and worker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.client import AsyncClient, Client
from service.commands.journal import NAME
from tests.integration.service.front_end import FrontEnd
from tests.integration.worker.processes import QUICK, SLOW, Queue, Worker
from tests.unit.service.web_site import PAGE, Page, web_site

Start = Callable[..., Worker]

#: Seconds that anything may take on a busy machine.
_PATIENCE_S = 120


class CommandLine:
    """`depeche` in a folder, for one front end."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def close(self) -> None:
        """Ends what a failed test has left."""
        for process in self._started:
            process.kill()
            process.communicate()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that runs."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
        environment = {**inherited, "DEPECHE_URL": self.url, "XDG_STATE_HOME": str(self.folder / "state")}
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", *arguments],
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Status, output and errors of a command."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=_PATIENCE_S)
        return process.returncode, out, err

    def write(self, count: int) -> None:
        """Articles in a tree `news`."""
        for number in range(count):
            path = self.folder / "news" / str(number % 7) / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"Le maire a inauguré le pont numéro {number}.\n")

    def jobs(self) -> int:
        """How many jobs the server was ever given."""
        with Client(self.url) as client:
            return sum(1 for _ in client.jobs())

    def translations(self) -> list[Path]:
        """What was written."""
        return sorted((self.folder / "out").rglob("*.en.*"))

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def shell(redis_url: str, tmp_path: Path) -> Iterator[CommandLine]:
    with FrontEnd(redis_url) as front_end:
        shell = CommandLine(front_end.url, tmp_path)
        yield shell
        shell.close()


def test_three_hundred_files_once(queue: Queue, shell: CommandLine, start: Start) -> None:
    start()
    shell.write(300)
    status, out, err = shell.run("submit", "news", "--output", "out")
    assert (status, out) == (0, "")
    assert err.splitlines()[-1] == "depeche: 300 articles: 300 succeeded"
    assert len(shell.translations()) == 300
    assert (shell.folder / "out" / "3" / "297.en.txt").read_text().endswith("297.\n")
    assert shell.run("submit", "news", "--output", "out")[0] == 0
    assert shell.jobs() == 300


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on_without_a_second_submission(
    queue: Queue, shell: CommandLine, start: Start, number: signal.Signals
) -> None:
    start(**SLOW)
    shell.write(24)
    arguments = ("submit", "news", "--output", "out", "--in-flight", "8")
    process = shell.start(*arguments)
    shell.until(lambda: len(shell.translations()) >= 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    if number is not signal.SIGKILL:
        assert "The same command goes on from here." in err
    before = len(shell.translations())
    assert 3 <= before < 24
    status, _, err = shell.run(*arguments)
    assert (status, len(shell.translations())) == (0, 24)
    noted = int(err.rpartition(" done before")[0].rpartition(" ")[2])
    assert before - 1 <= noted <= before, "a kill may come between a file and the note of it"
    assert shell.jobs() == 24


def test_results_on_standard_output_are_picked_up_too(queue: Queue, shell: CommandLine, start: Start) -> None:
    shell.write(5)
    process = shell.start("submit", "news", "--json")
    shell.until(lambda: shell.jobs() == 5)
    process.kill()
    process.communicate(timeout=_PATIENCE_S)
    start()
    status, out, err = shell.run("submit", "news", "--json")
    assert (status, [job["state"] for job in json.loads(out)]) == (0, ["succeeded"] * 5)
    assert "going on with a run of the same arguments" in err
    assert shell.jobs() == 5
    assert shell.run("submit", "news", "--json")[0] == 0
    assert shell.jobs() == 10, "a run that is over is not gone on with"


def test_ctrl_c_can_cancel(queue: Queue, shell: CommandLine) -> None:
    shell.write(3)
    process = shell.start("submit", "news", "--output", "out", "--cancel-on-interrupt")
    journal = shell.folder / "out" / NAME
    shell.until(lambda: journal.exists() and journal.read_text().count('"job"') == 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, "3 unfinished jobs were cancelled" in err) == (130, True)
    with Client(shell.url) as client:
        assert {job.state for job in client.jobs()} == {"cancelled"}


def test_all_kinds_of_articles_at_once(queue: Queue, shell: CommandLine, start: Start) -> None:
    start()
    shell.write(2)
    (shell.folder / "marked").mkdir()
    (shell.folder / "marked" / "a.md").write_text("# Le pont\n\nIl *pleut*.\n")
    (shell.folder / "marked" / "b.txt").write_text("Il pleut.\n")
    (shell.folder / "latin.txt").write_bytes("Il a plu tout l'été.".encode("latin-1"))
    (shell.folder / "empty.txt").write_text("")
    with web_site() as site:
        site.pages["/2026/le-pont.html"] = Page(PAGE.encode())
        address = f"{site.url}/2026/le-pont.html"
        arguments = ("news", "marked/*.md", "latin.txt", "empty.txt", address, f"{site.url}/none")
        status, _, err = shell.run("submit", *arguments, "--output", "out")
    assert status == 1
    written = [str(path.relative_to(shell.folder / "out")) for path in shell.translations()]
    assert written == ["0/0.en.txt", "1/1.en.txt", "a.en.md", "le-pont.en.md"]
    assert "depeche: latin.txt: not UTF-8 (the byte at position 16 is wrong)" in err
    assert "depeche: empty.txt: it has no text" in err
    assert f"depeche: {site.url}/none: the server there answers 404" in err
    assert err.splitlines()[-1] == "depeche: 7 articles: 4 succeeded, 3 failed"
    page = (shell.folder / "out" / "le-pont.en.md").read_text()
    assert page.startswith("# ")
    assert f"]({site.url}/crue)" in page


def test_a_full_queue_is_waited_for(queue: Queue, redis_url: str, start: Start, tmp_path: Path) -> None:
    start()
    with FrontEnd(redis_url, queue_limit="3") as front_end:
        shell = CommandLine(front_end.url, tmp_path)
        shell.write(30)
        assert shell.run("submit", "news/0/0.txt", "--output", "out")[0] == 0  # from now on the server knows a pace
        assert shell.run("submit", "news", "--output", "out")[0] == 0
        assert len(shell.translations()) == 31


def test_fifty_waits_of_the_asynchronous_client_at_once(queue: Queue, shell: CommandLine, start: Start) -> None:
    async def translate() -> list[str]:
        async with AsyncClient(shell.url) as client:
            jobs = [await client.submit(f"Le pont {number} est ouvert.", summary="none") for number in range(50)]
            waits = [asyncio.create_task(client.wait(job.id, timeout_s=_PATIENCE_S)) for job in jobs]
            await asyncio.sleep(0.5)
            assert not any(wait.done() for wait in waits)
            await asyncio.to_thread(start, **QUICK)
            ended = await asyncio.gather(*waits)
            assert [job.id for job in ended] == [job.id for job in jobs]
            async for event in client.events(jobs[0].id):
                heard.append(event.name)
            return [await client.translation(job.id) for job in jobs]

    heard: list[str] = []
    texts = asyncio.run(translate())
    assert all(str(number) in text for number, text in enumerate(texts))
    assert (heard[-1], "segment" in heard) == ("done", True)
