"""The extractive summary: the translations of the sentences that the article turns around. It can't invent anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.summary.candidates import Candidate, candidates_of, pooled_vector
from worker.summary.centrality import Rows, centralities, centred_rows
from worker.summary.records import Coverage, Flag, Method, Mode, Sentence, Summary, SummarySentence
from worker.summary.sentences import count_words, cut_sentence
from worker.summary.terms import terms_of
from worker.summary.tfidf import tfidf_rows

#: A sentence with at least this share of its content terms, and all its numbers, in those already chosen says nothing new.
ECHO = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What makes a sentence rank high; docs/summaries.md says how the defaults were chosen.

    `position` is the share of the rank that standing early gives, the rest is centrality; `decay` is the number of
    sentences after which that share has fallen to a half; `opening` is added for the first sentence of a paragraph.
    `redundancy` is what similarity to a chosen sentence costs (1 - lambda of MMR). Sentences that rank under `floor` times
    the best are not used to fill up. `share` is the most of the article's words that a summary takes.
    """

    position: float = 0.7
    decay: float = 2.0
    opening: float = 0.05
    redundancy: float = 0.3
    floor: float = 0.4
    share: float = 0.5


DEFAULT_WEIGHTS = Weights()


def summarize_extractive(
    sentences: Sequence[Sentence], *, max_words: int, weights: Weights = DEFAULT_WEIGHTS
) -> Summary:
    """Chooses sentences of the article and returns their translations in its order, in `max_words` words at most.

    Sentences are ranked by centrality among their vectors (TF-IDF of the sources where fewer than nine in ten have a
    usable vector; `method` says which) and by position, and chosen one by one, each as little as possible like those
    already chosen (MMR, Carbonell & Goldstein 1998), while they fit; what echoes those (`ECHO`) is left out. A summary
    takes no more than half of the article, but for its first sentence. Where no sentence fits, the beginning of the
    best is cut to fit and flagged `CUT`. An article without a word has an empty summary. Raises `ValueError` where
    `max_words` is under 1.
    """
    if max_words < 1:
        raise ValueError(f"A summary needs room for at least one word, not {max_words}.")
    candidates = candidates_of(sentences)
    pool = [candidate for candidate in candidates if candidate.whole] or candidates
    rows, method = _vectors(pool, sentences)
    ranks = _ranks(pool, centralities(rows), weights)
    chosen = _choose(pool, rows, ranks, max_words, weights)
    if chosen:
        lines = [_whole(pool[index], sentences) for index in chosen]
    elif pool:
        lines = [_cut(pool[int(np.argmax(ranks))], sentences, max_words)]
    else:
        lines = []
    return Summary(
        mode=Mode.EXTRACTIVE,
        method=method,
        text=" ".join(line.text for line in lines),
        sentences=tuple(lines),
        coverage=Coverage(
            segments_read=sum(len(candidate.members) for candidate in pool), segments_total=len(sentences)
        ),
    )


def _vectors(pool: Sequence[Candidate], sentences: Sequence[Sentence]) -> tuple[Rows, Method]:
    rows = centred_rows([pooled_vector(candidate, sentences) for candidate in pool])
    if rows is not None:
        return rows, Method.ENCODER_CENTRALITY
    return tfidf_rows([candidate.source or candidate.target for candidate in pool]), Method.TFIDF_CENTRALITY


def _ranks(pool: Sequence[Candidate], central: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    places = np.arange(len(pool))
    lead = 1.0 / (1.0 + places / weights.decay)
    ranks = (1.0 - weights.position) * central + weights.position * lead
    ranks += weights.opening * np.array([candidate.opens_paragraph for candidate in pool], dtype=np.float64)
    ranks *= np.array([candidate.fitness for candidate in pool], dtype=np.float64)
    return np.round(ranks, 6)


def _choose(
    pool: Sequence[Candidate], rows: Rows, ranks: NDArray[np.float64], max_words: int, weights: Weights
) -> list[int]:
    words = np.array([candidate.words for candidate in pool], dtype=np.int64)
    room = max_words
    fair = int(words.sum() * weights.share)
    open_ = words <= room
    likeness = np.zeros(len(pool))
    terms = [frozenset(terms_of(candidate.source or candidate.target)) for candidate in pool]
    told: set[str] = set()
    chosen: list[int] = []
    while open_.any():
        marginal = np.round((1.0 - weights.redundancy) * ranks - weights.redundancy * likeness, 6)
        best = int(np.argmax(np.where(open_, marginal, -np.inf)))
        chosen.append(best)
        room = min(room, fair if len(chosen) == 1 else room) - int(words[best])
        if len(chosen) == 1:
            floor = weights.floor * float(ranks[best])
            open_ &= ranks >= floor
        open_[best] = False
        open_ &= words <= room
        likeness = np.maximum(likeness, (rows @ rows[best]).astype(np.float64))
        told |= terms[best]
        for index in np.flatnonzero(open_):
            open_[index] = not _echoes(terms[index], told)
    return sorted(chosen)


def _echoes(terms: frozenset[str], told: set[str]) -> bool:
    new = terms - told
    return bool(terms) and len(new) <= (1.0 - ECHO) * len(terms) and not any(term[0].isdigit() for term in new)


def _whole(candidate: Candidate, sentences: Sequence[Sentence]) -> SummarySentence:
    return SummarySentence(candidate.target, tuple(sentences[index].place for index in candidate.members), 1.0)


def _cut(candidate: Candidate, sentences: Sequence[Sentence], max_words: int) -> SummarySentence:
    """As many of the sentence's first words as fit; the evidence is the segments that those came from."""
    text = cut_sentence(candidate.target, max_words)
    kept = count_words(text)
    evidence = []
    read = 0
    for index in candidate.members:
        if read >= kept:
            break
        evidence.append(sentences[index].place)
        read += count_words(sentences[index].target)
    return SummarySentence(text, tuple(evidence), 1.0, (Flag.CUT,))
