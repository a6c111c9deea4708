"""What the client makes of the server's answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from service.contract.states import JobState, Stage


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the server showed it. `raw` is the whole of it, as documented."""

    raw: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id."""
        return str(self.raw["id"])

    @property
    def state(self) -> JobState:
        """Where the job is."""
        return JobState(self.raw["state"])

    @property
    def stage(self) -> Stage | None:
        """What a running job is doing."""
        stage = self.raw["stage"]
        return Stage(stage) if stage else None

    @property
    def done(self) -> int:
        """Segments that are done, over both stages."""
        return int(self.raw["progress"]["done"])

    @property
    def total(self) -> int:
        """Segments in all; 0 before they are counted."""
        return int(self.raw["progress"]["total"])

    @property
    def eta_at(self) -> str | None:
        """When the job is expected to end, by RFC 3339, as far as the server knows."""
        eta = self.raw.get("eta_at")
        return str(eta) if eta else None

    @property
    def callback(self) -> Mapping[str, Any] | None:
        """What became of the message to `callback_url`, as documented; None without one."""
        callback: Mapping[str, Any] | None = self.raw.get("callback")
        return callback

    @property
    def error(self) -> tuple[str, str] | None:
        """Code and detail of a failed job."""
        error = self.raw["error"]
        return (str(error["code"]), str(error["detail"])) if error else None

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What a succeeded job holds, as documented."""
        result: Mapping[str, Any] | None = self.raw["result"]
        return result


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one article of a batch, by its index: its job, or why there is none, as documented."""

    index: int
    job: JobView | None
    error: Mapping[str, Any] | None

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Reads a line of the stream."""
        value = json.loads(line)
        return cls(value["index"], JobView(value["job"]) if value["job"] is not None else None, value["error"])
