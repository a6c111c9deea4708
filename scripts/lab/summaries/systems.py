"""Ways to summarise an article: plain rules to compare with, and the service's own."""

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scripts.lab.summaries.articles import Article
from worker.summary import DEFAULT_WEIGHTS, Weights, summarize_extractive
from worker.summary.candidates import Candidate, candidates_of
from worker.summary.sentences import count_words

#: TF-IDF LexRank by itself: no position, no opening, nothing held back.
PLAIN_LEXRANK = Weights(
    position=0.0, doubt=0.0, title=0.0, opening=0.0, brevity=0.0, floor=0.0, share=1.0, redundancy=0.3, chain=False
)
#: The service's own, but that sentences stand alone which lean on others.
UNCHAINED = replace(DEFAULT_WEIGHTS, chain=False)
#: Drawings that the random summary is averaged over.
DRAWINGS = 20


@dataclass(frozen=True, slots=True)
class Text:
    """A summary's text, with the candidates that it is made of, by `order`; none where words were cut."""

    text: str
    orders: tuple[int, ...] = ()


#: From an article and a limit in words to summaries, whose scores are averaged.
System = Callable[[Article, int], list[Text]]


def first_three(article: Article, max_words: int) -> list[Text]:
    """The first three whole sentences, whatever their length: the limit is not kept."""
    return [_joined(_whole(article)[:3])]


def first_that_fit(article: Article, max_words: int) -> list[Text]:
    """Whole sentences from the first on, up to the one that does not fit."""
    kept: list[Candidate] = []
    for candidate in _whole(article):
        if sum(one.words for one in kept) + candidate.words > max_words:
            break
        kept.append(candidate)
    return [_joined(kept)]


def first_words_as_many_as_ours(article: Article, max_words: int) -> list[Text]:
    """The beginning of the article, cut to as many words as the service's own summary has."""
    words = " ".join(candidate.target for candidate in _whole(article)).split()
    return [Text(" ".join(words[: count_words(ours(article, max_words)[0].text)]))]


def drawn(article: Article, max_words: int) -> list[Text]:
    """Whole sentences drawn at random while they fit, in the article's order; the same ones each time."""
    generator = random.Random(zlib.crc32(article.name.encode()))  # noqa: S311 - no secret
    texts = []
    for _ in range(DRAWINGS):
        room, kept = max_words, list[Candidate]()
        candidates = _whole(article)
        for candidate in generator.sample(candidates, len(candidates)):
            if candidate.words <= room:
                kept.append(candidate)
                room -= candidate.words
        texts.append(_joined(sorted(kept, key=lambda candidate: candidate.order)))
    return texts


def lexrank(article: Article, max_words: int) -> list[Text]:
    """TF-IDF LexRank without anything else."""
    return _extractive(article, max_words, PLAIN_LEXRANK, vectors=False, title=False)


def ours(article: Article, max_words: int) -> list[Text]:
    """What the service makes: with the title, and with the translator's vectors where the article has them."""
    return _extractive(article, max_words, DEFAULT_WEIGHTS, vectors=True, title=True)


def ours_without_title(article: Article, max_words: int) -> list[Text]:
    """The same for a request without a title."""
    return _extractive(article, max_words, DEFAULT_WEIGHTS, vectors=True, title=False)


def ours_unchained(article: Article, max_words: int) -> list[Text]:
    """The same, with leaning sentences like any others."""
    return _extractive(article, max_words, UNCHAINED, vectors=True, title=True)


def _extractive(article: Article, max_words: int, weights: Weights, *, vectors: bool, title: bool) -> list[Text]:
    sentences = article.sentences(vectors=vectors)
    summary = summarize_extractive(
        sentences, max_words=max_words, weights=weights, title=article.title if title else None
    )
    places = {sentences[c.members[0]].place: c.order for c in candidates_of(sentences)}
    return [Text(summary.text, tuple(places[line.evidence[0]] for line in summary.sentences))]


def _whole(article: Article) -> list[Candidate]:
    candidates = candidates_of(article.sentences())
    return [candidate for candidate in candidates if candidate.whole] or candidates


def _joined(candidates: Sequence[Candidate]) -> Text:
    return Text(" ".join(c.target for c in candidates), tuple(c.order for c in candidates))
