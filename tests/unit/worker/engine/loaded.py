"""Models of a folder, loaded the way a worker does on a CPU."""

from collections.abc import Sequence
from pathlib import Path

import torch

from worker.engine.ctranslate import CTranslateModel
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.device import Precision
from worker.engine.interface import Role, Tokens
from worker.engine.loader import LoadedModel, load
from worker.engine.registry import resolve
from worker.engine.request import Request


def load_folder(
    folder: Path, role: Role = Role.TRANSLATOR, revision: str | None = None, precision: str = "float32"
) -> LoadedModel:
    return load(resolve(str(folder), revision), role, device=torch.device("cpu"), precision=precision)


def decoder_of(folder: Path, role: Role = Role.TRANSLATOR, beams: int | None = None) -> Seq2SeqDecoder:
    return Seq2SeqDecoder(load_folder(folder, role), beams)


def ctranslate_of(folder: Path, beams: int | None = None, precision: Precision = Precision.FLOAT32) -> CTranslateModel:
    return CTranslateModel(load_folder(folder), beams, device=torch.device("cpu"), precision=precision, threads=1)


def requests(tokens: Sequence[Tokens]) -> list[Request]:
    """Requests that leave everything to the decoder."""
    return [Request(row) for row in tokens]
