"""Evidence: which segments of the article hold what a sentence says, and how much of it they hold."""

import math
from collections import defaultdict
from collections.abc import Sequence

from worker.summary.records import Place, Sentence
from worker.summary.terms import terms_of
from worker.summary.tfidf import inverse_frequencies

#: Most segments that one sentence is traced to.
MAX_EVIDENCE = 3
#: A further segment must hold at least this share of the sentence's content that the others lack.
MIN_GAIN = 0.15


class EvidenceIndex:
    """The content terms of an article's translated segments, to trace sentences back to them.

    Rare terms weigh more (inverse document frequency over the segments), and those that no segment has weigh most.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        documents = [terms_of(sentence.target) for sentence in sentences]
        self._places = [sentence.place for sentence in sentences]
        self._rarity = inverse_frequencies(documents)
        self._unseen = math.log(1 + len(documents)) + 1.0
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._lengths: list[float] = []
        for index, document in enumerate(documents):
            distinct = set(document)
            self._lengths.append(math.sqrt(sum(self._rarity[term] ** 2 for term in distinct)))
            for term in distinct:
                self._holders[term].append(index)

    def trace(self, text: str) -> tuple[tuple[Place, ...], float]:
        """The segments that support a text best, in the article's order, and its support from 0 to 1.

        They are taken one by one, up to `MAX_EVIDENCE`: the one that holds most of what is still missing, and of equals
        the one with the highest cosine, which says least else. Support is the weighted share of the text's distinct
        content terms that they hold together. There is always one segment: the article's first, with support 0, where
        nothing is shared. Raises `ValueError` where the article has no segment.
        """
        chosen, support = self._chosen(text)
        return tuple(self._places[index] for index in sorted(chosen) or [0]), support

    def strongest_first(self, text: str) -> list[Place]:
        """The segments that support a text best, those that hold most of it first; none where nothing is shared."""
        return [self._places[index] for index in self._chosen(text)[0]]

    def _chosen(self, text: str) -> tuple[list[int], float]:
        if not self._places:
            raise ValueError("There is no evidence in an article without segments.")
        missing = {term: self._rarity.get(term, self._unseen) for term in sorted(set(terms_of(text)))}
        total = sum(missing.values())
        products = self._shared(missing, square=True)
        cosines = {index: product / self._lengths[index] for index, product in products.items()}
        chosen: list[int] = []
        held = 0.0
        while missing and len(chosen) < MAX_EVIDENCE:
            gains = self._shared(missing, square=False)
            best = min(gains, key=lambda i: (-round(gains[i], 9), -round(cosines[i], 9), i), default=None)
            if best is None or (chosen and gains[best] < MIN_GAIN * total):
                break
            chosen.append(best)
            held += gains[best]
            missing = {term: weight for term, weight in missing.items() if best not in self._set_of(term)}
        return chosen, min(1.0, round(held / total, 3)) if chosen else 0.0

    def _shared(self, weights: dict[str, float], *, square: bool) -> dict[int, float]:
        """For each segment that holds one of the terms: the sum of the weights, or of their squares, of those it holds."""
        sums: dict[int, float] = defaultdict(float)
        for term, weight in weights.items():
            for index in self._holders.get(term, ()):
                sums[index] += weight * weight if square else weight
        return sums

    def _set_of(self, term: str) -> frozenset[int]:
        return frozenset(self._holders.get(term, ()))
