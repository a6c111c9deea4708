"""Every error that Dépêche tells somebody about.

DepecheError                    code, HTTP status, detail; what to do is in the detail
├── RequestError                the request can't be accepted as it is (4xx)
├── JobNotFound / JobGone       no such job (404); it was there once (410)
├── BatchNotFound / BatchGone   no such batch (404); it was there once (410)
├── IdempotencyConflict         the same Idempotency-Key with another body (409)
├── JobNotEnded                 that can be had only of a job that has ended (409)
├── CallbackMissing             the job has no callback (409)
├── WebhookSecretNotFound       the client has no webhook secret (404)
├── WebhookSecretMissing        a callback is wanted, and there is nothing to sign it with (422)
├── KeyMissing / KeyInvalid     an API key is needed (401); this one is not in force (401)
├── QuotaExceeded               the key has used up its quota for now (429, Retry-After)
├── QueueFull                   no room in the queue (503, Retry-After)
├── StoreUnavailable            Redis can't be reached, written or trusted now (503, Retry-After)
└── StoreFault                  Redis refuses a command that can never work (500)
"""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One row of the table of errors: a stable code, its HTTP status, a title that never changes with the case."""

    code: str
    status: int
    title: str


class Code(Enum):
    """All error codes, those of requests first, then those of jobs (`error.code` of a failed job, no HTTP status)."""

    # The request
    INVALID_JSON = ErrorKind("invalid_json", 400, "The body is not JSON")
    INVALID_ENCODING = ErrorKind("invalid_encoding", 400, "The body is not UTF-8")
    MALFORMED = ErrorKind("malformed_request", 400, "The request is not proper HTTP")
    INVALID_PARAMETER = ErrorKind("invalid_parameter", 400, "A query parameter or header can't be used")
    KEY_MISSING = ErrorKind("key_missing", 401, "An API key is needed")
    KEY_INVALID = ErrorKind("key_invalid", 401, "The API key is not valid")
    FOREIGN_ORIGIN = ErrorKind("foreign_origin", 403, "The request comes from another web site")
    NOT_FOUND = ErrorKind("not_found", 404, "There is nothing at this address")
    JOB_NOT_FOUND = ErrorKind("job_not_found", 404, "There is no such job")
    BATCH_NOT_FOUND = ErrorKind("batch_not_found", 404, "There is no such batch")
    WEBHOOK_SECRET_NOT_FOUND = ErrorKind("webhook_secret_not_found", 404, "There is no webhook secret")
    METHOD_NOT_ALLOWED = ErrorKind("method_not_allowed", 405, "This address does not know the method")
    NOT_ACCEPTABLE = ErrorKind("not_acceptable", 406, "None of the accepted media types can be given")
    TOO_SLOW = ErrorKind("too_slow", 408, "The body took too long to arrive")
    JOB_NOT_ENDED = ErrorKind("job_not_ended", 409, "The job has not ended yet")
    JOB_WITHOUT_RESULT = ErrorKind("job_without_result", 409, "The job ended without this result")
    CALLBACK_MISSING = ErrorKind("callback_missing", 409, "The job has no callback")
    IDEMPOTENCY_CONFLICT = ErrorKind("idempotency_conflict", 409, "The Idempotency-Key was used with another body")
    JOB_GONE = ErrorKind("job_gone", 410, "The job expired or was erased")
    BATCH_GONE = ErrorKind("batch_gone", 410, "The batch has expired")
    TOO_LARGE = ErrorKind("too_large", 413, "The article is too large")
    UNSUPPORTED_MEDIA_TYPE = ErrorKind("unsupported_media_type", 415, "The body's media type can't be read")
    MISDIRECTED = ErrorKind("misdirected", 421, "The Host header does not name this server")
    INVALID_REQUEST = ErrorKind("invalid_request", 422, "A field of the request has a wrong value")
    UNKNOWN_FIELD = ErrorKind("unknown_field", 422, "The request has a field that does not exist")
    WEBHOOK_SECRET_MISSING = ErrorKind("webhook_secret_missing", 422, "Callbacks need a webhook secret")
    EMPTY_TEXT = ErrorKind("empty_text", 422, "The article has no text")
    NUL_CHARACTER = ErrorKind("nul_character", 422, "The article holds a NUL character")
    NOT_FRENCH = ErrorKind("not_french", 422, "The article is not in French")
    QUOTA_EXCEEDED = ErrorKind("quota_exceeded", 429, "The API key's quota is used up for now")
    # The service
    INTERNAL = ErrorKind("internal", 500, "Something broke on our side")
    QUEUE_FULL = ErrorKind("queue_full", 503, "The queue is full")
    STORE_UNAVAILABLE = ErrorKind("store_unavailable", 503, "The job store can't be used now")
    TRANSLATION_FAILED = ErrorKind("translation_failed", 500, "The text could not be translated")
    TRANSLATION_TIMEOUT = ErrorKind("translation_timeout", 504, "The translation took too long to wait for")
    NO_WORKER = ErrorKind("no_worker", 503, "No worker has been seen in the last 30 seconds")
    # The job
    ATTEMPTS_EXHAUSTED = ErrorKind("attempts_exhausted", 0, "The job killed its worker too often")
    DEADLINE_EXCEEDED = ErrorKind("deadline_exceeded", 0, "The job took longer than its deadline")
    MODEL_FAILED = ErrorKind("model_failed", 0, "The model could not process the article")
    SUMMARIZER_MISSING = ErrorKind("summarizer_missing", 0, "No abstractive summarizer is loaded")
    JOB_INTERNAL = ErrorKind("internal_error", 0, "Something broke while the job ran")


class DepecheError(Exception):
    """An error with a stable code.

    `detail` says in a sentence what is wrong and what to do; it never holds text of an article.
    `retry_after` is in seconds, for errors that pass. `pointer` is the JSON pointer of the field at fault.
    """

    def __init__(self, code: Code, detail: str, *, retry_after: int | None = None, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.pointer = pointer

    @property
    def status(self) -> int:
        """The HTTP status of the answer (500 for a code that belongs to jobs)."""
        return self.code.value.status or HTTPStatus.INTERNAL_SERVER_ERROR


class RequestError(DepecheError):
    """The request can't be accepted as it is."""


class JobNotFound(DepecheError):
    """The id is malformed, was never given out, or belongs to another client."""

    def __init__(self) -> None:
        super().__init__(Code.JOB_NOT_FOUND, "No job has this id. Check the id that the submission returned.")


class JobGone(DepecheError):
    """The id was given out to this client, and its record has expired or was erased."""

    def __init__(self) -> None:
        super().__init__(Code.JOB_GONE, "This job's results have expired or were erased. Submit the article again.")


class BatchNotFound(DepecheError):
    """The id is malformed, was never given out, or belongs to another client."""

    def __init__(self) -> None:
        super().__init__(Code.BATCH_NOT_FOUND, "No batch has this id. Check the id that the submission returned.")


class BatchGone(DepecheError):
    """The id was given out to this client, and its record has expired."""

    def __init__(self) -> None:
        super().__init__(Code.BATCH_GONE, "This batch has expired. Its jobs are listed for as long as they are kept.")


class IdempotencyConflict(DepecheError):
    """The key is known, with another body."""

    def __init__(self) -> None:
        super().__init__(
            Code.IDEMPOTENCY_CONFLICT,
            "This Idempotency-Key belongs to another request. Use a new key for a new article.",
        )


class JobNotEnded(DepecheError):
    """What was asked for is had of jobs that have ended."""

    def __init__(self) -> None:
        super().__init__(Code.JOB_NOT_ENDED, "The job has not ended yet. Wait for it, then ask again.")


class CallbackMissing(DepecheError):
    """The job was submitted without a `callback_url`."""

    def __init__(self) -> None:
        super().__init__(
            Code.CALLBACK_MISSING, "The job was submitted without a callback_url: nobody is told of its end."
        )


class WebhookSecretNotFound(DepecheError):
    """The client has no webhook secret."""

    def __init__(self) -> None:
        super().__init__(
            Code.WEBHOOK_SECRET_NOT_FOUND,
            "You have no webhook secret. POST /v1/webhook-secret makes one and shows it once.",
        )


class WebhookSecretMissing(RequestError):
    """A job with a `callback_url`, of a client whose webhooks nothing could sign."""

    def __init__(self) -> None:
        super().__init__(
            Code.WEBHOOK_SECRET_MISSING,
            "Callbacks are signed, and you have no webhook secret. POST /v1/webhook-secret makes one and shows it once; "
            "then submit again.",
            pointer="/callback_url",
        )


class KeyMissing(DepecheError):
    """Keys are demanded here, and the request has none."""

    def __init__(self) -> None:
        super().__init__(
            Code.KEY_MISSING, "Send an API key as `Authorization: Bearer KEY`. Who runs this server makes them."
        )


class KeyInvalid(DepecheError):
    """The key is malformed, unknown or revoked: it is not said which."""

    def __init__(self) -> None:
        super().__init__(
            Code.KEY_INVALID, "This API key was never made here or has been revoked. Check it, or ask for another."
        )


class QuotaExceeded(DepecheError):
    """The key may submit no more for now. `what` is used up: jobs or characters, of which it has `limit` a minute."""

    def __init__(self, what: str, limit: int, retry_after: int) -> None:
        super().__init__(
            Code.QUOTA_EXCEEDED,
            f"This API key may submit {limit} {what} a minute. Submit again in {retry_after} s.",
            retry_after=retry_after,
        )


class QueueFull(DepecheError):
    """The queue holds as many jobs as it may."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(
            Code.QUEUE_FULL, f"The queue already holds {limit} jobs. Submit again later.", retry_after=retry_after
        )


class StoreUnavailable(DepecheError):
    """Redis can't be reached, does not answer in time, or refuses to write. Nothing was accepted."""

    def __init__(self, reason: str, retry_after: int = 2) -> None:
        super().__init__(
            Code.STORE_UNAVAILABLE, f"Redis {reason}. Nothing was changed; try again.", retry_after=retry_after
        )


class StoreFault(DepecheError):
    """Redis refuses a command, and would refuse it again: a bug of ours, or keys that somebody else has written.

    `reason` is Redis's own code, such as `wrongtype`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            Code.INTERNAL,
            f"Redis refused a command ({reason}). Trying again won't help; look for other programs that use its keys.",
        )
