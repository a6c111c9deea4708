"""How often each check is right: on good pairs, and on the same pairs damaged.

    python -m tests.unit.worker.text.measure_checks [FRENCH ENGLISH ...]

With files, a sentence a line and its translation by people, the share of flagged lines in them is printed, too: false alarms,
but for the mistakes that are really there.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.unit.worker.text.corruptions import CORRUPTIONS, PAIRS, corrupted
from worker.text import FlagCode, check


def recall_table() -> str:
    """Each kind of damage and how often it is found."""
    rows = ["| damage | flag | damaged pairs | found |", "| --- | --- | ---: | ---: |"]
    for corruption in CORRUPTIONS:
        pairs = list(corrupted(corruption))
        found = sum(corruption.code in {flag.code for flag in check(*pair)} for pair in pairs)
        rows.append(f"| {corruption.name} | `{corruption.code}` | {len(pairs)} | {100 * found / len(pairs):.0f} % |")
    return "\n".join(rows)


def precisions() -> dict[FlagCode, tuple[int, int]]:
    """For each code how often it was raised rightly, and how often at all, on all pairs, good and damaged."""
    right, raised = Counter[FlagCode](), Counter[FlagCode]()
    raised.update(flag.code for pair in PAIRS for flag in check(*pair))
    for corruption in CORRUPTIONS:
        fitting = {corruption.code, *corruption.also}
        for pair in corrupted(corruption):
            codes = {flag.code for flag in check(*pair)}
            raised.update(codes - fitting)
            right.update(codes & {corruption.code})
            raised.update(codes & {corruption.code})
    return {code: (right[code], raised[code]) for code in FlagCode}


def alarms(pairs: Iterable[tuple[str, str]]) -> tuple[Counter[str], int, int]:
    """On pairs that are taken for good: flags by their code, flagged pairs, pairs."""
    codes, flagged, total = Counter[str](), 0, 0
    for source, target in pairs:
        found = {flag.code.value for flag in check(source, target)}
        codes.update(found)
        flagged += bool(found)
        total += 1
    return codes, flagged, total


def _alarm_row(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    began = time.perf_counter()
    codes, flagged, total = alarms(pairs)
    micros = 1e6 * (time.perf_counter() - began) / total
    listed = ", ".join(f"`{code}` {count}" for code, count in codes.most_common())
    return f"| {name} | {total} | {100 * flagged / total:.1f} % | {listed} | {micros:.0f} |"


def main(arguments: Sequence[str]) -> None:
    """Prints the tables, in Markdown."""
    print(recall_table(), "\n\n| flag | raised | rightly |\n| --- | ---: | ---: |")
    for code, (right, raised) in precisions().items():
        print(f"| `{code}` | {raised} | {100 * right / max(1, raised):.1f} % |")
    print("\n| pairs | how many | flagged | flags | µs a pair |\n| --- | ---: | ---: | --- | ---: |")
    print(_alarm_row("the test's good pairs", PAIRS))
    for french, english in zip(arguments[::2], arguments[1::2], strict=True):
        files = [Path(name).read_text(encoding="utf-8").splitlines() for name in (french, english)]
        print(_alarm_row(Path(french).stem, list(zip(*files, strict=True))))


if __name__ == "__main__":
    main(sys.argv[1:])
