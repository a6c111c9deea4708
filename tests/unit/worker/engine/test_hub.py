"""Downloads, from a hub that the test plays. Each step is a process of its own: the hub's library reads its settings once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.unit.worker.engine.hub_server import HubServer
from worker.engine.hub import is_commit
from worker.engine.licence import licence_of

ROOT = Path(__file__).parents[4]
FETCH = """
from worker.engine.interface import Role
from worker.engine.registry import fetch, resolve
print(fetch(resolve({name!r}), Role.{role}))
"""
LOAD = """
import torch
from worker.engine.interface import Role
from worker.engine.loader import load
from worker.engine.registry import resolve
found = load(resolve({name!r}), Role.TRANSLATOR, device=torch.device("cpu"), precision="float32", offline={offline})
print(found.info.id, found.info.revision)
"""
LOCATE = """
from worker.engine.registry import locate, resolve
found = locate(resolve({name!r}), offline={offline})
print(found.commit, found.pinned, found.folder.is_dir())
"""
SHOW = "from worker.engine.registry import resolve; print(resolve({name!r}))"

GUARD = """
from worker.engine.errors import ModelError
try:
{}
except ModelError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def pickled(tmp_path_factory: pytest.TempPathFactory, marian: Path) -> Path:
    """The same model, its weights pickled."""
    from safetensors.torch import load_file

    folder = tmp_path_factory.mktemp("pickled")
    for file in marian.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    torch.save(load_file(marian / "model.safetensors"), folder / "pytorch_model.bin")
    return folder


@pytest.fixture
def hub(marian: Path, pickled: Path) -> Iterator[HubServer]:
    server = HubServer({"us/marian": marian, "us/pickled": pickled})
    yield server
    server.stop()


class Machine:
    """A machine with an empty cache. `run` prints what the code prints, or the `ModelError` that it raises."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def run(self, code: str, url: str = "http://127.0.0.1:9", **settings: str) -> str:
        body = "\n".join("    " + line for line in code.strip().splitlines())
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", GUARD.format(body)],
            env=kept | {"HF_HOME": str(self._home), "HF_ENDPOINT": url, "HF_HUB_DISABLE_TELEMETRY": "1"} | settings,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home")


def test_fetched_models_load_without_the_hub(hub: HubServer, machine: Machine) -> None:
    assert machine.run(SHOW.format(name="us/marian")) == "hub us/marian@main (not fetched yet)"
    said = machine.run(LOCATE.format(name="us/marian", offline=True), hub.url)
    assert said == (
        "refused: us/marian was not fetched yet, and the hub is not asked: run `depeche-worker models fetch`"
    )
    assert hub.served == []

    folder = Path(machine.run(FETCH.format(name="us/marian", role="TRANSLATOR"), hub.url))
    assert folder.name == hub.COMMIT
    assert "model.safetensors" in hub.served
    assert machine.run(SHOW.format(name="us/marian")) == f"hub us/marian@main (at {folder})"
    # offline by our setting, by the hub library's own, and because nobody answers
    found = f"{hub.COMMIT} False True"
    assert machine.run(LOCATE.format(name="us/marian", offline=True), hub.url) == found
    assert machine.run(LOCATE.format(name="us/marian", offline=False), hub.url, HF_HUB_OFFLINE="1") == found
    assert machine.run(LOCATE.format(name="us/marian", offline=False)) == found
    assert machine.run(LOAD.format(name="us/marian", offline=True)) == f"us/marian {hub.COMMIT}"


def test_the_card_comes_along_and_is_not_missed(marian: Path, tmp_path: Path, machine: Machine) -> None:
    licensed = Path(shutil.copytree(marian, tmp_path / "licensed"))
    (licensed / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    hub = HubServer({"us/licensed": licensed})
    try:
        folder = Path(machine.run(FETCH.format(name="us/licensed", role="TRANSLATOR"), hub.url))
    finally:
        hub.stop()
    assert licence_of(folder) == "cc-by-nc-4.0"
    (folder / "README.md").unlink()  # as an earlier version left it
    assert machine.run(SHOW.format(name="us/licensed")) == f"hub us/licensed@main (at {folder})"
    assert machine.run(LOCATE.format(name="us/licensed", offline=True)).startswith(hub.COMMIT)


def test_pickled_weights_want_a_pinned_commit(hub: HubServer, machine: Machine) -> None:
    said = machine.run(FETCH.format(name="us/pickled", role="TRANSLATOR"), hub.url)
    assert said == f"refused: us/pickled has pickled weights only: pin it with the revision {hub.COMMIT}"
    assert "pytorch_model.bin" not in hub.served

    pinned = f"us/pickled@{hub.COMMIT}"
    assert machine.run(LOCATE.format(name=pinned, offline=False), hub.url) == f"{hub.COMMIT} True True"
    served = len(hub.served)
    assert machine.run(LOCATE.format(name=pinned, offline=False), hub.url) == f"{hub.COMMIT} True True"
    assert len(hub.served) == served  # a commit that is there is not asked for again


def test_a_translator_is_refused_as_a_summarizer_when_it_is_fetched(hub: HubServer, machine: Machine) -> None:
    said = machine.run(FETCH.format(name="us/marian", role="SUMMARIZER"), hub.url)
    assert said.startswith("refused: us/marian is a translator and can't summarise: set DEPECHE_SUMMARIZER to ")


def test_what_the_hub_does_not_have_is_said_in_one_line(hub: HubServer, machine: Machine) -> None:
    assert "no such model" in machine.run(FETCH.format(name="us/nothing", role="TRANSLATOR"), hub.url)
    assert (
        machine.run(FETCH.format(name="us/marian@v9", role="TRANSLATOR"), hub.url)
        == "refused: us/marian: the hub has no revision v9"
    )
    unreachable = machine.run(FETCH.format(name="us/marian", role="TRANSLATOR"))
    assert unreachable.startswith("refused: us/marian can't be fetched (")
    assert "\n" not in unreachable


def test_only_full_commits_count_as_pins() -> None:
    assert is_commit(HubServer.COMMIT)
    assert not any(map(is_commit, (None, "main", HubServer.COMMIT[:7], HubServer.COMMIT.upper())))
