"""Bodies of batches are cut where a parser would cut them, wherever the network has cut them before."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.cutters import ArrayCutter, Cutter, LineCutter

_SCALARS = st.none() | st.booleans() | st.integers() | st.text('ab"\\[]{},:\n é’\U0001f600', max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('jobs"\\[{', max_size=5), inner, max_size=3),
)


def in_chunks(cutter: Cutter, body: bytes, sizes: list[int]) -> list[bytes]:
    """Feeds the body in chunks of these sizes, again and again."""
    found, place, turn = [], 0, 0
    while place < len(body):
        size = sizes[turn % len(sizes)]
        found += cutter.feed(body[place : place + size])
        place += size
        turn += 1
    return found + cutter.finish()


_SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(
    st.lists(_VALUES, max_size=5),
    st.dictionaries(st.text("abjos", max_size=4).filter(lambda name: name != "jobs"), _VALUES, max_size=3),
    st.booleans(),
    st.sampled_from([None, 2]),
    st.booleans(),
    _SIZES,
)
def test_the_elements_of_an_array_are_cut_out(
    jobs: list[Any], others: dict[str, Any], first: bool, indent: int | None, ascii_only: bool, sizes: list[int]
) -> None:
    document = {"jobs": jobs, **others} if first else {**others, "jobs": jobs}
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    cutter = ArrayCutter("jobs")
    elements = in_chunks(cutter, body, sizes)
    assert [json.loads(element) for element in elements] == jobs
    assert json.loads(cutter.rest) == {**document, "jobs": []}


@given(st.binary(max_size=60) | st.text('{}[]",:\\jobs 1', max_size=60).map(str.encode), _SIZES)
def test_no_byte_is_lost_or_made_up(body: bytes, sizes: list[int]) -> None:
    at_once, in_pieces = ArrayCutter("jobs"), ArrayCutter("jobs")
    assert at_once.feed(body) == in_chunks(in_pieces, body, sizes)
    assert at_once.rest == in_pieces.rest
    assert len(at_once.rest) <= len(body)


@pytest.mark.parametrize(
    ("body", "elements", "rest"),
    [
        (b'{"jobs": []}', [], b'{"jobs": []}'),
        (b'{"jobs": [ \n]}', [], b'{"jobs": []}'),
        (b'{"jobs": [1, 2]}', [b"1", b" 2"], b'{"jobs": []}'),
        (b'{"jobs": [1,]}', [b"1", b""], b'{"jobs": []}'),
        (b'{"jobs": [,1]}', [b"", b"1"], b'{"jobs": []}'),
        (b'{"jobs": [1], "jobs": [2]}', [b"1", b"2"], b'{"jobs": [], "jobs": []}'),
        (b'{"a": {"jobs": [1, 2]}}', [], b'{"a": {"jobs": [1, 2]}}'),
        (b'{"a": "\\"jobs\\": [", "b": [1]}', [], b'{"a": "\\"jobs\\": [", "b": [1]}'),
        (b'{"\\u006aobs": [1]}', [], b'{"\\u006aobs": [1]}'),
        (b'[{"jobs": [1]}]', [], b'[{"jobs": [1]}]'),
        (b'{"jobs": [1, 2', [b"1"], b'{"jobs": ['),
    ],
)
def test_what_is_cut_and_what_is_left(body: bytes, elements: list[bytes], rest: bytes) -> None:
    cutter = ArrayCutter("jobs")
    assert cutter.feed(body) + cutter.finish() == elements
    assert cutter.rest == rest


@given(st.text("a\n\r é", max_size=40), _SIZES)
def test_lines_end_with_line_feeds_and_blank_ones_are_none(text: str, sizes: list[int]) -> None:
    body = text.encode()
    assert in_chunks(LineCutter(), body, sizes) == [line for line in body.split(b"\n") if line.strip()]


@pytest.mark.parametrize(
    "body", [b"[" * 400_000, b'"\\\\' * 200_000, b'{"a":[],' * 60_000, b'{"jobs": [' + b" " * 500_000]
)
def test_hostile_bodies_take_linear_time(body: bytes) -> None:
    cutter = ArrayCutter("jobs")
    began = time.process_time()
    for place in range(0, len(body), 65_536):
        cutter.feed(body[place : place + 65_536])
    assert time.process_time() - began < 2
