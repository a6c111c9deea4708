import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.summary.tfidf import inverse_frequencies, tfidf_rows


def test_rarer_terms_weigh_more() -> None:
    rarity = inverse_frequencies([["pont", "crue"], ["pont"], ["pont", "pont"]])
    assert rarity["pont"] == pytest.approx(1.0)
    assert rarity["crue"] == pytest.approx(math.log(4 / 2) + 1)


def test_dot_products_are_cosines() -> None:
    rows = tfidf_rows(["pont crue", "pont crue", "pont fanfare", "fromage"])
    products = rows @ rows.T
    assert products[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert 0 < products[0, 2] < 1
    assert products[0, 3] == 0
    # By hand: idf of pont 1 + ln(5/4), of crue 1 + ln(5/3), of fanfare 1 + ln(5/2).
    bridge, flood, band = (1 + math.log(5 / n) for n in (4, 3, 2))
    cosine = bridge**2 / math.hypot(bridge, flood) / math.hypot(bridge, band)
    assert products[0, 2] == pytest.approx(cosine, abs=1e-6)


def test_columns_are_bounded_and_the_weightiest_kept() -> None:
    texts = [f"pont 1{n:02} 2{n // 2:02}" for n in range(40)]
    rows = tfidf_rows(texts, max_terms=3)
    assert rows.shape == (40, 3)
    assert (rows[:, 0] > 0).all()


def test_nothing_gives_no_rows() -> None:
    assert tfidf_rows([]).shape == (0, 0)
    assert tfidf_rows(["", "***"]).shape == (2, 0)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_rows_are_finite_and_no_longer_than_one(texts: list[str]) -> None:
    rows = tfidf_rows(texts)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    assert (np.linalg.norm(rows, axis=1) <= 1 + 1e-5).all()
