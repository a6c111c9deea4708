"""Right sentences, and the same with a number or a name of another article: what the check of facts is measured on."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.lab.summaries.articles import Article
from worker.summary.facts import FactIndex
from worker.summary.sentences import split_sentences

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
#: A name: words with a capital in a row. What opens a sentence is one only with another such word after it.
_NAME = re.compile(r"[A-ZÀ-Þ][\w-]*\w(?: [A-ZÀ-Þ][\w-]*\w)*")
_DAY = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|November"
    r"|December"
)


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence that the check was run on. `kind` says what is wrong in it ("nothing" where nothing is)."""

    article: str
    kind: str
    text: str
    unsupported: tuple[str, ...]


def run_checks(articles: Sequence[Article], *, seed: int = 3) -> list[Check]:
    """Each sentence of each reference as it is, and once for each number, name and day in it with another one in its place.

    The others are drawn from the references of the other articles, names among those of as many words. For the kind "own
    number" they are drawn from the article itself: mostly a true number in a wrong place.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    found = {article.name: list(_found(article)) for article in articles}
    checks = []
    for article in articles:
        index = FactIndex(article.sentences(vectors=False), title=_titles(article))
        others = [one for name, own in found.items() if name != article.name for one in own]
        own = [("own number", m[0]) for s in article.sentences() for m in _NUMBER.finditer(s.target)]
        for text in _sentences(article):
            checks.append(Check(article.name, "nothing", text, index.unsupported(text)))
            for kind, match in _facts_of(text):
                for drawn, wanted in ((others, kind), *(((own, "own number"),) if kind == "number" else ())):
                    choice = sorted({other for one, other in drawn if one == wanted and _is_like(other, match[0])})
                    if choice:
                        wrong = text[: match.start()] + generator.choice(choice) + text[match.end() :]
                        checks.append(Check(article.name, wanted, wrong, index.unsupported(wrong)))
    return checks


def _is_like(other: str, one: str) -> bool:
    return other != one and len(other.split()) == len(one.split())


def _titles(article: Article) -> str:
    return " ".join(filter(None, (article.title, article.title_english)))


def _sentences(article: Article) -> list[str]:
    return [text for reference in article.references for text in split_sentences(reference)]


def _found(article: Article) -> Iterator[tuple[str, str]]:
    return ((kind, match[0]) for text in _sentences(article) for kind, match in _facts_of(text))


def _facts_of(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The numbers, days and names of a sentence, each with its kind."""
    yield from (("number", match) for match in _NUMBER.finditer(text))
    for match in _NAME.finditer(text):
        if _DAY.fullmatch(match[0]):
            yield "day or month", match
        elif match.start() or " " in match[0]:
            yield "name", match
