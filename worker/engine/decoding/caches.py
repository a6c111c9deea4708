"""Keys and values of attention for the rows in flight, in place from a row's admission to its end.

Rows lie without gaps: a row that ends is overwritten by the last one. What a hypothesis has written is never moved when beam
search gives it another past: every step adds one slot for each hypothesis of a row, all of a row's hypotheses look at all of
its slots, and a mask says which of them are a hypothesis's own past. Slots that no hypothesis looks at any more are squeezed
out now and then. Since the hypotheses of a row soon agree on all but their last tokens, a row of four takes little more
memory, and time to read it, than a row of one.
"""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.decoding.weights import DecoderWeights

#: Tensors grow to the next multiple of this many source tokens or slots, and of this many rows.
_TOKENS, _ROWS = 32, 8

#: Bytes that are kept for the next rows when none is left.
_KEPT = 256 * 2**20

#: Steps between two looks for slots to squeeze out, and the share of them that makes it worth the while.
_PERIOD, _WORTH = 12, 0.2

_NEVER = float("-inf")


class Caches:
    """`own` is (layers, 2, rows, heads, slots, head width), `cross` is (layers, 2, rows, heads, sources, head width): keys and
    values. Both may be larger than what is in use."""

    def __init__(self, weights: DecoderWeights, beams: int) -> None:
        self._weights = weights
        self._beams = beams
        self._squeeze_at = 0
        self.rows = 0
        #: Slots in use, the newest step's included.
        self.slots = 0
        like = weights.embedding
        shape = (len(weights.layers), 2, 0, weights.heads, 0, weights.width // weights.heads)
        self.own = like.new_empty(shape)
        self.cross = like.new_empty(shape)
        self._source_mask = like.new_empty((0, 0))
        self._own_mask = like.new_empty((0, beams, 0))
        #: Of the slots of one step, each hypothesis sees one.
        self._newest = torch.zeros_like(like[:beams, :1]).expand(beams, beams).clone().fill_(_NEVER).fill_diagonal_(0.0)

    def admit(self, states: Tensor, lengths: list[int]) -> None:
        """Adds rows by their encoder states (rows, sources, width), of which `lengths` are no padding."""
        count, sources = states.shape[:2]
        self._reserve(self.rows + count, sources, 0)
        new = slice(self.rows, self.rows + count)
        # What rows before have left is masked, but must be finite as well: none of it times infinity is not a number.
        self.own[:, :, new, :, : self.slots] = 0.0
        self.cross[:, :, new, :, sources:] = 0.0
        heads = self._weights.heads
        for number, layer in enumerate(self._weights.layers):
            both = layer.cross_source(states).view(count, sources, 2, heads, -1).permute(2, 0, 3, 1, 4)
            self.cross[number, :, new, :, :sources] = both
        places = torch.arange(self._source_mask.shape[1], device=states.device)
        beyond = places[None, :] >= torch.tensor(lengths, device=states.device)[:, None]
        self._source_mask[new] = torch.zeros_like(self._source_mask[new]).masked_fill_(beyond, _NEVER)
        self._own_mask[new] = _NEVER
        self.rows += count

    def extend(self) -> slice:
        """The slots of a new step, of which each hypothesis sees the one of its own place."""
        if self.slots >= self._squeeze_at:
            self._squeeze()
        self._reserve(self.rows, 0, self.slots + self._beams)
        new = slice(self.slots, self.slots + self._beams)
        self._own_mask[: self.rows, :, new] = self._newest
        self.slots = new.stop
        return new

    def own_mask(self) -> Tensor:
        """Added to scores over slots, (rows x heads, beams, slots): 0 for a hypothesis's own past, else minus infinity."""
        mask = self._own_mask[: self.rows, None, :, : self.slots]
        return mask.expand(-1, self._weights.heads, -1, -1).reshape(-1, self._beams, self.slots)

    def source_mask(self, sources: int) -> Tensor:
        """Added to scores over the source, (rows x heads, beams, sources): 0 for a token, minus infinity for padding."""
        mask = self._source_mask[: self.rows, None, None, :sources]
        return mask.expand(-1, self._weights.heads, self._beams, -1).reshape(-1, self._beams, sources)

    def remove(self, row: int) -> None:
        """Takes a row out; the last one moves to its place."""
        last = self.rows - 1
        if row != last:
            self.cross[:, :, row] = self.cross[:, :, last]
            self.own[:, :, row, :, : self.slots] = self.own[:, :, last, :, : self.slots]
            self._source_mask[row] = self._source_mask[last]
            self._own_mask[row] = self._own_mask[last]
        self.rows = last

    def reorder(self, parents: Tensor) -> None:
        """Gives each hypothesis the past of its parent, (rows x beams,): their places among all hypotheses."""
        masks = self._own_mask[: self.rows, :, : self.slots]
        masks.copy_(masks.reshape(-1, self.slots)[parents].view_as(masks))

    def rest(self) -> None:
        """There are no rows left. Keeps the memory for the next ones, unless it is much."""
        if self.own.nbytes + self.cross.nbytes > _KEPT:
            self.clear()
        self.rows = self.slots = self._squeeze_at = 0

    def clear(self) -> None:
        """Drops all rows, and gives the memory back."""
        self.rows = self.slots = self._squeeze_at = 0
        self.own = self.own.new_empty((*self.own.shape[:2], 0, self.own.shape[3], 0, self.own.shape[5]))
        self.cross = self.cross.new_empty(self.own.shape)
        self._source_mask = self._source_mask.new_empty((0, 0))
        self._own_mask = self._own_mask.new_empty((0, self._beams, 0))

    def _squeeze(self) -> None:
        """Moves the slots that somebody sees together, where enough others lie between them."""
        seen = (self._own_mask[: self.rows, :, : self.slots] == 0).any(1)
        most = int(seen.sum(1).max()) if self.slots else 0
        if most < (1 - _WORTH) * self.slots:
            places = seen.byte().argsort(dim=1, descending=True, stable=True)[:, :most]
            self._move(places)
            masks = self._own_mask[: self.rows, :, : self.slots]
            self._own_mask[: self.rows, :, :most] = masks.gather(2, places[:, None].expand(-1, self._beams, -1))
            self.slots = most
        self._squeeze_at = self.slots + _PERIOD * self._beams

    def _move(self, places: Tensor) -> None:
        """Makes the slots at `places` (rows, n) of each row its first ones."""
        heads, slots, width = self.own.shape[3:]
        firsts = torch.arange(self.rows * heads, device=places.device).view(self.rows, heads, 1) * slots
        flat = (firsts + places[:, None]).view(-1)
        for layer in self.own:
            for part in layer:
                part[: self.rows, :, : places.shape[1]] = part.view(-1, width)[flat].view(self.rows, heads, -1, width)

    def _reserve(self, rows: int, sources: int, slots: int) -> None:
        had_rows, had_sources = self._source_mask.shape
        had_slots = self._own_mask.shape[2]
        rows_to = _up(rows, _ROWS) if rows > had_rows else had_rows
        if rows > had_rows or sources > had_sources:
            sources_to = _up(sources, _TOKENS) if sources > had_sources else had_sources
            self.cross = _grown(self.cross, rows_to, sources_to)
            more = (0, sources_to - had_sources, 0, rows_to - had_rows)
            self._source_mask = functional.pad(self._source_mask, more, value=_NEVER)
        if rows > had_rows or slots > had_slots:
            slots_to = _up(max(slots, had_slots * 3 // 2), _TOKENS) if slots > had_slots else had_slots
            self.own = _grown(self.own, rows_to, slots_to)
            wider = (0, slots_to - had_slots, 0, 0, 0, rows_to - had_rows)
            self._own_mask = functional.pad(self._own_mask, wider, value=_NEVER)


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _grown(cache: Tensor, rows: int, tokens: int) -> Tensor:
    """The same with more room. New room holds zeros: what is masked must still be finite."""
    larger = cache.new_zeros((*cache.shape[:2], rows, cache.shape[3], tokens, cache.shape[5]))
    larger[:, :, : cache.shape[2], :, : cache.shape[4]] = cache
    return larger
