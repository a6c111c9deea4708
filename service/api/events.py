"""The events of a job as a stream (Server-Sent Events, as the WHATWG's HTML standard has them).

`state` and `progress` when they change, `segment` for each translated segment in the article's order, `done` at the end.
Segments are numbered: `Last-Event-ID` goes on behind that one, whichever worker has the job by then. A segment that a repair
changed is sent once more, without an id, before `done`; so are all that the client has where it is not known any more what it
was told.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, request, stream_with_context

from service.api.auth import LOOK_S, client, is_welcome_still
from service.api.parameters import refuse_unknown
from service.backend import Backend
from service.contract.api_keys import ApiKey
from service.contract.errors import Code, JobGone, JobNotFound, KeyInvalid, RequestError, StoreUnavailable
from service.contract.job import Job
from service.contract.states import JobState
from service.contract.times import timestamp
from service.listeners import HEARD_S

#: Seconds after which an empty line keeps a stream open.
KEEPALIVE_S = 15.0

#: Seconds after which a stream that Redis did not answer looks again.
_AGAIN_S = 1.0

#: Milliseconds after which a client should come back when the stream breaks off.
RETRY_MS = 2_000

_NUMBER = re.compile(r"[0-9]{1,9}\Z")


def make_blueprint(backend: Backend) -> Blueprint:
    """The route /v1/jobs/{id}/events."""
    blueprint = Blueprint("events", __name__, url_prefix="/v1/jobs")

    @blueprint.get("/<job_id>/events")
    def events(job_id: str) -> Response:
        refuse_unknown(request)
        owner, seen = client(), _seen(request.headers.get("Last-Event-ID"))
        job = backend.store.get(job_id, client=owner, result=False)
        if job.client != owner:
            raise JobNotFound
        g.job_id = job.id
        response = Response(
            stream_with_context(iter(_Stream(backend, job_id, owner, g.api_key, seen))), mimetype="text/event-stream"
        )
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return blueprint


class _Stream:
    """The events of one listener, as bytes. They break off where its key is revoked."""

    def __init__(self, backend: Backend, job_id: str, owner: str, key: ApiKey | None, seen: int) -> None:
        self._backend = backend
        self._job_id = job_id
        self._owner = owner
        self._key = key
        self._told = seen
        self._shown: dict[int, str] = {}
        self._last: tuple[object, ...] = ()
        self._sent_at = time.monotonic()

    def __iter__(self) -> Iterator[bytes]:
        yield b"retry: %d\n\n" % RETRY_MS
        waits, listeners = self._backend.waits, self._backend.listeners
        idle_s = LOOK_S if self._key is not None else KEEPALIVE_S
        with waits.watch(self._job_id) as something, listeners.listen(self._job_id, something):
            while not waits.closed:
                something.clear()
                try:
                    job = self._backend.store.get(self._job_id, client=self._owner, result=False)
                    lines = self._lines(0 if job.state.ended else HEARD_S)
                except KeyInvalid:
                    return
                except JobGone:
                    if is_welcome_still(self._backend, self._key):
                        yield self._event("done", {"state": "gone", "error": None})
                    return
                except StoreUnavailable:
                    lines, job = [], None
                if job is not None:
                    yield from self._changes(job)
                    if job.state.ended:
                        yield from self._ending(job, lines)
                        return
                    yield from self._segments(lines)
                if time.monotonic() - self._sent_at >= KEEPALIVE_S:
                    self._sent_at = time.monotonic()
                    yield b": still here\n\n"
                something.wait(idle_s if job is not None else _AGAIN_S)

    def _lines(self, heard_s: int) -> list[bytes]:
        """The segments that were not told yet. Raises `KeyInvalid` where the key has been revoked."""
        key_id = self._key.id if self._key is not None else None
        return self._backend.store.listen(self._job_id, heard_s=heard_s, told=self._told, key_id=key_id)

    def _changes(self, job: Job) -> Iterator[bytes]:
        state = (job.state, job.stage, job.attempts)
        progress = (job.done, job.total)
        if self._last[:3] != state:
            stage = job.stage.value if job.stage else None
            yield self._event("state", {"state": job.state.value, "stage": stage, "attempts": job.attempts})
        if self._last[3:] != progress and job.total:
            eta = timestamp(job.eta_ms)
            yield self._event("progress", {"done": job.done, "total": job.total, "eta_at": eta})
        self._last = (*state, *progress)

    def _segments(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            segment = json.loads(line)
            self._shown[self._told] = segment["target"]
            self._told += 1
            yield self._event("segment", segment, number=self._told)

    def _ending(self, job: Job, lines: list[bytes]) -> Iterator[bytes]:
        """The rest: what was not told yet, and what is otherwise than it was told, or may be: that is not known for long."""
        if job.state is JobState.SUCCEEDED:
            yield from self._segments(lines)
            result = self._backend.store.get(self._job_id, client=self._owner).result
            segments = _segments_of(json.loads(result)) if result is not None else []
            shown = self._all_shown()
            for number, segment in enumerate(segments[: self._told]):
                if shown.get(number) != segment["target"]:
                    yield self._event("segment", segment)
            for segment in segments[self._told :]:
                self._told += 1
                yield self._event("segment", segment, number=self._told)
        error = {"code": job.error_code, "detail": job.error_detail} if job.error_code else None
        yield self._event("done", {"state": job.state.value, "error": error})

    def _all_shown(self) -> dict[int, str]:
        """What the client was told, on earlier connections too, as far as it is still known."""
        lines = self._backend.store.listen(self._job_id, heard_s=0, told=0)[: self._told]
        return {number: json.loads(line)["target"] for number, line in enumerate(lines)} | self._shown

    def _event(self, name: str, data: dict[str, Any], *, number: int | None = None) -> bytes:
        self._sent_at = time.monotonic()
        head = f"id: {number}\n" if number is not None else ""
        return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _segments_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The segments of a result as the worker tells of them: the title is the first, in one piece."""
    translation = result["translation"]
    segments = []
    if translation["title"] is not None:
        segments.append({"paragraph": None, "segment": 0, "source": None, "target": translation["title"], "flags": []})
    for number, paragraph in enumerate(translation["paragraphs"]):
        for place, segment in enumerate(paragraph["segments"]):
            segments.append({"paragraph": number, "segment": place, **segment})
    return segments


def _seen(value: str | None) -> int:
    """How many segments the client has, by its `Last-Event-ID`. Raises `RequestError`."""
    if value is None or value == "":
        return 0
    if not _NUMBER.match(value):
        raise RequestError(Code.INVALID_PARAMETER, "Last-Event-ID takes the id of the last segment, a number.")
    return int(value)
