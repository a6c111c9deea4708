"""What the state machine's model knows of one job."""

from dataclasses import dataclass, field

from service.contract.attempt import Claim, Lane
from service.contract.states import JobState


@dataclass
class ModelJob:
    """What should be true of a job."""

    created: int
    state: JobState = JobState.QUEUED
    lane: Lane = Lane.MAIN
    attempts: int = 0
    crashes: int = 0
    deaths: int = 0
    worker: str = ""
    lease: int = 0
    live: Claim | None = None
    claimed_ever: bool = False
    code: str | None = None
    pieces: int = 0
    lost_as: dict[int, tuple[str, Lane]] = field(default_factory=dict)  # token -> worker, lane of charged attempts
    certain: set[int] = field(
        default_factory=set
    )  # tokens of attempts charged by their own workers, or those who saw them die
