"""What an API key may submit in a minute: jobs and characters, counted in Redis so that all front ends agree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from redis import Redis
from redis.commands.core import Script

from service.contract.errors import Code, QuotaExceeded, RequestError
from service.contract.keys import Keys
from service.contract.outages import store_errors
from service.contract.scripts import load_script

#: Seconds of the window: quotas are so much a minute.
WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Most jobs and characters a minute. None: as many as one likes."""

    jobs: int | None = None
    characters: int | None = None

    def or_else(self, others: "Limits") -> "Limits":
        """These, and the others' where there is none."""
        return Limits(
            self.jobs if self.jobs is not None else others.jobs,
            self.characters if self.characters is not None else others.characters,
        )

    def __bool__(self) -> bool:
        return self.jobs is not None or self.characters is not None


class Quota(NamedTuple):
    """One quota as it stands: `left` of `limit` units, all of them again in `whole_s` seconds."""

    name: str
    limit: int
    left: int
    whole_s: int


class QuotaStore:
    """Spends quotas. Thread-safe. A quota is whole after a minute without use, and comes back evenly, so there is no moment at
    which everybody starts anew. Every method raises `StoreUnavailable` where Redis does not do its part."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        self._script: Script = load_script(redis, Keys(prefix), "spend")

    def spend(self, key_id: str, limits: Limits, *, characters: int) -> list[Quota]:
        """Spends one job of so many characters. Returns what is left.

        Raises `QuotaExceeded`, having spent nothing, and `RequestError` (413) for an article that would never fit.
        """
        if limits.characters is not None and characters > limits.characters:
            raise RequestError(
                Code.TOO_LARGE,
                f"The article has {characters} characters, and this API key may submit {limits.characters} a minute, so "
                "it would never pass. Split it, or ask for a larger quota.",
            )
        quotas, waits = self._run(key_id, limits, jobs=1, characters=characters)
        if any(waits):
            wait_ms, quota = max(zip(waits, quotas, strict=True), key=lambda pair: pair[0])
            raise QuotaExceeded(quota.name, quota.limit, retry_after=math.ceil(wait_ms / 1000))
        return quotas

    def give_back(self, key_id: str, limits: Limits, *, characters: int) -> list[Quota]:
        """Undoes what `spend` spent on a job that was not accepted after all. Returns what is left."""
        return self._run(key_id, limits, jobs=-1, characters=-characters)[0]

    def look(self, key_id: str, limits: Limits) -> list[Quota]:
        """What is left."""
        return self._run(key_id, limits, jobs=0, characters=0)[0]

    def _run(self, key_id: str, limits: Limits, *, jobs: int, characters: int) -> tuple[list[Quota], list[int]]:
        """The quotas, and for each the ms after which the cost could be spent: all 0 where it has been."""
        costs = {"jobs": (limits.jobs, jobs), "characters": (limits.characters, characters)}
        asked = [(name, limit, cost) for name, (limit, cost) in costs.items() if limit is not None]
        if not asked:
            return [], []
        with store_errors():
            answer: Sequence[int] = self._script(keys=[], args=[key_id, *(part for quota in asked for part in quota)])
        states = zip(asked, answer[1::3], answer[2::3], answer[3::3], strict=True)
        quotas, waits = [], []
        for (name, limit, _), left, whole_ms, wait_ms in states:
            quotas.append(Quota(name, limit, left, math.ceil(whole_ms / 1000)))
            waits.append(wait_ms)
        return quotas, waits
