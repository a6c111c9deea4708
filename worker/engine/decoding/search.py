"""What searches have in common, and the greedy one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from worker.engine.decoding.scores import RowRules, Rules, best

#: Stands for what was found for a row with a score that is not finite.
BROKEN = -1


@dataclass(frozen=True, slots=True)
class Advance:
    """What a step of the search has decided.

    `tokens`, (hypotheses,): the newest token of each. `parents`, (hypotheses,): whose past it follows, or None where each goes
    on from its own. `ended` says for each row whether it has ended. `broken` are the rows whose best score is not finite: their
    numbers have outgrown the precision, and they can't go on.
    """

    tokens: Tensor
    parents: Tensor | None
    ended: list[bool]
    broken: list[int]


class Search(Protocol):
    """A search over rows that come and go. Rows lie without gaps, as in `Caches`."""

    beams: int

    def admit(self, count: int) -> None:
        """Adds rows with nothing written yet."""

    def advance(self, logits: Tensor, counts: Sequence[int], rows: Sequence[RowRules]) -> Advance:
        """Picks the next tokens by logits (hypotheses, vocabulary), which it may change. `counts`: tokens written so far."""

    def result(self, row: int) -> list[int]:
        """The target tokens of a row that has ended, with its end token if it came to one."""

    def remove(self, row: int) -> None:
        """Takes a row out; the last one moves to its place."""


class GreedySearch:
    """The best next token, step by step: `num_beams=1` of `generate`."""

    beams = 1

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._written: list[list[int]] = []

    def admit(self, count: int) -> None:
        """Adds rows with nothing written yet."""
        self._written += [[] for _ in range(count)]

    def advance(self, logits: Tensor, counts: Sequence[int], rows: Sequence[RowRules]) -> Advance:
        """See `Search.advance`."""
        self._rules.ban(logits, self._written, counts, rows)
        scores, places = best(logits, 1)
        tokens = places[:, 0]
        listed = read(tokens, scores[:, 0])
        ended = []
        for written, token, row in zip(self._written, listed, rows, strict=True):
            written.append(token)
            ended.append(token in self._rules.ends or (len(written) >= row.most and token != BROKEN))
        return Advance(tokens, None, ended, broken_rows(listed))

    def result(self, row: int) -> list[int]:
        """See `Search.result`."""
        return self._written[row]

    def remove(self, row: int) -> None:
        """Takes a row out; the last one moves to its place."""
        self._written[row] = self._written[-1]
        self._written.pop()


def read(found: Tensor, scores: Tensor) -> list[int]:
    """What was found for each row, (rows,), none of it negative, as a list; `BROKEN` where the row's best score, (rows,), is
    not below infinity or no number at all. Reads from the device once."""
    listed: list[int] = torch.where(scores < float("inf"), found, BROKEN).tolist()
    return listed


def broken_rows(listed: Sequence[int]) -> list[int]:
    """The rows for which `read` found a score that is not finite."""
    return [row for row, found in enumerate(listed) if found == BROKEN]


def keep_last(rows: Tensor, row: int, count: int) -> None:
    """Takes a row out of the first `count` of a tensor, in place; the last one moves to its place."""
    if row != count - 1:
        rows[row] = rows[count - 1]


def widened(rows: Tensor, count: int, width: int | None = None) -> Tensor:
    """A tensor of rows with room for `count` rows and, of its last dimension, `width`; new room holds zeros."""
    shape = list(rows.shape)
    shape[0] = max(shape[0], count)
    if width is not None:
        shape[-1] = max(shape[-1], width)
    if shape == list(rows.shape):
        return rows
    larger = rows.new_zeros(shape)
    larger[tuple(slice(0, size) for size in rows.shape)] = rows
    return larger


def is_end(tokens: Tensor, ends: Sequence[int]) -> Tensor:
    """Where tokens end an output."""
    found = tokens == ends[0]
    for end in ends[1:]:
        found |= tokens == end
    return torch.as_tensor(found)
