"""The client for programs on asyncio."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx2

from service.client import calls, connection
from service.client.calls import ArticleOptions, Call
from service.client.errors import ApiError, refusal
from service.client.event_stream import JobEvent
from service.client.line_reader import LineReader
from service.client.retries import Tries
from service.client.streams import STREAM_PAUSE_S, BatchStream, EventStream, Stream, Waiting
from service.client.views import BatchResult, JobView

T = TypeVar("T")


class AsyncClient:
    """`Client`, with the same methods and manners, for one event loop of asyncio. Use it in an `async with` statement.

    As many requests as are made at once each have their own connection.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: int = 5,
        wait_for_room: bool = True,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx2.AsyncClient(transport=transport, **connection.settings(url, key, timeout_s))
        self.url = connection.shown(url)
        self._timeout_s = timeout_s
        self._retries = retries
        self._room = wait_for_room

    async def submit(
        self, text: str, *, idempotency_key: str | None = None, **options: Unpack[ArticleOptions]
    ) -> JobView:
        """Submits an article. Raises `ClientError`.

        Without a key of the caller's it makes one, so that a retry after a lost answer gives the same job.
        """
        return await self._send(calls.submit(calls.article(text, **options), idempotency_key))

    async def get(self, job_id: str, *, wait_s: float = 0.0) -> JobView:
        """The job; with `wait_s`, up to 60, as soon as it ends or that time is over. Raises `ClientError`."""
        return await self._send(calls.get(job_id, wait_s))

    async def wait(
        self, job_id: str, *, timeout_s: float | None = None, on_progress: Callable[[JobView], None] | None = None
    ) -> JobView:
        """The job once it has ended, however it has. `on_progress` sees it about once a second until then.

        Raises `WaitTimeout` after `timeout_s`, also where nobody answers, and `ClientError`. A wait that is cancelled leaves
        the job alone.
        """
        waiting = Waiting(timeout_s, watched=on_progress is not None)
        while True:
            try:
                job = await self._send(calls.get(job_id, waiting.next_s()), waiting.deadline)
            except ApiError as error:
                waiting.shorten(error)
                continue
            if on_progress is not None:
                on_progress(job)
            if waiting.over(job):
                return job
            if waiting.pause_s:
                await asyncio.sleep(waiting.pause_s)

    def events(self, job_id: str) -> AsyncIterator[JobEvent]:
        """The events of a job as they come, to `done`, which is the last. Raises `ClientError`.

        Where the stream breaks off it goes on behind the last segment.
        """
        return self._read(EventStream(job_id))

    async def jobs(self, *, state: str | None = None) -> AsyncIterator[JobView]:
        """Your own jobs, newest first, without results, page by page as they are asked for. Raises `ClientError`."""
        call: Call[calls.Page] | None = calls.jobs(state)
        while call is not None:
            page = await self._send(call)
            for job in page.jobs:
                yield job
            call = page.next

    async def translation(self, job_id: str, *, markdown: bool = False) -> str:
        """The English text of a succeeded job: in the format of its article, or as Markdown. Raises `ClientError`."""
        return await self._send(calls.text(job_id, "translation", "text/markdown" if markdown else "*/*"))

    async def summary(self, job_id: str, *, markdown: bool = False) -> str:
        """The summary of a succeeded job. Raises `ClientError`."""
        return await self._send(calls.text(job_id, "summary", "text/markdown" if markdown else "text/plain"))

    async def delete(self, job_id: str) -> JobView | None:
        """Cancels a job that waits or runs, and returns it; erases one that has ended, and returns None.

        Never sent twice, since the second time would erase what the first one has cancelled. Raises `ClientError`.
        """
        return await self._send(calls.delete(job_id))

    async def submit_batch(
        self,
        articles: Sequence[Mapping[str, Any]],
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Submits up to 1,000 articles, each as `article` makes them, and returns the batch as documented (docs/http.md).

        Without a key of the caller's it makes one, so that a retry after a lost answer gives the same jobs. Raises
        `ClientError`.
        """
        return await self._send(calls.submit_batch(articles, metadata, idempotency_key))

    async def batch(self, batch_id: str) -> Mapping[str, Any]:
        """The batch as it is now, as documented. Raises `ClientError`."""
        return await self._send(calls.batch(batch_id))

    async def batch_results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """A result for each article of a batch, as they come, to the last. Raises `ClientError`.

        Where the stream breaks off it is begun anew; what was handed over is not handed over twice.
        """
        stream = BatchStream(batch_id, len((await self.batch(batch_id))["items"]))
        async with aclosing(self._read(stream)) as results:
            async for result in results:
                yield result

    async def rotate_webhook_secret(self) -> Mapping[str, Any]:
        """Makes the secret that signs your webhooks, or another in its place; `secret` is shown this once (docs/http.md).

        Never sent twice: where the answer is lost, make another. Raises `ClientError`.
        """
        return await self._send(calls.rotate_webhook_secret())

    async def webhook_secret(self) -> Mapping[str, Any]:
        """Since when there is a secret, and until when the one before counts. Raises `ApiError` (404) where there is none."""
        return await self._send(calls.webhook_secret())

    async def delete_webhook_secret(self) -> None:
        """Takes the secret away. Raises `ClientError`."""
        await self._send(calls.delete_webhook_secret())

    async def redeliver(self, job_id: str) -> JobView:
        """Has the end of a job told to its `callback_url` now, whatever became of that before. Raises `ClientError`."""
        return await self._send(calls.redeliver(job_id))

    async def alive(self) -> None:
        """Returns if the server answers, whatever else it can do now. Raises `ClientError`."""
        return await self._send(calls.alive())

    async def ready(self, *, workers: bool = False) -> Mapping[str, Any]:
        """The state of readiness; with `workers`, one must be there. Raises `ApiError` while it is not, untried again."""
        return await self._send(calls.ready(workers=workers))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call[T], deadline: float | None = None) -> T:
        tries = Tries(self._retries if call.retried else 0, self.url, room=self._room, deadline=deadline)
        while True:
            request = connection.request(self._http, call, tries.within(self._timeout_s + call.wait_s))
            try:
                return call.result(await self._http.send(request))
            except (httpx2.TransportError, ApiError) as error:
                pause = tries.pause_after(error)
            await asyncio.sleep(pause)

    async def _read(self, stream: Stream[T]) -> AsyncGenerator[T, None]:
        tries = Tries(self._retries, self.url)
        while True:
            broken: httpx2.TransportError | ApiError | None = None
            try:
                async with aclosing(self._lines(stream)) as lines:
                    async for line in lines:
                        item = stream.feed(line)
                        if item is not None or not line:
                            tries.reset()
                        if item is not None:
                            yield item
                        if stream.ended:
                            return
            except (httpx2.TransportError, ApiError) as error:
                broken = error
            await asyncio.sleep(tries.pause_after(broken))

    async def _lines(self, stream: Stream[T]) -> AsyncGenerator[str, None]:
        """The lines of one connection. Raises `ApiError`, and what httpx2 raises where it breaks off."""
        timeout = connection.limits(self._timeout_s + STREAM_PAUSE_S)
        async with self._http.stream("GET", stream.path, headers=stream.open(), timeout=timeout) as answer:
            if not answer.is_success:
                await answer.aread()
                raise refusal(answer)
            reader = LineReader()
            async for chunk in answer.aiter_bytes():
                for line in reader.feed(chunk):
                    yield line
            for line in reader.finish():
                yield line
