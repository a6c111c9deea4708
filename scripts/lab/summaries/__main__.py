"""Measures summaries: `scripts/evaluate summaries [ENGLISH.jsonl] [--model bundled]`. docs/summaries.md has what it prints."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripts.lab.summaries.articles import FOLDER, Article, read_english, read_french
from scripts.lab.summaries.findings import facts_table, leaning_table, support_table
from scripts.lab.summaries.scores import table
from worker.engine import EngineOptions, build_engine
from worker.engine.interface import Role


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="scripts/evaluate summaries", description=__doc__)
    parser.add_argument(
        "english", type=Path, nargs="?", help="JSON lines with id, text, summary and maybe alt_summaries"
    )
    parser.add_argument(
        "--articles", type=Path, default=FOLDER, help="a folder of French articles (tests/data/summaries)"
    )
    parser.add_argument("--model", help="rank French sentences by this translator's encoder states, such as bundled")
    given = parser.parse_args(arguments)
    french = read_french(given.articles)
    english = read_english(given.english) if given.english else []
    if given.model:
        french = with_vectors(french, given.model)
    for name, articles in (
        ("French, held-out half", [article for article in french if not article.tuning]),
        ("French, held-out half, news first", [a for a in french if not a.tuning and not a.late]),
        ("French, held-out half, news late", [a for a in french if not a.tuning and a.late]),
        ("French, tuning half", [article for article in french if article.tuning]),
        ("English, held-out half", [article for article in english if not article.tuning]),
        ("English, tuning half", [article for article in english if article.tuning]),
    ):
        if articles:
            print(table(name, articles))
    print(leaning_table(french, english), facts_table(french), support_table(french), sep="\n\n")
    return 0


def with_vectors(articles: Sequence[Article], model: str) -> list[Article]:
    """The articles with the encoder states of a translator; those of a model without any stay as they are."""
    engine = build_engine(EngineOptions(translator=model))
    try:
        found = []
        for article in articles:
            sources = [sentence.source for sentence in article.sentences()]
            inputs = engine.tokenize(Role.TRANSLATOR, sources)
            outputs = [future.result() for future in engine.submit(Role.TRANSLATOR, article.name, inputs)]
            vectors = [output.vector for output in outputs if output.vector is not None]
            found.append(replace(article, vectors=tuple(vectors) if len(vectors) == len(sources) else ()))
        return found
    finally:
        engine.close()


if __name__ == "__main__":
    raise SystemExit(main())
