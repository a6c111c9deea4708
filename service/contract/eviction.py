"""What Redis throws away, without a word, when its memory is full."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Eviction:
    """A server's `maxmemory-policy`, and its `maxmemory` in bytes; 0 where there is no limit, and so nothing is evicted."""

    policy: str
    limit: int

    @classmethod
    def of(cls, memory: Mapping[str, object]) -> Self | None:
        """From INFO's section `memory`. None where the server does not say."""
        policy, limit = memory.get("maxmemory_policy"), memory.get("maxmemory")
        return cls(policy, limit) if isinstance(policy, str) and isinstance(limit, int) else None

    @property
    def takes_jobs(self) -> bool:
        """Whether jobs may go that have not ended: their records don't expire, which `allkeys` alone does not mind."""
        return self.limit > 0 and self.policy.startswith("allkeys-")

    @property
    def takes_results(self) -> bool:
        """Whether what is kept for a time may go before that: results, and everything else that expires."""
        return self.limit > 0 and self.policy != "noeviction"
