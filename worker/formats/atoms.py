"""Places atoms: tags, images and numbers of notes have no words of their own, so they go by what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence

from worker.formats.alignment import Alignment
from worker.formats.nodes import Node, Range
from worker.formats.pieces import Kind


def place_atoms(pair: Alignment, nodes: Sequence[Node], frame: Range, home: Range) -> bool:
    """Places the atoms among `nodes`, whose marks are placed; says whether any of them went by proportion alone.

    `frame` are the characters of the target that they may stand in, `home` those of the source that they stood in.
    """
    marks = [node for node in nodes if node.kind is not Kind.ATOM]
    moved = False
    last = frame[0]
    for node in nodes:
        if node.kind is not Kind.ATOM:
            continue
        at = _beside(pair, node, marks, frame, home)
        if at is None:
            moved = True
            apart = node.end == node.start and pair.source[node.start - 1 : node.start].isspace()
            at = outward(pair, pair.proportional(node.start), to_start=apart)
        at = max(free_place(at, marks, frame), last)
        at = free_place(at, marks, frame)
        if node.end > node.start:  # the end of a line has to part two words
            at = free_place(_inner_blank(pair.target, at, (last, frame[1])), marks, frame)
        node.left = node.right = last = at
        if node.end > node.start:  # it stands for a blank
            while node.left > frame[0] and pair.target[node.left - 1].isspace() and _is_clear(node.left - 1, marks):
                node.left -= 1
            while node.right < frame[1] and pair.target[node.right].isspace() and _is_clear(node.right + 1, marks):
                node.right += 1
            last = node.right
    return moved


def _beside(pair: Alignment, node: Node, marks: Sequence[Node], frame: Range, home: Range) -> int | None:
    place = node.start
    if not pair.source[home[0] : place].strip():
        return frame[0]
    if not pair.source[node.end : home[1]].strip():
        return frame[1]
    for mark in marks:
        if mark.end == place:
            return mark.right
    for mark in marks:
        if mark.start == node.end:
            return mark.left
    if not any(map(str.isalnum, pair.source[node.end : home[1]])):
        right = frame[1]
        while right > frame[0] and not pair.target[right - 1].isalnum():
            right -= 1
        while node.before and right < frame[1] and pair.target[right].isspace():
            right += 1
        return right
    if node.end == place:
        for at, to in pair.anchors.pairs:
            if pair.source_words[at].end == place:
                return pair.target_words[to].end
    border = pair.border(place, home[0], frame[0], before=True)
    if border is None:
        border = pair.border(node.end, home[1], frame[1], before=False)
    if border is not None:
        return border
    for at, to in pair.anchors.pairs:
        if pair.source_words[at].end == place:
            return pair.target_words[to].end
        if pair.source_words[at].start == node.end:
            return pair.target_words[to].start
    return None


def _inner_blank(target: str, place: int, frame: Range) -> int:
    """The blank between two words of the frame that is closest to `place`; the place itself where there is none."""
    left, right = max(frame[0], len(target) - len(target.lstrip())), min(frame[1], len(target.rstrip()))
    blanks = (at for at in range(left, right) if target[at].isspace())
    return min(blanks, key=lambda at: abs(at - place), default=place)


def outward(pair: Alignment, place: float, *, to_start: bool = False) -> int:
    """The end of the word at `place`, or its start."""
    at = min(max(round(place), 0), len(pair.target))
    if to_start:
        while at and not pair.target[at - 1].isspace():
            at -= 1
        return at
    while at < len(pair.target) and not pair.target[at].isspace():
        at += 1
    return at


def free_place(place: int, marks: Sequence[Node], frame: Range) -> int:
    """The place itself, or the end of the mark that it lies in."""
    place = min(max(place, frame[0]), frame[1])
    for mark in marks:
        if mark.placed and mark.left < place < mark.right:
            return mark.right
    return place


def _is_clear(place: int, marks: Sequence[Node]) -> bool:
    return not any(mark.placed and mark.left < place < mark.right for mark in marks)
