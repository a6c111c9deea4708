"""Submits articles over HTTP and hands over what comes back: what `depeche submit` and `scripts/run ARTICLE` do."""

import asyncio
import errno
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from typing import IO

from service.client import ApiError, ArticleOptions, AsyncClient, ClientError, JobView, Unreachable, article
from service.commands.articles import STDIN, Article, ArticleError, read_article
from service.commands.failure import ExitStatus
from service.commands.fetching import Fetcher
from service.commands.journal import Journal, digest
from service.commands.outcomes import Outcome, What
from service.commands.plan import Plan
from service.commands.printers import FileWriter, IdPrinter, JsonPrinter, Printer, TextPrinter
from service.commands.progress import Progress, show_progress
from service.commands.sources import Source
from service.contract.states import JobState

#: Submissions at once: enough for the server to be busy, few enough to be polite to a full queue.
_ABREAST = 8

#: Refusals that pass: the next article would be refused too.
_FULL = frozenset({"queue_full", "quota_exceeded"})

#: Seconds between two tries at a full queue, where the server does not say, and at most.
_FULL_S, _FULL_MOST_S = 5.0, 60.0

#: Statuses of refusals that every article would get.
_SHUT_OUT = frozenset({401, 403, 421})

#: Statuses that are about one article, even where a proxy answers with them.
_OF_ONE_ARTICLE = frozenset({413, 414, 422})

#: Errors of a file's name or place. All others, such as a full disk, would meet the next article too.
_OF_ONE_FILE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EILSEQ,
        errno.EINVAL,  # FAT, NTFS and shares of Windows refuse `:`, `?`, `*` and `"` with it
    }
)


class _Stop(Exception):
    """The run can't go on. The message is one line for people."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.status = status


class _NoRoom(Exception):
    """The queue is full, or the key's quota is used up, for so many seconds or more."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = min(seconds, _FULL_MOST_S)


async def run_submission(
    plan: Plan,
    client: AsyncClient,
    journal: Journal,
    *,
    stdout: IO[str],
    stderr: IO[str],
) -> ExitStatus:
    """Translates the articles and says how that went.

    Results go to `stdout`, in the order of the sources, or into the folder as they come; all else goes to `stderr`. An
    article that fails harms no other. Closes the client. Cancelling it leaves the jobs to the server, unless `plan.cancel`,
    and is raised on.
    """
    progress = show_progress(stderr, total=len(plan.sources))
    printers = _printers(plan, stdout)
    async with AsyncExitStack() as stack:
        stack.callback(progress.close)
        await stack.enter_async_context(client)
        fetcher = await stack.enter_async_context(Fetcher())
        run = _Run(plan, client, fetcher, journal, printers, progress, stdout)
        try:
            await run.work()
        except _Stop as stop:
            progress.say(str(stop))
            run.say_how_to_go_on()
            return stop.status
        except OSError as error:
            await run.cancel()
            if isinstance(error, BrokenPipeError):
                printers.clear()
                raise
            progress.say(f"{error.filename or 'output'}: {error.strerror}")
            return ExitStatus.FAILED
        except asyncio.CancelledError:
            await run.cancel()
            run.say_how_to_go_on()
            raise
        finally:
            progress.close()
            for printer in printers:
                printer.close()
        run.sum_up()
        journal.finish()
        return run.status


def _printers(plan: Plan, stdout: IO[str]) -> list[Printer]:
    if plan.json:
        return [JsonPrinter(stdout, several=plan.several)]
    if not plan.wait:
        return [IdPrinter(stdout, several=plan.several)]
    if plan.output is None:
        return [TextPrinter(stdout, several=plan.several, summary_only=plan.summary_only)]
    return []


class _Run:
    """Some workers take one article after the other; where results are printed, each waits for its turn with them."""

    def __init__(
        self,
        plan: Plan,
        client: AsyncClient,
        fetcher: Fetcher,
        journal: Journal,
        printers: Sequence[Printer],
        progress: Progress,
        stdout: IO[str],
    ) -> None:
        self.status = ExitStatus.SUCCEEDED
        self._plan = plan
        self._client = client
        self._fetcher = fetcher
        self._journal = journal
        self._printers = printers
        self._progress = progress
        self._shares_terminal = bool(printers) and stdout.isatty()
        self._writer = FileWriter(plan.output, summary_only=plan.summary_only) if plan.output and plan.wait else None
        self._waiting: Iterator[Source] = iter(plan.sources)
        self._turn: asyncio.Event | None = None
        self._door = asyncio.Semaphore(_ABREAST)
        self._full = asyncio.Lock()
        self._refused: _NoRoom | None = None
        self._said_full = False
        self._with_server: dict[str, str] = {}
        self._counts = dict.fromkeys(What, 0)

    async def work(self) -> None:
        """Raises `_Stop`, and OSError where results can't be written."""
        if self._journal.interrupted and not self._plan.quiet:
            self._progress.say("going on with a run of the same arguments that was interrupted (--again begins anew)")
        count = min(self._plan.in_flight, len(self._plan.sources))
        workers = [asyncio.create_task(self._work()) for _ in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def cancel(self) -> None:
        """Cancels what has not ended, as far as that goes, if the plan says so."""
        if not self._plan.cancel:
            return
        cancelled = 0
        for job_id, name in list(self._with_server.items()):
            with suppress(ClientError, OSError):
                # A DELETE would erase one that has ended.
                if not (await self._client.get(job_id)).state.ended:
                    await self._client.delete(job_id)
                    self._journal.ended(name, JobState.CANCELLED, [])
                    del self._with_server[job_id]
                    cancelled += 1
        if cancelled:
            self._progress.say(
                f"stopped; {cancelled} unfinished {'job was' if cancelled == 1 else 'jobs were'} cancelled"
            )

    def say_how_to_go_on(self) -> None:
        """After a run that was stopped."""
        if self._plan.cancel:
            return
        left, total = len(self._with_server), len(self._plan.sources)
        there = (
            f" {left} {'job is' if left == 1 else 'jobs are'} with the server and will be done there." if left else ""
        )
        over = sum(self._counts.values())
        self._progress.say(f"stopped; {over} of {total} done.{there}{self._journal.how_to_go_on}")

    def sum_up(self) -> None:
        """One line at the end, where there were several articles."""
        if len(self._plan.sources) > 1 and not self._plan.quiet:
            counted = [f"{count} {what}" for what, count in self._counts.items() if count]
            self._progress.say(f"{len(self._plan.sources)} articles: {', '.join(counted)}")

    async def _work(self) -> None:
        for source in self._waiting:
            before, mine = self._turn, asyncio.Event()
            self._turn = mine
            outcome = await self._outcome(source)
            if self._printers and before is not None:
                await before.wait()
            self._hand_over(outcome)
            mine.set()

    async def _outcome(self, source: Source) -> Outcome:
        if source.error:
            return Outcome(source, code="unreadable", detail=source.error)
        try:
            found = await self._article(source)
        except ArticleError as error:
            return Outcome(source, code=error.code, detail=str(error))
        if found.note and not self._plan.quiet:
            self._progress.say(f"{source.name}: {found.note}")
        options = _options(found, self._plan.article)
        name = digest(source.stem, self._plan.outputs, article(found.text, **options))
        if source.where != STDIN:
            options["metadata"] = {"name": options.get("title") or _shown(source.stem.name)}  # lists of jobs show it
        if self._writer is not None and self._journal.is_written(name):
            return Outcome(source, skipped=True)
        try:
            job = await self._job(name, found.text, options)
            if not self._plan.wait:
                return Outcome(source, job)
            job = await self._end(source, name, job)
            text = await self._text(job)
        except ApiError as error:
            strange = error.code == "unknown" and error.status not in _OF_ONE_ARTICLE
            if error.status in _SHUT_OUT or strange:
                raise _Stop(error.detail, ExitStatus.UNREACHABLE) from None
            return Outcome(source, code=error.code, detail=error.detail)
        except Unreachable as error:
            raise _Stop(str(error), ExitStatus.UNREACHABLE) from None
        except ClientError as error:
            return Outcome(source, code="unreadable", detail=str(error))
        self._with_server.pop(job.id, None)  # the same article may be there twice: it has one job
        try:
            files = self._writer.write(source.stem, job.result, text) if self._writer and job.result else []
        except OSError as error:
            if error.errno not in _OF_ONE_FILE:
                raise
            return Outcome(source, code="not_written", detail=f"{_shown(str(error.filename))}: {error.strerror}")
        self._journal.ended(name, job.state, files)
        return Outcome(source, job, text, files=tuple(files))

    async def _article(self, source: Source) -> Article:
        if source.is_address:
            return await self._fetcher.fetch(source.where, self._plan.format)
        return read_article(source.where, self._plan.format, data=source.data)

    async def _job(self, name: str, text: str, options: ArticleOptions) -> JobView:
        """The article's job: one of an earlier run if the server still has it, else a new one."""
        known = self._journal.entry(name)
        if known.job is not None and known.url == self._client.url:
            try:
                job = await self._client.get(known.job)
            except ApiError as error:
                if error.status not in (404, 410):
                    raise
                self._journal.ended(name, "gone", [])
            else:
                self._with_server[job.id] = name
                return job
        key = self._journal.key(name)
        try:
            job = await self._submit(text, key, options)
        except ApiError as error:
            if error.code != "job_gone":  # it was erased, and the key is remembered for a day
                raise
            if key == self._journal.key(name):
                self._journal.ended(name, "gone", [])
            job = await self._submit(text, self._journal.key(name), options)
        self._journal.submitted(name, job.id, self._client.url)
        self._with_server[job.id] = name
        return job

    async def _submit(self, text: str, key: str, options: ArticleOptions) -> JobView:
        """Several at once while there is room. While there is none one of them tries, and the others wait behind it."""
        if not self._full.locked():
            async with self._door:
                try:
                    return await self._try(text, key, options)
                except _NoRoom as no_room:
                    self._refused = no_room
        async with self._full:
            while True:
                if self._refused is not None:
                    self._say_full(self._refused)
                    await asyncio.sleep(self._refused.seconds)
                try:
                    job = await self._try(text, key, options)
                except _NoRoom as no_room:
                    self._refused = no_room
                else:
                    self._refused = None
                    return job

    async def _try(self, text: str, key: str, options: ArticleOptions) -> JobView:
        """Raises `_NoRoom`, and `ClientError`."""
        try:
            return await self._client.submit(text, idempotency_key=key, **options)
        except ApiError as error:
            if error.code not in _FULL:
                raise
            raise _NoRoom(error.detail, error.retry_after or _FULL_S) from None

    def _say_full(self, no_room: _NoRoom) -> None:
        if not self._said_full and not self._plan.quiet:
            self._progress.say(f"{no_room} Trying on.")
        self._said_full = True

    async def _end(self, source: Source, name: str, job: JobView) -> JobView:
        if job.state.ended:
            return job
        watch = (lambda view: self._progress.show(source.name, view)) if self._progress.watched else None
        return await self._client.wait(job.id, on_progress=watch)

    async def _text(self, job: JobView) -> str:
        """The translation as people read it."""
        if job.result is None:
            return ""
        translation = job.result["translation"]
        return await self._client.translation(job.id) if translation["title"] else str(translation["text"])

    def _hand_over(self, outcome: Outcome) -> None:
        name = outcome.source.name
        self._counts[outcome.what] += 1
        if outcome.what is What.FAILED:
            self.status = ExitStatus.FAILED
        self._progress.over(name)
        said = outcome.described(alone=len(self._plan.sources) == 1)
        if said and (outcome.what is What.FAILED or not self._plan.quiet):
            self._progress.say(f"{name}: {said}")
        if not self._shares_terminal:
            self._print(outcome)
            return
        with self._progress.pause():
            self._print(outcome)

    def _print(self, outcome: Outcome) -> None:
        name = outcome.source.name
        for printer in self._printers:
            if outcome.skipped:
                printer.skipped(name)
            elif outcome.job is None:
                printer.error(name, outcome.code, outcome.detail)
            else:
                printer.job(name, outcome.job, outcome.text)


def _shown(name: str) -> str:
    """A file's name, which may hold bytes that are not UTF-8, as text."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _options(found: Article, chosen: ArticleOptions) -> ArticleOptions:
    """The options of a submission, with what the article itself says."""
    options = chosen.copy()
    options["format"] = None if found.format == "text" else found.format
    options["title"] = chosen.get("title") or found.title
    return options
