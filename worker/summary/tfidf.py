"""TF-IDF vectors of sentences, for articles whose segments come without encoder states."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.summary.terms import terms_of

#: Most columns of the matrix. The terms that carry the most weight are kept; a news article has fewer.
MAX_TERMS = 1024


def inverse_frequencies(documents: Sequence[Sequence[str]]) -> dict[str, float]:
    """The smoothed inverse document frequency of each term: log((1 + n) / (1 + df)) + 1, never below 1."""
    frequencies = Counter(term for document in documents for term in set(document))
    total = 1 + len(documents)
    return {term: math.log(total / (1 + frequency)) + 1.0 for term, frequency in frequencies.items()}


def tfidf_rows(texts: Sequence[str], *, max_terms: int = MAX_TERMS) -> NDArray[np.float32]:
    """TF-IDF rows of texts, shape (len(texts), at most `max_terms`), float32, whose dot products are cosines.

    (Salton & Buckley 1988.) Term counts are damped, 1 + log(tf). A row is scaled by the length that it has over all
    terms, but only terms of two texts or more get a column, as the others can't add to a dot product; so rows may be
    shorter than 1, and are zero for a text that shares nothing. Above `max_terms` the terms with the least total
    weight go, and cosines become lower bounds.
    """
    documents = [terms_of(text) for text in texts]
    rarity = inverse_frequencies(documents)
    weighted: list[dict[str, float]] = []
    totals: dict[str, float] = {}
    shared: Counter[str] = Counter()
    for document in documents:
        weights = {term: (1.0 + math.log(count)) * rarity[term] for term, count in Counter(document).items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        weights = {term: weight / length for term, weight in weights.items()}
        weighted.append(weights)
        shared.update(weights.keys())
        for term, weight in weights.items():
            totals[term] = totals.get(term, 0.0) + weight * weight
    columns = sorted((term for term, count in shared.items() if count > 1), key=lambda term: (-totals[term], term))
    column = {term: index for index, term in enumerate(columns[:max_terms])}
    rows = np.zeros((len(texts), len(column)), dtype=np.float32)
    for row, weights in zip(rows, weighted, strict=True):
        for term, weight in weights.items():
            if (index := column.get(term)) is not None:
                row[index] = weight
    return rows
