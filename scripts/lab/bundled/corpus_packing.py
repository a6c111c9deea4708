"""Packed training data: ids of all segments in flat arrays, and batches of similar length drawn from them by weight."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from scripts.lab.bundled.alignment import UNALIGNED
from scripts.lab.bundled.vocabulary import EOS, PAD

#: Upper ends of the length classes, in pieces of the longer side, the end mark included.
CLASSES = (6, 8, 10, 12, 14, 16, 19, 22, 26, 30, 35, 41, 48, 56, 66, 80)
_FILE = "train.npz"


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Padded ids of one step. All are int64 of shape (segments, length)."""

    #: Source ids, each row closed by EOS, then PAD.
    source: torch.Tensor
    #: What the decoder reads: PAD as its start mark, then the target shifted right.
    given: torch.Tensor
    #: What the decoder should say, closed by EOS; -100 on padding.
    wanted: torch.Tensor
    #: The source position behind each wanted piece, -1 where none is known.
    links: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(*(t.to(device, non_blocking=True) for t in (self.source, self.given, self.wanted, self.links)))


@dataclasses.dataclass(frozen=True, slots=True)
class Packed:
    """Segments in flat arrays: row i of a side is `flat[offsets[i]:offsets[i + 1]]`, without the end mark."""

    source: np.ndarray
    source_offsets: np.ndarray
    target: np.ndarray
    target_offsets: np.ndarray
    #: Parallel to `target`: position in the source row, UNALIGNED where none.
    links: np.ndarray
    #: How often a row is drawn, against the others.
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def lengths(self) -> np.ndarray:
        """Pieces of the longer side of each row, the end mark included."""
        longer: np.ndarray = np.maximum(np.diff(self.source_offsets), np.diff(self.target_offsets)) + 1
        return longer

    def batch(self, rows: Sequence[int] | np.ndarray) -> Batch:
        """The rows as one padded batch."""
        sources = [self.source[self.source_offsets[i] : self.source_offsets[i + 1]] for i in rows]
        targets = [self.target[self.target_offsets[i] : self.target_offsets[i + 1]] for i in rows]
        wide, high = max(map(len, sources)) + 1, max(map(len, targets)) + 1
        source = np.full((len(sources), wide), PAD, np.int64)
        given = np.full((len(sources), high), PAD, np.int64)
        wanted = np.full((len(sources), high), -100, np.int64)
        links = np.full((len(sources), high), -1, np.int64)
        for n, (i, left, right) in enumerate(zip(rows, sources, targets, strict=True)):
            source[n, : len(left)] = left
            source[n, len(left)] = EOS
            given[n, 1 : len(right) + 1] = right
            wanted[n, : len(right)] = right
            wanted[n, len(right)] = EOS
            known = self.links[self.target_offsets[i] : self.target_offsets[i + 1]].astype(np.int64)
            links[n, : len(right)] = np.where(known == UNALIGNED, -1, known)
            links[n, len(right)] = len(left)
        return Batch(*(torch.from_numpy(a) for a in (source, given, wanted, links)))


def pack(
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    links: Sequence[np.ndarray],
    weights: Sequence[float],
) -> Packed:
    """Packs rows of ids (under 65,536) with their links and weights."""

    def flat(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(r) for r in rows], out=offsets[1:])
        out = np.empty(int(offsets[-1]), np.uint16)
        for i, row in enumerate(rows):
            out[offsets[i] : offsets[i + 1]] = row
        return out, offsets

    source, source_offsets = flat(sources)
    target, target_offsets = flat(targets)
    joined = np.concatenate(links) if len(links) else np.empty(0, np.uint8)
    return Packed(source, source_offsets, target, target_offsets, joined, np.asarray(weights, np.float32))


def save(packed: Packed, folder: Path) -> None:
    """Writes `folder/train.npz`, compressed."""
    fields = {f.name: getattr(packed, f.name) for f in dataclasses.fields(packed)}
    for name in ("source_offsets", "target_offsets"):
        fields[name] = np.diff(fields[name]).astype(np.uint8)
    np.savez_compressed(folder / _FILE, **fields)


def load(folder: Path) -> Packed:
    """Reads what `save` wrote."""
    with np.load(folder / _FILE) as stored:
        fields = {name: stored[name] for name in stored.files}
    for name in ("source_offsets", "target_offsets"):
        fields[name] = np.concatenate([[0], np.cumsum(fields[name], dtype=np.int64)])
    return Packed(**fields)


class Sampler:
    """Draws batches of rows of one length class, the class and the rows by weight, for ever and repeatably."""

    def __init__(self, packed: Packed, *, seed: int, skip: int = 0) -> None:
        self._packed = packed
        self._chance = np.random.default_rng((seed, skip))
        lengths = packed.lengths()
        classes = np.searchsorted(CLASSES, lengths)
        self._rows = [np.flatnonzero(classes == c) for c in range(len(CLASSES))]
        self._sums = [np.cumsum(packed.weights[rows], dtype=np.float64) for rows in self._rows]
        spent = np.diff(packed.target_offsets) + 1
        #: Target pieces that each class would get if rows were drawn by weight alone.
        self._mass = np.array([float((packed.weights[rows] * spent[rows]).sum()) for rows in self._rows])
        if not self._mass.any():
            raise ValueError("the packed data holds no row short enough to learn from")

    def draw(self, *, pieces: int, longest: float, shortness: float = 0.0) -> Batch:
        """One batch of about `pieces` target positions, padding included.

        Only classes up to about `longest` pieces are drawn; `shortness` (0 to 1) moves the weight from long to short ones.
        """
        ends = np.array(CLASSES, float)
        open_classes = np.concatenate([[True], ends[:-1] < longest])
        weight = self._mass * open_classes * ends ** (-2.0 * shortness)
        if not weight.any():
            weight = self._mass
        chosen = int(self._chance.choice(len(ends), p=weight / weight.sum()))
        count = max(1, round(pieces / CLASSES[chosen]))
        sums = self._sums[chosen]
        # Four times as many as needed, sorted by shape, then a run of them: less padding.
        at = np.searchsorted(sums, self._chance.random(4 * count) * sums[-1])
        at = np.minimum(at, len(sums) - 1)
        rows = self._rows[chosen][at]
        packed = self._packed
        order = np.lexsort((np.diff(packed.source_offsets)[rows], np.diff(packed.target_offsets)[rows]))
        first = int(self._chance.integers(0, 4)) * count
        return packed.batch(rows[order[first : first + count]])
