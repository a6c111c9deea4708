"""How well paragraphs are cut into sentences: boundary F1 on the gold cases, ours and libraries'.

    python tests/unit/worker/text/measure.py [--errors] [FILE...]
    python tests/unit/worker/text/measure.py --long [--errors] [FILE...]

The second form measures where sentences that are too long are cut: the share of cuts at a place that is marked.

A file has one paragraph a line with ‖ where a sentence ends and the next one starts; lines with # are headings. A
boundary is the number of characters before it, blanks left out, so that what a library does to blanks costs it
nothing. The libraries (pysbd, syntok, blingfire, sentencex) are measured where they are installed.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.text import FrenchSegmenter, split_to_fit

CASES = Path(__file__).parents[3] / "data" / "segmentation"
LONG = CASES / "long"
#: Limits in tokens that long sentences are cut to.
LIMITS = (32, 48, 64, 96)
MARK = "‖"


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of boundaries: found and right, found, in the gold; and of paragraphs with no error."""

    right: int
    found: int
    gold: int
    exact: int
    cases: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.gold) if self.found + self.gold else 1.0


def read_cases(path: Path) -> list[str]:
    """The cases of a file, with their marks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("# ")]


def boundaries(sentences: Iterable[str]) -> set[int]:
    """Where sentences end, in characters that are not blank, less the end of the last one."""
    places: list[int] = []
    total = 0
    for sentence in sentences:
        total += len("".join(sentence.split()))
        places.append(total)
    return set(places) - {0, total}


def score(split: Callable[[str], Iterable[str]], cases: Iterable[str], *, report: bool = False) -> Score:
    """Compare `split` with the cases."""
    right = found = gold = exact = count = 0
    for case in cases:
        paragraph = case.replace(MARK, "")
        sentences = list(split(paragraph))
        want, got = boundaries(case.split(MARK)), boundaries(sentences)
        right += len(want & got)
        found += len(got)
        gold += len(want)
        exact += want == got
        count += 1
        if report and want != got:
            print(f"  want {case}\n  got  {MARK.join(sentences)}\n")
    return Score(right, found, gold, exact, count)


def ours(paragraph: str) -> list[str]:
    """The sentences that the package finds."""
    return [paragraph[start:end] for start, end in FrenchSegmenter().split(paragraph)]


def libraries() -> dict[str, Callable[[str], list[str]]]:
    """The libraries that are installed here."""
    found: dict[str, Callable[[str], list[str]]] = {}
    for name in ("sentencex", "pysbd", "syntok", "blingfire"):
        try:
            module = importlib.import_module("syntok.segmenter" if name == "syntok" else name)
        except ImportError:
            continue
        if name == "sentencex":
            found[name] = lambda text, m=module: list(m.segment("fr", text))  # type: ignore[misc]
        elif name == "pysbd":
            found[name] = module.Segmenter(language="fr", clean=False).segment
        elif name == "blingfire":
            found[name] = lambda text, m=module: m.text_to_sentences(text).split("\n")  # type: ignore[misc]
        else:
            found[name] = lambda text, m=module: [  # type: ignore[misc]
                "".join(token.spacing + token.value for token in sentence)
                for paragraph in m.analyze(text)
                for sentence in paragraph
            ]
    return found


def tokens(texts: Sequence[str]) -> list[int]:
    """The lengths by a made-up tokeniser: a token for every four characters of a word, one for the end."""
    return [1 + sum((len(word) + 3) // 4 for word in text.split()) for text in texts]


def cuts(cases: Iterable[str], limit: int, *, report: bool = False) -> tuple[int, int]:
    """How many cuts into pieces of at most `limit` tokens fall at a marked place, and how many there are."""
    right = count = 0
    for case in cases:
        sentence = case.replace(MARK, "")
        pieces = [sentence[start:end] for start, end in split_to_fit(sentence, tokens, limit)]
        good, made = boundaries(case.split(MARK)), boundaries(pieces)
        right += len(good & made)
        count += len(made)
        if report and made - good:
            print(f"  {limit} tokens: {f' {MARK}'.join(pieces)}\n")
    return right, count


def print_cuts(files: Sequence[Path], *, report: bool) -> None:
    """Print the table of the cuts in long sentences."""
    print("| cases | tokens at most | cuts | at a marked place |\n" + "| --- " * 4 + "|")
    for path in files:
        for limit in LIMITS:
            right, count = cuts(read_cases(path), limit, report=report)
            print(f"| {path.stem} | {limit} | {count} | {right} ({right / count:.0%}) |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--errors", action="store_true", help="print the cases that ours gets wrong")
    parser.add_argument("--long", action="store_true", help="measure the cuts in sentences that are too long")
    options = parser.parse_args()
    if options.long:
        print_cuts(options.files or sorted(LONG.glob("*.txt")), report=options.errors)
        return
    print("| cases | segmenter | precision | recall | F1 | paragraphs right | seconds |\n" + "| --- " * 7 + "|")
    for path in options.files or sorted(CASES.glob("*.txt")):
        cases = read_cases(path)
        for name, split in {"ours": ours, **libraries()}.items():
            start = time.perf_counter()
            result = score(split, cases, report=options.errors and name == "ours")
            print(
                f"| {path.stem} | {name} | {result.precision:.3f} | {result.recall:.3f} | {result.f1:.3f} "
                f"| {result.exact}/{result.cases} | {time.perf_counter() - start:.2f} |"
            )


if __name__ == "__main__":
    main()
