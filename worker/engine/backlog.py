"""What waits for one model: fair between jobs, and quick to find by length."""

from bisect import bisect_left
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heappop, heappush

from worker.engine.interface import DecodeOptions, Output, Role, Tokens

#: Inputs this close in length, in tokens, always share a batch; beyond it the longest is at most `_RATIO` of the shortest.
_SPREAD = 32
_RATIO = 4


@dataclass(slots=True, eq=False)
class Item:
    """One input on its way through the engine.

    The queue sets `order`, which counts up over all that it let in, and `queued_at`, in monotonic seconds; the backlog sets
    `turn`, by which items are taken.
    """

    role: Role
    job_id: str
    tokens: Tokens
    options: DecodeOptions
    future: Future[Output] = field(default_factory=Future)
    order: int = 0
    queued_at: float = 0.0
    turn: float = 0.0

    def __len__(self) -> int:
        return len(self.tokens)


_Line = list[tuple[float, int, Item]]


class Backlog:
    """The waiting inputs of one role. Not thread-safe: the batcher holds its lock.

    Jobs take turns by tokens, so that an article need not wait for a book that came before it: start-time fair queueing,
    Goyal, Vin and Cheng, 1996. A job's own inputs keep their order.

    Adding, dropping and taking an item cost O(log n) each, and a batch O(d log d) for d distinct lengths. What was taken out
    of the middle of a line leaves it when it comes to its head.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Item] = {}
        self._line: _Line = []
        self._lengths: dict[int, _Line] = {}
        self._counts: dict[int, int] = {}
        self._jobs: dict[str, dict[int, Item]] = {}
        self._job_tokens: dict[str, int] = {}
        self._served: dict[str, float] = {}
        self._turn = 0.0
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: Item) -> None:
        """Puts an item behind its job's others, and where its job's turn is."""
        item.turn = max(self._turn, self._served.get(item.job_id, 0.0))
        self._served[item.job_id] = item.turn + len(item)
        entry = (item.turn, item.order, item)
        heappush(self._line, entry)
        heappush(self._lengths.setdefault(len(item), []), entry)
        self._counts[len(item)] = self._counts.get(len(item), 0) + 1
        self._waiting[item.order] = item
        self._jobs.setdefault(item.job_id, {})[item.order] = item
        self._job_tokens[item.job_id] = self._job_tokens.get(item.job_id, 0) + len(item)
        self.tokens += len(item)

    def oldest(self) -> Item | None:
        """Whose turn it is, or None."""
        return self._head(self._line)

    def waiting(self, job_id: str) -> int:
        """Tokens that a job has waiting."""
        return self._job_tokens.get(job_id, 0)

    def take_small(self, tokens: int, rows: int, others: Collection[str]) -> list[Item]:
        """Takes out all that the first job has which is small enough, leaving `others` aside; empty where there is none."""
        for job_id, waiting in self._job_tokens.items():
            if waiting <= tokens and len(self._jobs[job_id]) <= rows and job_id not in others:
                return self.drop(job_id)
        return []

    def drop(self, job_id: str) -> list[Item]:
        """Takes out all items of a job."""
        items = list(self._jobs.get(job_id, {}).values())
        for item in items:
            self._remove(item)
        return items

    def clear(self) -> list[Item]:
        """Takes out everything."""
        items = list(self._waiting.values())
        for item in items:
            self._remove(item)
        return items

    def take(self, budget: int, rows: int, beams: int = 1) -> list[Item]:
        """Takes out the next batch: the item whose turn it is, and items of the nearest lengths, by turn among equals.

        Rows x longest x beams stays within `budget` tokens, unless one item alone exceeds it; at most `rows` items.
        """
        seed = self.oldest()
        if seed is None:
            return []
        batch = [seed]
        self._turn = max(self._turn, seed.turn)
        self._remove(seed)
        longest = shortest = len(seed)
        known = sorted(self._counts)
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
            while room > 0 and length in self._counts and (item := self._head(self._lengths[length])) is not None:
                batch.append(item)
                self._remove(item)
                room -= 1
        return batch

    def _head(self, line: _Line) -> Item | None:
        while line and line[0][1] not in self._waiting:
            heappop(line)
        return line[0][2] if line else None

    def _remove(self, item: Item) -> None:
        del self._waiting[item.order]
        self._counts[len(item)] -= 1
        if not self._counts[len(item)]:
            del self._counts[len(item)], self._lengths[len(item)]
        job = self._jobs[item.job_id]
        del job[item.order]
        self._job_tokens[item.job_id] -= len(item)
        if not job:
            del self._jobs[item.job_id], self._served[item.job_id], self._job_tokens[item.job_id]
        self.tokens -= len(item)
        if not self._waiting:
            self._line.clear()


def _alike(shorter: int, longer: int) -> bool:
    return longer - shorter <= _SPREAD or longer <= shorter * _RATIO
