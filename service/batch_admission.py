"""From the articles of a batch to their jobs: each is accepted or refused by itself, many at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from service.contract.batches import BatchItem
from service.contract.errors import DepecheError, StoreFault
from service.contract.request import JobRequest

#: Articles of a batch that are on their way to Redis at once: they share its writes to the disk.
AT_ONCE = 16

#: An article, or why it is none.
Wanted = JobRequest | DepecheError


def admit_all(wanted: Sequence[Wanted], admit: Callable[[int, JobRequest], str]) -> list[BatchItem]:
    """What became of each article, in order. `admit` takes an article by its index, and gives the id of its job or raises
    `DepecheError`; one that is refused harms no other."""

    def one(index: int) -> BatchItem:
        article = wanted[index]
        if isinstance(article, DepecheError):
            return BatchItem(error=as_members(article))
        try:
            return BatchItem(job_id=admit(index, article))
        except StoreFault:
            raise
        except DepecheError as error:
            return BatchItem(error=as_members(error))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch") as pool:
        return list(pool.map(one, range(len(wanted))))


def as_members(error: DepecheError) -> dict[str, object]:
    """An error as the interface shows it for one article: status, code, detail; pointer and retry_after where there are any."""
    members: dict[str, object] = {"status": error.status, "code": error.code.value.code, "detail": error.detail}
    if error.pointer is not None:
        members["pointer"] = error.pointer
    if error.retry_after is not None:
        members["retry_after"] = error.retry_after
    return members
