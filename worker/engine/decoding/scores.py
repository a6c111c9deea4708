"""From logits to the tokens that may come next: bans, and the best of each hypothesis."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

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
            logits[:, self.never] = _NEVER
        for number, (row, count) in enumerate(zip(rows, counts, strict=True)):
            mine = logits[number * beams : (number + 1) * beams]
            if count < row.least:
                mine[:, self.ends] = _NEVER
            if count == 0 and self.first is not None:
                mine.fill_(_NEVER)
                mine[:, self.first] = 0.0
            if written is not None and self.looks_back([row]):
                for place in range(beams):
                    if banned := self._banned(written[number * beams + place], row.no_repeat):
                        mine[place, banned] = _NEVER

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
    chosen = by_block.amax(2).topk(count, 1).indices.sort(1).values
    inside = by_block.gather(1, chosen[:, :, None].expand(-1, -1, BLOCK)).view(rows, -1)
    values, places = inside.topk(count, 1)
    return values, chosen.gather(1, places // BLOCK) * BLOCK + places % BLOCK
