"""Beam search, as transformers 5 does it, for rows that are at different places of their outputs.

Every row is searched as `generate` would search it alone: same candidates, same length penalty, same rules for an early end.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.engine.decoding.scores import RowRules, Rules, best, normalizers
from worker.engine.decoding.search import Advance, broken_rows, is_end, keep_last, read, widened

#: The score of what is no hypothesis.
_NOTHING = -1.0e9

#: Rows and target tokens by which the state grows.
_ROWS, _TOKENS = 16, 64


class BeamSearch:
    """`num_beams` of `generate`. `early_stopping` is True, False or "never"; `longest` is the model's own limit, in target
    tokens, which "never" reckons with."""

    def __init__(
        self,
        rules: Rules,
        beams: int,
        *,
        length_penalty: float,
        early_stopping: bool | str,
        longest: int,
        device: torch.device,
    ) -> None:
        self.beams = beams
        self._rules = rules
        self._penalty = length_penalty
        self._early = early_stopping
        self._longest = longest
        self._kept = max(2, 1 + len(rules.ends)) * beams
        self._rows = 0
        self._running = torch.zeros((0, beams), device=device)
        self._written = torch.zeros((0, beams, 0), dtype=torch.long, device=device)
        self._done = torch.zeros((0, beams), dtype=torch.bool, device=device)
        self._done_scores = torch.zeros((0, beams), device=device)
        self._done_lengths = torch.zeros((0, beams), dtype=torch.long, device=device)
        self._done_written = torch.zeros((0, beams, 0), dtype=torch.long, device=device)

    def admit(self, count: int) -> None:
        """Adds rows with nothing written yet. Only the first hypothesis of each counts in the first step."""
        rows, new = self._rows + count, slice(self._rows, self._rows + count)
        if rows > self._running.shape[0]:
            room = rows + _ROWS
            for name in ("_running", "_written", "_done", "_done_scores", "_done_lengths", "_done_written"):
                setattr(self, name, widened(getattr(self, name), room))
        self._running[new] = _NOTHING
        self._running[new, 0] = 0.0
        self._done[new] = False
        self._done_scores[new] = _NOTHING
        self._done_lengths[new] = 0
        self._rows = rows

    def advance(self, logits: Tensor, counts: Sequence[int], rows: Sequence[RowRules]) -> Advance:
        """See `Search.advance`."""
        count, beams, device = self._rows, self.beams, logits.device
        before = torch.tensor(counts, device=device)
        values, tokens = self._candidates(logits, counts, rows)
        scores, chosen = values.view(count, -1).topk(self._kept, 1)
        parents = chosen // values.shape[1]
        tokens = tokens.view(count, -1).gather(1, chosen)
        most = torch.tensor([row.most for row in rows], device=device)
        hits = is_end(tokens, self._rules.ends) | (before + 1 >= most)[:, None]

        self._finish(scores, parents, tokens, hits, before)
        going, places = (scores + hits.float() * _NOTHING).topk(beams, 1)
        next_tokens, next_parents = tokens.gather(1, places), parents.gather(1, places)
        self._write(next_tokens, next_parents, before)
        self._running[:count] = going
        ended = hits.all(1) | ~self._may_improve(before + 1)
        if self._early is True:
            ended |= self._done[:count].all(1)
        over = read(ended.long(), scores[:, 0])
        offsets = torch.arange(count, device=device)[:, None] * beams
        followed = (next_parents + offsets).view(-1)
        return Advance(next_tokens.view(-1), followed, [found == 1 for found in over], broken_rows(over))

    def result(self, row: int) -> list[int]:
        """See `Search.result`."""
        found: list[int] = self._done_written[row, 0, : self._done_lengths[row, 0]].tolist()
        return found

    def remove(self, row: int) -> None:
        """Takes a row out; the last one moves to its place."""
        for state in (
            self._running, self._written, self._done, self._done_scores, self._done_lengths, self._done_written
        ):  # fmt: skip
            keep_last(state, row, self._rows)
        self._rows -= 1

    def _candidates(self, logits: Tensor, counts: Sequence[int], rows: Sequence[RowRules]) -> tuple[Tensor, Tensor]:
        """The best next tokens of each hypothesis with the scores that they lead to, (hypotheses, kept) both."""
        count, beams, rules = self._rows, self.beams, self._rules
        written = None
        if rules.looks_back(rows):
            written = [
                self._written[n // beams, n % beams, : counts[n // beams]].tolist() for n in range(count * beams)
            ]
        normalizer = None if rules.renormalize else normalizers(logits)
        rules.ban(logits, written, counts, rows)
        if normalizer is None:
            normalizer = normalizers(logits)
        elif rules.first is not None and 0 in counts:  # a forced token is sure
            fresh = torch.tensor([n == 0 for n in counts], device=logits.device).repeat_interleave(beams)
            normalizer = normalizer.masked_fill(fresh, 0.0)
        values, tokens = best(logits, self._kept)
        return values + (self._running[:count].view(-1) - normalizer)[:, None], tokens

    def _finish(self, scores: Tensor, parents: Tensor, tokens: Tensor, hits: Tensor, before: Tensor) -> None:
        """Takes what has just ended, and is among the `beams` best, into the best ended ones of its row."""
        count, beams = self._rows, self.beams
        just = hits.clone()
        just[:, beams:] = False
        some = just.any(1).nonzero()[:, 0]
        if not len(some):
            return
        lengths = (before[some] + 1)[:, None].expand(-1, self._kept)
        ended = torch.where(just[some], scores[some] / lengths.float() ** self._penalty, _NOTHING)
        written = self._past(some, parents[some], before)
        written.scatter_(2, before[some][:, None, None].expand(-1, self._kept, 1), tokens[some][:, :, None])
        width = written.shape[2]
        self._done_written = widened(self._done_written, count, width)
        merged = torch.cat([self._done_scores[some], ended], 1)
        self._done_scores[some], kept = merged.topk(beams, 1)
        flags = torch.cat([self._done[some], just[some]], 1)
        self._done[some] = flags.gather(1, kept)
        self._done_lengths[some] = torch.cat([self._done_lengths[some], lengths], 1).gather(1, kept)
        texts = torch.cat([self._done_written[some][:, :, :width], written], 1)
        self._done_written[some, :, :width] = texts.gather(1, kept[:, :, None].expand(-1, -1, width))

    def _past(self, rows: Tensor, parents: Tensor, before: Tensor) -> Tensor:
        """What the parents in some rows had written, with room for one more: (rows, parents, tokens)."""
        width = int(before.max()) + 1
        if width > self._written.shape[2]:
            self._written = widened(self._written, self._rows, width + _TOKENS)
        return self._written[rows, :, :width].gather(1, parents[:, :, None].expand(-1, -1, width))

    def _write(self, tokens: Tensor, parents: Tensor, before: Tensor) -> None:
        every = torch.arange(self._rows, device=tokens.device)
        written = self._past(every, parents, before)
        written.scatter_(2, before[:, None, None].expand(-1, self.beams, 1), tokens[:, :, None])
        self._written[: self._rows, :, : written.shape[2]] = written

    def _may_improve(self, lengths: Tensor) -> Tensor:
        """Whether a row's best hypothesis could still beat the worst of those that have ended, (rows,)."""
        count = self._rows
        reckoned = lengths.float()
        if self._early == "never" and self._penalty > 0:
            reckoned = torch.full_like(reckoned, float(self._longest))
        hope = self._running[:count, :1] / reckoned[:, None] ** self._penalty
        worst = self._done_scores[:count].min(1, keepdim=True).values
        return (hope > torch.where(self._done[:count], worst, _NOTHING)).any(1)
