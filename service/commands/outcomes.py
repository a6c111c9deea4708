"""What became of an article that was submitted."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.client import JobView
from service.commands.sources import Source
from service.contract.states import JobState


class What(StrEnum):
    """As it is counted, in the words of the sum."""

    SUCCEEDED = "succeeded"
    SUBMITTED = "submitted"  # and not waited for
    FAILED = "failed"  # or was cancelled, or never became a job
    SKIPPED = "done before and left alone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One article: its job with the translation as people read it, or why there is none.

    `skipped`: an earlier run has written its files. `files` are those that this one has written.
    """

    source: Source
    job: JobView | None = None
    text: str = ""
    code: str = ""
    detail: str = ""
    skipped: bool = False
    files: tuple[Path, ...] = ()

    @property
    def what(self) -> What:
        """As it is counted."""
        if self.skipped:
            return What.SKIPPED
        if self.job is None or self.job.state in (JobState.FAILED, JobState.CANCELLED):
            return What.FAILED
        return What.SUCCEEDED if self.job.state is JobState.SUCCEEDED else What.SUBMITTED

    def described(self, *, alone: bool) -> str:
        """In a few words; nothing where there is nothing to say. Of many, those that are skipped are only counted."""
        job = self.job
        if self.skipped:
            return "was translated before; --again translates it anew" if alone else ""
        if job is None:
            return self.detail
        if job.error is not None:
            return f"failed ({job.error[0]}): {job.error[1]}"
        if job.result is None:
            return str(job.state) if job.state.ended else ""
        segments, warnings = job.result["coverage"]["segments_out"], len(job.result["warnings"])
        noted = f", {warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else ""
        timings = job.result["timings"]
        seconds = timings["translate_s"] + timings["summarize_s"]
        written = f", wrote {self.files[0]}{' and its summary' if len(self.files) > 1 else ''}" if self.files else ""
        return f"succeeded, {segments} {'segment' if segments == 1 else 'segments'}{noted}, {seconds:.1f} s{written}"
