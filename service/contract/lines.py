"""The lines in which jobs wait for a worker: Celery queues that workers take from in turn.

Each client has a line for each kind of job, by a hash of both. So nobody waits for all that somebody else has sent, nor for a
batch of their own with a single article. There are few lines, so that two clients may share one; then they wait for each other.
"""

from enum import StrEnum
from zlib import crc32

#: The first has the name that it had when there was one line only.
LINES = ("articles", *(f"articles-{number}" for number in range(1, 24)))

#: The line of jobs that were published before: they do not stand in line a second time.
AGAIN = "articles-again"


class Kind(StrEnum):
    """What a job came as."""

    SINGLE = "single"
    BATCH = "batch"  # one of many articles at once
    AWAITED = "awaited"  # somebody waits for the answer of the very request


def line_of(client: str, kind: Kind) -> str:
    """The line in which a job stands: the same in every process."""
    return LINES[crc32(f"{client} {kind.value}".encode()) % len(LINES)]
