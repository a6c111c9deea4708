"""What the checks flag in a model's translations of a file of sentences, what the repairs mend, and what both cost."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import sacrebleu

from worker.engine import EngineOptions, build_engine
from worker.engine.interface import Engine, Output, Role
from worker.plan import Plan, PlannedSegment, make_plan
from worker.repair import Draft, Repairs
from worker.text import check

_JOB = "repairs"
#: Segments that are handed over at once.
_GROUP = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="scripts/evaluate repairs", description=__doc__)
    parser.add_argument("french", type=Path, help="a file of sentences, one a line")
    parser.add_argument("english", type=Path, nargs="?", help="their translations, for chrF and BLEU")
    parser.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR (bundled)")
    parser.add_argument("--show", action="store_true", help="print what was mended, and how")
    given = parser.parse_args(arguments)
    lines = given.french.read_text(encoding="utf-8").splitlines()
    references = given.english.read_text(encoding="utf-8").splitlines() if given.english else None
    engine = build_engine(EngineOptions(translator=given.translator))
    try:
        print(_report(engine, lines, references, show=given.show))
    finally:
        engine.close()
    return 0


def _report(engine: Engine, lines: Sequence[str], references: Sequence[str] | None, *, show: bool) -> str:
    plans = [make_plan(line, None, engine, segment_tokens=512) for line in lines]
    segments = [segment for plan in plans for segment in plan.segments if segment.tokens is not None]
    seconds, _, _ = _translated(engine, segments, mend=False)
    mended_seconds, first, better = _translated(engine, segments, mend=True)
    began = time.perf_counter()
    for segment, draft in zip(segments, first, strict=True):
        check(segment.source, draft.output.text)
    checks = time.perf_counter() - began
    last = [better.get(place, draft) for place, draft in enumerate(first)]
    rows = [
        f"{len(segments)} segments: {_bad(first)} flagged at first, {_bad(last)} after repairs. Translation alone "
        f"{seconds:.1f} s; with checks and repairs {mended_seconds:.1f} s, {mended_seconds / seconds:.2f} times as long; "
        f"the checks by themselves {checks:.2f} s, {100 * checks / seconds:.1f} %.",
        "",
        *_flag_rows(first, last),
        "",
        "Kept after another way of decoding: "
        + ", ".join(f"{way} {count}" for way, count in Counter(d.way for d in better.values()).most_common())
        + ".",
    ]
    if references is not None:
        rows += [
            "",
            _scores("first", _whole(plans, first), references),
            _scores("mended", _whole(plans, last), references),
        ]
    if show:
        rows += [""] + [_shown(segments[place], first[place], draft) for place, draft in better.items()]
    return "\n".join(rows)


def _translated(
    engine: Engine, segments: Sequence[PlannedSegment], *, mend: bool
) -> tuple[float, list[Draft], dict[int, Draft]]:
    """Seconds, the first drafts, and the better ones that the repairs brought, as a worker goes about it."""
    began = time.perf_counter()
    futures: list[Future[Output]] = []
    for start in range(0, len(segments), _GROUP):
        group = [s.tokens for s in segments[start : start + _GROUP] if s.tokens is not None]
        futures += engine.submit(Role.TRANSLATOR, _JOB, group)
    repairs = Repairs(segments, engine, _JOB, _result)
    first = []
    better: dict[int, Draft] = {}
    for place, future in enumerate(futures):
        output = future.result()
        if mend:
            first.append(repairs.first(place, output))
            if first[-1].is_bad:
                repairs.start(place, first[-1])
    if mend:
        better = repairs.finish()
    return time.perf_counter() - began, first, better


def _bad(drafts: Sequence[Draft]) -> int:
    return sum(draft.is_bad for draft in drafts)


def _flag_rows(first: Sequence[Draft], last: Sequence[Draft]) -> list[str]:
    counts = [Counter(flag.code.value for draft in drafts for flag in draft.flags) for drafts in (first, last)]
    rows = ["| flag | first | after repairs |", "| --- | ---: | ---: |"]
    return rows + [f"| `{code}` | {count} | {counts[1][code]} |" for code, count in counts[0].most_common()]


def _whole(plans: Sequence[Plan], drafts: Sequence[Draft]) -> list[str]:
    """One text a line: a line may have become several segments."""
    remaining = iter(drafts)
    return [
        " ".join(s.source if s.tokens is None else next(remaining).output.text for s in plan.segments) for plan in plans
    ]


def _scores(name: str, texts: Sequence[str], references: Sequence[str]) -> str:
    chrf = sacrebleu.corpus_chrf(texts, [references]).score
    return f"{name}: chrF {chrf:.2f}, BLEU {sacrebleu.corpus_bleu(texts, [references]).score:.2f}"


def _shown(segment: PlannedSegment, first: Draft, last: Draft) -> str:
    codes = ", ".join(f"{flag.code} ({flag.detail})" for flag in first.flags)
    return f"- {segment.source}\n  {codes}\n  - {first.output.text}\n  - {last.way}: {last.output.text}"


def _result(future: Future[Output]) -> Output:
    return future.result()


if __name__ == "__main__":
    raise SystemExit(main())
