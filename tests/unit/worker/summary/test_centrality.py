import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.engine.interface import Vector
from worker.summary import centrality
from worker.summary.centrality import centralities, centred_rows, similarity_graph, stationary


def _random(count: int, width: int = 16, seed: int = 0) -> list[Vector | None]:
    return list(np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32))


@pytest.mark.parametrize("shift", [0, 1, 10, 1000])
@pytest.mark.parametrize("count", [2, 5, 100])
def test_centring_leaves_the_same_mean_cosine_however_strong_the_common_component(shift: float, count: int) -> None:
    rows = centred_rows([vector + np.float32(shift) for vector in _random(count) if vector is not None])
    assert rows is not None
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    cosines = (rows @ rows.T)[~np.eye(count, dtype=bool)]
    if shift:
        assert float(cosines.mean()) == pytest.approx(0.3, abs=0.07)
    else:
        # There was less in common to begin with, and nothing is added.
        assert float(cosines.mean()) < 0.3


def test_identical_vectors_are_like_nothing() -> None:
    rows = centred_rows([np.ones(8, dtype=np.float32)] * 5)
    assert rows is not None
    assert not rows.any()


@pytest.mark.parametrize(
    "bad",
    [
        None,
        np.full(16, np.nan, dtype=np.float32),
        np.full(16, np.inf, dtype=np.float32),
        np.zeros(16, dtype=np.float32),
        np.ones(7, dtype=np.float32),
        np.ones((2, 8), dtype=np.float32),
        np.ones(0, dtype=np.float32),
    ],
)
def test_an_unusable_vector_is_like_nothing_and_too_many_are_refused(bad: Vector | None) -> None:
    rows = centred_rows([*_random(9), bad])
    assert rows is not None
    assert not rows[9].any()
    assert np.isfinite(rows).all()
    assert centred_rows([*_random(8), bad, bad]) is None


def test_no_vectors_no_rows() -> None:
    assert centred_rows([]) is None
    assert centred_rows([None]) is None


def test_the_walk_matches_the_eigenvector() -> None:
    rows = centred_rows(_random(30))
    assert rows is not None
    graph = similarity_graph(rows)
    degrees = graph.sum(axis=1)
    steps = np.where(degrees[:, None] > 0, graph / np.where(degrees > 0, degrees, 1)[:, None], 1 / 30)
    google = 0.85 * steps.T.astype(np.float64) + 0.15 / 30
    values, vectors = np.linalg.eig(google)
    expected = np.real(vectors[:, np.argmax(np.real(values))])
    np.testing.assert_allclose(stationary(graph), expected / expected.sum(), atol=1e-4)


def test_the_hub_is_the_most_central() -> None:
    hub = np.array([1, 1, 1, 0], dtype=np.float32) / np.sqrt(3, dtype=np.float32)
    rows = np.vstack([np.eye(4, dtype=np.float32), hub])
    scores = centralities(rows)
    assert scores[4] == 1.0
    assert scores[0] == scores[1] == scores[2] < 1.0
    # The fourth is like none.
    assert scores[3] == scores.min() < scores[0]


def test_rows_without_edges_are_equal() -> None:
    assert centralities(np.eye(3, dtype=np.float32)).tolist() == [1.0, 1.0, 1.0]
    assert centralities(np.zeros((0, 0), dtype=np.float32)).tolist() == []
    assert stationary(np.zeros((0, 0), dtype=np.float32)).tolist() == []


def test_a_long_article_is_ranked_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centrality, "MAX_COMPARED", 20)
    monkeypatch.setattr(centrality, "BLOCK", 10)
    sizes: list[int] = []
    graph_of = centrality.similarity_graph

    def watched(rows: centrality.Rows, *, threshold: float) -> centrality.Rows:
        sizes.append(len(rows))
        return graph_of(rows, threshold=threshold)

    monkeypatch.setattr(centrality, "similarity_graph", watched)
    rows = centred_rows(_random(45))
    assert rows is not None
    scores = centralities(rows)
    assert sizes == [10, 10, 10, 10, 5, 20]
    assert scores.shape == (45,)
    assert scores.max() == 1.0
    assert ((scores > 0) & (scores <= 1)).all()
    # Four of each block are compared with the others; those rank above what is left of their block.
    for start in range(0, 45, 10):
        block = np.sort(scores[start : start + 10])
        assert block[:-4].max() <= block[-4:].min()


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 25), st.integers(0, 1000), st.floats(0.5, 1000))
def test_scale_and_order_of_dimensions_and_rows_change_nothing(count: int, seed: int, scale: float) -> None:
    vectors = np.stack([vector for vector in _random(count, seed=seed) if vector is not None])
    generator = np.random.default_rng(seed)
    columns, order = generator.permutation(16), generator.permutation(count)
    plain, turned = centred_rows(list(vectors)), centred_rows(list((vectors * np.float32(scale))[order][:, columns]))
    assert plain is not None
    assert turned is not None
    # A cosine at the threshold itself may fall on either side by rounding.
    if np.abs(plain @ plain.T - centrality.THRESHOLD).min() > 1e-4:
        np.testing.assert_allclose(centralities(turned), centralities(plain)[order], atol=2e-3)
