"""Packed rows come back whole, and batches are drawn by length and weight."""

from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.lab.bundled import corpus_packing
from scripts.lab.bundled.alignment import UNALIGNED
from scripts.lab.bundled.corpus_packing import CLASSES, Sampler
from scripts.lab.bundled.vocabulary import EOS, PAD


def _packed() -> corpus_packing.Packed:
    sources = [[10, 11, 12], [20], [30] * 30]
    targets = [[13, 14], [21, 22, 23], [31] * 28]
    links = [np.array([2, UNALIGNED], np.uint8), np.zeros(3, np.uint8), np.arange(28, dtype=np.uint8)]
    return corpus_packing.pack(sources, targets, links, [1.0, 3.0, 1.0])


def test_batch_lays_out_sources_shifted_targets_and_links() -> None:
    batch = _packed().batch([0, 1])
    assert batch.source.tolist() == [[10, 11, 12, EOS], [20, EOS, PAD, PAD]]
    assert batch.given.tolist() == [[PAD, 13, 14, PAD], [PAD, 21, 22, 23]]
    assert batch.wanted.tolist() == [[13, 14, EOS, -100], [21, 22, 23, EOS]]
    assert batch.links.tolist() == [[2, -1, 3, -1], [0, 0, 0, 1]]


def test_save_and_load_give_the_same(tmp_path: Path) -> None:
    packed = _packed()
    corpus_packing.save(packed, tmp_path)
    again = corpus_packing.load(tmp_path)
    for row in range(3):
        for left, right in zip(
            *(vars_of(p.batch([row])) for p in (packed, again)),
            strict=True,
        ):
            assert torch.equal(left, right)
    assert again.weights.tolist() == [1.0, 3.0, 1.0]


def vars_of(batch: corpus_packing.Batch) -> tuple[torch.Tensor, ...]:
    """The tensors of a batch."""
    return batch.source, batch.given, batch.wanted, batch.links


def test_sampler_obeys_length_and_repeats_with_its_seed() -> None:
    packed = _packed()
    first, second = Sampler(packed, seed=7), Sampler(packed, seed=7)
    for _ in range(20):
        batch = first.draw(pieces=40, longest=CLASSES[0])
        assert batch.source.shape[1] <= CLASSES[0]
        assert torch.equal(batch.source, second.draw(pieces=40, longest=CLASSES[0]).source)
    assert any(first.draw(pieces=40, longest=80.0).source.shape[1] == 31 for _ in range(20))


def test_sampler_draws_by_weight() -> None:
    sampler = Sampler(_packed(), seed=1)
    heads = torch.cat([sampler.draw(pieces=600, longest=CLASSES[0]).source[:, 0] for _ in range(30)])
    share = float((heads == 20).float().mean())
    assert 0.65 < share < 0.85


def test_sampler_refuses_data_without_short_rows() -> None:
    packed = corpus_packing.pack([[5] * 100], [[6] * 100], [np.zeros(100, np.uint8)], [1.0])
    with pytest.raises(ValueError, match="no row short enough"):
        Sampler(packed, seed=1)
