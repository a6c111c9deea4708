"""Requests of the interface and what is read from their answers: all of the client that is neither waiting nor talking."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar

import httpx2

from service.client.errors import ClientError, refusal, stranger
from service.client.views import JobView

T = TypeVar("T")

#: Jobs that are asked for at once.
_PAGE = 100

_WEBHOOKS = "/v1/webhook-secret"


class ArticleOptions(TypedDict, total=False):
    """What may be said of an article beside its text; docs/http.md has more on each.

    `format` is text, markdown or html; `summary` is auto, extractive, abstractive or none; `max_words` and `strict` are the
    summary's. `callback_url` is told when the job ends.
    """

    title: str | None
    format: str | None
    summary: str | None
    max_words: int | None
    strict: bool
    glossary: Mapping[str, str | Mapping[str, Any]] | None
    keep: Sequence[str] | None
    force: bool
    callback_url: str | None
    metadata: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how to read a good answer to it.

    `wait_s` is what the server may take beyond the usual. One that is not `retried` is sent once.
    """

    method: str
    path: str
    read: Callable[[httpx2.Response], T]
    parts: Mapping[str, Any] = field(default_factory=dict)
    wait_s: float = 0.0
    retried: bool = True

    def result(self, answer: httpx2.Response) -> T:
        """What the answer says; its body has been read. Raises `ApiError`."""
        if not answer.is_success:
            raise refusal(answer)
        try:
            return self.read(answer)
        except (ValueError, KeyError, TypeError):
            raise stranger(answer) from None


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of a list, and the call for the next ones."""

    jobs: list[JobView]
    next: "Call[Page] | None"


def article(
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
    callback_url: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An article as the interface takes it, alone or in a batch: what is set, and nothing else."""
    options = {"mode": summary, "max_words": max_words, "strict": strict or None}
    body: dict[str, Any] = {"text": text, "title": title, "format": format, "force": force or None}
    body |= {"glossary": dict(glossary or {}) or None, "keep": list(keep or ()) or None}
    body |= {"callback_url": callback_url, "metadata": None if metadata is None else dict(metadata)}
    body["summary"] = {name: value for name, value in options.items() if value is not None} or None
    return {name: value for name, value in body.items() if value is not None}


def submit(body: Mapping[str, Any], idempotency_key: str | None) -> Call[JobView]:
    """Submits an article. Without a key it makes one, so that a retry after a lost answer gives the same job."""
    return Call("POST", "/v1/jobs", _job, {"json": dict(body), "headers": _key(idempotency_key)})


def get(job_id: str, wait_s: float) -> Call[JobView]:
    """The job; with `wait_s` as soon as it ends or that time is over."""
    return Call("GET", job_path(job_id), _job, {"params": {"wait": f"{wait_s:g}"} if wait_s else {}}, wait_s=wait_s)


def delete(job_id: str) -> Call[JobView | None]:
    """Cancels or erases. Sent once: the second time would erase what the first one has cancelled."""
    return Call("DELETE", job_path(job_id), lambda answer: _job(answer) if answer.content else None, retried=False)


def jobs(state: str | None, cursor: str | None = None) -> Call[Page]:
    """A page of the caller's own jobs, newest first."""
    parameters = {"limit": str(_PAGE), "state": state, "cursor": cursor}

    def read(answer: httpx2.Response) -> Page:
        page = answer.json()
        more = None if page["next"] is None else jobs(state, page["next"])
        return Page([JobView(job) for job in page["jobs"]], more)

    return Call("GET", "/v1/jobs", read, {"params": {name: value for name, value in parameters.items() if value}})


def text(job_id: str, part: str, accept: str) -> Call[str]:
    """A text of a succeeded job alone, to the byte."""
    path = f"{job_path(job_id)}/{part}"
    return Call("GET", path, lambda answer: answer.content.decode(), {"headers": {"Accept": accept}})


def submit_batch(
    articles: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any] | None, idempotency_key: str | None
) -> Call[Mapping[str, Any]]:
    """Submits a batch. Without a key it makes one."""
    body: dict[str, Any] = {"jobs": [dict(article) for article in articles]}
    if metadata is not None:
        body["metadata"] = dict(metadata)
    return Call("POST", "/v1/batches", _object, {"json": body, "headers": _key(idempotency_key)})


def batch(batch_id: str) -> Call[Mapping[str, Any]]:
    """The batch as it is now."""
    return Call("GET", batch_path(batch_id), _object)


def ready(*, workers: bool) -> Call[Mapping[str, Any]]:
    """The state of readiness. Sent once: who asks wants to know how it is now."""
    return Call("GET", "/readyz", _object, {"params": {"workers": "1"} if workers else {}}, retried=False)


def rotate_webhook_secret() -> Call[Mapping[str, Any]]:
    """Makes a secret and shows it. Sent once: the second one would take the place of the first, which nobody has seen."""
    return Call("POST", _WEBHOOKS, _object, retried=False)


def webhook_secret() -> Call[Mapping[str, Any]]:
    """What is known of the secret, without it."""
    return Call("GET", _WEBHOOKS, _object)


def delete_webhook_secret() -> Call[None]:
    """Takes the secret away."""
    return Call("DELETE", _WEBHOOKS, lambda _: None)


def redeliver(job_id: str) -> Call[JobView]:
    """Has the end of a job told once more."""
    return Call("POST", f"{job_path(job_id)}/callback", _job)


def alive() -> Call[None]:
    """Whether anybody answers."""
    return Call("GET", "/healthz", lambda _: None)


def job_path(job_id: str) -> str:
    """The address of a job. Raises `ClientError` for what can't be an id."""
    return f"/v1/jobs/{_name(job_id)}"


def batch_path(batch_id: str) -> str:
    """The address of a batch. Raises `ClientError` for what can't be an id."""
    return f"/v1/batches/{_name(batch_id)}"


def _name(given: str) -> str:
    """The id, if it can be one, so that it can't lead anywhere else."""
    if not (given.isascii() and given.isalnum()):
        raise ClientError(f"{given!r} is not a job's id")
    return given


def _key(given: str | None) -> dict[str, str]:
    return {"Idempotency-Key": given or str(uuid.uuid4())}


def _job(answer: httpx2.Response) -> JobView:
    view = JobView(answer.json())
    _ = view.id, view.state  # an answer without them is not ours
    return view


def _object(answer: httpx2.Response) -> Mapping[str, Any]:
    value = answer.json()
    if not isinstance(value, dict):
        raise TypeError
    return value
