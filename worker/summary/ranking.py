"""Ranking: how much each sentence of an article deserves a place in its summary."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.summary.candidates import Candidate
from worker.summary.terms import terms_of
from worker.summary.tfidf import inverse_frequencies

#: What a sentence that leans on another loses of its rank.
LEANING = 0.8

_PEG = re.compile(
    r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|aujourd['’]hui|annonc\w+|(?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)day|yesterday|today|announc\w+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What makes a sentence rank high; docs/summaries.md says how the defaults were chosen.

    `position` is the share of the rank that standing early gives, the rest is centrality; `decay` is the number of
    sentences after which that share has fallen to a half. `doubt` is how much of `position` is lost where the first sentences
    say little of what the article and its title are about: a scene, a story. `opening` is added for the first sentence of a
    paragraph, `peg` for one that says on which day something happened, and `title` is the share of the title's content that
    a sentence has, times this. `redundancy` is what similarity to a chosen sentence costs (1 - lambda of MMR). Sentences
    that rank under `floor` times the best are not used to fill up. `share` is the most of the article's words that a summary
    takes. With `chain`, sentences that lean on others bring these along or stay away.
    """

    position: float = 0.7
    decay: float = 2.0
    doubt: float = 0.0
    opening: float = 0.05
    peg: float = 0.0
    title: float = 0.0
    redundancy: float = 0.3
    floor: float = 0.4
    share: float = 0.5
    chain: bool = True


DEFAULT_WEIGHTS = Weights()

#: How many of the first sentences must be about the subject for `position` to count in full.
_LEAD = 2


def ranks_of(
    pool: Sequence[Candidate], central: NDArray[np.float64], title: str | None, weights: Weights
) -> NDArray[np.float64]:
    """The rank of each candidate, shape (len(pool),), rounded so that equal ones are equal.

    `central` is the centrality of each, from 0 to 1. `title` is in the language of the source.
    """
    if not pool:
        return np.zeros(0)
    echo = _echoes(pool, title)
    about = central + weights.title * echo
    trust = 1.0 - weights.doubt * (1.0 - float(about[:_LEAD].max() / max(about.max(), 1e-9)))
    lead = 1.0 / (1.0 + np.arange(len(pool)) / weights.decay)
    position = weights.position * trust
    ranks = (1.0 - position) * central + position * lead + weights.title * echo
    ranks += weights.opening * np.array([candidate.opens_paragraph for candidate in pool], dtype=np.float64)
    if weights.peg:
        ranks += weights.peg * np.array([_PEG.search(candidate.source) is not None for candidate in pool])
    ranks *= np.array([c.fitness * (LEANING if c.leans else 1.0) for c in pool], dtype=np.float64)
    return np.round(ranks, 6)


def _echoes(pool: Sequence[Candidate], title: str | None) -> NDArray[np.float64]:
    """The share of the title's content terms that each candidate has, rare ones weighing more, from 0 to 1."""
    wanted = set(terms_of(title or ""))
    documents = [set(terms_of(candidate.source or candidate.target)) for candidate in pool]
    rarity = inverse_frequencies([list(document) for document in documents])
    weighed = {term: rarity[term] for term in sorted(wanted) if term in rarity}
    total = sum(weighed.values())
    if not total:
        return np.zeros(len(pool))
    held = [sum(weight for term, weight in weighed.items() if term in document) for document in documents]
    return np.array(held) / total
