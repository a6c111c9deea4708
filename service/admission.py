"""From a valid request to an accepted job: language, ledger, queue, disk. What was not accepted leaves nothing behind."""

import threading

from redis.exceptions import ConnectionError, TimeoutError

from service.contract.errors import Code, RequestError, StoreUnavailable
from service.contract.job import Job
from service.contract.language import foreign_language
from service.contract.lines import Kind, line_of
from service.contract.logs import get_logger
from service.contract.prose import prose_of
from service.contract.request import JobRequest
from service.contract.store import JobStore
from service.publisher import Publisher
from service.withdrawal import Withdrawal

log = get_logger(__name__)

#: Time for a whole admission, as a multiple of the time limit of one Redis command.
_PATIENCE = 1.3


def admit(
    store: JobStore,
    publisher: Publisher,
    request: JobRequest,
    *,
    client: str,
    kind: Kind = Kind.SINGLE,
    idempotency_key: str | None = None,
    body: bytes = b"",
) -> tuple[Job, bool]:
    """The accepted job, and whether its Idempotency-Key had led to it before. `kind` says in which line it waits.

    Raises `RequestError` for a wrong language, and all that the store raises; `StoreUnavailable` after 1.3 times the time
    limit of one Redis command at the latest.
    """
    check_language(request)
    return _Admission(store, publisher, request, client, kind, idempotency_key, body).outcome()


def check_language(request: JobRequest) -> None:
    """Raises `RequestError` for an article that is surely neither French nor English, unless `force` is set."""
    if request.force:
        return
    language = foreign_language(prose_of(request.text, request.format))
    if language is not None:
        raise RequestError(
            Code.NOT_FRENCH,
            f"The article seems to be in {language}. Send French, or set force to true to translate it all the same.",
            pointer="/text",
        )


class _Admission(threading.Thread):
    """The steps of one admission, in a thread, so that the answer need not wait for a Redis that is slow at each of them."""

    def __init__(
        self,
        store: JobStore,
        publisher: Publisher,
        request: JobRequest,
        client: str,
        kind: Kind,
        key: str | None,
        body: bytes,
    ) -> None:
        super().__init__(name="admission", daemon=True)
        self._store = store
        self._publisher = publisher
        self._request = request
        self._client = client
        self._line = line_of(client, kind)
        self._key = key
        self._body = body
        self._lock = threading.Lock()
        self._refused = False
        self._outcome: tuple[Job, bool] | None = None
        self._error: BaseException | None = None

    def outcome(self) -> tuple[Job, bool]:
        """Carries it out. Raises what a step raised, or `StoreUnavailable` when the time is over."""
        self.start()
        self.join(_PATIENCE * self._publisher.timeout_s)
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._outcome is None:
                self._refused = True
                raise StoreUnavailable("is too slow to take jobs")
            return self._outcome

    def run(self) -> None:
        """All steps. What comes out after the client was refused is undone."""
        try:
            job, known = self._steps()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            with self._lock:
                self._error = error
            return
        with self._lock:
            self._outcome = job, known
            refused = self._refused
        if not refused:
            log.info("job_admitted", job_id=job.id, known=known, characters=len(self._request.text))
        elif not known:
            self._withdrawal(job.id, at_work=True).start()

    def _steps(self) -> tuple[Job, bool]:
        store, request = self._store, self._request
        job_id = store.new_id(self._client)
        with store.admission() as connection:
            try:
                admission = store.admit(
                    request,
                    client=self._client,
                    idempotency_key=self._key,
                    body=self._body,
                    job_id=job_id,
                    line=self._line,
                    on=connection,
                )
            except StoreUnavailable as error:
                if isinstance(error.__cause__, (ConnectionError, TimeoutError)):
                    # A frozen Redis carries it out when it wakes up, perhaps only after the first withdrawal.
                    self._withdrawal(job_id, answers=2).start()
                raise
            if admission.created_ms is None:
                # Its message is a matter of the first submission, or else of a sweep.
                job = store.get(admission.job_id, client=self._client)
                store.durability.confirm(connection)
                return job, True
            self._publish(job_id)
            try:
                store.durability.confirm(connection)
            except StoreUnavailable:
                self._withdrawal(job_id, at_work=True).succeeds()
                raise
        admitted = Job.admitted(
            job_id, self._client, admission.created_ms, request.metadata, callback_url=request.callback_url
        )
        return admitted, False

    def _publish(self, job_id: str) -> None:
        try:
            self._publisher.publish(job_id, self._line)
        except StoreUnavailable:
            if self._withdrawal(job_id).succeeds():
                raise

    def _withdrawal(self, job_id: str, *, answers: int = 1, at_work: bool = False) -> Withdrawal:
        """`at_work`: also where a worker has begun with it."""
        return Withdrawal(
            lambda: self._store.withdraw(job_id, client=self._client, idempotency_key=self._key, at_work=at_work),
            answers=answers,
            job_id=job_id,
        )
