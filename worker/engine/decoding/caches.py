"""Keys and values of attention for the rows in flight, in place from a row's admission to its end.

Rows lie without gaps: a row that ends is overwritten by the last one. A row has `beams` hypotheses side by side.
"""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.decoding.weights import DecoderWeights

#: Tensors grow to the next multiple of this many tokens, and of this many rows.
_TOKENS, _ROWS = 32, 8


class Caches:
    """`own` is (2, layers, hypotheses, heads, targets, head width), `cross` is (2, layers, rows, heads, sources, head width):
    keys and values. Both may be larger than what is in use."""

    def __init__(self, weights: DecoderWeights, beams: int) -> None:
        self._weights = weights
        self._beams = beams
        self.rows = 0
        like = weights.embedding
        shape = (2, len(weights.layers), 0, weights.heads, 0, weights.width // weights.heads)
        self.own = like.new_empty(shape)
        self.cross = like.new_empty(shape)
        #: Added to attention scores over the source, (rows, sources): 0 for a token, minus infinity for padding.
        self.mask = like.new_empty((0, 0))

    def admit(self, states: Tensor, lengths: list[int]) -> None:
        """Adds rows by their encoder states (rows, sources, width), of which `lengths` are no padding."""
        count, sources = states.shape[:2]
        self._reserve(self.rows + count, sources, 0)
        new = slice(self.rows, self.rows + count)
        heads = self._weights.heads
        for number, layer in enumerate(self._weights.layers):
            both = layer.cross_source(states).view(count, sources, 2, heads, -1).permute(2, 0, 3, 1, 4)
            self.cross[:, number, new, :, :sources] = both
        places = torch.arange(self.mask.shape[1], device=states.device)
        beyond = places[None, :] >= torch.tensor(lengths, device=states.device)[:, None]
        self.mask[new] = torch.zeros_like(self.mask[new]).masked_fill_(beyond, float("-inf"))
        self.rows += count

    def reserve_targets(self, targets: int) -> None:
        """Makes room for so many target tokens of each hypothesis."""
        self._reserve(self.rows, 0, targets)

    def remove(self, row: int) -> None:
        """Takes a row out; the last one moves to its place."""
        last, beams = self.rows - 1, self._beams
        if row != last:
            self.cross[:, :, row] = self.cross[:, :, last]
            self.mask[row] = self.mask[last]
            self.own[:, :, row * beams : (row + 1) * beams] = self.own[:, :, last * beams : (last + 1) * beams]
        self.rows = last

    def reorder(self, parents: Tensor, used: int) -> None:
        """Gives each hypothesis the past of its parent, (hypotheses,), over `used` target tokens."""
        changed = (parents != torch.arange(len(parents), device=parents.device)).nonzero()[:, 0]
        if len(changed):
            self.own[:, :, changed, :, :used] = self.own[:, :, parents[changed], :, :used]

    def clear(self) -> None:
        """Drops all rows, and gives the memory back."""
        self.rows = 0
        self.own = self.own.new_empty((*self.own.shape[:2], 0, self.own.shape[3], 0, self.own.shape[5]))
        self.cross = self.cross.new_empty(self.own.shape)
        self.mask = self.mask.new_empty((0, 0))

    def _reserve(self, rows: int, sources: int, targets: int) -> None:
        beams = self._beams
        if rows > self.mask.shape[0] or sources > self.mask.shape[1]:
            rows_to, sources_to = (
                _up(max(rows, self.mask.shape[0]), _ROWS),
                _up(max(sources, self.mask.shape[1]), _TOKENS),
            )
            self.cross = _grown(self.cross, rows_to, sources_to)
            more = (0, sources_to - self.mask.shape[1], 0, rows_to - self.mask.shape[0])
            self.mask = functional.pad(self.mask, more, value=float("-inf"))
        if rows * beams > self.own.shape[2] or targets > self.own.shape[4]:
            hypotheses = _up(max(rows * beams, self.own.shape[2]), _ROWS * beams)
            self.own = _grown(self.own, hypotheses, _up(max(targets, self.own.shape[4]), _TOKENS))


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _grown(cache: Tensor, rows: int, tokens: int) -> Tensor:
    """The same with more room. New room holds zeros: what is masked must still be finite."""
    parts, layers, old_rows, heads, old_tokens, width = cache.shape
    larger = cache.new_zeros((parts, layers, rows, heads, tokens, width))
    larger[:, :, :old_rows, :, :old_tokens] = cache
    return larger
