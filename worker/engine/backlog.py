"""What waits for one model: oldest first, and quick to find by length."""

from bisect import bisect_left
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field

from worker.engine.interface import DecodeOptions, Output, Role, Tokens

#: Inputs this close in length, in tokens, always share a batch; beyond it the longest is at most `_RATIO` of the shortest.
_SPREAD = 32
_RATIO = 4


@dataclass(slots=True, eq=False)
class Item:
    """One input on its way through the engine.

    The queue sets `order`, which counts up over all that it let in, and `queued_at`, in monotonic seconds.
    """

    role: Role
    job_id: str
    tokens: Tokens
    options: DecodeOptions
    future: Future[Output] = field(default_factory=Future)
    order: int = 0
    queued_at: float = 0.0

    def __len__(self) -> int:
        return len(self.tokens)


class Backlog:
    """The waiting inputs of one role. Not thread-safe: the batcher holds its lock.

    Adding, dropping and taking an item cost O(1) each, and a batch O(d log d) for d distinct lengths. (An ordinary dict
    would not do: finding its first key walks over all that was deleted before it.)
    """

    def __init__(self) -> None:
        self._arrivals: OrderedDict[int, Item] = OrderedDict()
        self._lengths: dict[int, OrderedDict[int, Item]] = {}
        self._jobs: dict[str, dict[int, Item]] = {}
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._arrivals)

    def add(self, item: Item) -> None:
        """Puts an item at the end."""
        self._arrivals[item.order] = item
        self._lengths.setdefault(len(item), OrderedDict())[item.order] = item
        self._jobs.setdefault(item.job_id, {})[item.order] = item
        self.tokens += len(item)

    def oldest(self) -> Item | None:
        """What has waited longest, or None."""
        return next(iter(self._arrivals.values()), None)

    def drop(self, job_id: str) -> list[Item]:
        """Takes out all items of a job."""
        items = list(self._jobs.get(job_id, {}).values())
        for item in items:
            self._remove(item)
        return items

    def clear(self) -> list[Item]:
        """Takes out everything."""
        items = list(self._arrivals.values())
        for item in items:
            self._remove(item)
        return items

    def take(self, budget: int, rows: int, beams: int = 1) -> list[Item]:
        """Takes out the next batch: the oldest item, and items of the nearest lengths, oldest first among equals.

        Rows x longest x beams stays within `budget` tokens, unless one item alone exceeds it; at most `rows` items.
        """
        seed = self.oldest()
        if seed is None:
            return []
        batch = [seed]
        self._remove(seed)
        longest = shortest = len(seed)
        known = sorted(self._lengths)
        above = bisect_left(known, longest)
        below = above - 1
        while len(batch) < rows:
            # The nearest length on either side that still fits, the seed's own first and the shorter one among equals
            # (it costs less).
            up = known[above] if above < len(known) else None
            if up is not None and ((len(batch) + 1) * up * beams > budget or not _alike(shortest, up)):
                up, above = None, len(known)
            down = known[below] if below >= 0 else None
            if down is not None and ((len(batch) + 1) * longest * beams > budget or not _alike(down, longest)):
                down, below = None, -1
            if up is not None and (down is None or up - len(seed) < len(seed) - down):
                length, above = up, above + 1
            elif down is not None:
                length, below = down, below - 1
            else:
                break
            longest, shortest = max(longest, length), min(shortest, length)
            room = min(rows, budget // (longest * beams)) - len(batch)
            bucket = self._lengths[length]
            for item in [item for item, _ in zip(bucket.values(), range(room), strict=False)]:
                batch.append(item)
                self._remove(item)
        return batch

    def _remove(self, item: Item) -> None:
        del self._arrivals[item.order]
        bucket = self._lengths[len(item)]
        del bucket[item.order]
        if not bucket:
            del self._lengths[len(item)]
        job = self._jobs[item.job_id]
        del job[item.order]
        if not job:
            del self._jobs[item.job_id]
        self.tokens -= len(item)


def _alike(shorter: int, longer: int) -> bool:
    return longer - shorter <= _SPREAD or longer <= shorter * _RATIO
