"""What became of every article of one run, and which promises that breaks. Pure: all facts are handed in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.lab.chaos.ledger import Leftovers, Record
from scripts.lab.chaos.load import Submission

#: Seconds within which a front end that lives answers, beyond what the same machine needed without faults.
ANSWER_S = 3.0

#: What poison must end with.
EXHAUSTED = "attempts_exhausted"

#: Attempts that the history of an exhausted job must have at least: three deaths in the quarantine lane, and what led there.
_EXHAUSTED_HISTORY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was seen of one run.

    `later` are the fingerprints of the records that had ended, taken some time after `records`; `heard` counts the
    announcements of ends. `overhead_s` is the slowest answer of the same load without faults; `restart_s` is the longest time
    from a death of the front end until it answered again, for which requests stand in line at its port.
    """

    submissions: Sequence[Submission]
    records: Mapping[str, Record | None]
    later: Mapping[str, int | None]
    heard: Mapping[str, int]
    leftovers: Leftovers
    recoveries: Sequence[float] = ()
    lane_recoveries: Sequence[float] = ()
    kills: int = 0
    overhead_s: float = 0.0
    restart_s: float = 0.0
    charges_nobody: bool = False
    insist: bool = True


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Counts of one run, and `broken`: a sentence for each promise that did not hold. Seconds."""

    jobs: int = 0
    kills: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    succeeded: int = 0
    planted: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0
    wrong_text: int = 0
    extra_attempts: int = 0
    charged: int = 0
    unacknowledged: int = 0
    slowest_s: float = 0.0
    recovery_median_s: float | None = None
    recovery_worst_s: float | None = None
    recoveries: int = 0
    lane_recovery_median_s: float | None = None
    lane_recovery_worst_s: float | None = None
    lane_recoveries: int = 0
    throughput: float = 0.0
    broken: list[str] = field(default_factory=list)


def judge(facts: Facts) -> Verdict:
    """Looks at every article, every record and every answer."""
    verdict = Verdict(jobs=len(facts.submissions), kills=facts.kills)
    _judge_answers(verdict, facts)
    for submission in facts.submissions:
        for job_id in submission.ids:
            _judge_job(verdict, submission, job_id, facts)
    _judge_rest(verdict, facts)
    return verdict


def median(values: Sequence[float]) -> float:
    """The lower median of at least one value."""
    return sorted(values)[(len(values) - 1) // 2]


def _judge_answers(verdict: Verdict, facts: Facts) -> None:
    strange: dict[int, int] = {}
    hasty = 0
    for submission in facts.submissions:
        verdict.accepted += len(submission.ids)
        for answer in submission.answers:
            verdict.slowest_s = max(verdict.slowest_s, answer.seconds)
            if answer.status == 503:
                verdict.refused += 1
                hasty += not answer.retry_after.isdecimal() or int(answer.retry_after) < 1
            elif answer.status == 0:
                verdict.unanswered += 1
            elif answer.status != 202:
                strange[answer.status] = strange.get(answer.status, 0) + 1
    for status, count in sorted(strange.items()):
        verdict.broken.append(f"{count} submissions were answered with {status}")
    if hasty:
        verdict.broken.append(f"{hasty} refusals came without a usable Retry-After")
    limit = ANSWER_S + facts.overhead_s + facts.restart_s
    if verdict.slowest_s > limit:
        verdict.broken.append(f"a submission took {verdict.slowest_s:.1f} s, and {limit:.1f} s is the limit")
    given_up = sum(not submission.ids for submission in facts.submissions)
    if facts.insist and given_up:
        verdict.broken.append(f"{given_up} articles were never accepted, however often they were sent")


def _judge_job(verdict: Verdict, submission: Submission, job_id: str, facts: Facts) -> None:
    record, article = facts.records.get(job_id), submission.article
    if record is None or not record.ended:
        verdict.lost += 1
        state = "has no record" if record is None else f"is still {record.state}"
        _note(verdict, verdict.lost, f"job {job_id} (article {article.number}) {state}")
        return
    verdict.extra_attempts += max(0, record.attempts - 1)
    verdict.charged += record.crashes > 0
    if facts.heard.get(job_id, 0) > 1 or facts.later.get(job_id) != record.fingerprint:
        verdict.doubled += 1
        _note(verdict, verdict.doubled, f"job {job_id} ended more than once, or changed after its end")
    if article.poisoned:
        _judge_poison(verdict, record, job_id)
    elif record.state != "succeeded":
        verdict.failed += 1
        _note(verdict, verdict.failed, f"job {job_id} (article {article.number}) {record.state}: {record.error_code}")
    else:
        verdict.succeeded += 1
        if (record.result or {}).get("translation", {}).get("text") != article.expected:
            verdict.wrong_text += 1
            _note(verdict, verdict.wrong_text, f"job {job_id} (article {article.number}) has a wrong text")


def _judge_poison(verdict: Verdict, record: Record, job_id: str) -> None:
    if record.state == "failed" and record.error_code == EXHAUSTED and len(record.history) >= _EXHAUSTED_HISTORY:
        verdict.planted += 1
    else:
        verdict.broken.append(
            f"poisoned job {job_id} is {record.state} {record.error_code} with {len(record.history)} attempts in its history"
        )


def _judge_rest(verdict: Verdict, facts: Facts) -> None:
    for name in ("lost", "doubled", "failed"):
        if count := getattr(verdict, name):
            verdict.broken.append(f"{count} jobs {name}")
    if verdict.wrong_text:
        verdict.broken.append(f"{verdict.wrong_text} jobs with a wrong text")
    if facts.charges_nobody and verdict.charged:
        verdict.broken.append(f"{verdict.charged} jobs were charged with a crash that was none of theirs")
    left = facts.leftovers
    verdict.unacknowledged = left.unacknowledged
    if not left.none:
        verdict.broken.append(
            f"left in the queue: {left.messages} messages, {left.queued} queued and {left.running} running jobs"
        )
    if facts.recoveries:
        verdict.recoveries = len(facts.recoveries)
        verdict.recovery_median_s, verdict.recovery_worst_s = median(facts.recoveries), max(facts.recoveries)
    if lane := facts.lane_recoveries:
        verdict.lane_recoveries = len(lane)
        verdict.lane_recovery_median_s, verdict.lane_recovery_worst_s = median(lane), max(lane)
    ended = [record for record in facts.records.values() if record is not None and record.ended]
    if ended:
        seconds = (max(r.ended_ms for r in ended) - min(r.created_ms for r in ended)) / 1000
        verdict.throughput = sum(r.state == "succeeded" for r in ended) / seconds if seconds > 0 else math.inf


def _note(verdict: Verdict, count: int, sentence: str) -> None:
    """The first three of a kind say enough."""
    if count <= 3:
        verdict.broken.append(sentence)
