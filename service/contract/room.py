"""The room in the queue, and how soon there is some again."""

import math
from dataclasses import dataclass

#: Least and most seconds that a refused client is told to wait.
_RETRY_S = (1, 300)

#: Share of the limit down to which the queue should fall before refused clients come back.
_RELIEF = 0.9


@dataclass(frozen=True, slots=True)
class Room:
    """`jobs` are queued or running, of at most `limit`; `ends` jobs have ended in the last `over_ms` ms, about a minute.

    `memory_short` says that new work is refused so that there is memory for what was accepted.
    """

    jobs: int
    limit: int
    ends: int
    over_ms: int
    memory_short: bool = False

    @property
    def full(self) -> bool:
        """Whether another job would be refused."""
        return self.jobs >= self.limit

    @property
    def retry_after(self) -> int:
        """Seconds until the queue is a tenth empty, at the pace of the last minute: 1 to 300, and 300 where nothing ends."""
        least, most = _RETRY_S
        surplus = self.jobs - _RELIEF * self.limit
        if surplus <= 0:
            return least
        if self.ends == 0 or self.over_ms <= 0:
            return most
        return min(most, max(least, math.ceil(surplus * self.over_ms / self.ends / 1000)))
