"""One step of all hypotheses through the decoder."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.decoding.caches import Caches
from worker.engine.decoding.weights import DecoderWeights


class Stepper:
    """Runs the decoder over one new token of each hypothesis. The scores are written into one buffer, step after step."""

    def __init__(self, weights: DecoderWeights, caches: Caches, beams: int, *, block: int) -> None:
        self._weights = weights
        self._caches = caches
        self._beams = beams
        self._vocabulary = weights.output.shape[0]
        self._padded = -(-self._vocabulary // block) * block
        self._logits = weights.output.new_empty((0, self._padded))

    def __call__(self, tokens: Tensor, places: Tensor, sources: int, targets: int) -> Tensor:
        """The logits, (hypotheses, vocabulary up to the next block), float32, minus infinity beyond the vocabulary.

        `tokens` and `places` are (hypotheses,): the newest token of each and how many stand before it. `sources` and `targets`
        are the most tokens that any row has of either, the newest one included.
        """
        w, caches, beams = self._weights, self._caches, self._beams
        count, rows = tokens.shape[0], caches.rows
        caches.reserve_targets(targets)
        every = torch.arange(count, device=tokens.device)
        seen = torch.arange(targets, device=tokens.device)[None, :] <= places[:, None]
        own_mask = torch.zeros(seen.shape, dtype=w.embedding.dtype, device=tokens.device)
        own_mask = own_mask.masked_fill_(~seen, float("-inf"))[:, None, None, :]
        cross_mask = caches.mask[:rows, None, None, :sources]
        x = w.embed(tokens, places)
        for number, layer in enumerate(w.layers):
            y = layer.own_norm(x) if w.normalize_first else x
            query, key, value = layer.own(y).view(count, 3, w.heads, -1).unbind(1)
            keys, values = caches.own[0, number, :count], caches.own[1, number, :count]
            keys[every, :, places] = key
            values[every, :, places] = value
            mixed = attend(query[:, :, None], keys[:, :, :targets], values[:, :, :targets], own_mask)
            x = x + layer.own_out(mixed.reshape(count, w.width))
            if not w.normalize_first:
                x = layer.own_norm(x)
            y = layer.cross_norm(x) if w.normalize_first else x
            query = layer.cross_query(y).view(rows, beams, w.heads, -1).transpose(1, 2)
            source = caches.cross[:, number, :rows, :, :sources]
            mixed = attend(query, source[0], source[1], cross_mask)
            x = x + layer.cross_out(mixed.transpose(1, 2).reshape(count, w.width))
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
        """Gives the buffer's memory back."""
        self._logits = self._logits.new_empty((0, self._padded))

    def _scores(self, x: Tensor) -> Tensor:
        count, output, bias = x.shape[0], self._weights.output, self._weights.output_bias
        if count > self._logits.shape[0]:
            self._logits = output.new_full((count, self._padded), float("-inf"))
        logits = self._logits[:count, : self._vocabulary]
        if bias is not None:
            torch.addmm(bias, x, output.t(), out=logits)
        else:
            torch.mm(x, output.t(), out=logits)
        return self._logits[:count].float()


def attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Scaled dot-product attention: (b, heads, queries, width) over (b, heads, keys, width), `mask` added to the scores."""
    scores = torch.matmul(query * (1.0 / math.sqrt(query.shape[-1])), keys.transpose(-1, -2))
    return torch.matmul(functional.softmax(scores + mask, -1), values)
