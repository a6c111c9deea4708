"""Short rows joined to long ones."""

import random

import numpy as np

from scripts.lab.bundled.alignment import UNALIGNED
from scripts.lab.bundled.corpus_joining import Row, join


def rows(count: int, length: int = 5) -> tuple[list[Row], list[np.ndarray]]:
    """Rows of their own ids; the last piece of each target has no link."""
    made: list[Row] = [
        ([100 * n + i for i in range(length)], [100 * n + i for i in range(length)]) for n in range(count)
    ]
    links = [np.array([*range(length - 1), UNALIGNED], np.uint8) for _ in range(count)]
    return made, links


def test_every_row_comes_once_and_stays_whole() -> None:
    plain, links = rows(60)
    joined, _ = join(plain, links, random.Random(1), longest=40)
    parts = [source[i : i + 5] for source, _ in joined for i in range(0, len(source), 5)]
    assert sorted(parts) == sorted(source for source, _ in plain)
    assert all(10 <= len(source) <= 40 and source == target for source, target in joined)
    assert len({len(source) for source, _ in joined}) > 1


def test_links_point_into_the_joined_source() -> None:
    plain, links = rows(30)
    for (source, target), own in zip(*join(plain, links, random.Random(2), longest=30), strict=True):
        assert len(own) == len(target)
        assert own.dtype == np.uint8
        for piece, link in zip(target, own.tolist(), strict=True):
            assert (link == UNALIGNED) is (piece % 100 == 4)
            assert link == UNALIGNED or source[link] == piece


def test_what_is_too_long_to_be_joined_is_left_out() -> None:
    plain, links = rows(6, length=30)
    assert join(plain, links, random.Random(1), longest=40) == ([], [])
    assert join([], [], random.Random(1), longest=40) == ([], [])
