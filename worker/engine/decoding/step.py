"""One step of all hypotheses through the decoder."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.decoding.caches import Caches
from worker.engine.decoding.output import Output, output_of
from worker.engine.decoding.weights import DecoderWeights


class Stepper:
    """Runs the decoder over one new token of each hypothesis."""

    def __init__(self, weights: DecoderWeights, caches: Caches, beams: int) -> None:
        self._weights = weights
        self._caches = caches
        self._beams = beams
        self._scores: Output = output_of(weights)

    def __call__(self, tokens: Tensor, places: Tensor, sources: int) -> Tensor:
        """The logits, (hypotheses, vocabulary up to the next block), float32, minus infinity beyond the vocabulary. The caller
        may change them; the next step may write over them.

        `tokens` and `places` are (hypotheses,): the newest token of each and how many stand before it. `sources` is the most
        source tokens that any row has.
        """
        w, caches, beams = self._weights, self._caches, self._beams
        rows = caches.rows
        new = caches.extend()
        own_mask, source_mask = caches.own_mask(), caches.source_mask(sources)
        x = w.embed(tokens, places)
        for number, layer in enumerate(w.layers):
            y = layer.own_norm(x) if w.normalize_first else x
            made = layer.own(y).view(rows, beams, 3, w.heads, -1).permute(2, 0, 3, 1, 4)
            own = caches.own[number, :, :rows]
            own[:, :, :, new] = made[1:]
            x = x + layer.own_out(attend(made[0], own[:, :, :, : caches.slots], own_mask))
            if not w.normalize_first:
                x = layer.own_norm(x)
            y = layer.cross_norm(x) if w.normalize_first else x
            query = layer.cross_query(y).view(rows, beams, w.heads, -1).transpose(1, 2)
            x = x + layer.cross_out(attend(query, caches.cross[number, :, :rows, :, :sources], source_mask))
            if not w.normalize_first:
                x = layer.cross_norm(x)
            y = layer.last_norm(x) if w.normalize_first else x
            x = x + layer.fall(layer.activation(layer.rise(y)))
            if not w.normalize_first:
                x = layer.last_norm(x)
        if w.last_norm is not None:
            x = w.last_norm(x)
        return self._scores(x)

    def clear(self) -> None:
        """Gives memory back that grows with what is in flight."""
        self._scores.clear()


def attend(query: Tensor, source: Tensor, mask: Tensor) -> Tensor:
    """Scaled dot-product attention: `query` (rows, heads, beams, width) over keys and values `source`, (2, rows, heads, places,
    width). `mask`, (rows x heads, beams, places), is added to the scores. Returns (rows x beams, heads x width)."""
    rows, heads, beams, width = query.shape
    keys, values = source.view(2, rows * heads, -1, width).unbind()
    asked = query.reshape(rows * heads, beams, width)
    scores = torch.baddbmm(mask, asked, keys.transpose(1, 2), alpha=1.0 / math.sqrt(width))
    mixed = torch.bmm(functional.softmax(scores, -1), values)
    return mixed.view(rows, heads, beams, width).transpose(1, 2).reshape(rows * beams, heads * width)
