"""How often marks land on the right words: ``python -m tests.unit.worker.formats.measure`` prints docs/formats.md's table.

The files of tests/data/formats have an article a line: the source, a translation of each of its sentences, translations of
its marked phrases by themselves (which are as a model would write them, not always the words that the sentence has), and
the article as a person would mark it up. The rules were made with pairs.jsonl at hand, and not changed after held_out.jsonl.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.unit.worker.formats.articles import parts_of
from worker.formats import Format, parse_markup

DATA = Path(__file__).parents[3] / "data" / "formats"
FILES = ("pairs.jsonl", "held_out.jsonl")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the file."""

    format: Format
    source: str
    targets: list[str]
    spans: dict[str, str]
    expected: str

    def written(self, spans: Mapping[str, str]) -> tuple[str, bool]:
        """The article with its markup put back, and whether any mark was placed by proportion alone."""
        markup = parse_markup(self.source, self.format)
        targets = iter(self.targets)
        fills = [block.fill(parts_of(block, lambda _: next(targets)), spans) for block in markup.blocks]
        assert next(targets, None) is None, self.source
        return markup.rebuild(fills), any(fill.moved or fill.untouched for fill in fills)


def pairs(name: str) -> Iterator[Pair]:
    """The pairs of a file."""
    for line in (DATA / name).read_text().splitlines():
        yield Pair(**json.loads(line))


def main(verbose: bool) -> None:
    """Prints the table; with `verbose`, what is wrong too."""
    print("| | articles | all marks right | wrong | wrong and flagged as moved | right and flagged |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for file, form, phrases in product(FILES, ("markdown", "html"), (False, True)):
        count: Counter[str] = Counter()
        for pair in pairs(file):
            if pair.format != form:
                continue
            output, moved = pair.written(pair.spans if phrases else {})
            right = output == pair.expected
            count.update(["all", "right" if right else "wrong", f"{right} {moved}"])
            if verbose and not right:
                print(f"{file} {phrases=} {moved=}\n  {output}\n  {pair.expected}", file=sys.stderr)
        share = f"{count['right']} ({count['right'] / count['all']:.0%})"
        name = f"{file}, {form}, {'with' if phrases else 'without'} phrases"
        print(
            f"| {name} | {count['all']} | {share} | {count['wrong']} | {count['False True']} | {count['True True']} |"
        )


if __name__ == "__main__":
    main("-v" in sys.argv[1:])
