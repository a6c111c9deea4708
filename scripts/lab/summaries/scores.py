"""ROUGE of ways to summarise, and how sure it is that one is better than another, in Markdown."""

from collections.abc import Sequence

from scripts.lab.summaries import systems
from scripts.lab.summaries.articles import Article
from scripts.lab.summaries.intervals import difference
from scripts.lab.summaries.rouge import Rouge, rouge
from scripts.lab.summaries.systems import System
from worker.summary.sentences import count_words

LIMITS = (50, 100)

_SYSTEMS: dict[str, System] = {
    "first three sentences, however long": systems.first_three,
    "first sentences that fit": systems.first_that_fit,
    "first words, as many as ours": systems.first_words_as_many_as_ours,
    "random sentences": systems.drawn,
    "TF-IDF LexRank": systems.lexrank,
    "ours without the title": systems.ours_without_title,
    "ours": systems.ours,
}
#: What ours is compared with.
_LEADS = ("first three sentences, however long", "first sentences that fit", "first words, as many as ours")
_METRICS = ("one", "two", "longest")


def score(articles: Sequence[Article], system: System, limit: int) -> tuple[list[Rouge], float]:
    """The scores of a system on each article, averaged over its summaries, and its mean number of words."""
    scores, words = [], []
    for article in articles:
        texts = [text.text for text in system(article, limit)]
        each = [rouge(text, article.references) for text in texts]
        scores.append(Rouge(*(sum(getattr(one, metric) for one in each) / len(each) for metric in _METRICS)))
        words.append(sum(map(count_words, texts)) / len(texts))
    return scores, sum(words) / len(words)


def table(name: str, articles: Sequence[Article]) -> str:
    """F1 in percent of all systems, and ours less those that take the beginning, with 95 % intervals."""
    lines = [f"### {name}: {len(articles)} articles", ""]
    for limit in LIMITS:
        found = {label: score(articles, system, limit) for label, system in _SYSTEMS.items()}
        lines += [
            f"At most {limit} words:",
            "",
            "| summary | words | ROUGE-1 | ROUGE-2 | ROUGE-L |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for label, (scores, words) in found.items():
            means = [100 * sum(getattr(one, metric) for one in scores) / len(scores) for metric in _METRICS]
            lines.append(f"| {label} | {words:.0f} | {means[0]:.1f} | {means[1]:.1f} | {means[2]:.1f} |")
        ours = found["ours"][0]
        lines += [f"| *ours less {label}* | | {_differences(ours, found[label][0])} |" for label in _LEADS]
        lines.append("")
    return "\n".join(lines)


def _differences(ours: Sequence[Rouge], theirs: Sequence[Rouge]) -> str:
    cells = []
    for metric in _METRICS:
        found = difference([getattr(one, metric) for one in ours], [getattr(one, metric) for one in theirs])
        text = f"{100 * found.mean:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
        cells.append(f"**{text}**" if found.is_sure else text)
    return " | ".join(cells)
