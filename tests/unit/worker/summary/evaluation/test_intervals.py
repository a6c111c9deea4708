import numpy as np
import pytest

from scripts.lab.summaries.intervals import difference


def test_a_constant_difference_is_sure() -> None:
    found = difference([0.5, 0.6, 0.4], [0.4, 0.5, 0.3])
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.is_sure


def test_the_interval_is_about_two_standard_errors_to_each_side() -> None:
    gaps = np.random.default_rng(5).normal(0.02, 0.1, 400)
    found = difference(list(gaps), [0.0] * 400)
    assert found.mean == pytest.approx(gaps.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * gaps.std() / 20, rel=0.05)
    assert difference(list(gaps), [0.0] * 400) == found


def test_what_may_be_chance_is_not_sure() -> None:
    assert not difference([0.5, 0.2, 0.4], [0.4, 0.5, 0.3]).is_sure
    assert difference([0.1, 0.2], [0.4, 0.5]).is_sure
    with pytest.raises(ValueError, match="no article"):
        difference([], [])
