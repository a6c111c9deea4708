"""Ranking: how much each sentence of an article deserves a place in its summary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.summary.candidates import Candidate
from worker.summary.terms import terms_of
from worker.summary.tfidf import inverse_frequencies

#: What a sentence that leans on another loses of its rank.
LEANING = 0.8

#: A sentence of fewer words loses part of `brevity`.
LONG_ENOUGH = 16
#: How many of the first sentences are looked at for what the article is about, and the share of the best that one must have.
LEAD, ABOUT = 2, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What makes a sentence rank high; docs/summaries.md says how the defaults were chosen.

    `position` is the share of the rank that standing early gives, the rest is centrality; `decay` is the number of
    sentences after which that share has fallen to a half. `doubt` is how much of `position` is lost where the first
    sentences say nothing of what the article and its title are about: a scene, a story. `title` is added for a sentence
    with all of the title's content, `opening` for the first sentence of a paragraph; `brevity` is taken from the shortest.
    `redundancy` is what similarity to a chosen sentence costs (1 - lambda of MMR). Sentences that rank under `floor` times
    the best are not used to fill up. `share` is the most of the article's words that a summary takes. With `chain`,
    sentences that lean on others bring these along or stay away.
    """

    position: float = 0.8
    decay: float = 2.0
    doubt: float = 0.8
    title: float = 0.8
    opening: float = 0.05
    brevity: float = 0.2
    redundancy: float = 0.3
    floor: float = 0.4
    share: float = 0.5
    chain: bool = True


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranks of an article's sentences. What one of them has of the title counts only while none that is chosen has it.

    `base`, shape (sentences,), is their rank without the title. `echo`, shape (sentences, terms of the title), is what each
    such term in them adds.
    """

    base: NDArray[np.float64]
    echo: NDArray[np.float64]

    def ranks(self, chosen: Sequence[int] = ()) -> NDArray[np.float64]:
        """The ranks where these sentences have been chosen, rounded so that equal ones are equal."""
        untold = ~(self.echo[list(chosen)] > 0).any(axis=0)
        return np.round(self.base + self.echo @ untold, 6)


def rank(pool: Sequence[Candidate], central: NDArray[np.float64], title: str | None, weights: Weights) -> Ranking:
    """Ranks candidates. `central` is the centrality of each, from 0 to 1; `title` is in the language of the source."""
    echo = weights.title * _echoes(pool, title)
    if not pool:
        return Ranking(np.zeros(0), echo)
    about = central + echo.sum(axis=1)
    said = float(about[:LEAD].max()) / max(float(about.max()), 1e-9)
    position = weights.position * (1.0 - weights.doubt * (1.0 - min(1.0, said / ABOUT)))
    lead = 1.0 / (1.0 + np.arange(len(pool)) / weights.decay)
    base = (1.0 - position) * central + position * lead
    base += weights.opening * np.array([candidate.opens_paragraph for candidate in pool], dtype=np.float64)
    base -= weights.brevity * np.array([max(0.0, 1.0 - candidate.words / LONG_ENOUGH) for candidate in pool])
    fitness = np.array([c.fitness * (LEANING if c.leans else 1.0) for c in pool], dtype=np.float64)
    return Ranking(base * fitness, echo * fitness[:, np.newaxis])


def _echoes(pool: Sequence[Candidate], title: str | None) -> NDArray[np.float64]:
    """For each candidate the title's content terms that it has, shape (len(pool), terms): 1 for all of them together, rare
    ones weighing more. Terms that no candidate has are left out."""
    documents = [set(terms_of(candidate.source or candidate.target)) for candidate in pool]
    rarity = inverse_frequencies([sorted(document) for document in documents])
    terms = [term for term in sorted(set(terms_of(title or ""))) if term in rarity]
    held = np.array([[rarity[term] * (term in document) for term in terms] for document in documents], dtype=np.float64)
    return held.reshape(len(pool), len(terms)) / max(1e-9, sum(rarity[term] for term in terms))
