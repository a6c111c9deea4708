"""From the articles of a batch to their jobs: each is accepted or refused by itself, many at once.

A batch that was not accepted leaves nothing behind, however many of its jobs were.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from redis.exceptions import ConnectionError, TimeoutError

from service.contract.batches import BatchItem, BatchStore, item_key
from service.contract.errors import DepecheError, StoreFault, StoreUnavailable
from service.contract.request import JobRequest
from service.contract.store import JobStore
from service.withdrawal import Withdrawal

#: Articles of a batch that are on their way to Redis at once: they share its writes to the disk.
AT_ONCE = 16

#: An article, or why it is none.
Wanted = JobRequest | DepecheError


def admit_all(wanted: Sequence[Wanted], admit: Callable[[int, JobRequest], str]) -> list[BatchItem]:
    """What became of each article, in order. `admit` takes an article by its index, and gives the id of its job or raises
    `DepecheError`; one that is refused harms no other.

    A Redis that is away is no matter of one article: `StoreUnavailable` is raised, and what has not begun is not tried, since
    each would wait for it anew.
    """
    away: list[StoreUnavailable] = []

    def one(index: int) -> BatchItem:
        article = wanted[index]
        if away:
            raise away[0]
        if isinstance(article, DepecheError):
            return BatchItem(error=as_members(article))
        try:
            return BatchItem(job_id=admit(index, article))
        except StoreFault:
            raise
        except StoreUnavailable as error:
            away.append(error)
            raise
        except DepecheError as error:
            return BatchItem(error=as_members(error))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch") as pool:
        return list(pool.map(one, range(len(wanted))))


class FreshJobs:
    """The jobs that came into the ledger with one batch. Thread-safe."""

    def __init__(
        self, store: JobStore, batches: BatchStore, batch_id: str, *, client: str, idempotency_key: str | None
    ) -> None:
        self._store = store
        self._batches = batches
        self._batch_id = batch_id
        self._client = client
        self._key = idempotency_key
        self._jobs: deque[tuple[str, int, Callable[[], None]]] = deque()

    def add(self, job_id: str, index: int, give_back: Callable[[], None]) -> None:
        """Notes the job of the article `index`. `give_back` undoes what it has cost its client."""
        self._jobs.append((job_id, index, give_back))

    def withdraw(self) -> bool:
        """Takes the batch's record and the jobs back, those too that a worker has begun with.

        False where there was no record; it may still come, from a Redis that was frozen. Raises `StoreUnavailable`: what
        was not withdrawn then is so by the next call.
        """
        record = self._batches.withdraw(self._batch_id, client=self._client, idempotency_key=self._key)
        if record is False:  # the same batch was sent again and has its 202
            return True
        while self._jobs:
            job_id, index, give_back = self._jobs[-1]
            key = item_key(self._key, index)
            if self._store.withdraw(job_id, client=self._client, idempotency_key=key, at_work=True):
                give_back()
            self._jobs.pop()
        return record is True


@contextmanager
def all_or_nothing(
    store: JobStore, batches: BatchStore, batch_id: str, *, client: str, idempotency_key: str | None
) -> Iterator[FreshJobs]:
    """Where the body raises, the batch `batch_id` is withdrawn, and the fresh jobs that the body has noted with it."""
    fresh = FreshJobs(store, batches, batch_id, client=client, idempotency_key=idempotency_key)
    try:
        yield fresh
    except Exception as error:
        # A frozen Redis writes the record when it wakes up, perhaps only after the first withdrawal.
        late = isinstance(error.__cause__, (ConnectionError, TimeoutError))
        Withdrawal(fresh.withdraw, answers=2 if late else 1, batch_id=batch_id).succeeds()
        raise


def as_members(error: DepecheError) -> dict[str, object]:
    """An error as the interface shows it for one article: status, code, detail; pointer and retry_after where there are any."""
    members: dict[str, object] = {"status": error.status, "code": error.code.value.code, "detail": error.detail}
    if error.pointer is not None:
        members["pointer"] = error.pointer
    if error.retry_after is not None:
        members["retry_after"] = error.retry_after
    return members
