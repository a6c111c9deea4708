"""Centrality: how much of an article each of its sentences stands for, from one vector a sentence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.engine.interface import Vector

Rows = NDArray[np.float32]

#: Most rows that are compared with each other at once: a float32 matrix of 36 MB.
MAX_COMPARED = 3_000
#: Rows of a block where there are more than that.
BLOCK = 1_500
#: The share of a step that follows the graph; the rest jumps anywhere (Erkan & Radev 2004 take 0.85 too).
DAMPING = 0.85
#: Cosines below this are noise and make no edge.
THRESHOLD = 0.1
_MAX_STEPS = 100
_TOLERANCE = 1e-5
#: The mean cosine that centring leaves: what two sentences of one article have in common.
_KINSHIP = 0.3


def centred_rows(vectors: Sequence[Vector | None]) -> Rows | None:
    """Unit rows from encoder states, shape (len(vectors), width), float32, without their common component.

    Pooled encoder states are anisotropic: all of them point much the same way, and all cosines are near 1 (Ethayarajh
    2019). Their mean is taken away (Mu & Viswanath 2018), but for as much of it as makes their mean cosine 0.3, however
    strong it was: within one article it is the subject too, and those nearer to that are the more central. A vector
    that is missing, not finite, zero or of another width than the first usable one leaves a zero row, which is similar
    to nothing. None where fewer than nine in ten are usable: such rows can't be ranked fairly.
    """
    usable: dict[int, NDArray[np.float64]] = {}
    width = 0
    for index, vector in enumerate(vectors):
        if vector is None or vector.ndim != 1 or vector.size == 0 or (width and vector.size != width):
            continue
        values = vector.astype(np.float64)
        length = float(np.linalg.norm(values)) if bool(np.isfinite(values).all()) else 0.0
        if not np.isfinite(length) or length < 1e-12:
            continue
        width = width or values.size
        usable[index] = values / length
    if not usable or len(usable) * 10 < len(vectors) * 9:
        return None
    rows = np.zeros((len(vectors), width), dtype=np.float64)
    places = list(usable)
    units = np.stack([usable[index] for index in places])
    units = _with_kinship(units)
    lengths = np.linalg.norm(units, axis=1, keepdims=True)
    rows[places] = np.divide(units, lengths, out=np.zeros_like(units), where=lengths > 1e-6)
    return rows.astype(np.float32)


def _with_kinship(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows with as much of their mean as gives them a mean cosine of `_KINSHIP`, about."""
    count = len(units)
    mean = units.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < 1e-12:
        return units
    own: NDArray[np.float64] = units - mean
    # Lengths and products on average: own rows have `spread`, and minus its (count - 1)th part with each other.
    spread = float((own * own).sum()) / count
    shared = spread * (_KINSHIP + 1.0 / max(1, count - 1)) / (1.0 - _KINSHIP)
    own += mean * (min(length, shared**0.5) / length)
    return own


def similarity_graph(rows: Rows, *, threshold: float = THRESHOLD) -> Rows:
    """The weighted graph of the rows, shape (n, n), float32: their dot products, none with itself or under `threshold`."""
    graph = rows @ rows.T
    np.fill_diagonal(graph, 0.0)
    graph[graph < threshold] = 0.0
    return graph


def stationary(graph: Rows, *, damping: float = DAMPING) -> NDArray[np.float64]:
    """Continuous LexRank (Erkan & Radev 2004): where a random walk over the graph spends its time, shape (n,), sum 1.

    Power iteration, at most 100 steps. From a row without edges the walk goes anywhere.
    """
    count = len(graph)
    if count == 0:
        return np.zeros(0)
    degrees = graph.sum(axis=1, dtype=np.float64)
    dangling = degrees <= 0.0
    scale = np.where(dangling, 0.0, 1.0 / np.where(dangling, 1.0, degrees))
    scores = np.full(count, 1.0 / count)
    for _ in range(_MAX_STEPS):
        # The graph is symmetric, so it is its own transpose.
        flow = graph @ (scores * scale).astype(np.float32)
        following = damping * (flow.astype(np.float64) + scores[dangling].sum() / count) + (1.0 - damping) / count
        following /= following.sum()
        change = float(np.abs(following - scores).sum())
        scores = following
        if change < _TOLERANCE:
            break
    return scores


def centralities(rows: Rows, *, threshold: float = THRESHOLD) -> NDArray[np.float64]:
    """The centrality of each row, shape (n,), from 0 to 1, the most central 1 and equal ones equal.

    Up to `MAX_COMPARED` rows are all compared with each other. Of a longer article, blocks of `BLOCK` rows in order are
    ranked first, and the best of each block, `MAX_COMPARED` in all, are compared with each other; the others keep their
    rank in the block, scaled below the least of those. So each row is read, in O(n) memory beyond one block.
    """
    count = len(rows)
    if count <= MAX_COMPARED:
        return _scaled(stationary(similarity_graph(rows, threshold=threshold)))
    starts = range(0, count, BLOCK)
    kept: list[int] = []
    scores = np.zeros(count)
    for start in starts:
        block = _scaled(stationary(similarity_graph(rows[start : start + BLOCK], threshold=threshold)))
        scores[start : start + BLOCK] = block
        best = np.argsort(-block, kind="stable")[: max(1, MAX_COMPARED // len(starts))]
        kept.extend(int(index) + start for index in best)
    kept.sort()
    finals = _scaled(stationary(similarity_graph(rows[kept[:MAX_COMPARED]], threshold=threshold)))
    scores *= float(finals.min())
    scores[kept[:MAX_COMPARED]] = finals
    return scores


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    # Rounding keeps ties ties, whatever order a matrix product sums in.
    if len(scores) == 0:
        return scores
    scaled: NDArray[np.float64] = np.round(scores / scores.max(), 4)
    return scaled
