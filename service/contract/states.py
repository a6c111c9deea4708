"""The states of a job and the stages within `running`.

queued -> running -> succeeded | failed | cancelled
queued -> cancelled | failed
running -> queued            when a worker drains or dies
"""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is. Only the scripts in `lua/` change it."""

    QUEUED = "queued"  # admitted; waits for a worker to claim it
    RUNNING = "running"  # claimed by one attempt, which holds a lease
    SUCCEEDED = "succeeded"  # ended with a result
    FAILED = "failed"  # ended with an error code
    CANCELLED = "cancelled"  # ended by its client

    @property
    def ended(self) -> bool:
        """Whether the job has reached one of its three end states."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Stage(StrEnum):
    """What a running job is doing."""

    TRANSLATING = "translating"
    SUMMARIZING = "summarizing"
