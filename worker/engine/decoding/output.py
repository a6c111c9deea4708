"""The last layer: from what the decoder puts out to a score for every token of the vocabulary."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.engine.decoding.scores import BLOCK
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.int8 import Int8Linear

_NEVER = float("-inf")


class Output(Protocol):
    """Scores of the tokens of a vocabulary."""

    def __call__(self, x: Tensor) -> Tensor:
        """(n, width) to (n, vocabulary up to the next block), float32, minus infinity beyond the vocabulary."""

    def clear(self) -> None:
        """Gives memory back that grows with n."""


def output_of(weights: DecoderWeights) -> Output:
    """The last layer of a model, in its own precision or in int8."""
    if isinstance(weights.output, Int8Linear):
        return Int8Output(weights.output, weights.output_bias)
    return FloatOutput(weights.output, weights.output_bias)


class FloatOutput:
    """In the model's own precision. One buffer takes the scores of all steps."""

    def __init__(self, linear: nn.Linear, bias: Tensor | None) -> None:
        self._weight = linear.weight.t()
        self._bias = bias
        self._vocabulary = linear.out_features
        self._buffer = self._weight.new_empty((0, -(-self._vocabulary // BLOCK) * BLOCK))

    def __call__(self, x: Tensor) -> Tensor:
        """See `Output`."""
        count = x.shape[0]
        if count > self._buffer.shape[0]:
            self._buffer = self._buffer.new_full((count, self._buffer.shape[1]), _NEVER)
        scores = self._buffer[:count, : self._vocabulary]
        if self._bias is not None:
            torch.addmm(self._bias, x, self._weight, out=scores)
        else:
            torch.mm(x, self._weight, out=scores)
        return self._buffer[:count].float()

    def clear(self) -> None:
        """See `Output`."""
        self._buffer = self._buffer.new_empty((0, self._buffer.shape[1]))


class Int8Output:
    """In int8."""

    def __init__(self, linear: Int8Linear, bias: Tensor | None) -> None:
        self._linear = linear
        self._bias = functional.pad(bias, (0, -len(bias) % BLOCK)) if bias is not None else None

    def __call__(self, x: Tensor) -> Tensor:
        """See `Output`."""
        scores = self._linear.padded(x, _NEVER)
        return scores if self._bias is None else scores.add_(self._bias)

    def clear(self) -> None:
        """See `Output`."""
