"""The house's walls: who may import whom, what a module may be, where the environment is read."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.house.modules import ROOT, Module, modules, within

SERVICE = modules("service")
WORKER = modules("worker")
ALL = modules("service", "worker", "scripts", "tests")

#: What the front end must run without
HEAVY = ("torch", "transformers", "worker")

IMPORT_ALL_OF_SERVICE = f"""
import importlib, pkgutil, sys
for name in {HEAVY!r}:
    sys.modules[name] = None  # an import of it now fails
import service
for module in pkgutil.walk_packages(service.__path__, "service."):
    importlib.import_module(module.name)
    print(module.name)
"""


def names(found: list[Module]) -> list[str]:
    return [module.name for module in found]


@pytest.mark.parametrize("module", SERVICE, ids=names(SERVICE))
def test_the_service_imports_nothing_that_a_model_touches(module: Module) -> None:
    wrong = [f"{line}: {name}" for line, name in module.imports() for heavy in HEAVY if within(name, heavy)]
    assert wrong == []


@pytest.mark.parametrize("module", WORKER, ids=names(WORKER))
def test_the_worker_imports_only_the_contract_of_the_service(module: Module) -> None:
    wrong = [
        f"{line}: {name}"
        for line, name in module.imports()
        if within(name, "service") and not within(name, "service.contract")
    ]
    assert wrong == []


def test_the_contract_imports_nothing_of_what_reads_it() -> None:
    wrong = [
        f"{module.name}:{line}: {name}"
        for module in modules("service/contract")
        for line, name in module.imports()
        if within(name, "service") and not within(name, "service.contract")
    ]
    assert wrong == []


def test_neither_half_imports_tests_or_scripts() -> None:
    wrong = [
        f"{module.name}:{line}: {name}"
        for module in SERVICE + WORKER
        for line, name in module.imports()
        if within(name, "tests") or within(name, "scripts")
    ]
    assert wrong == []


def test_every_module_of_the_service_can_be_imported_without_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL_OF_SERVICE], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "service.contract.states" in done.stdout.split()


def test_only_the_settings_modules_read_the_environment() -> None:
    wrong = [
        f"{module.name}:{line}"
        for module in SERVICE + WORKER
        if module.path.name != "settings.py"
        for line in module.reads_of_the_environment()
    ]
    assert wrong == []


@pytest.mark.parametrize("module", ALL, ids=names(ALL))
def test_a_module_has_at_most_400_lines(module: Module) -> None:
    assert module.text.count("\n") <= 400


def test_every_module_says_what_it_holds() -> None:
    code = modules("service", "worker", "scripts")
    assert [module.name for module in code if len(first_line(module)) < 10] == []


def first_line(module: Module) -> str:
    """The first line of the module's docstring, or an empty text."""
    return (ast.get_docstring(module.tree) or "").split("\n")[0]


def test_no_module_is_named_after_nothing() -> None:
    nothing = {"util", "utils", "helper", "helpers", "misc", "common", "stuff"}
    assert [module.name for module in ALL if {module.path.stem, *module.path.parent.parts[-1:]} & nothing] == []


@pytest.mark.parametrize("script", ["scripts/run", "scripts/test", "scripts/check", ".ci/run"])
def test_the_commands_are_there_and_can_be_run(script: str) -> None:
    path = ROOT / script
    assert path.is_file()
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!")


# The reader itself


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Module:
    module = Module(ROOT / "service" / "api" / "imaginary.py")
    module.__dict__["text"] = request.param
    return module


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("import torch.nn as nn", ["torch.nn"]),
        ("def f():\n    from torch import nn", ["torch.nn"]),
        ("from worker.text import document", ["worker.text.document"]),
        ("from . import health", ["service.api.health"]),
        ("from ..contract import states", ["service.contract.states"]),
        ("import importlib\nimportlib.import_module('torch')", ["importlib", "torch"]),
    ],
    indirect=["written"],
)
def test_imports_are_seen(written: Module, expected: list[str]) -> None:
    assert [name for _, name in written.imports()] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("os.environ['A']", [1]),
        ("os.environ.get('A')", [1]),
        ("os.getenv('A')", [1]),
        ("'A' in os.environ", [1]),
        ("os.environ['A'] = 'b'", []),
    ],
    indirect=["written"],
)
def test_reads_of_the_environment_are_seen(written: Module, expected: list[int]) -> None:
    assert list(written.reads_of_the_environment()) == expected


def test_scripts_without_a_suffix_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.house.modules.ROOT", tmp_path)
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "one").write_text("#!/usr/bin/env python3\n", encoding="utf-8")
    (folder / "two").write_text("#!/usr/bin/env bash\n", encoding="utf-8")
    assert [module.path.name for module in modules("scripts")] == ["one"]
