"""Bars on a terminal: one for all articles, and one for each of some that are being translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column

from service.client import JobView
from service.commands.progress import describe
from service.contract.states import JobState

#: Bars of articles at once, and lines of the terminal that stay free of them.
_MOST, _FREE_LINES = 10, 4

_FREE_COLUMNS = 3

#: How often a second they are drawn.
_DRAWN = 5


def is_capable(err: IO[str]) -> bool:
    """Whether the terminal can draw over what it has drawn."""
    return not Console(file=err, force_terminal=True).is_dumb_terminal


class _Narrow(Progress):
    """Leaves some columns free: the terminal writes ^C there, and the line can still be taken away."""

    def get_renderable(self) -> RenderableType:
        """The bars, a little less wide than the terminal."""
        return _Indented(super().get_renderable())


@dataclass(frozen=True, slots=True)
class _Indented:
    inner: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self.inner, options.update_width(max(1, options.max_width - _FREE_COLUMNS)))


class Bars:
    """What moves on a terminal. Lines that stay go above it."""

    def __init__(self, err: IO[str], *, total: int) -> None:
        self.watched = True
        self._console = Console(file=err, force_terminal=True, highlight=False, markup=False, emoji=False)
        self._progress = _Narrow(
            TextColumn(
                "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=3)
            ),
            BarColumn(bar_width=None, table_column=Column(ratio=2)),
            TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=_DRAWN,
        )
        self._total = total
        self._over = 0
        self._all = self._progress.add_task("all articles", total=total, note=f"0 of {total}", visible=total > 1)
        self._bars: dict[str, TaskID] = {}
        self._progress.start()

    def show(self, name: str, job: JobView) -> None:
        """Moves the bar of an article, and gives it one while there is room. Of several, those that wait have none."""
        if job.state.ended or (self._total > 1 and job.state is JobState.QUEUED):
            return
        now: dict[str, Any] = {"completed": job.done, "total": job.total or None, "note": describe(job)}
        if name in self._bars:
            self._progress.update(self._bars[name], **now)
        elif len(self._bars) < min(_MOST, self._console.height - _FREE_LINES):
            self._bars[name] = self._progress.add_task(name, **now)

    def over(self, name: str) -> None:
        """Takes the article's bar away, and counts it."""
        bar = self._bars.pop(name, None)
        if bar is not None:
            self._progress.remove_task(bar)
        self._over += 1
        self._progress.update(self._all, completed=self._over, note=f"{self._over} of {self._total}")

    def say(self, message: str) -> None:
        """Writes a line above the bars."""
        self._console.print(f"depeche: {message}", soft_wrap=True)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Takes the bars away, and puts them back."""
        self._progress.stop()
        yield
        self._progress.start()

    def close(self) -> None:
        """Takes the bars away."""
        self._progress.stop()
