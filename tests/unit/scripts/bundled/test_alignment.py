"""Links found by EM on a toy language, and embeddings started from them."""

import random

import numpy as np
import torch

from scripts.lab.bundled import alignment, alignment_embedding

_PIECES = 40


def _pairs(count: int = 400) -> list[tuple[list[int], list[int]]]:
    """Word for word: source piece n is target piece n + 20, and neighbours change places now and then."""
    chance = random.Random(1)
    pairs = []
    for _ in range(count):
        source = chance.sample(range(3, 20), chance.randint(2, 7))
        target = [n + 20 for n in source]
        if chance.random() < 0.3:
            target[0], target[1] = target[1], target[0]
        pairs.append((source, target))
    return pairs


def test_links_find_the_translations() -> None:
    pairs = _pairs()
    found, fit = alignment.links(alignment.learn(pairs, _PIECES), pairs)
    right = total = 0
    for (source, target), places in zip(pairs, found, strict=True):
        assert len(places) == len(target)
        for piece, place in zip(target, places, strict=True):
            total += 1
            right += place != alignment.UNALIGNED and source[place] == piece - 20
    assert right / total > 0.95
    assert fit.mean() > 0.95


def test_unrelated_sides_have_a_low_fit() -> None:
    tables = alignment.learn(_pairs(), _PIECES)
    _, fit = alignment.links(tables, [([3, 4, 5, 6], [23, 24, 25, 26]), ([3, 4, 5, 6], [32, 33, 34, 35])])
    assert fit[0] == 1.0
    assert fit[1] < fit[0]


def test_translations_start_near_each_other() -> None:
    pairs = _pairs()
    counts = (
        np.bincount([n for s, _ in pairs for n in s], minlength=_PIECES),
        np.bincount([n for _, t in pairs for n in t], minlength=_PIECES),
    )
    matrix = alignment_embedding.start(alignment.learn(pairs, _PIECES), *counts, width=64)
    assert torch.allclose(matrix.norm(dim=1), torch.ones(_PIECES), atol=1e-4)
    near = matrix[3:20] @ matrix[23:40].t()
    assert (near.argmax(1) == torch.arange(17)).all()
