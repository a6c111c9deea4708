"""Steps: the progress of a summary, in a number that is known before anything is translated."""

from collections.abc import Callable

from worker.summary.records import Mode

#: A model writes about one summary of a chunk in the time in which it translates this many segments.
SEGMENTS_PER_STEP = 8


def plan_steps(mode: str, segments: int) -> int:
    """The number of progress steps of a summary of `segments` segments: 1, or more where a model reads them.

    It depends on nothing else, so that a job's total stands from its start. Raises `ValueError` for another mode than
    those of `Mode`.
    """
    if Mode(mode) is Mode.EXTRACTIVE:
        return 1
    return max(1, -(-segments // SEGMENTS_PER_STEP))


class Steps:
    """Turns finished chunks, whose number shows only round by round, into steps that never go back."""

    def __init__(self, total: int, on_progress: Callable[[int], None] | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._step = 0
        self._done = 0
        self._expected = 1

    def expect(self, chunks: int) -> None:
        """A round over so many chunks begins. Rounds after it are taken to need half as much again."""
        self._expected = self._done + chunks + chunks // 2

    def advance(self) -> None:
        """A chunk is done. Tells the callback each time, so that a caller can stop the work there."""
        self._done += 1
        # The last step is kept for the end.
        self._tell(min(self._total - 1, self._total * self._done // self._expected))

    def finish(self) -> None:
        """All is done."""
        self._tell(self._total)

    def _tell(self, step: int) -> None:
        self._step = max(self._step, step)
        if self._on_progress is not None:
            self._on_progress(self._step)
