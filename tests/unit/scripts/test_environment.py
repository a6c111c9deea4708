"""What the scripts install, from where, and when they don't."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.lab import environment

TORCH = "torch==2.13.0"


class Processes:
    """Stands in for the `subprocess` module: answers as pip would, and keeps what was asked of it."""

    PIPE, STDOUT, DEVNULL = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    CalledProcessError = subprocess.CalledProcessError

    def __init__(self) -> None:
        self.torch: str | None = None  # the installed version
        self.sources: set[str] = set()  # where a CPU build is: --no-index, --index-url
        self.urls: list[str] = []  # what pip would fetch
        self.status = 0  # of an installation
        self.installed: list[list[str]] = []
        self.commands: list[list[str]] = []

    def run(self, command: list[Any], **_: object) -> "subprocess.CompletedProcess[str]":
        words = [str(word) for word in command]
        self.commands.append(words)
        if words[1] == "-c":
            same = self.torch is not None and self.torch.split("+")[0] == words[-1]
            return subprocess.CompletedProcess(words, 0 if same else 1)
        if "--report" in words:
            report = {"install": [{"download_info": {"url": url}} for url in self.urls]}
            return subprocess.CompletedProcess(words, 0, json.dumps(report), "")
        if "--dry-run" in words:
            return subprocess.CompletedProcess(words, 0 if self.sources & set(words) else 1)
        assert words[1:3] == ["-m", "pip"]
        self.installed.append(words[words.index("install") + 1 :])
        return subprocess.CompletedProcess(words, self.status, "pip says why")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    processes = Processes()
    monkeypatch.setattr(environment, "subprocess", processes)
    return processes


@pytest.fixture
def checkout(tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout, on a machine without a GPU and without Redis. Its environments are made by `make_venv`."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]")
    (root / "constraints.txt").write_text(f"numpy==2.4.6\n{TORCH}  # without a build\n")
    monkeypatch.setattr(environment, "ROOT", root)
    monkeypatch.setattr(environment, "VENV", root / ".venv")
    monkeypatch.setattr(environment, "STAMP", root / ".venv" / "depeche-installed.json")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(environment, "_has_gpu", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("DEPECHE_REDIS_URL", raising=False)
    monkeypatch.setattr(venv, "create", make_venv)
    return root


def make_venv(folder: Path, *, with_pip: bool, clear: bool) -> None:
    """In the place of `venv.create`."""
    if clear:
        shutil.rmtree(folder)
    programs = folder / "bin"
    programs.mkdir(parents=True)
    (programs / "python").touch()
    (programs / "pip").write_text(f"#!{programs}/python\nprint()\n")
    version = ".".join(map(str, sys.version_info[:3]))
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")


class TestTorch:
    def test_what_is_installed_already_comes_first(self, checkout: Path, processes: Processes) -> None:
        processes.torch = "2.13.0+cu130"
        processes.sources = {"--no-index", "--index-url"}
        environment.main(["worker"])
        assert processes.installed == [["-c", f"{checkout}/constraints.txt", "-e", f"{checkout}[worker]"]]

    def test_then_a_local_wheel(self, checkout: Path, processes: Processes) -> None:
        processes.sources = {"--no-index", "--index-url"}
        environment.main(["worker"])
        assert processes.installed[0] == ["--no-index", "--no-deps", TORCH]
        assert len(processes.installed) == 2

    def test_then_the_index_of_cpu_builds(self, checkout: Path, processes: Processes) -> None:
        processes.torch = "2.12.0"
        processes.sources = {"--index-url"}
        environment.main(["worker"])
        assert processes.installed[0] == ["--index-url", environment.CPU_INDEX, "--no-deps", TORCH]

    def test_then_the_default_with_a_word_of_its_size(
        self, checkout: Path, processes: Processes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment.main(["worker"])
        assert len(processes.installed) == 1
        assert "no CPU build of torch==2.13.0 was found" in capsys.readouterr().err

    def test_a_machine_with_a_gpu_gets_the_default(
        self, checkout: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(environment, "_has_gpu", lambda: True)
        processes.sources = {"--no-index", "--index-url"}
        environment.main(["worker"])
        assert len(processes.installed) == 1

    def test_the_front_end_needs_none(self, checkout: Path, processes: Processes) -> None:
        environment.main(["web"])
        assert not any("torch" in word for command in processes.commands for word in command)


class TestStamp:
    def test_what_is_there_is_not_installed_again(
        self, checkout: Path, processes: Processes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment.main(["web", "dev"])
        processes.commands.clear()
        capsys.readouterr()
        environment.main(["web"])
        assert processes.commands == []
        assert capsys.readouterr() == ("", "")

    def test_another_extra_is_added_to_those_that_are_there(self, checkout: Path, processes: Processes) -> None:
        environment.main(["web"])
        environment.main(["dev"])
        environment.main(["web", "dev"])
        assert [arguments[-1] for arguments in processes.installed] == [f"{checkout}[web]", f"{checkout}[dev,web]"]

    @pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
    def test_other_requirements_are_installed(self, checkout: Path, processes: Processes, name: str) -> None:
        environment.main(["web"])
        with (checkout / name).open("a") as file:
            file.write("\n")
        environment.main(["web"])
        assert len(processes.installed) == 2

    def test_a_failed_installation_shows_pip_s_words_and_is_made_again(
        self, checkout: Path, processes: Processes
    ) -> None:
        environment.main(["web"])
        processes.status = 1
        with pytest.raises(SystemExit, match="pip says why"):
            environment.main(["dev"])
        processes.status = 0
        environment.main(["web"])
        assert len(processes.installed) == 3, "what the failed one left of the first is not known"

    @pytest.mark.parametrize("stamp", ["", "[]", '{"extras": ["web"]}', '{"fingerprint": 1, "extras": null}'])
    def test_a_stamp_that_can_not_be_read_is_none(self, checkout: Path, processes: Processes, stamp: str) -> None:
        environment.main(["web"])
        environment.STAMP.write_text(stamp)
        environment.main(["web"])
        assert len(processes.installed) == 2


class TestVirtualEnvironment:
    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("bin/pip", "#!/elsewhere/.venv/bin/python\n"),
            ("pyvenv.cfg", "version = 3.1.4\n"),
            ("pyvenv.cfg", "home = /usr/bin\n"),
        ],
        ids=["moved", "made by another Python", "odd"],
    )
    def test_one_that_would_not_work_is_made_anew(
        self, checkout: Path, processes: Processes, file: str, text: str
    ) -> None:
        environment.main(["web"])
        (checkout / ".venv" / file).write_text(text)
        (checkout / ".venv" / "old").touch()
        (checkout / "constraints.txt").write_text(TORCH)
        environment.main(["web"])
        assert not (checkout / ".venv" / "old").exists()
        assert environment._venv_works()

    def test_one_that_works_is_kept(self, checkout: Path, processes: Processes) -> None:
        environment.main(["web"])
        (checkout / ".venv" / "old").touch()
        environment.main(["dev"])
        assert (checkout / ".venv" / "old").exists()

    def test_a_checkout_that_was_moved_is_installed_anew(
        self, checkout: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment.main(["web"])
        moved = checkout.rename(checkout.with_name("moved"))
        monkeypatch.setattr(environment, "ROOT", moved)
        monkeypatch.setattr(environment, "VENV", moved / ".venv")
        monkeypatch.setattr(environment, "STAMP", moved / ".venv" / "depeche-installed.json")
        environment.main(["web"])
        assert processes.installed[-1][-1] == f"{moved}[web]"
        assert environment._venv_works()

    def test_a_python_without_venv_is_told_in_one_line(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def create(folder: Path, **_: object) -> None:
            raise subprocess.CalledProcessError(1, "ensurepip")

        monkeypatch.setattr(venv, "create", create)
        with pytest.raises(SystemExit, match="apt install python3-venv"):
            environment.main(["web"])


@pytest.mark.parametrize("how", ["url", "path", "none"])
def test_redis_is_installed_where_there_is_none(
    checkout: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "url":
        monkeypatch.setenv("DEPECHE_REDIS_URL", "redis://elsewhere")
    if how == "path":
        monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/redis-server" if name == "redis-server" else None)
    environment.main(["web", "redis"])
    assert processes.installed[0][-1] == f"{checkout}[{'redis,web' if how == 'none' else 'web'}]"


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"https://a/x.whl": 3_000_000, "https://a/y.whl": 9_400_000}, "12 MB to download"),
        ({"https://a/x.whl": 3_000_000, "https://a/y.whl": None}, "at least 3 MB to download"),
        ({"https://a/x.whl": None}, "1 packages of unknown size to download"),
        ({"file:///checkout": 10**12}, "0 MB to download"),
    ],
)
def test_says_how_much_it_will_download(
    checkout: Path,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sizes: dict[str, int | None],
    words: str,
) -> None:
    processes.urls = list(sizes)
    monkeypatch.setattr(environment, "_size", sizes.__getitem__)
    environment.main(["web"])
    assert words in capsys.readouterr().err


def test_one_installation_at_a_time(checkout: Path, processes: Processes) -> None:
    with environment._lock():
        second = threading.Thread(target=environment.main, args=(["web"],))
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert processes.installed == []
    second.join(10)
    assert len(processes.installed) == 1


def test_a_python_that_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "sys", SimpleNamespace(version_info=(3, 9, 18), exit=sys.exit))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        environment.main(["web"])
    annotation = environment._installed.__annotations__["return"]
    assert isinstance(annotation, str), "evaluated, it would end an old Python before the message"
