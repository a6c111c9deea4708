"""Embeddings that know, before any training, which pieces translate each other."""

from __future__ import annotations

import numpy as np
import torch

from scripts.lab.bundled.alignment import Tables


def start(
    tables: Tables, source_counts: np.ndarray, target_counts: np.ndarray, *, width: int, seed: int = 1
) -> torch.Tensor:
    """A `(pieces, width)` float32 matrix whose rows have norm 1; a source piece lies near its translations.

    Every target piece gets a random direction; a source piece gets the mean of the directions of its translations, weighted by
    the product of both probabilities, which mutes the long tail. A piece of both languages is a mean of the two by frequency.
    """
    pieces = tables.to_target.shape[0]
    noise = torch.Generator().manual_seed(seed)
    target = torch.nn.functional.normalize(torch.randn(pieces, width, generator=noise), dim=1)
    sharp = (tables.to_target * tables.to_source.t()).clamp(min=0.0)
    sharp[sharp < 1e-3] = 0.0
    source = sharp @ target
    source = torch.nn.functional.normalize(source, dim=1) * (sharp.sum(1, keepdim=True) > 0)
    in_source = torch.from_numpy(source_counts.astype(np.float32))[:, None]
    in_target = torch.from_numpy(target_counts.astype(np.float32))[:, None]
    share = in_source / (in_source + in_target).clamp(min=1.0)
    mixed = share * source + (1.0 - share) * target
    own = torch.nn.functional.normalize(torch.randn(pieces, width, generator=noise), dim=1)
    return torch.nn.functional.normalize(mixed + 0.3 * own, dim=1)
