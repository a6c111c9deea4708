"""Translations while somebody waits: jobs like any other, submitted, awaited and erased in one call."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from service.admission import admit
from service.api import quotas
from service.api.auth import is_welcome
from service.backend import Backend
from service.contract.api_keys import ApiKey
from service.contract.errors import Code, DepecheError, KeyInvalid, StoreUnavailable
from service.contract.lines import Kind
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.contract.store import JobStore
from service.withdrawal import Withdrawal

#: Texts of one call that are on their way to Redis at once.
_AT_ONCE = 8


def translate_now(
    backend: Backend, key: ApiKey | None, owner: str, requests: Sequence[JobRequest], *, seconds: float
) -> list[str]:
    """The translated texts, in order. Whatever comes of it, no job of it is left.

    Raises `DepecheError`: what an admission raises, what a job failed of, `TRANSLATION_TIMEOUT` after so many seconds, and
    `KeyInvalid` where the key was revoked meanwhile.
    """
    job_ids: list[str] = []

    def submit(request: JobRequest) -> str:
        with quotas.spent(backend, key, request):
            job, _ = admit(backend.store, backend.publisher, request, client=owner, kind=Kind.AWAITED)
        job_ids.append(job.id)
        return job.id

    try:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="synchronous") as pool:
            ordered = list(pool.map(submit, requests))
        _wait(backend, ordered, seconds)
        if not is_welcome(backend, key):
            raise KeyInvalid
        return [_text(backend, job_id, owner) for job_id in ordered]
    finally:
        if job_ids:
            Withdrawal(lambda: _erase(backend.store, job_ids, owner), job_id=job_ids[0]).succeeds()


def _erase(store: JobStore, job_ids: list[str], owner: str) -> bool:
    """Erases the jobs, and takes them off the list. Raises `StoreUnavailable`: what is left then is so for the next call."""
    while job_ids:
        try:
            if store.delete(job_ids[-1], client=owner) is JobState.CANCELLED:  # it had not ended: that was not all yet
                store.delete(job_ids[-1], client=owner)
        except StoreUnavailable:
            raise
        except DepecheError:
            pass  # it is gone
        job_ids.pop()
    return True


def _wait(backend: Backend, job_ids: Sequence[str], seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    with backend.waits.watch(*job_ids) as something:
        while True:
            something.clear()
            if all(end is not None for end in backend.store.ends(job_ids).values()):
                return
            left = ends_at - time.monotonic()
            if left <= 0 or backend.waits.closed:
                detail = f"The translation took longer than {seconds:g} s. Submit long texts as jobs: POST /v1/jobs."
                raise DepecheError(Code.TRANSLATION_TIMEOUT, detail, retry_after=5)
            something.wait(left)


def _text(backend: Backend, job_id: str, owner: str) -> str:
    job = backend.store.get(job_id, client=owner)
    if job.state is not JobState.SUCCEEDED or job.result is None:
        raise DepecheError(Code.TRANSLATION_FAILED, job.error_detail or "The job was cancelled.")
    text: str = json.loads(job.result)["translation"]["text"]
    return text
