"""The extractive summary: the translations of the sentences that the article turns around. It can't invent anything."""

from collections.abc import Sequence

import numpy as np

from worker.summary.candidates import Candidate, candidates_of, pooled_vector
from worker.summary.centrality import Rows, centralities, centred_rows
from worker.summary.choice import choose
from worker.summary.ranking import DEFAULT_WEIGHTS, Weights, rank
from worker.summary.records import Coverage, Flag, Method, Mode, Sentence, Summary, SummarySentence
from worker.summary.sentences import count_words, cut_sentence
from worker.summary.tfidf import tfidf_rows


def summarize_extractive(
    sentences: Sequence[Sentence],
    *,
    max_words: int,
    weights: Weights = DEFAULT_WEIGHTS,
    title: str | None = None,
) -> Summary:
    """Chooses sentences of the article and returns their translations in its order, in `max_words` words at most.

    Sentences are ranked by centrality among their vectors (TF-IDF of the sources where fewer than nine in ten have a
    usable vector; `method` says which), by position and by what they share with the title, and chosen one by one, each as
    little as possible like those already chosen (MMR, Carbonell & Goldstein 1998), while they fit; what echoes those
    (`ECHO`) is left out. A sentence that leans on the one before brings it along. A summary takes no more than half of the
    article, but for its first sentence. Where no sentence fits, the beginning of the best is cut to fit and flagged `CUT`.
    An article without a word has an empty summary. `title` is the article's, in the language of the source; without one, a
    headline that the text begins with serves. Raises `ValueError` where `max_words` is under 1.
    """
    if max_words < 1:
        raise ValueError(f"A summary needs room for at least one word, not {max_words}.")
    candidates = candidates_of(sentences)
    pool = [candidate for candidate in candidates if candidate.whole] or candidates
    rows, method = _vectors(pool, sentences)
    ranking = rank(pool, centralities(rows), title or _headline(candidates), weights)
    chosen = choose(pool, rows, ranking, max_words, weights)
    if chosen:
        lines = [_whole(pool[index], sentences) for index in chosen]
    elif pool:
        lines = [_cut(pool[int(np.argmax(ranking.ranks()))], sentences, max_words)]
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


def _headline(candidates: Sequence[Candidate]) -> str | None:
    """What the text begins with, where that is no sentence but one follows."""
    if len(candidates) < 2 or candidates[0].whole or not candidates[1].opens_paragraph:
        return None
    return candidates[0].source or candidates[0].target


def _vectors(pool: Sequence[Candidate], sentences: Sequence[Sentence]) -> tuple[Rows, Method]:
    rows = centred_rows([pooled_vector(candidate, sentences) for candidate in pool])
    if rows is not None:
        return rows, Method.ENCODER_CENTRALITY
    return tfidf_rows([candidate.source or candidate.target for candidate in pool]), Method.TFIDF_CENTRALITY


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
