"""From logits to the tokens that may come next: bans, and the best of each hypothesis."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

#: Scores are looked at by blocks of so many: the best tokens lie in the blocks with the best maxima.
BLOCK = 64

_NEVER = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRules:
    """What one row demands, in target tokens: at most `most` with the end token, at least `least` before it, and no sequence
    of `no_repeat` tokens twice (0: any may come)."""

    most: int
    least: int = 0
    no_repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a model's generation settings demand of every row.

    `start`: the token that decoding starts from; it counts as written for `never_after` and `no_repeat`, as in `generate`.
    `ends`: the tokens that end an output. `never`: tokens that may not come; `never_after`: sequences whose last token may not
    follow the others. `no_repeat`: as a row's. `first`: the one token that every output begins with. `renormalize`: scores are
    those among what is not banned.
    """

    start: int
    ends: tuple[int, ...]
    never: tuple[int, ...] = ()
    never_after: tuple[tuple[int, ...], ...] = ()
    no_repeat: int = 0
    first: int | None = None
    renormalize: bool = False

    def ban(
        self, logits: Tensor, written: Sequence[Sequence[int]] | None, counts: Sequence[int], rows: Sequence[RowRules]
    ) -> None:
        """Sets what may not come next to minus infinity, in place.

        `logits` is (hypotheses, vocabulary); `counts` says how many tokens each row has, `written` which ones each hypothesis
        has (needed where `looks_back` says so).
        """
        beams = logits.shape[0] // max(1, len(rows))
        if self.never:
            logits.index_fill_(1, torch.tensor(self.never, device=logits.device), _NEVER)
        early = [number for number, (row, count) in enumerate(zip(rows, counts, strict=True)) if count < row.least]
        if early:
            places = hypotheses(early, beams, logits.device)
            for end in self.ends:
                logits[places, end] = _NEVER
        fresh = [number for number, count in enumerate(counts) if count == 0] if self.first is not None else []
        if fresh:
            places = hypotheses(fresh, beams, logits.device)
            logits[places] = _NEVER
            logits[places, self.first] = 0.0
        if written is not None:
            for place, past in enumerate(written):
                row = rows[place // beams]
                if self.looks_back([row]) and (banned := self._banned(past, row.no_repeat)):
                    logits[place, banned] = _NEVER

    def looks_back(self, rows: Sequence[RowRules]) -> bool:
        """Whether `ban` has to know what was written."""
        return bool(self.never_after or self.no_repeat) or any(row.no_repeat for row in rows)

    def _banned(self, written: Sequence[int], no_repeat: int) -> list[int]:
        past = [self.start, *written]
        after = [s[-1] for s in self.never_after if len(s) <= len(past) and tuple(past[1 - len(s) :]) == s[:-1]]
        return after + completions(past, self.no_repeat) + completions(written, no_repeat)


def completions(written: Sequence[int], size: int) -> list[int]:
    """The tokens that would repeat a sequence of `size` tokens.

    Paulus et al., "A Deep Reinforced Model for Abstractive Summarization", 2017, section 2.5, with n for three.
    """
    if size < 1 or len(written) < size:
        return []
    past = list(written)
    last = past[len(past) - size + 1 :]
    return [past[at + size - 1] for at in range(len(past) - size + 1) if past[at : at + size - 1] == last]


def hypotheses(rows: Sequence[int], beams: int, device: torch.device) -> Tensor:
    """Where the hypotheses of some rows are, (rows x beams,)."""
    return torch.tensor([row * beams + place for row in rows for place in range(beams)], device=device)


def best(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` best of each row of scores (n, blocks x BLOCK) and where they are, best first: (n, count) both.

    Exact: a block whose maximum is not among the `count` best maxima can't hold one of the `count` best.
    """
    rows, width = scores.shape
    blocks = width // BLOCK
    if blocks <= count:
        values, places = scores.topk(min(count, width), 1)
        return values, places
    by_block = scores.view(rows, blocks, BLOCK)
    maxima = by_block.amax(2)
    # topk is slower than a maximum where it has but one to find
    chosen = maxima.argmax(1, keepdim=True) if count == 1 else maxima.topk(count, 1).indices.sort(1).values
    inside = by_block.gather(1, chosen[:, :, None].expand(-1, -1, BLOCK)).view(rows, -1)
    values, places = inside.max(1, keepdim=True) if count == 1 else inside.topk(count, 1)
    return values, chosen.gather(1, places // BLOCK) * BLOCK + places % BLOCK


def normalizers(scores: Tensor) -> Tensor:
    """The logarithms of the sums of the exponentials, (n,), of scores (n, blocks x BLOCK) of which one is finite at least."""
    highest, places = best(scores, 1)
    return functional.cross_entropy(scores, places[:, 0], reduction="none") + highest[:, 0]
