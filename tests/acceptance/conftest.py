"""Fixtures of the acceptance tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.stack import Stack, processes_of


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder. Nothing that was started with it may be left after the test."""
    folder = tmp_path / "data"
    yield folder
    left = processes_of(folder)
    for process in left:
        process.kill()
    assert left == []


@pytest.fixture(scope="module")
def fake_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack over the fake engine, one for all tests of a module."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "data", DEPECHE_ENGINE="fake")
    yield stack
    assert stack.interrupt() == 0
    assert processes_of(stack.data) == []
