"""What is remembered of translated segments, between attempts at a job and between jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from worker.engine.interface import ModelInfo, Output
from worker.plan import PlannedSegment


@dataclass(frozen=True, slots=True)
class Remembered:
    """An output that was made before. `settled`: what was wrong with it has been tried to mend."""

    output: Output
    settled: bool


class Memory(Protocol):
    """What earlier attempts at the same job have left, and what this one leaves."""

    def recall(self, segments: Sequence[PlannedSegment], model: ModelInfo) -> Mapping[int, Remembered]:
        """Outputs that need not be made again, by the segment's place."""

    def note(self, place: int, output: Output, *, settled: bool) -> None:
        """Takes note of an output, from any thread."""

    def save_when_due(self) -> None:
        """Called often by the working thread."""
