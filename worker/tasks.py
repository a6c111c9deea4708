"""The Celery task: claims the job that a message names, runs the pipeline, and ends the attempt in the ledger."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from celery import Celery, Task
from celery.exceptions import Reject
from structlog.contextvars import bound_contextvars

from service.contract.attempt import Claim
from service.contract.celery_app import publish
from service.contract.errors import Code, DepecheError, StoreFault, StoreUnavailable
from service.contract.keys import TASK_NAME
from service.contract.leases import Place
from service.contract.lines import AGAIN
from service.contract.logs import get_logger
from worker.attempts import Attempt, AttemptDrained, AttemptLost, DeadlineExceeded
from worker.context import WorkerContext
from worker.engine.interface import EngineError, EngineStopped
from worker.feed import Feed
from worker.partials import Partials
from worker.pipeline import process
from worker.republisher import Republisher
from worker.sentences import SentenceCache
from worker.tally import tally

log = get_logger(__name__)

#: Seconds between two tries at a store that is not available. The message stays unacknowledged meanwhile.
_STORE_RETRY_S = 1.0

#: Tries to give a job back. A worker that drains has no time for more.
_RELEASE_TRIES = 3

#: Seconds after which a job is given back whose engine has stopped, unless the worker drains: it soon will.
_DRAIN_SOON_S = 1.0

T = TypeVar("T")


class Rest(StrEnum):
    """What is to be done with a message after its attempt."""

    DROP = "drop"  # the job needs none any more
    AGAIN = "again"  # the job is queued again: a new message, which does not stand in line a second time
    KEEP = "keep"  # Redis was away: the message goes back to where it came from


def register(app: Celery, context: Callable[[], WorkerContext]) -> None:
    """Adds the task to the app. `context` is asked at each message, since models load after the app is made."""
    republisher = Republisher(lambda job_id: publish(app, job_id, AGAIN))

    @app.task(bind=True, name=TASK_NAME, shared=False)  # type: ignore[untyped-decorator]  # Celery has no types
    def article(task: Task, job_id: str) -> None:
        with bound_contextvars(job_id=job_id):
            rest = run_job(context(), job_id)
            # Published first and acknowledged then: between the two there are two messages, and never none.
            if rest is Rest.KEEP or (rest is Rest.AGAIN and not republisher.publish(job_id)):
                raise Reject("given back", requeue=True)


def run_job(context: WorkerContext, job_id: str) -> Rest:
    """One attempt, and what is to be done with its message.

    Raises nothing: Celery would log it with whatever it holds, text of the article too.
    """
    try:
        return _attempt(context, job_id)
    except AttemptDrained:
        return Rest.KEEP
    except StoreFault as fault:  # not even a failure can be written: nobody could do more with this message
        log.critical("message_dropped", reason=fault.detail)
        return Rest.DROP
    except Exception as error:  # noqa: BLE001 - the ledger itself broke; without an answer from it the job can't be ended
        log.critical("message_broke", kind=type(error).__name__, at=_place(error))
        return Rest.DROP


def _attempt(context: WorkerContext, job_id: str) -> Rest:
    # A claim that broke off may have been carried out. Then the job is held, by nobody, until a sweep takes it back.
    lease_s = context.settings.lease_s
    claim = _insist(
        context, lambda: context.store.claim(job_id, worker=context.worker, lease_s=lease_s, lane=context.lane)
    )
    if claim is None:
        log.info("message_ignored", reason="the job has ended, is gone, is held, or runs in another lane")
        return Rest.DROP
    attempt = Attempt(claim, deadline_s=context.settings.deadline_s, draining=context.draining)
    context.book.open(attempt)
    try:
        return _work(context, attempt)
    finally:
        context.book.close(attempt)


def _work(context: WorkerContext, attempt: Attempt) -> Rest:
    claim, began = attempt.claim, time.monotonic()
    partials, settings = Partials(context.store, claim), context.settings
    limit = settings.sentence_cache if settings.engine != "fake" else 0  # which is there to take its time
    cache = SentenceCache(context.store, claim, partials, limit=limit) if limit else None
    log.info("attempt_began", attempt=claim.attempt)
    try:
        attempt.check()
        queued_s = (claim.started_ms - claim.created_ms) / 1000
        result = process(
            claim.request,
            attempt.key,
            context.engine,
            attempt,
            segment_tokens=context.settings.segment_tokens,
            queued_s=queued_s,
            memory=cache or partials,
            feed=Feed(context.store, claim),
        )
        if cache is not None:
            cache.keep()
        record = result.to_json()
    except AttemptLost:
        log.info("attempt_lost", reason="the job was cancelled, erased or claimed by another worker")
        return Rest.DROP
    except (AttemptDrained, EngineStopped) as stop:
        partials.save()
        if context.engine.failure() is not None and attempt.key in context.engine.in_flight():
            return _give_back(context, claim, "the engine broke on its batch", charged=True)
        return _give_back(context, claim, "drain" if isinstance(stop, AttemptDrained) else "the engine stopped")
    except DeadlineExceeded:
        seconds = context.settings.deadline_s
        return _fail(context, claim, Code.DEADLINE_EXCEEDED, f"The attempt took longer than {seconds} s.")
    except DepecheError as error:
        return _fail(context, claim, error.code, error.detail)
    except EngineError as error:
        # The message may hold what the model choked on.
        cause = error.__cause__ or error
        log.warning("engine_failed_on_job", kind=type(cause).__name__, at=_place(cause))
        return _fail(context, claim, Code.MODEL_FAILED, "The model failed on a segment of this article.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must end and the worker must go on
        # The message and the traceback's locals may hold text of the article: the type and the place are enough.
        log.error("attempt_broke", kind=type(error).__name__, at=_place(error))
        return _fail(
            context, claim, Code.JOB_INTERNAL, "Something broke while the job ran; the worker's log says where."
        )
    return _succeed(context, attempt, record, tally(result), time.monotonic() - began)


def _succeed(context: WorkerContext, attempt: Attempt, record: bytes, counts: dict[str, int], seconds: float) -> Rest:
    total = max(counts["segments"], attempt.heartbeat().total)
    try:
        ended = _insist(context, lambda: context.store.succeed(attempt.claim, record, segments=total, counts=counts))
    except StoreFault as fault:
        log.error("result_refused", reason=fault.detail)
        return _fail(context, attempt.claim, Code.JOB_INTERNAL, "Redis refused the result; the worker's log says why.")
    if ended:
        log.info("job_succeeded", segments=counts["segments"], seconds=round(seconds, 3))
    else:
        log.info("attempt_lost", reason="the job was cancelled, erased or claimed by another worker")
    return Rest.DROP


def _fail(context: WorkerContext, claim: Claim, code: Code, detail: str) -> Rest:
    ended = _insist(context, lambda: context.store.fail(claim, code.value.code, detail))
    log.info("job_failed" if ended else "attempt_lost", code=code.value.code)
    return Rest.DROP


def _give_back(context: WorkerContext, claim: Claim, reason: str, *, charged: bool = False) -> Rest:
    """Returns the job to the queue, and says what is to be done with its message."""
    give_up = context.store.crash if charged else context.store.release
    sure = True
    for left in reversed(range(_RELEASE_TRIES)):
        try:
            place = give_up(claim)
        except StoreUnavailable as error:
            # It may have been carried out all the same. Two messages do no harm, none would.
            sure = False
            log.warning("attempt_not_released", reason=error.detail, tries_left=left)
            if left:
                time.sleep(_STORE_RETRY_S)
        else:
            event = "attempt_charged" if charged else "attempt_released"
            log.info("attempt_lost" if place is Place.LOST else event, reason=reason)
            if place is Place.QUEUED:
                context.draining.wait(_DRAIN_SOON_S)  # or this worker would be the one to take it up
            return Rest.AGAIN if place is Place.QUEUED or (place is Place.LOST and not sure) else Rest.DROP
    return Rest.KEEP


def _insist(context: WorkerContext, transition: Callable[[], T]) -> T:
    """Tries a transition until Redis answers. The token fences it, so a second try can do no harm.

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
