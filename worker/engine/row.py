"""What a model puts out for one input, and how long that may be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from worker.engine.decoding.scores import RowRules
from worker.engine.interface import EngineError, ModelInfo, Role, Tokens, Vector
from worker.engine.loader import LoadedModel
from worker.engine.request import Request

#: The longest translation of n source tokens is taken to be `_LENGTH_FACTOR` n + `_LENGTH_ROOM` tokens.
_LENGTH_FACTOR, _LENGTH_ROOM = 2, 16


@dataclass(frozen=True, slots=True)
class Row:
    """Target token ids without start and end tokens, and the vector of the source, empty where the engine has none."""

    ids: tuple[int, ...]
    truncated: bool
    vector: Vector


class Rows(Protocol):
    """Rows in flight through one model, which others may join."""

    def admit(self, keys: Sequence[int], batch: Sequence[Request]) -> int:
        """Adds rows under keys of the caller's. Returns the source tokens that were read, with padding."""

    def step(self) -> list[tuple[int, Row | EngineError]]:
        """One target token more for every row. Returns what has ended, and why where a row can't go on."""

    def drop(self, keys: Iterable[int]) -> None:
        """Takes rows out."""

    def clear(self) -> None:
        """Takes all rows out, whatever state a failure has left."""


class RowDecoder(Protocol):
    """One model with its generation settings, whatever computes it. Used by one thread at a time."""

    @property
    def loaded(self) -> LoadedModel:
        """The model. Its `model` may be another program's affair."""

    @property
    def beams(self) -> int:
        """Hypotheses of each row."""

    @property
    def info(self) -> ModelInfo:
        """The model as results name it, with how it decodes here."""

    def rows(self, batch: Sequence[Request]) -> list[Row]:
        """Decodes a closed batch, a row for each request, in order."""

    def flow(self) -> Rows | None:
        """Rows that others may join, or None where there are closed batches only."""

    def first_scores(self, tokens: Tokens) -> torch.Tensor:
        """Scores of first target tokens, for the proof that they are finite."""


class OutputLengths:
    """How long an output may be and must be, by the request, its source and the model's own configuration.

    `declared`: the longest and the shortest summary that the configuration asks for, in tokens.
    """

    def __init__(self, loaded: LoadedModel, declared: tuple[int, int]) -> None:
        self._role = loaded.role
        self._longest = loaded.max_target_tokens
        self._summary_tokens, self._min_tokens = declared

    def rules(self, request: Request) -> RowRules:
        """What a row's output has to keep to."""
        most = self._most(request)
        least = min(self._least(request), most)
        return RowRules(most=most, least=least, no_repeat=request.options.no_repeat_ngram or 0)

    def _most(self, request: Request) -> int:
        """The output limit of a row in tokens, the end token included."""
        count, asked = len(request.tokens), request.options.max_new_tokens
        if asked is None and self._role is Role.TRANSLATOR:
            asked = _LENGTH_FACTOR * count + _LENGTH_ROOM
        elif asked is None:
            asked = min(count + _LENGTH_ROOM, self._summary_tokens)
        return max(1, min(asked, self._longest))

    def _least(self, request: Request) -> int:
        """The fewest tokens before the end token. What the configuration asks for is not asked of short inputs."""
        asked = request.options.min_new_tokens
        return min(self._min_tokens, len(request.tokens) // 2) if asked is None else asked


def cut(target: Sequence[int], limit: int, ends: Sequence[int], vector: Vector) -> Row:
    """An output as far as its end token, or its limit."""
    for position, token in enumerate(target[:limit]):
        if token in ends:
            return Row(tuple(target[:position]), truncated=False, vector=vector)
    return Row(tuple(target[:limit]), truncated=True, vector=vector)
