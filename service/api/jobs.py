"""The job resource: submit, list, look or wait, read the text alone, cancel or erase."""

import json
from contextlib import suppress
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from service.admission import admit
from service.api import quotas, texts
from service.api.auth import client, is_welcome
from service.api.bodies import read_request
from service.api.parameters import idempotency_key, job_state, page_limit, refuse_unknown, wait_seconds
from service.backend import Backend
from service.contract.errors import JobGone, JobNotFound, KeyInvalid
from service.contract.job import Job
from service.contract.states import JobState
from service.contract.store import JobStore

#: Seconds after which a client should look again at a job that has not ended.
RETRY_AFTER_S = 1

#: Jobs of a page of the list: without `?limit=`, and at most.
PAGE_JOBS, MOST_PAGE_JOBS = 20, 100


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes under /v1/jobs."""
    blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs")
    store = backend.store

    @blueprint.post("")
    def submit() -> Response:
        refuse_unknown(request)
        key = idempotency_key(request)
        wanted, body = read_request(request, backend.settings)
        with quotas.spent(backend, g.api_key, wanted) as spending:
            g.spending = spending
            job, known = admit(store, backend.publisher, wanted, client=client(), idempotency_key=key, body=body)
            if known:
                spending.give_back()
        g.job_id = job.id
        response = _job_response(job, status=202)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        if known:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    @blueprint.get("")
    def listed() -> Response:
        refuse_unknown(request, "state", "limit", "cursor")
        limit = page_limit(request, default=PAGE_JOBS, most=MOST_PAGE_JOBS)
        page = store.jobs_of(client(), state=job_state(request), limit=limit, cursor=request.args.get("cursor"))
        body = {"jobs": [job.view() for job in store.with_outlook(page.jobs)], "next": page.next}
        response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
        if page.next is not None:
            query = urlencode({**request.args, "cursor": page.next})
            response.headers["Link"] = f'</v1/jobs?{query}>; rel="next"'
        return response

    @blueprint.get("/<job_id>")
    def show(job_id: str) -> Response:
        refuse_unknown(request, "wait")
        seconds = wait_seconds(request, limit=backend.settings.wait_limit_s)
        job = _wait(backend, job_id, seconds) if seconds else _now(store, job_id)
        g.job_id = job.id
        response = _job_response(job)
        response.make_conditional(request)
        return response

    @blueprint.get("/<job_id>/translation")
    def translation(job_id: str) -> Response:
        return _text(job_id, texts.translation, texts.offers_of_translation)

    @blueprint.get("/<job_id>/summary")
    def summary(job_id: str) -> Response:
        return _text(job_id, texts.summary, texts.offers_of_summary)

    @blueprint.delete("/<job_id>")
    def delete(job_id: str) -> Response:
        refuse_unknown(request)
        cancelled = store.delete(job_id, client=client())
        g.job_id = job_id
        if cancelled:
            with suppress(JobGone):  # erased meanwhile by a second call
                return _job_response(_own(store, job_id))
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response

    def _text(job_id: str, write: texts.Writer, offers: texts.Offers) -> Response:
        refuse_unknown(request)
        job = _own(store, job_id)
        g.job_id = job.id
        response = texts.respond(job, request, write, offers, retry_after=RETRY_AFTER_S)
        response.make_conditional(request)
        return response

    @blueprint.after_request
    def tell_quota(response: Response) -> Response:
        return quotas.headers(backend, response) if request.endpoint == "jobs.submit" else response

    return blueprint


def _own(store: JobStore, job_id: str, *, result: bool = True) -> Job:
    """The caller's job, with its result or without. Raises what `get` raises.

    An id holds three bytes that stand for its client: the record has the last word on whose it is.
    """
    job = store.get(job_id, client=client(), result=result)
    if job.client != client():
        raise JobNotFound
    return job


def _wait(backend: Backend, job_id: str, seconds: float) -> Job:
    """The job once it has ended, or as it is after so many seconds, or when this process stops.

    Raises `KeyInvalid` where the caller's key was revoked meanwhile.
    """
    store = backend.store
    with backend.waits.watch(job_id) as ended:
        if not _own(store, job_id, result=False).state.ended:
            ended.wait(seconds)
            if not is_welcome(backend, g.api_key):
                raise KeyInvalid
    return _now(store, job_id)


def _now(store: JobStore, job_id: str) -> Job:
    """The job as it is. Its result is not even fetched where the client's ETag says that it has it."""
    if request.if_none_match:
        [job] = store.with_outlook([_own(store, job_id, result=False)])
        if request.if_none_match.contains_weak(_etag(job)):
            return job
    [job] = store.with_outlook([_own(store, job_id)])
    return job


def _etag(job: Job) -> str:
    outlook = (
        f"-{job.eta_ms}" if job.state is JobState.QUEUED and job.eta_ms else ""
    )  # it moves while the record does not
    return f"{job.id}-{job.version}{outlook}"


def _job_response(job: Job, status: int = 200) -> Response:
    response = Response(job.to_json(), status=status, mimetype="application/json")
    response.set_etag(_etag(job))
    if not job.state.ended:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
