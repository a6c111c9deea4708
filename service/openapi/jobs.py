"""The operations of jobs."""

from typing import Any

from service.api.jobs import MOST_PAGE_JOBS, PAGE_JOBS
from service.contract.errors import Code
from service.contract.states import JobState
from service.openapi import errors, headers
from service.openapi.operation import JSON, Answer, Body, Header, Media, Operation, Parameter
from service.openapi.samples import ARTICLE, EVENTS, OPTIONS, QUEUED, SUCCEEDED, TABLE, TRANSLATION

TAG = "Jobs"

JOB_ID = Parameter(
    "job_id",
    "path",
    "The id that the submission returned.",
    {"type": "string", "pattern": "^[0-9a-v]{32}$"},
    QUEUED["id"],
)

#: What can be done with a job once its id is known.
_LINKS: dict[str, dict[str, Any]] = {
    name: {"operationId": name, "parameters": {"job_id": "$response.body#/id"}}
    for name in ("getJob", "listenToJob", "getTranslation", "getSummary", "redeliverCallback", "deleteJob")
}

#: One event of the stream, as OpenAPI 3.1 tools take the schema of `text/event-stream`.
_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "retry": {"type": "integer"}},
    "oneOf": [
        {
            "properties": {
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": JSON,
                    "contentSchema": {"$ref": f"#/components/schemas/{name.title()}Event"},
                },
            },
            "required": ["event", "data"],
        }
        for name in ("state", "progress", "segment", "done")
    ],
}

_TEXT = Media({"type": "string"})

OPERATIONS = {
    "jobs.submit": Operation(
        id="submitJob",
        tag=TAG,
        summary="Submit an article",
        description="The article waits in the queue; look at the job, or listen to it, for what becomes of it. "
        "An article is refused for its language only where 200 letters or more are surely neither French nor English.",
        parameters=(headers.IDEMPOTENCY_KEY,),
        body=Body(
            "The article with options, or its text alone.",
            {
                JSON: Media("JobRequest", {"text": {"text": ARTICLE}, "options": OPTIONS}),
                "text/plain": Media("ArticleText", {"text": ARTICLE}),
            },
        ),
        answers={
            202: Answer(
                "The job was accepted, or was known by its Idempotency-Key.",
                {JSON: Media("Job", {"queued": QUEUED})},
                (headers.LOCATION, headers.ETAG, headers.RETRY_AFTER, headers.REPLAYED, *headers.RATE_LIMIT),
                _LINKS,
            )
        },
        errors=(
            *errors.OF_BODIES,
            *errors.OF_ARTICLES,
            Code.INVALID_PARAMETER,
            Code.IDEMPOTENCY_CONFLICT,
            Code.JOB_GONE,
            Code.STORE_UNAVAILABLE,
        ),
    ),
    "jobs.listed": Operation(
        id="listJobs",
        tag=TAG,
        summary="List your jobs",
        description="Newest first, without their results. A page looks at 2,000 jobs at most, so with a `state` it can be "
        "short, or empty, and still have a `next`.",
        parameters=(
            Parameter("state", "query", "Only jobs in this state.", {"type": "string", "enum": [*map(str, JobState)]}),
            Parameter(
                "limit",
                "query",
                "Most jobs of the page.",
                {"type": "integer", "minimum": 1, "maximum": MOST_PAGE_JOBS, "default": PAGE_JOBS},
            ),
            Parameter("cursor", "query", "The `next` of the page before.", JOB_ID.schema),
        ),
        answers={
            200: Answer(
                "A page.",
                {JSON: Media("JobList", {"one": {"jobs": [QUEUED], "next": None}})},
                (Header("Link", 'The next page\'s whole address, as `rel="next"`, where there may be one.'),),
            )
        },
        errors=(Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "jobs.show": Operation(
        id="getJob",
        tag=TAG,
        summary="Look at a job, or wait for it",
        description="With `wait` the answer comes as soon as the job ends, or with the job as it is when the time is over. "
        "Without it, ask no more often than `Retry-After` says.",
        parameters=(
            JOB_ID,
            Parameter("wait", "query", "Seconds to wait for the job's end.", "WaitSeconds", 30),
            headers.IF_NONE_MATCH,
        ),
        answers={
            200: Answer(
                "The job.",
                {JSON: Media("Job", {"queued": QUEUED, "succeeded": SUCCEEDED})},
                (headers.ETAG, headers.RETRY_AFTER),
            ),
            304: Answer("Nothing has changed since the answer with that `ETag`.", headers=(headers.ETAG,)),
        },
        errors=(*errors.OF_JOBS, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "jobs.delete": Operation(
        id="deleteJob",
        tag=TAG,
        summary="Cancel or erase a job",
        description="A job that waits or runs is cancelled; one that has ended is erased, with its text and its result. "
        "To be rid of a job that still runs, call it twice.",
        parameters=(JOB_ID,),
        answers={
            200: Answer("The job was cancelled.", {JSON: Media("Job")}, (headers.ETAG,)),
            204: Answer("The job was erased."),
        },
        errors=(*errors.OF_JOBS, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "jobs.translation": Operation(
        id="getTranslation",
        tag=TAG,
        summary="Read the translation alone",
        description="Without an `Accept` header it comes as what its article was, to the character.",
        parameters=(JOB_ID, headers.IF_NONE_MATCH),
        answers={
            200: Answer(
                "The translation, its title first. As TSV, and as HTML of an article that is none, French and English stand "
                "side by side.",
                {
                    "text/plain": Media({"type": "string"}, {"text": TRANSLATION}),
                    "text/markdown": _TEXT,
                    "text/html": _TEXT,
                    "text/tab-separated-values": Media({"type": "string"}, {"table": TABLE}),
                },
                (
                    headers.ETAG,
                    headers.VARY,
                    Header("Content-Disposition", "An HTML article is a stranger's: it comes as a download."),
                ),
            ),
            304: Answer("Nothing has changed since the answer with that `ETag`.", headers=(headers.ETAG,)),
        },
        errors=(
            *errors.OF_JOBS,
            Code.NOT_ACCEPTABLE,
            Code.JOB_NOT_ENDED,
            Code.JOB_WITHOUT_RESULT,
            Code.INVALID_PARAMETER,
            Code.STORE_UNAVAILABLE,
        ),
    ),
    "jobs.summary": Operation(
        id="getSummary",
        tag=TAG,
        summary="Read the summary alone",
        parameters=(JOB_ID, headers.IF_NONE_MATCH),
        answers={
            200: Answer("The summary.", {"text/plain": _TEXT, "text/markdown": _TEXT}, (headers.ETAG, headers.VARY)),
            304: Answer("Nothing has changed since the answer with that `ETag`.", headers=(headers.ETAG,)),
        },
        errors=(
            *errors.OF_JOBS,
            Code.NOT_ACCEPTABLE,
            Code.JOB_NOT_ENDED,
            Code.JOB_WITHOUT_RESULT,
            Code.INVALID_PARAMETER,
            Code.STORE_UNAVAILABLE,
        ),
    ),
    "events.events": Operation(
        id="listenToJob",
        tag=TAG,
        summary="Listen to a job",
        description="Server-sent events. `state` has `state`, `stage` and `attempts`; `progress` has `done`, `total` and "
        "`eta_at`; `segment` has `paragraph` (null for the title), `segment`, `source`, `target` and `flags`; `done`, the "
        "last one, has the end state, or `gone`, and `error`. Segments have their number as `id`: where the stream breaks "
        "off, `Last-Event-ID` goes on behind that one. One that was translated again comes once more before `done`, "
        "without an id: it counts.",
        parameters=(
            JOB_ID,
            Parameter(
                "Last-Event-ID",
                "header",
                "The id of the last segment that was received.",
                {"type": "string", "pattern": "^([0-9]{1,9})?$"},
                "3",
            ),
        ),
        answers={
            200: Answer(
                "The events, until the job ends or the server stops. The schema is that of one event.",
                {"text/event-stream": Media(_EVENT, {"stream": EVENTS})},
            )
        },
        errors=(*errors.OF_JOBS, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
}
