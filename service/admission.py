"""From a valid request to an accepted job: language, ledger, queue. What was not accepted leaves nothing behind."""

import threading

from redis.exceptions import ConnectionError, TimeoutError

from service.contract.errors import Code, RequestError, StoreUnavailable
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

#: Tries to withdraw a job, and seconds between them.
_WITHDRAW_TRIES = 30
_WITHDRAW_PAUSE_S = 1.0


def admit(
    store: JobStore, publisher: Publisher, request: JobRequest, *, client: str, idempotency_key: str | None, body: bytes
) -> tuple[Job, bool]:
    """The accepted job, and whether its Idempotency-Key had led to it before.

    Raises `RequestError` for a wrong language, and all that the store raises. Takes little more than `redis_timeout_s`.
    """
    check_language(request)
    job_id = store.new_id(client)
    try:
        admission = store.admit(request, client=client, idempotency_key=idempotency_key, body=body, job_id=job_id)
    except StoreUnavailable as error:
        if isinstance(error.__cause__, (ConnectionError, TimeoutError)):
            # A frozen Redis carries it out when it wakes up, perhaps only after the first withdrawal.
            _Withdrawal(store, job_id, client, idempotency_key, answers=2).start()
        raise
    job = store.get(admission.job_id, client=client)
    if admission.known and job.state is not JobState.QUEUED:
        return job, True
    try:
        # A known job that is still queued is published again: its first submission may have died in between.
        publisher.publish(job.id)
    except StoreUnavailable:
        if admission.known or _Withdrawal(store, job.id, client, idempotency_key, answers=1).succeeds():
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


class _Withdrawal(threading.Thread):
    """Takes a job back. Redis may be just what does not answer, so it insists, in a thread, until it had `answers`."""

    def __init__(self, store: JobStore, job_id: str, client: str, idempotency_key: str | None, *, answers: int) -> None:
        super().__init__(name="withdrawal", daemon=True)
        self._store = store
        self._job_id = job_id
        self._client = client
        self._key = idempotency_key
        self._answers = answers
        self._in_use = False
        self._pause = threading.Event()

    def succeeds(self) -> bool:
        """Starts it. False where the job is in use already within a moment, so that it counts as accepted."""
        self.start()
        self.join(_WITHDRAW_WAIT_S)
        return not self._in_use

    def run(self) -> None:
        """Tries, and tries again."""
        for _ in range(_WITHDRAW_TRIES):
            try:
                withdrawn = self._store.withdraw(self._job_id, client=self._client, idempotency_key=self._key)
            except StoreUnavailable:
                withdrawn = False
            else:
                self._answers -= 1
                self._in_use = not withdrawn
            if withdrawn or not self._answers:
                return
            self._pause.wait(_WITHDRAW_PAUSE_S)
        log.warning("withdrawal_failed", job_id=self._job_id)
