"""What changes over a run, as functions of its progress from 0 (start) to 1 (end of the time box)."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Curriculum and rates of one run."""

    #: Steps over which the rate climbs to its full value.
    warm_up: int = 300
    #: Share of the run spent on growing from short sentences to all.
    growing: float = 0.3
    #: Longest rows at the start, in pieces, and at the end of the growing part.
    shortest: float = 14.0
    longest: float = 80.0
    #: Target positions a step, at the start and at the end.
    first_batch: int = 2048
    last_batch: int = 4096
    #: Share of the run at full rate; from there it falls in a line to nothing.
    plateau: float = 0.2

    def rate(self, step: int, progress: float) -> float:
        """The rate of a step, 0 to 1."""
        fall = min(1.0, max(0.0, 1.0 - progress) / (1.0 - self.plateau))
        return max(0.005, min((step + 1) / self.warm_up, fall))

    def grown(self, progress: float) -> float:
        """How far the curriculum has come, 0 to 1."""
        return min(1.0, progress / self.growing) if self.growing > 0 else 1.0

    def length(self, progress: float) -> float:
        """Longest rows to draw, in pieces."""
        return self.shortest + (self.longest - self.shortest) * self.grown(progress)

    def shortness(self, progress: float) -> float:
        """How much short rows are preferred, 0.7 to 0."""
        return 0.7 * (1.0 - self.grown(progress))

    def batch(self, progress: float) -> int:
        """Target positions a step."""
        return int(self.first_batch + (self.last_batch - self.first_batch) * min(1.0, 2.0 * progress))

    def guidance(self, progress: float) -> float:
        """Weight of guided attention beside the cross entropy: from 1 down to 0.1 at the end."""
        return 1.0 - 0.9 * min(1.0, progress)
