"""A typed client of the HTTP interface. Retries what passes by itself, and never submits an article twice.

ClientError
├── Unreachable          nobody answers at this address, after all retries
├── WaitTimeout          the job had not ended when the time was up
└── ApiError             the server refused: status, code, detail
"""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from service.client.event_stream import JobEvent, read_events
from service.client.views import BatchResult, JobView

#: Seconds of `?wait=` that one request asks for while nobody watches the progress, and while somebody does.
_LONG_WAIT_S = 30.0
_WATCHED_WAIT_S = 1.0

#: Seconds between two retries: at first, and at most. `Retry-After` counts where it is longer.
_BACKOFF_S = (0.25, 8.0)

#: Seconds between two lines of a stream of results, at most.
_STREAM_PAUSE_S = 15.0

#: Jobs that are asked for at once.
_PAGE = 100

#: Seconds of `Retry-After` that are obeyed at most.
_PATIENCE_S = 60.0

_RETRIED = frozenset({429, 502, 503, 504})


class ClientError(Exception):
    """Something went wrong between here and the server. The message is for people."""


class Unreachable(ClientError):
    """Nobody answers at this address."""


class WaitTimeout(ClientError):
    """The job had not ended when the time was up; it goes on."""


class ApiError(ClientError):
    """The server refused. `code` is stable; `detail` says what to do; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Client:
    """Talks to one server. Thread-safe. Use it in a `with` statement, or call `close`.

    `key` is an API key, for servers that demand one. It goes into a header, and to this server alone: redirects are not
    followed.

    `timeout_s` bounds connecting, and each read beyond what a wait takes. `retries` is how often a request is sent again
    after 429, 502, 503, 504 or a broken connection.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: int = 5,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        # trust_env=False: a proxy of the environment must not see articles that stay on this machine otherwise.
        self._http = httpx2.Client(
            base_url=_address(url), headers=_headers(key), timeout=timeout_s, transport=transport, trust_env=False
        )
        self.url = url
        self._timeout_s = timeout_s
        self._retries = retries

    def submit(
        self,
        text: str,
        *,
        title: str | None = None,
        format: str | None = None,
        summary: str | None = None,
        max_words: int | None = None,
        strict: bool = False,
        glossary: Mapping[str, str | Mapping[str, Any]] | None = None,
        keep: Sequence[str] | None = None,
        force: bool = False,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Submits an article. `format` is text, markdown or html; `summary` is auto, extractive, abstractive or none.

        `glossary` and `keep` are as in the interface (docs/http.md). Raises `ClientError`.

        Without a key of the caller's it makes one, so that a retry after a lost answer gives the same job.
        """
        options = {"mode": summary, "max_words": max_words, "strict": strict or None}
        body: dict[str, Any] = {"text": text, "title": title, "format": format, "force": force or None}
        body |= {"glossary": glossary or None, "keep": list(keep or ()) or None, "metadata": metadata}
        body["summary"] = {name: value for name, value in options.items() if value is not None} or None
        answer = self._send(
            "POST",
            "/v1/jobs",
            json={name: value for name, value in body.items() if value is not None},
            headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())},
        )
        return JobView(answer.json())

    def get(self, job_id: str, *, wait_s: float = 0.0) -> JobView:
        """The job; with `wait_s`, up to 60, as soon as it ends or that time is over. Raises `ClientError`."""
        parameters = {"wait": f"{wait_s:g}"} if wait_s else {}
        return JobView(self._send("GET", _path(job_id), params=parameters, timeout=self._timeout_s + wait_s).json())

    def events(self, job_id: str) -> Iterator[JobEvent]:
        """The events of a job as they come, to `done`, which is the last. Raises `ClientError`.

        Where the stream breaks off it goes on behind the last segment.
        """
        path, last, tries = f"{_path(job_id)}/events", "", 0
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            try:
                for event in read_events(self._lines(path, headers)):
                    tries, last = 0, event.id or last
                    yield event
                    if event.name == "done":
                        return
            except (httpx2.TransportError, ApiError) as error:
                self._give_up(error, tries)
            tries += 1
            time.sleep(min(_BACKOFF_S[0] * 2**tries, _BACKOFF_S[1]))

    def submit_batch(
        self,
        articles: Sequence[Mapping[str, Any]],
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Submits up to 1,000 articles, each as the body of a submission (docs/http.md), and returns the batch as documented.

        Without a key of the caller's it makes one, so that a retry after a lost answer gives the same jobs. Raises
        `ClientError`.
        """
        body: dict[str, Any] = {"jobs": [dict(article) for article in articles]}
        if metadata is not None:
            body["metadata"] = dict(metadata)
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        batch: Mapping[str, Any] = self._send("POST", "/v1/batches", json=body, headers=headers).json()
        return batch

    def batch(self, batch_id: str) -> Mapping[str, Any]:
        """The batch as it is now, as documented. Raises `ClientError`."""
        batch: Mapping[str, Any] = self._send("GET", f"/v1/batches/{_name(batch_id)}").json()
        return batch

    def batch_results(self, batch_id: str) -> Iterator[BatchResult]:
        """A result for each article of a batch, as they come, to the last. Raises `ClientError`.

        Where the stream breaks off it is begun anew; what was handed over is not handed over twice.
        """
        path, seen, tries = f"/v1/batches/{_name(batch_id)}/results", set[int](), 0
        wanted = len(self.batch(batch_id)["items"])
        while True:
            try:
                for line in filter(str.strip, self._lines(path, {})):
                    result = BatchResult.from_line(line)
                    if result.index not in seen:
                        seen.add(result.index)
                        tries = 0
                        yield result
            except (httpx2.TransportError, ApiError) as error:
                self._give_up(error, tries)
            if len(seen) >= wanted:
                return
            tries += 1
            time.sleep(min(_BACKOFF_S[0] * 2**tries, _BACKOFF_S[1]))

    def jobs(self, *, state: str | None = None) -> Iterator[JobView]:
        """Your own jobs, newest first, without results, page by page as they are asked for. Raises `ClientError`."""
        parameters = {"limit": str(_PAGE), **({"state": state} if state else {})}
        while True:
            page = self._send("GET", "/v1/jobs", params=parameters).json()
            yield from map(JobView, page["jobs"])
            if page["next"] is None:
                return
            parameters["cursor"] = page["next"]

    def wait(
        self, job_id: str, *, timeout_s: float | None = None, on_progress: Callable[[JobView], None] | None = None
    ) -> JobView:
        """The job once it has ended, however it has. `on_progress` sees it about once a second until then.

        Raises `WaitTimeout` after `timeout_s`, and `ClientError`.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        longest = _LONG_WAIT_S if on_progress is None else _WATCHED_WAIT_S
        while True:
            left = longest if deadline is None else deadline - time.monotonic()
            job = self.get(job_id, wait_s=max(0.0, min(longest, left)))
            if on_progress is not None:
                on_progress(job)
            if job.state.ended:
                return job
            if left <= 0:
                raise WaitTimeout(f"The job had not ended after {timeout_s:g} s; it is {job.state}.")

    def translation(self, job_id: str, *, markdown: bool = False) -> str:
        """The English text of a succeeded job: in the format of its article, or as Markdown. Raises `ClientError`."""
        return self._text(f"{_path(job_id)}/translation", "text/markdown" if markdown else "*/*")

    def summary(self, job_id: str, *, markdown: bool = False) -> str:
        """The summary of a succeeded job. Raises `ClientError`."""
        return self._text(f"{_path(job_id)}/summary", "text/markdown" if markdown else "text/plain")

    def delete(self, job_id: str) -> JobView | None:
        """Cancels a job that waits or runs, and returns it; erases one that has ended, and returns None.

        Never sent twice, since the second time would erase what the first one has cancelled. Raises `ClientError`.
        """
        answer = self._send("DELETE", _path(job_id), retried=False)
        return None if answer.status_code == 204 else JobView(answer.json())

    def ready(self, *, workers: bool = False) -> Mapping[str, Any]:
        """The state of readiness; with `workers`, one must be there. Raises `ApiError` while it is not, untried again."""
        answer = self._send("GET", "/readyz", params={"workers": "1"} if workers else {}, retried=False)
        readiness: Mapping[str, Any] = answer.json()
        return readiness

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _lines(self, path: str, headers: Mapping[str, str]) -> Iterator[str]:
        """The lines of a stream. Raises `ApiError`, and what httpx2 raises where it breaks off."""
        timeout = self._timeout_s + _STREAM_PAUSE_S
        with self._http.stream("GET", path, headers=dict(headers), timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            yield from answer.iter_lines()

    def _give_up(self, error: httpx2.TransportError | ApiError, tries: int) -> None:
        """Raises where another try at a stream is of no use, or enough have been made."""
        if isinstance(error, ApiError):
            if error.status not in _RETRIED or tries >= self._retries:
                raise error
        elif tries >= self._retries:
            raise Unreachable(f"Nobody answers at {self.url} ({type(error).__name__}). Is it running?") from error

    def _text(self, path: str, accept: str) -> str:
        answer = self._send("GET", path, headers={"Accept": accept})
        return answer.content.decode()

    def _send(self, method: str, path: str, *, retried: bool = True, **options: Any) -> httpx2.Response:
        delay = _BACKOFF_S[0]
        for left in range(self._retries if retried else 0, -1, -1):
            pause = delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
            try:
                answer = self._http.request(method, path, **options)
            except httpx2.TransportError as error:
                if not left:
                    raise Unreachable(
                        f"Nobody answers at {self.url} ({type(error).__name__}). Is it running?"
                    ) from error
            else:
                if answer.is_success:
                    return answer
                refusal = _refusal(answer)
                if not left or answer.status_code not in _RETRIED:
                    raise refusal
                pause = min(max(pause, refusal.retry_after or 0.0), _PATIENCE_S)
            time.sleep(pause)
            delay = min(delay * 2, _BACKOFF_S[1])
        raise AssertionError("the last try returns or raises")


def _address(url: str) -> httpx2.URL:
    """Raises `ClientError` for what no server can be reached at."""
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        address = httpx2.URL("")
    if address.scheme not in ("http", "https") or not address.host or "%" in address.host:
        raise ClientError(f"{url!r} is not an address. Use one such as http://127.0.0.1:8000.")
    return address


def _headers(key: str | None) -> dict[str, str]:
    """Raises `ClientError` for what can't stand in a header, without repeating it."""
    if key is None:
        return {}
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise ClientError("The API key has characters that no key has. Was it copied whole?")
    return {"Authorization": f"Bearer {key}"}


def _path(job_id: str) -> str:
    """The address of a job."""
    return f"/v1/jobs/{_name(job_id)}"


def _name(given: str) -> str:
    """The id. Raises `ClientError` for what can't be one, so that it can't lead anywhere else."""
    if not (given.isascii() and given.isalnum()):
        raise ClientError(f"{given!r} is not a job's id")
    return given


def _refusal(answer: httpx2.Response) -> ApiError:
    """The problem that the server describes, or what can be said of an answer from somebody else."""
    retry_after = answer.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdecimal() else None
    try:
        problem = answer.json()
        return ApiError(answer.status_code, str(problem["code"]), str(problem["detail"]), retry_after=seconds)
    except (ValueError, KeyError, TypeError):
        detail = f"The answer is {answer.status_code} and not from Dépêche. Check the address."
        return ApiError(answer.status_code, "unknown", detail, retry_after=seconds)
