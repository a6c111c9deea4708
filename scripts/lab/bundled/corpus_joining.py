"""Short lines joined to long ones (Kondo et al. 2021): everyday words, whose lines are short, in places far into a sentence."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from scripts.lab.bundled.alignment import UNALIGNED

Row = tuple[list[int], list[int]]

#: Shortest length that is aimed at, in pieces of the source.
_SHORTEST = 20


def join(
    rows: Sequence[Row], links: Sequence[np.ndarray], chance: random.Random, *, longest: int
) -> tuple[list[Row], list[np.ndarray]]:
    """Each row once, in random order, joined with its neighbours up to lengths between 20 and `longest` pieces.

    `links` has for each target piece the position of its source piece, or UNALIGNED. What stays alone is left out.
    """
    order = list(range(len(rows)))
    chance.shuffle(order)
    made: list[Row] = []
    made_links: list[np.ndarray] = []
    while order:
        aim = chance.randint(min(_SHORTEST, longest), longest)
        source: list[int] = []
        target: list[int] = []
        parts: list[np.ndarray] = []
        while order:
            more_source, more_target = rows[order[-1]]
            if len(source) + len(more_source) > aim or len(target) + len(more_target) > longest:
                break
            own = links[order.pop()].astype(np.uint8)
            parts.append(np.where(own == UNALIGNED, UNALIGNED, own + len(source)).astype(np.uint8))
            source += more_source
            target += more_target
        if not parts:
            order.pop()  # too long by itself for what was aimed at
        elif len(parts) > 1:
            made.append((source, target))
            made_links.append(np.concatenate(parts))
    return made, made_links
