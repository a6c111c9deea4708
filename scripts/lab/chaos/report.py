"""The campaign's table, in Markdown for people and in JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from scripts.lab.chaos.campaign import Outcome
from scripts.lab.chaos.scenario import Scale
from scripts.lab.chaos.verdict import Verdict

_COLUMNS = (
    "scenario", "jobs", "kills", "202", "503", "no answer", "succeeded", "failed as planted", "lost", "doubled",
    "wrong text", "extra attempts", "recovery median / worst", "slowest answer", "jobs/s, without and with faults",
)  # fmt: skip


def table(outcomes: Sequence[Outcome], scale: Scale) -> str:
    """The whole report."""
    lines = [f"Seed {scale.seed}; {scale.timing}; {scale.workers} workers with the fake engine.", ""]
    lines += [_row(_COLUMNS), _row(["---"] * len(_COLUMNS))]
    lines += [_row(_cells(outcome)) for outcome in outcomes]
    lines += ["", *_totals(outcomes)]
    notes = [note for outcome in outcomes for note in outcome.notes]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    broken = [f"- {outcome.name}: {sentence}" for outcome in outcomes for sentence in outcome.broken]
    lines += ["", "Promises that did not hold:", "", *broken] if broken else ["", "All promises held."]
    return "\n".join(lines) + "\n"


def to_json(outcomes: Sequence[Outcome], scale: Scale) -> str:
    """The same for programs: `held`, the scale, and each scenario's two verdicts."""
    scenarios = [{**asdict(outcome), "broken": outcome.broken, "ratio": outcome.ratio} for outcome in outcomes]
    held = not any(outcome.broken for outcome in outcomes)
    return json.dumps({"held": held, "scale": asdict(scale), "scenarios": scenarios}, indent=2)


def _cells(outcome: Outcome) -> list[str]:
    faulty, control = outcome.faulty, outcome.control
    numbers = (
        faulty.jobs, faulty.kills, faulty.accepted, faulty.refused, faulty.unanswered, faulty.succeeded, faulty.planted,
        faulty.lost + faulty.failed, faulty.doubled, faulty.wrong_text, faulty.extra_attempts,
    )  # fmt: skip
    return [
        outcome.title,
        *(f"{number:,}" for number in numbers),
        _recovery(faulty),
        f"{faulty.slowest_s:.2f} s ({control.slowest_s:.2f} s)",
        f"{control.throughput:.0f}, {faulty.throughput:.0f} ({outcome.ratio:.0%})",
    ]


def _recovery(verdict: Verdict) -> str:
    return (
        "; in the lane ".join(
            f"{median:.1f} / {worst:.1f} s ({count})"
            for median, worst, count in (
                (verdict.recovery_median_s, verdict.recovery_worst_s, verdict.recoveries),
                (verdict.lane_recovery_median_s, verdict.lane_recovery_worst_s, verdict.lane_recoveries),
            )
            if count
        )
        or "–"
    )


def _totals(outcomes: Sequence[Outcome]) -> list[str]:
    verdicts = [verdict for outcome in outcomes for verdict in (outcome.control, outcome.faulty)]
    jobs, kills = sum(verdict.accepted for verdict in verdicts), sum(verdict.kills for verdict in verdicts)
    lost = sum(verdict.lost + verdict.failed for verdict in verdicts)
    doubled, wrong = sum(verdict.doubled for verdict in verdicts), sum(verdict.wrong_text for verdict in verdicts)
    return [
        f"In all {jobs:,} accepted jobs, control runs among them, and {kills:,} kills: {lost:,} lost, {doubled:,} doubled, "
        f"{wrong:,} wrong."
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
