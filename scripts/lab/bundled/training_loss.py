"""The loss: label-smoothed cross entropy over the vocabulary, worked out in slices, and that of guided attention."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

#: Positions per slice: on a CPU the slice of logits should fit into the cache, on a GPU it should keep the chip busy.
_SLICE = {"cpu": 512, "cuda": 16_384}


class _SlicedCrossEntropy(torch.autograd.Function):
    """Works out the gradients together with the loss, slice by slice, so that the logits never exist as a whole."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, matrix: Tensor, bias: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        count, pieces = hidden.shape[0], matrix.shape[0]
        d_hidden = torch.empty_like(hidden)
        d_matrix = torch.zeros(matrix.shape, dtype=torch.float32, device=matrix.device)
        d_bias = torch.zeros(pieces, dtype=torch.float32, device=matrix.device)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        row_bias = bias.reshape(-1).to(hidden.dtype)
        step = _SLICE.get(hidden.device.type, 4096)
        flat = smoothing / pieces
        # Smoothing takes the same from every piece, so its part of loss and slopes comes from sums, without another pass.
        all_pieces, all_bias = matrix.sum(0, dtype=torch.float32), row_bias.sum(dtype=torch.float32)
        one = torch.ones(1, step, dtype=hidden.dtype, device=hidden.device)
        for start in range(0, count, step):
            part, goal = hidden[start : start + step], wanted[start : start + step, None]
            logits = torch.addmm(row_bias, part, matrix.t())
            at_goal = logits.gather(1, goal).float()
            slope = torch.softmax(logits, 1)
            log_goal = slope.gather(1, goal).float().clamp(min=1e-30).log()
            total -= (1.0 - smoothing) * log_goal.sum()
            if smoothing:
                normalizer = (at_goal - log_goal).sum()
                sums = (part.float() @ all_pieces).sum() + all_bias * part.shape[0]
                total -= flat * (sums - pieces * normalizer)
            slope.scatter_add_(1, goal, torch.full_like(goal, -(1.0 - smoothing), dtype=slope.dtype))
            d_hidden[start : start + step] = slope @ matrix
            d_matrix += slope.t() @ part
            d_bias += (one[:, : part.shape[0]] @ slope)[0]
        if smoothing:
            d_hidden -= (flat * all_pieces).to(d_hidden.dtype)
            d_matrix -= flat * hidden.sum(0, dtype=torch.float32)
            d_bias -= flat * count
        ctx.save_for_backward(d_hidden, d_matrix, d_bias)
        ctx.count = max(count, 1)
        ctx.shape = bias.shape
        return cast(Tensor, total / ctx.count)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        d_hidden, d_matrix, d_bias = ctx.saved_tensors
        scale = grads[0] / ctx.count
        return (
            d_hidden * scale.to(d_hidden.dtype),
            (d_matrix * scale).to(d_hidden.dtype),
            (d_bias * scale).view(ctx.shape).to(d_hidden.dtype),
            None,
            None,
        )


def cross_entropy(hidden: Tensor, matrix: Tensor, bias: Tensor, wanted: Tensor, *, smoothing: float) -> Tensor:
    """Mean cross entropy in nats per piece, with label smoothing.

    `hidden` is (positions, width), `matrix` (pieces, width), `bias` (1, pieces), `wanted` (positions), without padding.
    """
    return cast(Tensor, _SlicedCrossEntropy.apply(hidden, matrix, bias, wanted, smoothing))  # type: ignore[no-untyped-call]


def guidance(log: Tensor, links: Tensor) -> Tensor:
    """Mean over linked target pieces of minus the log attention on the linked source piece.

    `log` is (rows, target, source), `links` (rows, target) with -1 where no link is known.
    """
    known = links >= 0
    picked = log.gather(2, links.clamp(min=0)[:, :, None])[:, :, 0]
    return -(picked * known).sum() / known.sum().clamp(min=1)
