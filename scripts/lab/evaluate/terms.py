"""How often a glossary's words come out, and what that costs in quality, on lines with a reference translation.

The glossary is made from the lines: a French word and the English one that stands in the references of the lines that have
it. So each wanted word is one that a translator used in that very line. Dice's coefficient, as in Smadja et al., "Translating
Collocations for Bilingual Lexicons", 1996.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sacrebleu

from scripts.lab.evaluate.watch import Unwatched
from worker.engine import EngineOptions, build_engine
from worker.engine.interface import Engine
from worker.plan import make_plan
from worker.terms import Term, TermFinder, unmet
from worker.translation import Translated, translate

#: Lines that a pair of words must share at least, and its smallest coefficient.
_SHARED, _DICE = 3, 0.75

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def common_terms(french: Sequence[str], english: Sequence[str]) -> dict[str, str]:
    """French words in small letters and the English ones that go with them."""
    ours, theirs, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for source, target in zip(french, english, strict=True):
        left, right = _words(source), _words(target)
        ours.update(left)
        theirs.update(right)
        both.update((a, b) for a in left for b in right)
    found: dict[str, str] = {}
    for (a, b), count in sorted(both.items(), key=lambda item: (-item[1], item[0])):
        if count >= _SHARED and a != b and 2 * count / (ours[a] + theirs[b]) >= _DICE:
            found.setdefault(a, b)
    return found


def run(engine: Engine, lines: Sequence[str], terms: Sequence[TermFinder]) -> list[list[Translated]]:
    """Each line as an article with terms of its own, all of them at once."""
    planned = [make_plan(line, None, engine, segment_tokens=512, terms=t) for line, t in zip(lines, terms, strict=True)]
    flat = [segment for plan in planned for segment in plan.segments]
    watch = Unwatched()
    done = iter(translate(flat, engine, "terms", check_attempt=watch.check, on_progress=lambda done: None))
    return [[next(done) for _ in plan.segments] for plan in planned]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="scripts/evaluate terms", description=__doc__)
    parser.add_argument("french", type=Path, help="a file of sentences, one a line")
    parser.add_argument("english", type=Path, help="their translations")
    parser.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    given = parser.parse_args(arguments)
    french, english = (path.read_text(encoding="utf-8").splitlines() for path in (given.french, given.english))
    glossary = common_terms(french, english)
    finder = TermFinder([Term(a, b) for a, b in glossary.items()])
    lines: list[tuple[str, str, TermFinder]] = []
    for source, target in zip(french, english, strict=True):
        words = set(_WORD.findall(target))
        wanted = [use.term for use in finder.find(source) if use.wanted in words]
        if wanted:
            lines.append((source, target, TermFinder(wanted)))
    engine = build_engine(EngineOptions(translator=given.translator))
    try:
        print(table(engine, lines, len(glossary)))
    finally:
        engine.close()
    return 0


def table(engine: Engine, lines: Sequence[tuple[str, str, TermFinder]], terms: int) -> str:
    """Without a glossary, and with it, in Markdown."""
    sources, references = [line[0] for line in lines], [line[1] for line in lines]
    wanted = [line[2].find(line[0]) for line in lines]
    total = sum(map(len, wanted))
    rows = [
        f"{len(lines)} lines with {total} uses of {terms} terms.",
        "",
        "| | wanted words that are there | behind a name | sentence translated around | chrF | BLEU | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, finders in (("no glossary", [TermFinder()] * len(lines)), ("glossary", [line[2] for line in lines])):
        began = time.perf_counter()
        found = run(engine, sources, finders)
        seconds = time.perf_counter() - began
        texts = [" ".join(item.target for item in items) for items in found]
        there = total - sum(len(unmet(uses, text)) for uses, text in zip(wanted, texts, strict=True))
        masked = sum(len(item.masked) for items in found for item in items)
        inserted = sum(len(item.inserted) for items in found for item in items)
        chrf = sacrebleu.corpus_chrf(texts, [references]).score
        bleu = sacrebleu.corpus_bleu(texts, [references]).score
        rows.append(
            f"| {name} | {100 * there / total:.1f} % | {masked} | {inserted} | {chrf:.1f} | {bleu:.1f} | {seconds:.0f} |"
        )
    return "\n".join(rows)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text) if word.islower() and len(word) > 4}


if __name__ == "__main__":
    raise SystemExit(main())
