"""Submits articles over HTTP and hands over what comes back: what `depeche submit` and `scripts/run ARTICLE` do."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from service.client import ApiError, Client, ClientError, JobView, Unreachable
from service.commands.articles import ArticleError, output_stems, read_article, shown_name
from service.commands.printers import FileWriter, JsonPrinter, Printer, TextPrinter
from service.commands.progress import Progress
from service.contract.states import JobState

#: Articles that are with the server at once.
IN_FLIGHT = 32


@dataclass(frozen=True, slots=True)
class _Entry:
    """One argument: its job, or why there is none."""

    name: str
    job: JobView | None = None
    code: str = ""
    detail: str = ""


def run_submission(
    client: Client,
    paths: Sequence[str],
    *,
    json: bool,
    summary: bool,
    output: Path | None,
    max_words: int | None,
    format: str | None = None,
    stdout: IO[str],
    stderr: IO[str],
) -> int:
    """Translates the files (`-` is standard input) and returns 0 if all succeeded, else 1.

    Results go to `stdout`, or into the folder `output`, in the order of `paths`; all else goes to `stderr`. `summary` leaves
    out the translations. Without a `format`, the files' endings tell it. A file that fails harms no other. Whatever interrupts
    it cancels the jobs that have not ended.
    """
    several = len(paths) > 1
    progress = Progress(stderr, total=len(paths))
    printers: list[Printer] = []
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            progress.say(f"{output}: {error.strerror}")
            return 1
        printers.append(FileWriter(output_stems(paths, output), stderr, summary_only=summary))
    if json:
        printers.append(JsonPrinter(stdout, several=several))
    elif output is None:
        printers.append(TextPrinter(stdout, several=several, summary_only=summary))
    run = _Run(client, paths, printers, progress, max_words=max_words, format=format)
    try:
        run.work()
    except OSError as error:
        run.cancel()
        if isinstance(error, BrokenPipeError):
            raise
        progress.say(f"{error.filename or 'output'}: {error.strerror}")
        return 1
    except BaseException:
        run.cancel()
        raise
    finally:
        progress.clear()
        if not run.broken_pipe:
            for printer in printers:
                printer.close()
    return 0 if run.failures == 0 else 1


class _Run:
    """Keeps a window of articles with the server, and hands over the oldest one as soon as it has ended."""

    def __init__(
        self,
        client: Client,
        paths: Sequence[str],
        printers: Sequence[Printer],
        progress: Progress,
        *,
        max_words: int | None,
        format: str | None,
    ) -> None:
        self.failures = 0
        self.broken_pipe = False
        self._client = client
        self._waiting = deque(paths)
        self._window: deque[_Entry] = deque()
        self._printers = printers
        self._progress = progress
        self._max_words = max_words
        self._format = format
        self._unreachable: Unreachable | None = None

    def work(self) -> None:
        """Raises what printing raises."""
        number = 0
        while self._waiting or self._window:
            while self._waiting and len(self._window) < IN_FLIGHT:
                self._window.append(self._submit(self._waiting.popleft()))
            number += 1
            entry = self._finish(self._window[0], number)
            self._window.popleft()
            try:
                self._hand_over(entry)
            except BrokenPipeError:
                self.broken_pipe = True
                raise

    def cancel(self) -> None:
        """Cancels what has not ended, as far as that goes."""
        cancelled = 0
        for entry in self._window:
            if entry.job is not None:
                with suppress(ClientError):
                    # A DELETE would erase one that has ended.
                    if not self._client.get(entry.job.id).state.ended:
                        self._client.delete(entry.job.id)
                        cancelled += 1
        if cancelled:
            self._progress.say(
                f"stopped; {cancelled} unfinished {'job was' if cancelled == 1 else 'jobs were'} cancelled"
            )

    def _submit(self, path: str) -> _Entry:
        name = shown_name(path)
        try:
            article = read_article(path, self._format)
        except ArticleError as error:
            return _Entry(name, code="unreadable", detail=str(error))
        if article.note:
            self._progress.say(f"{name}: {article.note}")
        if self._unreachable is not None:  # the first one has tried for some seconds: that is enough for all
            return _refused(name, self._unreachable)
        try:
            return _Entry(
                name, self._client.submit(article.text, format=_unless_text(article.format), max_words=self._max_words)
            )
        except ClientError as error:
            if isinstance(error, Unreachable):
                self._unreachable = error
            return _refused(name, error)

    def _finish(self, entry: _Entry, number: int) -> _Entry:
        """The same entry with its job ended."""
        if entry.job is None:
            return entry
        try:
            job = self._client.wait(entry.job.id, on_progress=lambda job: self._progress.show(number, entry.name, job))
        except ClientError as error:
            return _refused(entry.name, error)
        return _Entry(entry.name, job)

    def _hand_over(self, entry: _Entry) -> None:
        self._progress.clear()
        if entry.job is None:
            self.failures += 1
            self._progress.say(f"{entry.name}: {entry.detail}")
            for printer in self._printers:
                printer.error(entry.name, entry.code, entry.detail)
            return
        self._progress.say(f"{entry.name}: {_outcome(entry.job)}")
        self.failures += entry.job.state is not JobState.SUCCEEDED
        for printer in self._printers:
            printer.job(entry.name, entry.job)


def _unless_text(format: str) -> str | None:
    return None if format == "text" else format


def _refused(name: str, error: ClientError) -> _Entry:
    if isinstance(error, ApiError):
        return _Entry(name, code=error.code, detail=error.detail)
    return _Entry(name, code="unreachable" if isinstance(error, Unreachable) else "unknown", detail=str(error))


def _outcome(job: JobView) -> str:
    """What became of a job, in a few words."""
    if job.error is not None:
        return f"failed ({job.error[0]}): {job.error[1]}"
    if job.result is None:
        return str(job.state)
    segments, warnings = job.result["coverage"]["segments_out"], len(job.result["warnings"])
    noted = f", {warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else ""
    timings = job.result["timings"]
    seconds = timings["translate_s"] + timings["summarize_s"]
    return f"succeeded, {segments} {'segment' if segments == 1 else 'segments'}{noted}, {seconds:.1f} s"
