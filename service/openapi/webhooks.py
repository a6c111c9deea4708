"""The operations of webhooks."""

from typing import Any

from service.contract.errors import Code
from service.openapi import errors, headers
from service.openapi.jobs import JOB_ID
from service.openapi.operation import JSON, Answer, Media, Operation

TAG = "Webhooks"

OPERATIONS = {
    "webhooks.rotate": Operation(
        id="rotateWebhookSecret",
        tag=TAG,
        summary="Make a webhook secret",
        description="The first one, or another in the place of the one before, which signs too until `old_until`. It is shown "
        "this once.",
        answers={201: Answer("The secret.", {JSON: Media("NewWebhookSecret")})},
        errors=(Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "webhooks.show": Operation(
        id="getWebhookSecret",
        tag=TAG,
        summary="Ask when the webhook secret was made",
        answers={200: Answer("When, and not what it is.", {JSON: Media("WebhookSecret")})},
        errors=(Code.WEBHOOK_SECRET_NOT_FOUND, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "webhooks.remove": Operation(
        id="deleteWebhookSecret",
        tag=TAG,
        summary="End the webhook secret",
        description="And the one before it, at once. Nothing is told to anybody's `callback_url` without one.",
        answers={204: Answer("It is ended.")},
        errors=(Code.WEBHOOK_SECRET_NOT_FOUND, Code.INVALID_PARAMETER, Code.STORE_UNAVAILABLE),
    ),
    "webhooks.redeliver": Operation(
        id="redeliverCallback",
        tag=TAG,
        summary="Tell a job's end once more",
        description="Now, whatever became of telling it before.",
        parameters=(JOB_ID,),
        answers={202: Answer("It will be told.", {JSON: Media("Job")}, (headers.LOCATION,))},
        errors=(
            *errors.OF_JOBS,
            Code.JOB_NOT_ENDED,
            Code.CALLBACK_MISSING,
            Code.INVALID_PARAMETER,
            Code.STORE_UNAVAILABLE,
        ),
    ),
}

#: What is sent, as OpenAPI has it, to the `callback_url` of a job.
SENT: dict[str, Any] = {
    "jobEnded": {
        "post": {
            "operationId": "jobEnded",
            "summary": "A job has ended",
            "description": "Sent to the `callback_url` of a job, signed as Standard Webhooks has it, and again after longer "
            "and longer pauses until it is answered with 2xx.",
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}}
                for name, meaning in (
                    ("webhook-id", "The job's id. Who gets it twice can tell by it."),
                    ("webhook-timestamp", "Seconds since 1970."),
                    (
                        "webhook-signature",
                        "`v1,` and HMAC-SHA256 in base 64 over id, timestamp and body, with full stops between; several with "
                        "blanks between them after a rotation.",
                    ),
                )
            ],
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": {"$ref": "#/components/schemas/JobEnded"}}},
            },
            "responses": {"2XX": {"description": "The receiver has it."}},
            "security": [],
        }
    }
}
