"""How sure a mean difference is: the paired bootstrap (Efron & Tibshirani 1993; Koehn 2004 for texts)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Samples that are drawn.
SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean of differences, with the interval that holds 95 in 100 means of articles drawn with replacement."""

    mean: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def difference(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 1) -> Difference:
    """Of the scores of two systems on the same articles, ours less theirs. Raises `ValueError` without an article."""
    if not ours:
        raise ValueError("There is no article to compare on.")
    gaps = np.array(ours) - np.array(theirs)
    generator = np.random.default_rng(seed)
    means = gaps[generator.integers(0, len(gaps), (SAMPLES, len(gaps)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Difference(float(gaps.mean()), float(low), float(high))
