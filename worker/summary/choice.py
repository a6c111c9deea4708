"""Choice: which ranked sentences make the summary, in the room that there is, so that none hangs in the air."""

from collections.abc import Iterable, Sequence

import numpy as np

from worker.summary.candidates import Candidate
from worker.summary.centrality import Rows
from worker.summary.ranking import Ranking, Weights
from worker.summary.terms import terms_of

#: A sentence with at least this share of its content terms, and all its numbers, in those already chosen says nothing new.
ECHO = 0.75
#: Most sentences before it that one which leans on them brings along.
MAX_COMPANIONS = 2


def choose(pool: Sequence[Candidate], rows: Rows, ranking: Ranking, max_words: int, weights: Weights) -> list[int]:
    """Indices of the chosen candidates, in order; none where not one fits into `max_words`.

    They are taken one by one, each the best by its rank less its likeness to those taken (MMR, Carbonell & Goldstein 1998).
    One that leans on the sentence before is taken together with that one, and counts for the mean of both, by words. Where
    only sentences that lean on what can't be taken are left, and nothing has been chosen, the best of them is.
    """
    if not weights.chain:
        return _Choice(pool, rows, ranking, weights, [(index,) for index in range(len(pool))]).run(max_words)
    units = companions_of(pool)
    chosen = _Choice(pool, rows, ranking, weights, units).run(max_words)
    if chosen:
        return chosen
    alone = _Choice(pool, rows, ranking, weights, [(index,) for index in range(len(pool))])
    return alone.run(max_words, most=1)


def companions_of(pool: Sequence[Candidate]) -> list[tuple[int, ...]]:
    """For each candidate the indices that it must be taken with, itself last; none where what it leans on is not there."""
    units: list[tuple[int, ...]] = []
    for index in range(len(pool)):
        first = index
        while pool[first].leans and index - first < MAX_COMPANIONS and _follows(pool, first):
            first -= 1
        units.append(() if pool[first].leans else tuple(range(first, index + 1)))
    return units


def _follows(pool: Sequence[Candidate], index: int) -> bool:
    return index > 0 and pool[index].order == pool[index - 1].order + 1


class _Choice:
    """The work on one article. `units` has the indices that each candidate is taken with."""

    def __init__(
        self,
        pool: Sequence[Candidate],
        rows: Rows,
        ranking: Ranking,
        weights: Weights,
        units: Sequence[tuple[int, ...]],
    ) -> None:
        self.pool, self.rows, self.ranking, self.weights = pool, rows, ranking, weights
        self.ranks = ranking.ranks()
        self.units = units
        self.words = np.array([candidate.words for candidate in pool], dtype=np.int64)
        self.terms = [frozenset(terms_of(candidate.source or candidate.target)) for candidate in pool]
        self.likeness = np.zeros(len(pool))
        self.open = np.array([bool(unit) for unit in units], dtype=np.bool_)
        self.taken = np.zeros(len(pool), dtype=np.bool_)
        #: The rank of each with those that it is taken with, the mean of what is new, and the words of these.
        self.values, self.costs = self.ranks.copy(), self.words.copy()
        self._weigh(range(len(pool)))
        self.told: set[str] = set()

    def run(self, max_words: int, *, most: int | None = None) -> list[int]:
        fair = int(self.words.sum() * self.weights.share)
        room = max_words
        floor = self.weights.floor * float(self.ranking.base.max(initial=0.0))
        takes = 0
        while most is None or takes < most:
            ready = self.open & (self.costs <= room)
            if takes:
                ready &= self.values >= floor
            if not ready.any():
                break
            penalty = self.weights.redundancy * self.likeness
            marginal = np.round((1.0 - self.weights.redundancy) * self.values - penalty, 6)
            best = int(np.argmax(np.where(ready, marginal, -np.inf)))
            cost = int(self.costs[best])
            if takes == 0:
                room = max(cost, min(room, fair))
            room -= cost
            takes += 1
            self._take(best)
        return [int(index) for index in np.flatnonzero(self.taken)]

    def _weigh(self, places: Iterable[int]) -> None:
        for place in places:
            new = self._new(place)
            if len(new) > 1:
                self.costs[place] = self.words[new].sum()
                self.values[place] = round(float(self.ranks[new] @ self.words[new]) / float(self.costs[place]), 6)
            else:
                self.costs[place], self.values[place] = self.words[place], self.ranks[place]

    def _new(self, index: int) -> list[int]:
        return [member for member in self.units[index] if not self.taken[member]]

    def _take(self, best: int) -> None:
        for member in self._new(best):
            self.taken[member] = True
            self.open[member] = False
            self.likeness = np.maximum(self.likeness, (self.rows @ self.rows[member]).astype(np.float64))
            self.told |= self.terms[member]
        ranks = self.ranking.ranks(np.flatnonzero(self.taken).tolist())
        if np.array_equal(ranks, self.ranks):
            self._weigh(range(best, min(len(self.pool), best + MAX_COMPANIONS + 1)))
        else:
            self.ranks = ranks
            self._weigh(range(len(self.pool)))
        for index in np.flatnonzero(self.open):
            self.open[index] = not _echoes(self.terms[index], self.told)


def _echoes(terms: frozenset[str], told: set[str]) -> bool:
    new = terms - told
    return bool(terms) and len(new) <= (1.0 - ECHO) * len(terms) and not any(term[0].isdigit() for term in new)
