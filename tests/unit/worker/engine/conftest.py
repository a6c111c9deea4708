from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests import models


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Tiny tensors only lose by more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_marian(tmp_path_factory.mktemp("marian"))


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.taught_marian(tmp_path_factory.mktemp("taught"))


@pytest.fixture(scope="session")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_bart(tmp_path_factory.mktemp("bart"))


@pytest.fixture(scope="session")
def pegasus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_pegasus(tmp_path_factory.mktemp("pegasus"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_t5(tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="session")
def mbart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_mbart(tmp_path_factory.mktemp("mbart"))


@pytest.fixture(scope="session")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.tiny_nllb(tmp_path_factory.mktemp("nllb"))
