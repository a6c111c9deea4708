"""A browser is installed where that can be, and nobody is stopped where it can't."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.lab import browser
from tests.browser import open_browser


class Machine:
    """Stands in for what is on the PATH, who runs it, and apt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *programs: str, root: bool = True, status: int = 0) -> None:
        self.commands: list[list[str]] = []
        self._status = status
        monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name in programs else None)
        monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr("subprocess.run", self._run)

    def _run(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        self.commands.append(command)
        return subprocess.CompletedProcess(command, self._status, stdout="", stderr="Reading...\nE: no such package\n")


@pytest.mark.parametrize("name", browser.NAMES)
def test_a_browser_that_is_there_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    machine = Machine(monkeypatch, name, "apt-get")
    browser.main()
    assert browser.find() == f"/bin/{name}"
    assert machine.commands == []
    assert capsys.readouterr().err == ""


def test_root_gets_one_by_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, "apt-get")
    browser.main()
    assert [command[1] for command in machine.commands] == ["update", "install"]
    assert machine.commands[1][-1] == "chromium"


@pytest.mark.parametrize(("programs", "root"), [((), True), (("apt-get",), False)])
def test_where_nothing_can_be_installed_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], programs: tuple[str, ...], root: bool
) -> None:
    machine = Machine(monkeypatch, *programs, root=root)
    browser.main()
    assert machine.commands == []
    assert "will be skipped" in capsys.readouterr().err


def test_what_apt_complains_of_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine(monkeypatch, "apt-get", status=100)
    browser.main()
    assert len(machine.commands) == 1
    assert "apt-get update failed: E: no such package" in capsys.readouterr().err


def test_the_scripts_make_use_of_it() -> None:
    root = Path(__file__).parents[3]
    assert "scripts/lab/browser.py" in (root / "scripts" / "test").read_text(encoding="utf-8")


def test_without_a_browser_its_tests_are_skipped_but_fail_in_continuous_integration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Machine(monkeypatch)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt install chromium"), open_browser():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="must have a browser"), open_browser():
        pass
