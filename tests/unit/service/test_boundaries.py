"""Who may import whom, and what must not be imported when."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import service

FOLDER = Path(service.__file__).parent

MODULES = sorted(path for path in FOLDER.rglob("*.py"))

HEAVY = {"torch", "transformers", "sentencepiece", "safetensors", "worker", "scripts"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_service_imports_no_model_and_no_worker(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imported(path)} & HEAVY


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "contract" in path.parts], ids=lambda path: str(path.relative_to(FOLDER))
)
def test_the_contract_imports_nothing_else_of_the_service(path: Path) -> None:
    outside = {
        name for name in imported(path) if name.startswith("service.") and not name.startswith("service.contract")
    }
    assert not outside
    assert not imported(path) & {"flask", "gunicorn", "gevent", "httpx2", "click"}


def loaded_after(code: str) -> set[str]:
    """The top-level modules that are there after some code ran in a fresh Python."""
    script = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_nothing_that_gevent_must_patch_is_there_before_it() -> None:
    """The parent process forks; each child patches, then imports the rest."""
    loaded = loaded_after(
        "import service.cli, service.server, service.settings, service.contract.logs, service.greenlets"
    )
    assert not loaded & {"redis", "kombu", "celery", "flask", "numpy", "httpx2"}


def test_the_application_needs_no_model() -> None:
    assert not loaded_after("import service.app") & HEAVY


def test_the_client_needs_no_server() -> None:
    assert not loaded_after("import service.client, service.commands.submission") & {
        "flask",
        "gunicorn",
        "celery",
        "redis",
    }


def test_only_settings_read_the_environment() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text, path
        assert "getenv" not in text, path
