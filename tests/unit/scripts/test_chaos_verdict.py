"""The campaign's verdict: it must see every broken promise, or a table without faults says nothing."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.lab.chaos.articles import write
from scripts.lab.chaos.ledger import Leftovers, Record
from scripts.lab.chaos.load import Answer, Submission
from scripts.lab.chaos.verdict import Facts, Verdict, judge

GOOD, POISON = write(1, 7), write(1, 8, poisoned=True)

EMPTY = Leftovers(messages=0, queued=0, running=0, unacknowledged=3)

DEATHS = tuple({"attempt": number, "outcome": "crashed"} for number in range(1, 6))


def succeeded(text: str = GOOD.expected, **changes: Any) -> Record:
    record = Record(
        state="succeeded", attempts=1, created_ms=1_000, started_ms=2_000, ended_ms=3_000,
        result={"translation": {"text": text}},
    )  # fmt: skip
    return replace(record, **changes)


EXHAUSTED = Record(
    state="failed",
    attempts=5,
    crashes=5,
    created_ms=1_000,
    ended_ms=3_000,
    error_code="attempts_exhausted",
    history=DEATHS,
)


def facts(record: Record | None = None, **changes: Any) -> Facts:
    """One accepted article with this record, all well unless changed."""
    record = succeeded() if record is None else record
    found = Facts(
        submissions=[Submission(GOOD, keyed=True, answers=[Answer(202, 0.1, "a")])],
        records={"a": record},
        later={"a": record.fingerprint},
        heard={"a": 1},
        leftovers=EMPTY,
    )
    return replace(found, **changes)


def poisoned(record: Record) -> Facts:
    return facts(record, submissions=[Submission(POISON, keyed=False, answers=[Answer(202, 0.1, "a")])])


def test_all_is_well() -> None:
    verdict = judge(facts())
    assert verdict.broken == []
    assert (verdict.jobs, verdict.accepted, verdict.succeeded, verdict.unacknowledged) == (1, 1, 1, 3)
    assert verdict.throughput == 0.5


def test_planted_poison_is_well() -> None:
    verdict = judge(poisoned(EXHAUSTED))
    assert verdict.broken == []
    assert (verdict.planted, verdict.succeeded, verdict.failed) == (1, 0, 0)


@pytest.mark.parametrize(
    "record", [None, Record(state="queued"), Record(state="running")], ids=["no record", "queued", "running"]
)
def test_a_job_without_an_end_is_lost(record: Record | None) -> None:
    verdict = judge(facts(records={"a": record}, later={"a": record and record.fingerprint}))
    assert verdict.lost == 1
    assert "1 jobs lost" in verdict.broken


def test_a_job_is_doubled_that_was_announced_twice() -> None:
    verdict = judge(facts(heard={"a": 2}))
    assert verdict.doubled == 1
    assert "1 jobs doubled" in verdict.broken


@pytest.mark.parametrize(
    "later",
    [
        succeeded(ended_ms=4_000),
        succeeded(version=9),
        succeeded("Something else."),
        Record(state="failed", created_ms=1_000),
        None,
    ],
    ids=["ended again", "touched", "another result", "another state", "gone"],
)
def test_a_job_is_doubled_that_changed_after_its_end(later: Record | None) -> None:
    assert judge(facts(later={"a": later and later.fingerprint})).doubled == 1


@pytest.mark.parametrize("text", [GOOD.expected + " ", GOOD.text, "", GOOD.expected.replace("\n", " ")])
def test_a_text_that_differs_by_a_character_is_wrong(text: str) -> None:
    verdict = judge(facts(succeeded(text)))
    assert verdict.wrong_text == 1
    assert "1 jobs with a wrong text" in verdict.broken


def test_a_success_without_a_result_is_wrong() -> None:
    assert judge(facts(succeeded(result=None))).wrong_text == 1


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_an_innocent_job_may_not_fail(state: str) -> None:
    verdict = judge(facts(replace(EXHAUSTED, state=state)))
    assert verdict.failed == 1
    assert "1 jobs failed" in verdict.broken


@pytest.mark.parametrize(
    "record",
    [
        succeeded(POISON.expected),
        replace(EXHAUSTED, error_code="internal"),
        replace(EXHAUSTED, history=()),
        replace(EXHAUSTED, state="cancelled"),
    ],
    ids=["succeeded", "another code", "no history", "cancelled"],
)
def test_poison_must_end_as_it_was_promised(record: Record) -> None:
    verdict = judge(poisoned(record))
    assert verdict.planted == 0
    assert any("poisoned job a" in sentence for sentence in verdict.broken)


class TestAnswers:
    @staticmethod
    def judge(*answers: Answer, **changes: Any) -> Verdict:
        return judge(facts(submissions=[Submission(GOOD, keyed=True, answers=list(answers))], **changes))

    def test_a_slow_one_breaks_the_promise(self) -> None:
        verdict = self.judge(Answer(202, 3.2, "a"))
        assert verdict.broken == ["a submission took 3.2 s, and 3.0 s is the limit"]

    def test_a_slow_refusal_and_a_slow_silence_do_as_well(self) -> None:
        assert self.judge(Answer(503, 3.2, retry_after="1"), Answer(202, 0.1, "a")).broken
        assert self.judge(Answer(0, 30.0), Answer(202, 0.1, "a")).broken

    def test_what_the_machine_needs_without_faults_is_allowed(self) -> None:
        assert self.judge(Answer(202, 3.2, "a"), overhead_s=0.5).broken == []
        assert self.judge(Answer(202, 3.2, "a"), restart_s=0.5).broken == []

    def test_a_refusal_may_be_tried_again(self) -> None:
        verdict = self.judge(Answer(503, 0.1, retry_after="5"), Answer(0, 0.1), Answer(202, 0.1, "a"))
        assert verdict.broken == []
        assert (verdict.refused, verdict.unanswered, verdict.accepted) == (1, 1, 1)

    @pytest.mark.parametrize("retry_after", ["", "0", "soon", "-1"])
    def test_a_refusal_says_when_to_come_back(self, retry_after: str) -> None:
        verdict = self.judge(Answer(503, 0.1, retry_after=retry_after), Answer(202, 0.1, "a"))
        assert verdict.broken == ["1 refusals came without a usable Retry-After"]

    @pytest.mark.parametrize("status", [200, 400, 409, 500, 502])
    def test_no_other_answer_will_do(self, status: int) -> None:
        verdict = self.judge(Answer(status, 0.1), Answer(202, 0.1, "a"))
        assert verdict.broken == [f"1 submissions were answered with {status}"]

    def test_who_insists_is_accepted_in_the_end(self) -> None:
        answers = [Answer(503, 0.1, retry_after="1")]
        assert self.judge(*answers).broken == ["1 articles were never accepted, however often they were sent"]
        assert self.judge(*answers, insist=False).broken == []


@pytest.mark.parametrize("name", ["messages", "queued", "running"])
def test_the_queue_must_be_empty(name: str) -> None:
    left = replace(EMPTY, **{name: 1})
    assert any("left in the queue" in sentence for sentence in judge(facts(leftovers=left)).broken)


def test_nobody_is_charged_with_what_is_not_theirs() -> None:
    crashed = succeeded(attempts=2, crashes=1)
    assert judge(facts(crashed)).broken == []
    assert judge(facts(crashed, charges_nobody=True)).broken == [
        "1 jobs were charged with a crash that was none of theirs"
    ]


def test_further_attempts_and_recoveries_are_counted() -> None:
    verdict = judge(facts(succeeded(attempts=3), recoveries=[4.0, 1.0, 9.0, 2.0], kills=6))
    assert (verdict.extra_attempts, verdict.kills, verdict.recoveries) == (2, 6, 4)
    assert (verdict.recovery_median_s, verdict.recovery_worst_s) == (2.0, 9.0)
    assert verdict.lane_recoveries == 0
    lane = judge(facts(succeeded(attempts=3), lane_recoveries=[7.0, 8.0]))
    assert (lane.recoveries, lane.lane_recoveries) == (0, 2)
    assert (lane.lane_recovery_median_s, lane.lane_recovery_worst_s) == (7.0, 8.0)


def test_many_of_a_kind_are_not_all_listed() -> None:
    ids = [f"job{number}" for number in range(50)]
    answers = [Submission(GOOD, keyed=False, answers=[Answer(202, 0.1, job_id)]) for job_id in ids]
    verdict = judge(facts(submissions=answers, records={}, later={}))
    assert verdict.lost == 50
    assert len(verdict.broken) == 4
