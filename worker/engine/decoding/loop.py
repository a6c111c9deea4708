"""The decode loop: rows come in between two steps, go on together, and leave as they end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engine.decoding.caches import Caches
from worker.engine.decoding.scores import RowRules
from worker.engine.decoding.search import Search
from worker.engine.decoding.step import Stepper
from worker.engine.decoding.weights import DecoderWeights


@dataclass(slots=True)
class _Row:
    tag: int
    rules: RowRules
    sources: int
    count: int = 0


class DecodeLoop:
    """Rows in flight through one model. Used by one thread, in inference mode.

    `search` makes an empty search; `start` is the token that decoding starts from.
    """

    def __init__(self, weights: DecoderWeights, search: Callable[[], Search], *, start: int) -> None:
        self._make_search = search
        self._start = start
        self._search = search()
        self._caches = Caches(weights, self._search.beams)
        self._stepper = Stepper(weights, self._caches, self._search.beams)
        self._device = weights.embedding.device
        self._rows: list[_Row] = []
        self._tokens = torch.zeros(0, dtype=torch.long, device=self._device)

    def __len__(self) -> int:
        """Rows in flight."""
        return len(self._rows)

    def admit(self, tags: Sequence[int], states: Tensor, lengths: Sequence[int], rules: Sequence[RowRules]) -> None:
        """Adds rows: `states` (rows, sources, width) are the encoder's, of which `lengths` are no padding."""
        self._caches.admit(states, list(lengths))
        self._search.admit(len(tags))
        self._rows += [_Row(*row) for row in zip(tags, rules, lengths, strict=True)]
        fresh = self._tokens.new_full((len(tags) * self._search.beams,), self._start)
        self._tokens = torch.cat([self._tokens, fresh])

    def step(self) -> list[tuple[int, list[int] | None]]:
        """One token more for every row. Returns what has ended: tags and target tokens, in no order.

        None stands in place of the tokens of a row whose scores are no longer finite.
        """
        rows, beams = self._rows, self._search.beams
        counts = [row.count for row in rows]
        places = torch.tensor(counts, device=self._device).repeat_interleave(beams)
        logits = self._stepper(self._tokens, places, max(row.sources for row in rows))
        advance = self._search.advance(logits, counts, [row.rules for row in rows])
        self._tokens = advance.tokens
        if advance.parents is not None:
            self._caches.reorder(advance.parents)
        for row in rows:
            row.count += 1
        ended = [number for number, over in enumerate(advance.ended) if over]
        found: list[tuple[int, list[int] | None]] = [(rows[number].tag, None) for number in advance.broken]
        found += [(rows[number].tag, self._search.result(number)) for number in ended]
        for number in sorted([*ended, *advance.broken], reverse=True):
            self._remove(number)
        return found

    def drop(self, tags: set[int]) -> None:
        """Takes rows out that nobody wants any more."""
        for number in reversed(range(len(self._rows))):
            if self._rows[number].tag in tags:
                self._remove(number)

    def rest(self) -> None:
        """There are no rows left: gives memory back, unless it is worth keeping for the next ones."""
        self._caches.rest()

    def clear(self) -> None:
        """Drops everything, and gives the memory back: after a step that failed."""
        self._rows.clear()
        self._caches.clear()
        self._stepper.clear()
        self._search = self._make_search()
        self._tokens = self._tokens[:0]

    def _remove(self, number: int) -> None:
        beams, last = self._search.beams, len(self._rows) - 1
        self._caches.remove(number)
        self._search.remove(number)
        self._rows[number] = self._rows[last]
        self._rows.pop()
        self._tokens[number * beams : (number + 1) * beams] = self._tokens[last * beams :].clone()
        self._tokens = self._tokens[: last * beams]
