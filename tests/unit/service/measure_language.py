"""How well the languages of paragraphs are told apart: a table of what each kind of line was judged to be.

    python tests/unit/service/measure_language.py [--errors] [FILE...]

A file has one line a case: language, kind and text, with tabs between them; lines with # are headings. ``und`` is code,
numbers and addresses. The right answer is None for French, ``und`` and all short lines, though a right code is none the
worse there.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from service.contract.language import paragraph_language, warm

CASES = Path(__file__).parents[2] / "data" / "language"


@dataclass(frozen=True, slots=True)
class Case:
    """A line of a test set."""

    language: str
    kind: str
    text: str

    @property
    def row(self) -> str:
        """The row of the table that it counts in."""
        group = {"fr": "French", "en": "English", "und": "no language"}.get(self.language, "other")
        if group in ("English", "other"):
            return f"{group}, {'paragraphs' if self.kind == 'paragraph' else 'short lines'}"
        return f"{group}, {self.kind}" if group == "French" else group


def read_cases(path: Path) -> list[Case]:
    """The cases of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Case(*line.split("\t")) for line in lines if line.strip() and not line.startswith("# ")]


def outcome(case: Case, code: str | None) -> str:
    """The column of the table: ``undecided``, ``English``, ``right`` (another language, rightly), ``wrong``."""
    if code is None:
        return "undecided"
    if code == "en":
        return "English"
    return "right" if code == case.language else "wrong"


def confusion(cases: Iterable[Case], judge: Callable[[str], str | None]) -> dict[str, Counter[str]]:
    """Counts by row and column."""
    table: dict[str, Counter[str]] = {}
    for case in cases:
        table.setdefault(case.row, Counter())[outcome(case, judge(case.text))] += 1
    return table


def errors(cases: Iterable[Case], judge: Callable[[str], str | None]) -> list[tuple[Case, str | None]]:
    """French or no language that was judged to be one, paragraphs in others that were not, and wrong codes."""
    found = []
    for case in cases:
        code = judge(case.text)
        expected = None if case.language in ("fr", "und") else case.language
        if code != expected and (code is not None or case.kind == "paragraph"):
            found.append((case, code))
    return found


def main() -> None:
    """Print a table for each file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(CASES.glob("*.tsv")))
    parser.add_argument("--errors", action="store_true", help="print the lines that are judged wrongly")
    options = parser.parse_args()
    warm()
    columns = ("undecided", "English", "right", "wrong")
    print("| cases | lines | undecided | English | the right other | a wrong other |\n" + "| --- " * 6 + "|")
    for path in options.files:
        cases = read_cases(path)
        start = time.perf_counter()
        table = confusion(cases, paragraph_language)
        seconds = time.perf_counter() - start
        for row in sorted(table):
            counts = [table[row][column] for column in columns]
            print(f"| {path.stem}: {row} | {sum(counts)} | " + " | ".join(map(str, counts)) + " |")
        print(f"| {path.stem}: {seconds * 1000 / len(cases):.2f} ms a line | {len(cases)} | | | | |")
        if options.errors:
            for case, code in errors(cases, paragraph_language):
                print(f"  {case.language} {case.kind}, judged {code}: {case.text}")


if __name__ == "__main__":
    main()
