"""What the store answers to a submission and to a claim, and what it is told of an attempt that goes on."""

from dataclasses import dataclass
from enum import StrEnum

from service.contract.request import JobRequest
from service.contract.states import Stage


class Lane(StrEnum):
    """Where a job runs."""

    MAIN = ""  # beside all others
    QUARANTINE = "quarantine"  # alone in a process of its own, since it was there when workers died


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a submission.

    `known` is true where its Idempotency-Key led to a job that was there before; `created_ms` (since 1970) is None then.
    """

    job_id: str
    known: bool
    created_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at a job. Its `token` fences every later transition. Times are ms since 1970."""

    job_id: str
    token: int
    attempt: int
    created_ms: int
    started_ms: int
    request: JobRequest


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The progress of one attempt, in segments."""

    job_id: str
    token: int
    stage: Stage
    done: int
    total: int
