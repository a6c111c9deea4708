"""What lies around the code: the licence, the continuous integration, the hooks, and nothing that belongs elsewhere."""

import hashlib
import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from tests.unit.house.modules import ROOT

#: The licence's text as apache.org has it
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
#: A folder that only one machine has. What is inside an image (/opt, /var, /root) is no such place
_MACHINE_PATH = re.compile(rb"(?<![\w.])/(?:home|Users|work|mnt)/\w|\b[A-Z]:\\\\?Users\b")
#: What editors, systems and builds leave behind
_LEFTOVER = re.compile(
    r"(^|/)(\.idea|\.vscode|__pycache__|\.DS_Store|Thumbs\.db|[^/]+\.egg-info|\.env)(/|$)|\.(pyc|swp|orig|rej|bak|log)$|~$"
)
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["check"]["steps"]


def tracked() -> list[str]:
    """The files that git has, by their paths from the root."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a clone")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_licence_is_apache_2_word_for_word() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    wrong = [
        f"{name}: {match[0]!r}"
        for name in tracked()
        if (match := _MACHINE_PATH.search((ROOT / name).read_bytes())) and b"\0" not in (ROOT / name).read_bytes()
    ]
    assert wrong == []


def test_machine_paths_are_seen() -> None:
    home, users, work = "home", "Users", "work"  # apart, or this file would be the first that is found
    for text in (f"cd /{home}/anna", f"/{users}/anna/x", f"open('/{work}/x')"):
        assert _MACHINE_PATH.search(text.encode())
    for text in ("/var/lib/home/x", "https://example.org/home/x", "a/work/b", "/root/.cache"):
        assert not _MACHINE_PATH.search(text.encode())


def test_no_leftovers_are_tracked() -> None:
    assert [name for name in tracked() if _LEFTOVER.search(name)] == []


@pytest.mark.parametrize(
    ("name", "left"), [("a/.env", True), ("docker/.env.example", False), ("x.egg-info/PKG", True), ("logs.py", False)]
)
def test_leftovers_are_seen(name: str, left: bool) -> None:
    assert bool(_LEFTOVER.search(name)) is left


def test_the_workflow_runs_what_everybody_runs() -> None:
    assert [step["run"] for step in STEPS if "run" in step] == ["scripts/check", "scripts/test"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert script.index("scripts/check") < script.index("scripts/test")


def test_the_workflow_is_given_no_more_than_it_needs() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["check"]
    assert WORKFLOW["concurrency"]["group"]
    assert WORKFLOW["jobs"]["check"]["timeout-minutes"] <= 60
    for step in STEPS:
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
    assert "secrets." not in (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")


def test_the_workflow_covers_the_oldest_python_that_is_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = WORKFLOW["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={versions[0]}"
    assert all(isinstance(version, str) for version in versions), "3.10 without quotes is 3.1"


def test_hooks_need_nothing_from_the_network() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    hooks = {hook["id"]: hook for hook in configuration["repos"][0]["hooks"]}
    assert set(hooks) >= {"ruff", "ruff-format", "mypy", "whitespace", "yaml"}
    for hook in hooks.values():
        assert hook["language"] in {"system", "pygrep"}
        if hook["language"] == "system":
            assert hook["entry"].startswith(".venv/bin/")


@pytest.mark.parametrize("name", ["papeterie", "asthme"])
def test_sample_articles_are_french_typography_throughout(name: str) -> None:
    text = (ROOT / "docs/samples" / f"{name}.fr.txt").read_text(encoding="utf-8")
    assert 350 <= len(text.split()) <= 600
    assert "'" not in text
    assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)»|(?<!\u00a0)[;:?!%]", text)
    assert text.endswith((".\n", "»\n"))
    assert "\n\n\n" not in text
