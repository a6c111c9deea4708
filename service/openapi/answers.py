"""The answers of the interface that are no results: jobs, batches, problems, health, and those of other services' interfaces.

A field with a default may be absent. `service.contract.result` has what a succeeded job holds.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.contract.callback import CallbackState, Fault
from service.contract.errors import Code
from service.contract.result import Result
from service.contract.states import JobState, Stage

_Count = Annotated[int, Field(ge=0)]

#: Redis's `maxmemory-policy`.
_Eviction = Annotated[str, Field(examples=["noeviction"])]

#: RFC 3339 in UTC.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-24T01:40:18.552Z"])]

JobId = Annotated[str, Field(examples=["06h0mdg1uteo7rlaep90u3ddcd4aiq0m"])]
BatchId = Annotated[str, Field(examples=["b06h0mdg1uteo7rlaep90u3ddcd4aiq0m"])]

RequestCode = Annotated[str, Field(json_schema_extra={"enum": [code.value.code for code in Code if code.value.status]})]
JobCode = Annotated[str, Field(json_schema_extra={"enum": [code.value.code for code in Code if not code.value.status]})]


class Answer(BaseModel):
    """Says all that it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookSecret(Answer):
    """When a client's webhook secret was made, last rotated, and until when the one before it signs too."""

    created_at: Moment
    rotated_at: Moment | None
    old_until: Moment | None


class NewWebhookSecret(WebhookSecret):
    """The secret itself, shown once."""

    secret: str


class Problem(Answer):
    """What went wrong, and what to do (RFC 9457). `pointer` is the JSON pointer of the field at fault; `instance` names what
    the server's log has of a 500."""

    type: Annotated[str, Field(examples=["urn:depeche:problem:empty_text"])]
    title: str
    status: int
    detail: str
    code: RequestCode
    pointer: str = ""
    instance: str = ""


class Progress(Answer):
    """Segments that are done, of all those of both stages. Never goes back within an attempt."""

    done: _Count
    total: _Count


class PastAttempt(Answer):
    """An attempt that was lost with its worker. `crashed` is charged to the job, `dropped` is not."""

    attempt: _Count
    lane: Literal["main", "quarantine"]
    started_at: Moment
    ended_at: Moment
    outcome: Literal["crashed", "dropped"]


class JobError(Answer):
    """Why a job failed."""

    code: JobCode
    detail: str | None


class CallbackAttempt(Answer):
    """One try to tell a job's end: the receiver's `status`, or the `error` that came before one."""

    at: Moment
    status: int | None
    error: Fault | None
    took_ms: _Count | None


class Callback(Answer):
    """What became of telling a job's end to its `callback_url`. `next_at` is when that is tried next."""

    url: str
    state: CallbackState
    attempts: list[CallbackAttempt]
    next_at: Moment | None


class JobRecord(Answer):
    """A job without its result. `stage` is null unless it runs, `error` unless it failed. `expires_at` is until when an
    ended one is kept."""

    id: JobId
    state: JobState
    stage: Stage | None
    progress: Progress
    attempts: _Count
    history: list[PastAttempt]
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    expires_at: Moment | None
    error: JobError | None
    metadata: dict[str, Any] | None


class Job(JobRecord):
    """A job. `stage` is null unless it runs, `error` unless it failed, `result` unless it succeeded. `expires_at` is until when
    an ended one is kept, `eta_at` an estimate of when it ends."""

    eta_at: Moment | None
    callback: Callback | None
    result: Result | None


class JobEnded(Answer):
    """What a `callback_url` is told."""

    type: Literal["job.succeeded", "job.failed", "job.cancelled"]
    timestamp: Moment
    data: JobRecord


class StateEvent(Answer):
    """Where the job is now."""

    state: JobState
    stage: Stage | None
    attempts: _Count


class ProgressEvent(Progress):
    """How far it is, and when it is expected to end."""

    eta_at: Moment | None


class SegmentEvent(Answer):
    """A translated segment. `paragraph` and `source` are null for the title."""

    paragraph: _Count | None
    segment: _Count
    source: str | None
    target: str
    flags: list[str]


class DoneEvent(Answer):
    """The end: the job's, or that of its record where it was erased."""

    state: Literal["succeeded", "failed", "cancelled", "gone"]
    error: JobError | None


class JobList(Answer):
    """A page of jobs, without their results. `next` is the `cursor` of the next page, or null."""

    jobs: list[Job]
    next: str | None


class ItemError(Answer):
    """Why there is no job for an article of a batch."""

    status: int
    code: RequestCode
    detail: str
    pointer: str = ""
    retry_after: int = 0


class BatchItem(Answer):
    """An article of a batch. `refused` ones have no job; `gone` are those whose job has expired or was erased."""

    index: _Count
    id: JobId | None
    state: Literal["queued", "running", "succeeded", "failed", "cancelled", "refused", "gone"]
    error: ItemError | None


class Counts(Answer):
    """How many articles of a batch are in which state."""

    queued: _Count
    running: _Count
    succeeded: _Count
    failed: _Count
    cancelled: _Count
    refused: _Count
    gone: _Count


class Batch(Answer):
    """A batch: its articles in order, and their counts."""

    id: BatchId
    created_at: Moment
    metadata: dict[str, Any] | None
    counts: Counts
    items: list[BatchItem]


class BatchResult(Answer):
    """A line of the results of a batch: a job that has ended, or why there is none."""

    index: _Count
    job: Job | None
    error: ItemError | None


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"]


class QueueRoom(Answer):
    """Jobs queued and running, and the most that may be."""

    jobs: _Count
    limit: _Count


class WorkerModels(BaseModel):
    """Models, and how many of the workers have them. A model has an `id` and a `revision`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    workers: _Count


class Workers(Answer):
    """The workers that were seen in the last 30 seconds."""

    seen: _Count
    models: list[WorkerModels]


class Backlog(Answer):
    """Callbacks that are due, how long the oldest has been, and the senders that were seen in the last 30 seconds."""

    due: _Count
    oldest_s: float
    senders: _Count


class Ready(Answer):
    """Whether work is taken. Callers who need a key and have none learn `ready` alone."""

    ready: Literal[True]
    redis: Literal["writable"] = "writable"
    durability: Literal["none", "process", "machine"] | None = None
    eviction: _Eviction | None = None
    queue: QueueRoom | None = None
    workers: Workers | None = None
    deliveries: Backlog | None = None


class NotReady(Problem):
    """Why no work is taken. Without `ready` where a key could not be checked."""

    ready: Literal[False] = False
    redis: Literal["writable", "unavailable"] = "unavailable"
    durability: Literal["none", "process", "machine"] | None = None
    eviction: _Eviction | None = None
    queue: QueueRoom | None = None
    workers: Workers | None = None
    deliveries: Backlog | None = None


class Detected(Answer):
    """The language of a text, and how sure that is, in percent."""

    language: Annotated[str, Field(examples=["fr"])]
    confidence: Annotated[float, Field(ge=0, le=100)]


class LibreTranslation(Answer):
    """A text, or a list of them where a list was sent."""

    translatedText: str | list[str]  # noqa: N815 - their name
    detectedLanguage: Detected | list[Detected] = []  # noqa: N815 - their name


class LibreLanguage(Answer):
    """A language, and those that it is translated to."""

    code: str
    name: str
    targets: list[str]


class LibreError(Answer):
    """An error as LibreTranslate tells it."""

    error: str


class DeepLTranslation(Answer):
    """The translation of one text."""

    detected_source_language: str
    text: str
    billed_characters: _Count


class DeepLTranslations(Answer):
    """The translations, in the order of the texts."""

    translations: list[DeepLTranslation]


class DeepLUsage(Answer):
    """Characters of this month's calls, and a limit that is none."""

    character_count: _Count
    character_limit: _Count


class DeepLLanguage(Answer):
    """A language. Target languages say whether they know formality."""

    language: str
    name: str
    supports_formality: bool = False


class DeepLError(Answer):
    """An error as DeepL tells it."""

    message: str
