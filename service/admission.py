"""From a valid request to an accepted job: language, ledger, queue. What was not accepted leaves nothing behind."""

import threading

from service.contract.errors import Code, DepecheError, RequestError, StoreUnavailable
from service.contract.job import Job
from service.contract.language import foreign_language
from service.contract.logs import get_logger
from service.contract.request import JobRequest
from service.contract.states import JobState
from service.contract.store import JobStore
from service.publisher import Publisher

log = get_logger(__name__)

#: Seconds that an answer waits for a withdrawal; it goes on behind it.
_WITHDRAW_WAIT_S = 0.4

#: Tries to withdraw a job that could not be published, and seconds between them.
_WITHDRAW_TRIES = 30
_WITHDRAW_PAUSE_S = 1.0


def admit(
    store: JobStore, publisher: Publisher, request: JobRequest, *, client: str, idempotency_key: str | None, body: bytes
) -> tuple[Job, bool]:
    """The accepted job, and whether its Idempotency-Key had led to it before.

    Raises `RequestError` for a wrong language, and all that the store raises. Takes little more than `redis_timeout_s`.
    """
    check_language(request)
    admission = store.admit(request, client=client, idempotency_key=idempotency_key, body=body)
    job = store.get(admission.job_id, client=client)
    if admission.known and job.state is not JobState.QUEUED:
        return job, True
    try:
        # A known job that is still queued is published again: its first submission may have died in between.
        publisher.publish(job.id)
    except DepecheError:
        if not admission.known and _withdrawn(store, job.id, client, idempotency_key):
            raise
        if admission.known:
            raise
    log.info("job_admitted", job_id=job.id, known=admission.known, characters=len(request.text))
    return job, admission.known


def check_language(request: JobRequest) -> None:
    """Raises `RequestError` for an article that is surely neither French nor English, unless `force` is set."""
    if request.force:
        return
    language = foreign_language(request.text)
    if language is not None:
        raise RequestError(
            Code.NOT_FRENCH,
            f"The article seems to be in {language}. Send French, or set force to true to translate it all the same.",
            pointer="/text",
        )


def _withdrawn(store: JobStore, job_id: str, client: str, idempotency_key: str | None) -> bool:
    """Takes the job back. False where it is in use already, so that it counts as accepted.

    Redis may be just what does not answer: after a moment the answer goes out, and the withdrawal goes on in a thread.
    """
    in_use: list[bool] = []
    done = threading.Event()

    def insist() -> None:
        for _ in range(_WITHDRAW_TRIES):
            try:
                if not store.withdraw(job_id, client=client, idempotency_key=idempotency_key):
                    in_use.append(True)
                break
            except StoreUnavailable:
                pause.wait(_WITHDRAW_PAUSE_S)
        else:
            log.warning("withdrawal_failed", job_id=job_id)
        done.set()

    pause = threading.Event()
    threading.Thread(target=insist, name="withdrawal", daemon=True).start()
    done.wait(_WITHDRAW_WAIT_S)
    return not in_use
