"""The Celery task: claims the job that a message names, runs the pipeline, and ends the attempt in the ledger."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from celery import Celery, Task
from celery.exceptions import Reject
from structlog.contextvars import bound_contextvars

from service.contract.errors import Code, DepecheError, StoreUnavailable
from service.contract.keys import TASK_NAME
from service.contract.logs import get_logger
from service.contract.store import Claim, JobStore
from worker.attempts import Attempt, AttemptBook, AttemptDrained, AttemptLost, DeadlineExceeded
from worker.engine.interface import Engine, EngineError, EngineStopped
from worker.pipeline import process
from worker.settings import Settings

log = get_logger(__name__)

#: Seconds between two tries at a store that is not available. The message stays unacknowledged meanwhile.
_STORE_RETRY_S = 1.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a task works with. One for each worker process, made once its models are proved."""

    settings: Settings
    store: JobStore
    engine: Engine
    book: AttemptBook
    worker: str
    draining: threading.Event


def register(app: Celery, context: Callable[[], WorkerContext]) -> None:
    """Adds the task to the app. `context` is asked at each message, since models load after the app is made."""

    @app.task(bind=True, name=TASK_NAME)  # type: ignore[untyped-decorator]  # Celery has no types
    def article(task: Task, job_id: object) -> None:
        if not isinstance(job_id, str) or len(job_id) > 64 or not job_id.isalnum():
            log.warning("message_dropped", reason="its argument is not a job id")
            return
        with bound_contextvars(job_id=job_id):
            if not run_job(context(), job_id):
                raise Reject("given back", requeue=True)


def run_job(context: WorkerContext, job_id: str) -> bool:
    """One attempt. False where the message belongs back into the queue (the worker drains or its engine has stopped)."""
    try:
        claim = _insist(
            context, lambda: context.store.claim(job_id, worker=context.worker, lease_s=context.settings.lease_s)
        )
    except AttemptDrained:
        return False
    if claim is None:
        log.info("message_ignored", reason="the job has ended, is gone, or another worker holds it")
        return True
    attempt = Attempt(claim, deadline_s=context.settings.deadline_s, draining=context.draining)
    context.book.open(attempt)
    try:
        return _work(context, attempt)
    finally:
        context.book.close(attempt)


def _work(context: WorkerContext, attempt: Attempt) -> bool:
    claim, began = attempt.claim, time.monotonic()
    log.info("attempt_began", attempt=claim.attempt)
    try:
        attempt.check()
        queued_s = (claim.started_ms - claim.created_ms) / 1000
        result = process(
            claim.request,
            claim.job_id,
            context.engine,
            attempt,
            segment_tokens=context.settings.segment_tokens,
            queued_s=queued_s,
        )
    except AttemptLost:
        log.info("attempt_lost", reason="the job was cancelled, erased or claimed by another worker")
        return True
    except (AttemptDrained, EngineStopped) as stop:
        return _give_back(context, claim, "drain" if isinstance(stop, AttemptDrained) else "the engine stopped")
    except DeadlineExceeded:
        seconds = context.settings.deadline_s
        return _fail(context, claim, Code.DEADLINE_EXCEEDED, f"The attempt took longer than {seconds} s.")
    except DepecheError as error:
        return _fail(context, claim, error.code, error.detail)
    except EngineError as error:
        log.warning("engine_failed_on_job", kind=type(error).__name__)
        return _fail(context, claim, Code.MODEL_FAILED, "The model failed on a segment of this article.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must end and the worker must go on
        # The message and the traceback's locals may hold text of the article: the type and the place are enough.
        log.error("attempt_broke", kind=type(error).__name__, at=_place(error))
        return _fail(
            context, claim, Code.JOB_INTERNAL, "Something broke while the job ran; the worker's log says where."
        )
    return _succeed(context, attempt, result.to_json(), result.coverage.segments_in, time.monotonic() - began)


def _succeed(context: WorkerContext, attempt: Attempt, result: bytes, segments: int, seconds: float) -> bool:
    total = max(segments, attempt.heartbeat().total)
    try:
        ended = _insist(context, lambda: context.store.succeed(attempt.claim, result, segments=total))
    except AttemptDrained:
        return False
    if ended:
        log.info("job_succeeded", segments=segments, seconds=round(seconds, 3))
    else:
        log.info("attempt_lost", reason="the job was cancelled, erased or claimed by another worker")
    return True


def _fail(context: WorkerContext, claim: Claim, code: Code, detail: str) -> bool:
    try:
        ended = _insist(context, lambda: context.store.fail(claim, code.value.code, detail))
    except AttemptDrained:
        return False
    log.info("job_failed" if ended else "attempt_lost", code=code.value.code)
    return True


def _give_back(context: WorkerContext, claim: Claim, reason: str) -> bool:
    """Returns the job to the queue, uncharged; True only where it is no longer ours to return."""
    try:
        released = context.store.release(claim)
    except StoreUnavailable as error:
        log.warning("attempt_not_released", reason=error.detail)
        return False
    log.info("attempt_released" if released else "attempt_lost", reason=reason)
    return not released


def _insist(context: WorkerContext, transition: Callable[[], T]) -> T:
    """Tries a transition until Redis answers. Every one of them is fenced, so a second try can do no harm.

    Raises `AttemptDrained` when the worker stops while Redis is still away.
    """
    silent = False
    while True:
        try:
            return transition()
        except StoreUnavailable as error:
            if not silent:
                log.warning("store_unavailable", reason=error.detail)
            silent = True
            if context.draining.wait(_STORE_RETRY_S):
                raise AttemptDrained from None


def _place(error: BaseException) -> str:
    """File and line at which an error was raised, without anything that was in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
