"""Inputs in flight through one model, which others join between two steps."""

from collections.abc import Iterable, Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import Protocol

from worker.engine.backlog import Item
from worker.engine.interface import EngineError, Output
from worker.engine.queue import BatchLimits
from worker.engine.request import Request

#: Share of the room that must be free before others join, since each time they do their sources are encoded as a batch. A job
#: with nothing in flight does not wait for that.
_FREE = 0.25

#: Source tokens that memory is taken for, with padding, are at most so many times the limit.
_PADDED = 4

#: Steps without running out of memory after which a row more is tried.
_EASE = 200


class Flow(Protocol):
    """Rows in flight through one model; what decodes them. Raises what `Decoder.run` does."""

    def admit(self, keys: Sequence[int], batch: Sequence[Request]) -> int:
        """Adds rows under keys of the caller's. Returns the source tokens that were read, with padding.

        Where it raises, none of them is in flight.
        """

    def step(self) -> list[tuple[int, Output | EngineError]]:
        """One target token more for every row. Returns what has ended, and why where a row can't go on."""

    def drop(self, keys: Iterable[int]) -> None:
        """Takes rows out; keys that are not in flight don't matter."""

    def clear(self) -> None:
        """Takes all rows out, whatever state a failure has left, and gives all memory back, also where there are none."""


class ItemFlow:
    """A flow with the items that are in it, within the limits. Used by the engine's thread alone."""

    def __init__(self, flow: Flow, limits: BatchLimits, beams: int) -> None:
        self._flow = flow
        self._limits = limits
        self._beams = beams
        self._rows = limits.rows
        self._eased = 0
        self.items: dict[int, Item] = {}

    def room(self, head: Item) -> tuple[int, int] | None:
        """Source tokens times beams, and rows, that may join now; None while more should come together first.

        `head` is whose turn it is. It fits whatever its length where nothing is in flight.
        """
        if not self.items:
            return self._limits.tokens, self._rows
        lengths = [len(item) for item in self.items.values()]
        tokens = self._limits.tokens - sum(lengths) * self._beams
        # Each row's source is kept at the length of the longest.
        padded = _PADDED * self._limits.tokens // (max(*lengths, len(head)) * self._beams)
        rows = min(self._rows, padded) - len(self.items)
        if rows <= 0 or len(head) * self._beams > tokens:
            return None
        free = tokens >= _FREE * self._limits.tokens and rows >= _FREE * min(self._rows, padded)
        newcomer = all(item.job_id != head.job_id for item in self.items.values())
        return (tokens, rows) if free or newcomer else None

    def rows_left(self) -> int:
        """Rows that there is room for, whatever their length."""
        return self._rows - len(self.items)

    def admit(self, items: Sequence[Item]) -> int:
        """Adds items. Returns the source tokens that were read, with padding. Raises what the model raises."""
        padded = self._flow.admit(
            [item.order for item in items], [Request(item.tokens, item.options) for item in items]
        )
        self.items.update((item.order, item) for item in items)
        return padded

    def step(self) -> int:
        """One step, and the futures of what has ended. Returns how many of them failed. Raises what the model raises."""
        failed = 0
        for key, output in self._flow.step():
            item = self.items.pop(key)
            with suppress(InvalidStateError):  # `close` gave it up
                if isinstance(output, EngineError):
                    failed += 1
                    item.future.set_exception(output)
                else:
                    item.future.set_result(output)
        self._eased += 1
        if self._eased >= _EASE and self._rows < self._limits.rows:
            self._rows, self._eased = self._rows + 1, 0
        return failed

    def drop(self, jobs: set[str]) -> list[Item]:
        """Takes out all items of these jobs."""
        dropped = [item for item in self.items.values() if item.job_id in jobs]
        if dropped:
            self._flow.drop([item.order for item in dropped])
            for item in dropped:
                del self.items[item.order]
        return dropped

    def clear(self) -> list[Item]:
        """Takes out everything, after a failure, and gives the memory back."""
        self._flow.clear()
        items = list(self.items.values())
        self.items.clear()
        return items

    def shrink(self, rows: int) -> None:
        """So many rows ran out of memory: half of them may be in flight from now on, and slowly more again."""
        self._rows, self._eased = max(1, min(self._rows, rows // 2)), 0
