"""Word alignment between pieces: IBM model 1 with a diagonal prior, trained by EM in both directions.

The method is that of Brown et al. 1993 (model 1) with the position prior of Dyer, Chahuneau and Smith 2013; the two directions
are joined by multiplying their posteriors. Its links supervise one layer of attention, and its table starts the embeddings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch

#: Marks a target position without a link.
UNALIGNED = 255
#: How sharply links prefer the diagonal.
_TENSION = 4.0
#: Posterior of the product of both directions under which no link is made.
_SURE = 0.15
_FLOOR = 1e-7

Ids = Sequence[int]


@dataclasses.dataclass(frozen=True, slots=True)
class Tables:
    """Translation probabilities between pieces: two dense `(pieces, pieces)` float32 tensors.

    `to_target[f, e]` is the probability of the target piece e given the source piece f, `to_source[e, f]` the reverse.
    """

    to_target: torch.Tensor
    to_source: torch.Tensor


def _groups(pairs: Sequence[tuple[Ids, Ids]], cells: int) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    """Indices with their padded ids `(pairs, length)`, -1 where padded, at most `cells` links a group."""
    order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i][0]), len(pairs[i][1])))
    start = 0
    while start < len(order):
        end, wide, high = start, 0, 0
        while end < len(order):
            wide = max(wide, len(pairs[order[end]][0]))
            high = max(high, len(pairs[order[end]][1]))
            if end > start and (end - start + 1) * wide * high > cells:
                break
            end += 1
        chosen = order[start:end]
        yield chosen, _padded([pairs[i][0] for i in chosen]), _padded([pairs[i][1] for i in chosen])
        start = end


def _padded(rows: Sequence[Ids]) -> torch.Tensor:
    out = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return torch.from_numpy(out)


def _prior(given: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The diagonal prior, `(pairs, other, given)`, zero on padding."""
    given_lengths = (given >= 0).sum(1)[:, None, None]
    other_lengths = (other >= 0).sum(1)[:, None, None]
    i = (torch.arange(given.shape[1])[None, None, :] + 0.5) / given_lengths
    j = (torch.arange(other.shape[1])[None, :, None] + 0.5) / other_lengths
    return torch.exp(-_TENSION * (i - j).abs()) * (given >= 0)[:, None, :] * (other >= 0)[:, :, None]


def _posterior(table: torch.Tensor, given: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior of the links, `(pairs, other, given)`, and the flat indices into the table."""
    flat = (given.clamp(min=0) * table.shape[1])[:, None, :] + other.clamp(min=0)[:, :, None]
    weight = table.view(-1)[flat] * _prior(given, other)
    return weight / weight.sum(2, keepdim=True).clamp(min=1e-30), flat


def _learn(pairs: Sequence[tuple[Ids, Ids]], pieces: int, rounds: int, cells: int) -> torch.Tensor:
    table = torch.full((pieces, pieces), 1.0 / pieces)
    for _ in range(rounds):
        counts = torch.zeros(pieces * pieces)
        for _, given, other in _groups(pairs, cells):
            posterior, flat = _posterior(table, given, other)
            counts.scatter_add_(0, flat.reshape(-1), posterior.reshape(-1))
        table = counts.view(pieces, pieces)
        table /= table.sum(1, keepdim=True).clamp(min=1e-9)
        table.clamp_(min=_FLOOR)
    return table


def learn(pairs: Sequence[tuple[Ids, Ids]], pieces: int, *, rounds: int = 4, cells: int = 1_000_000) -> Tables:
    """Translation tables from pairs of (source ids, target ids), by `rounds` of EM in each direction."""
    return Tables(
        _learn(pairs, pieces, rounds, cells),
        _learn([(target, source) for source, target in pairs], pieces, rounds, cells),
    )


def links(
    tables: Tables, pairs: Sequence[tuple[Ids, Ids]], *, cells: int = 1_000_000
) -> tuple[list[np.ndarray], np.ndarray]:
    """For each pair, the source position of every target piece (uint8, UNALIGNED where unsure), and a fit.

    The fit is the share of target pieces with a link: low where the two sides do not say the same.
    """
    found: list[np.ndarray] = [np.empty(0, np.uint8)] * len(pairs)
    fit = np.zeros(len(pairs), np.float32)
    for chosen, source, target in _groups(pairs, cells):
        forward, _ = _posterior(tables.to_target, source, target)
        backward, _ = _posterior(tables.to_source, target, source)
        both = forward * backward.transpose(1, 2)
        best, place = both.max(2)
        place[(best < _SURE) | (place >= UNALIGNED)] = UNALIGNED
        rows = place.to(torch.uint8).numpy()
        for row, index in enumerate(chosen):
            found[index] = rows[row, : len(pairs[index][1])].copy()
            fit[index] = float((found[index] != UNALIGNED).mean())
    return found, fit
