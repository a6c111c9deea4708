"""The operations of batches."""

import json
from typing import Any

from service.api.batches import BATCH_ARTICLES, BATCH_BYTES, NDJSON
from service.contract.errors import Code
from service.openapi import errors, headers
from service.openapi.operation import JSON, Answer, Body, Media, Operation, Parameter
from service.openapi.samples import ARTICLE, BATCH, RESULT_LINES

TAG = "Batches"

BATCH_ID = Parameter(
    "batch_id",
    "path",
    "The id that the submission returned.",
    {"type": "string", "pattern": "^b[0-9a-v]{32}$"},
    BATCH["id"],
)

_LINES = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ({"text": ARTICLE}, {"text": "Il pleut."}))


def lines_of(name: str, **limits: int) -> dict[str, Any]:
    """The schema of NDJSON: the lines as a list."""
    items = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "array", "items": items, "description": "One on each line.", **limits}


OPERATIONS = {
    "batches.submit": Operation(
        id="submitBatch",
        tag=TAG,
        summary="Submit many articles together",
        description=f"1 to {BATCH_ARTICLES:,} articles in at most {BATCH_BYTES >> 20} MiB. Each is accepted or refused by "
        "itself; one that is refused harms no other. Their jobs are jobs like any other.",
        parameters=(headers.IDEMPOTENCY_KEY,),
        body=Body(
            "The articles: in an object with metadata, or one on each line.",
            {
                JSON: Media("BatchRequest", {"two": {"jobs": [{"text": ARTICLE}, {"text": "Il pleut."}]}}),
                NDJSON: Media(lines_of("JobRequest", minItems=1, maxItems=BATCH_ARTICLES), {"two": _LINES}),
            },
        ),
        answers={
            202: Answer(
                "The batch was accepted, or was known by its Idempotency-Key.",
                {JSON: Media("Batch", {"two": BATCH})},
                (headers.LOCATION, headers.REPLAYED),
                {
                    name: {"operationId": name, "parameters": {"batch_id": "$response.body#/id"}}
                    for name in ("getBatch", "getBatchResults")
                },
            )
        },
        errors=(
            *errors.OF_BODIES,
            Code.INVALID_REQUEST,
            Code.UNKNOWN_FIELD,
            Code.INVALID_PARAMETER,
            Code.IDEMPOTENCY_CONFLICT,
            Code.STORE_UNAVAILABLE,
        ),
    ),
    "batches.show": Operation(
        id="getBatch",
        tag=TAG,
        summary="Look at a batch",
        parameters=(BATCH_ID,),
        answers={200: Answer("The batch.", {JSON: Media("Batch", {"two": BATCH})})},
        errors=(*errors.OF_BATCHES, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "batches.results": Operation(
        id="getBatchResults",
        tag=TAG,
        summary="Read the results as they come",
        description="A stream that ends when every article has a line: `index` is its place in the batch, `job` the job with "
        "its result, or null with an `error` where it was refused or is gone. While nothing ends, an empty line comes "
        "every 15 seconds. It ends early when the server stops.",
        parameters=(BATCH_ID,),
        answers={
            200: Answer(
                "A `BatchResult` on each line.",
                {NDJSON: Media(lines_of("BatchResult"), {"one": RESULT_LINES})},
            )
        },
        errors=(*errors.OF_BATCHES, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
}
