"""The `Decoder` of the batcher over loaded models: texts around rows, and errors of torch told apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from worker.engine.errors import DeviceFailed, OutOfMemory, first_line
from worker.engine.interface import EngineError, ModelInfo, Output, Role, Tokens
from worker.engine.request import Request
from worker.engine.row import Row, RowDecoder, Rows

#: What errors that are no class of their own say of memory, and of a device that is past use.
_NO_MEMORY = ("can't allocate memory", "out of memory")
_BROKEN = ("CUDA error", "device-side assert", "CUDA failed", "cuBLAS failed")


class ModelDecoder:
    """A `Decoder` (`worker.engine.batcher`) over one model for each role."""

    def __init__(self, models: Mapping[Role, RowDecoder]) -> None:
        self._models = dict(models)

    def info(self, role: Role) -> ModelInfo | None:
        """The model loaded for a role, or None."""
        model = self._models.get(role)
        return model.info if model else None

    def beams(self, role: Role) -> int:
        """Rows that the model decodes for each input."""
        return self._models[role].beams

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk, with what the model wants before and after each text."""
        return self._models[role].loaded.codec.encode(texts)

    def flow(self, role: Role) -> "OutputFlow | None":
        """A flow through a role's model, or None where `generate` decodes it."""
        model = self._models[role]
        flow = model.flow()
        return OutputFlow(model, flow) if flow is not None else None

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        """Decodes a batch; see `Decoder.run`."""
        model = self._models[role]
        with told_apart(model):
            rows = model.rows(batch)
        return outputs(model, [len(request.tokens) for request in batch], rows)


class OutputFlow:
    """A `Flow` (`worker.engine.flow`): rows as outputs, and errors of torch told apart."""

    def __init__(self, model: RowDecoder, flow: Rows) -> None:
        self._model = model
        self._flow = flow
        self._sources: dict[int, int] = {}

    def admit(self, keys: Sequence[int], batch: Sequence[Request]) -> int:
        """Adds rows under keys of the caller's. Returns the source tokens that were read, with padding."""
        with told_apart(self._model):
            padded = self._flow.admit(keys, batch)
        self._sources.update((key, len(request.tokens)) for key, request in zip(keys, batch, strict=True))
        return padded

    def step(self) -> list[tuple[int, Output | EngineError]]:
        """One target token more for every row. Returns what has ended, and why where a row can't go on."""
        with told_apart(self._model):
            ended = self._flow.step()
        if not ended:
            return []
        counts = {key: self._sources.pop(key) for key, _ in ended}
        rows = {key: row for key, row in ended if not isinstance(row, EngineError)}
        made = outputs(self._model, [counts[key] for key in rows], list(rows.values())) if rows else []
        failed = [(key, row) for key, row in ended if isinstance(row, EngineError)]
        return [*zip(rows, made, strict=True), *failed]

    def drop(self, keys: Iterable[int]) -> None:
        """Takes rows out."""
        gone = list(keys)
        self._flow.drop(gone)
        for key in gone:
            self._sources.pop(key, None)

    def clear(self) -> None:
        """Takes all rows out, whatever state a failure has left."""
        self._flow.clear()
        self._sources.clear()


def outputs(model: RowDecoder, counts: Sequence[int], rows: Sequence[Row]) -> list[Output]:
    """Rows as outputs; `counts` are the tokens of their sources."""
    texts = model.loaded.codec.decode([row.ids for row in rows])
    vectors = model.loaded.info.has_vectors
    return [
        Output(
            text,
            tokens_in=count,
            tokens_out=len(row.ids) + (not row.truncated),
            truncated=row.truncated,
            vector=row.vector if vectors else None,
        )
        for count, row, text in zip(counts, rows, texts, strict=True)
    ]


@contextmanager
def told_apart(model: RowDecoder) -> Iterator[None]:
    """Turns errors of torch and CTranslate2 into `OutOfMemory` and `DeviceFailed`; others go their way."""
    failure: Exception | None = None
    try:
        yield
    except Exception as error:  # told apart below
        failure = _classify(error)
        if failure is None:
            raise
        if isinstance(failure, DeviceFailed):
            raise failure from error
    if failure is None:
        return
    # Only here have the frames of what failed let go of its tensors.
    if model.loaded.device.type == "cuda":
        torch.cuda.empty_cache()
    raise failure


def _classify(error: Exception) -> Exception | None:
    """What an error of torch or CTranslate2 means to the batcher; None where it means nothing special."""
    said = str(error)
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(sign in said for sign in _NO_MEMORY):
        return OutOfMemory(first_line(error))
    if isinstance(error, torch.AcceleratorError) or any(sign in said for sign in _BROKEN):
        return DeviceFailed(first_line(error))
    return None
