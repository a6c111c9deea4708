"""The operations that tell of the service itself: its health, its page, its document."""

from service.contract.errors import Code
from service.openapi import headers
from service.openapi.operation import JSON, Answer, Keys, Media, Operation, Parameter
from service.openapi.samples import QUEUED

HEALTH, PAGES = "Health", "Pages"

_HTML = {"text/html": Media({"type": "string"})}
_UNCHANGED = Answer("Nothing has changed since the answer with that `ETag`.", headers=(headers.ETAG,))

OPERATIONS = {
    "health.alive": Operation(
        id="isAlive",
        tag=HEALTH,
        summary="Whether the process lives",
        answers={200: Answer("It does.", {JSON: Media("Alive", {"alive": {"status": "alive"}})})},
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
    "health.ready": Operation(
        id="isReady",
        tag=HEALTH,
        summary="Whether work is taken",
        description="Work is taken while Redis can be written and has memory left, and the queue has room. Callers who need "
        "a key and have none learn that much and no more.",
        parameters=(
            Parameter(
                "workers", "query", "`1` asks for a worker too.", {"type": "string", "enum": ["0", "1"], "default": "0"}
            ),
        ),
        answers={200: Answer("Work is taken.", {JSON: Media("Ready", {"stranger": {"ready": True}})})},
        errors=(Code.INVALID_PARAMETER, Code.KEY_INVALID, Code.QUEUE_FULL, Code.STORE_UNAVAILABLE, Code.NO_WORKER),
        keys=Keys.OPTIONAL,
        problems={503: "NotReady"},
    ),
    "metrics.read": Operation(
        id="readMetrics",
        tag=HEALTH,
        summary="Counts for Prometheus",
        description="In Prometheus's text format, or OpenMetrics where `Accept` asks for it. docs/monitoring.md lists them. "
        "Answers without Redis too.",
        answers={
            200: Answer(
                "The metrics.",
                {
                    "text/plain": Media({"type": "string"}, {"one": "depeche_redis_up 1.0\n"}),
                    "application/openmetrics-text": Media({"type": "string"}),
                },
            )
        },
        errors=(Code.INVALID_PARAMETER,),
    ),
    "page.page": Operation(
        id="getPage",
        tag=PAGES,
        summary="The page for people",
        parameters=(headers.IF_NONE_MATCH,),
        answers={200: Answer("The page.", _HTML, (headers.ETAG,)), 304: _UNCHANGED},
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
    "page.job": Operation(
        id="getJobPage",
        tag=PAGES,
        summary="The page of one job",
        description="The same for every id: the page itself asks for the job.",
        parameters=(
            Parameter("job_id", "path", "The id of a job.", {"type": "string", "minLength": 1}, QUEUED["id"]),
            headers.IF_NONE_MATCH,
        ),
        answers={200: Answer("The page.", _HTML, (headers.ETAG,)), 304: _UNCHANGED},
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
    "page.asset": Operation(
        id="getAsset",
        tag=PAGES,
        summary="What belongs to the page",
        parameters=(
            Parameter("name", "path", "A file's name.", {"type": "string"}, "page.css"),
            headers.IF_NONE_MATCH,
        ),
        answers={
            200: Answer(
                "A file.",
                {
                    name: Media({"type": "string"})
                    for name in ("text/css", "text/javascript", "text/plain", "image/svg+xml")
                },
                (headers.ETAG,),
            ),
            304: _UNCHANGED,
        },
        errors=(Code.NOT_FOUND,),
        keys=Keys.NONE,
    ),
    "docs.document": Operation(
        id="getDocument",
        tag=PAGES,
        summary="This document",
        parameters=(headers.IF_NONE_MATCH,),
        answers={
            200: Answer("OpenAPI 3.1.", {JSON: Media({"type": "object"})}, (headers.ETAG,)),
            304: _UNCHANGED,
        },
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
    "docs.page": Operation(
        id="getReference",
        tag=PAGES,
        summary="This document as a page",
        parameters=(headers.IF_NONE_MATCH,),
        answers={200: Answer("The page.", _HTML, (headers.ETAG,)), 304: _UNCHANGED},
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
    "docs.style": Operation(
        id="getReferenceStyle",
        tag=PAGES,
        summary="The style sheet of that page",
        parameters=(headers.IF_NONE_MATCH,),
        answers={200: Answer("CSS.", {"text/css": Media({"type": "string"})}, (headers.ETAG,)), 304: _UNCHANGED},
        errors=(Code.INVALID_PARAMETER,),
        keys=Keys.NONE,
    ),
}
