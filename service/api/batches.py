"""The batch resource: submit many articles together, see how far they are, read the results as they come."""

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, g, request, stream_with_context

from service.admission import admit
from service.api import quotas
from service.api.auth import LOOK_S, client, is_welcome, is_welcome_still
from service.api.batch_bodies import BatchBody, read_batch
from service.api.parameters import idempotency_key, refuse_unknown
from service.backend import Backend
from service.batch_admission import admit_all, all_or_nothing, as_members
from service.contract.api_keys import ApiKey
from service.contract.batches import Batch, item_key
from service.contract.errors import JobGone, StoreUnavailable
from service.contract.lines import Kind
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.contract.times import timestamp

#: Most articles of a batch, and most bytes of its body.
BATCH_ARTICLES, BATCH_BYTES = 1_000, 32 * 1024 * 1024

#: Seconds without a result after which a stream sends an empty line, so that proxies keep it open.
KEEPALIVE_S = 15.0

#: Seconds for which a look at the caller's key is good while one result follows the other.
_TRUST_S = 1.0

NDJSON = "application/x-ndjson"


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes under /v1/batches."""
    blueprint = Blueprint("batches", __name__, url_prefix="/v1/batches")

    @blueprint.post("")
    def submit() -> Response:
        refuse_unknown(request)
        key, owner = idempotency_key(request), client()
        body = read_batch(request, backend.settings, most=BATCH_ARTICLES, limit=BATCH_BYTES)
        known = backend.batches.find(owner, key, body.digest) if key else None
        if known is None:
            return _admitted(backend, body, owner, key)
        response = _accepted(backend, known, owner)
        response.headers["Idempotent-Replayed"] = "true"
        return response

    @blueprint.get("/<batch_id>")
    def show(batch_id: str) -> Response:
        refuse_unknown(request)
        return _batch_response(backend, backend.batches.get(batch_id, client=client()))

    @blueprint.get("/<batch_id>/results")
    def results(batch_id: str) -> Response:
        refuse_unknown(request)
        batch = backend.batches.get(batch_id, client=client())
        lines = _results(backend, batch, client(), g.api_key)
        response = Response(stream_with_context(lines), mimetype=NDJSON)
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return blueprint


def _admitted(backend: Backend, body: BatchBody, owner: str, key: str | None) -> Response:
    """The answer to a batch that is new. Where it raises, nothing is left of it."""
    api_key, batch_id = g.api_key, backend.batches.new_id(owner)
    with all_or_nothing(backend.store, backend.batches, batch_id, client=owner, idempotency_key=key) as fresh:

        def accept(index: int, article: JobRequest) -> str:
            with quotas.spent(backend, api_key, article) as spending:
                job, was_known = admit(
                    backend.store,
                    backend.publisher,
                    article,
                    client=owner,
                    kind=Kind.BATCH,
                    idempotency_key=item_key(key, index),
                    body=article.to_json(),
                )
                if was_known:
                    spending.give_back()
                else:
                    fresh.add(job.id, index, spending.give_back)
            return job.id

        items = admit_all(body.articles, accept)
        batch_id = backend.batches.add(
            batch_id, owner, items, metadata=body.metadata, idempotency_key=key, digest=body.digest
        )
        return _accepted(backend, batch_id, owner)


def _accepted(backend: Backend, batch_id: str, owner: str) -> Response:
    response = _batch_response(backend, backend.batches.get(batch_id, client=owner), status=202)
    response.headers["Location"] = f"/v1/batches/{batch_id}"
    return response


def _batch_response(backend: Backend, batch: Batch, status: int = 200) -> Response:
    states = iter(backend.store.states([item.job_id for item in batch.items if item.job_id is not None]))
    items: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    for index, item in enumerate(batch.items):
        if item.job_id is None:
            items.append({"index": index, "id": None, "state": "refused", "error": item.error})
        else:
            state = next(states)
            items.append({"index": index, "id": item.job_id, "state": state.value if state else "gone", "error": None})
        counts[items[-1]["state"]] += 1
    names = [*(state.value for state in JobState), "refused", "gone"]
    body = {
        "id": batch.id,
        "created_at": timestamp(batch.created_ms),
        "metadata": batch.metadata,
        "counts": {name: counts[name] for name in names},
        "items": items,
    }
    return Response(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/json")


def _results(backend: Backend, batch: Batch, owner: str, key: ApiKey | None) -> Iterator[bytes]:
    """A line for each article: those that were refused, then the jobs, in the order in which they end.

    They break off within a second where the caller's key is revoked.
    """
    for index, item in enumerate(batch.items):
        if item.error is not None:
            yield _line({"index": index, "job": None, "error": item.error})
    pending = {item.job_id: index for index, item in enumerate(batch.items) if item.job_id is not None}
    sent_at, idle_s = time.monotonic(), LOOK_S if key is not None else KEEPALIVE_S
    with backend.waits.watch(*pending) as something:
        while pending:
            something.clear()
            ended = _ended(backend, list(pending))
            looked_at = -math.inf
            for job_id in ended:
                if time.monotonic() - looked_at >= _TRUST_S:
                    if not is_welcome(backend, key):
                        return
                    looked_at = time.monotonic()
                yield _job_line(backend, job_id, pending.pop(job_id), owner)
                sent_at = time.monotonic()
            if pending and not ended:
                if backend.waits.closed or not is_welcome_still(backend, key):
                    return
                if not something.wait(idle_s) and time.monotonic() - sent_at >= KEEPALIVE_S:
                    yield b"\n"
                    sent_at = time.monotonic()


def _ended(backend: Backend, job_ids: Sequence[str]) -> list[str]:
    """Those that have ended or are gone, the first to end first. None where Redis does not answer now."""
    try:
        ends = backend.store.ends(job_ids)
    except StoreUnavailable:
        return []
    return sorted((job_id for job_id, end in ends.items() if end is not None), key=lambda job_id: ends[job_id] or 0)


def _job_line(backend: Backend, job_id: str, index: int, owner: str) -> bytes:
    try:
        job = backend.store.get(job_id, client=owner)
    except JobGone as error:
        return _line({"index": index, "job": None, "error": as_members(error)})
    return b'{"index":%d,"job":%b,"error":null}\n' % (index, job.to_json())


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
