"""The marks and atoms of one sentence as a tree, and the sentence written again around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.formats.pieces import Kind, Piece

#: A half-open range of characters.
Range = tuple[int, int]

#: No blank belongs before these.
_CLOSING = frozenset('.,;:!?…)]»”’"')


@dataclass(slots=True)
class Node:
    """A mark, a kept text or an atom of a sentence.

    `start` and `end` are its characters in the source sentence; `left` and `right` are to be those in the target. A mark
    whose `opening` is None began before the sentence, one whose `closing` is None ends after it. `before` and `after` say
    whether an atom needs a blank on that side: it stood between two, of which the text has one.
    """

    kind: Kind
    start: int
    end: int
    opening: Piece | None = None
    closing: Piece | None = None
    piece: Piece | None = None
    children: list[Node] = field(default_factory=list)
    left: int = -1
    right: int = -1
    before: bool = False
    after: bool = False

    @property
    def placed(self) -> bool:
        """Whether its place in the target is known."""
        return self.left >= 0


def tree(pieces: Sequence[Piece]) -> tuple[list[Node], int]:
    """The nodes of a sentence's pieces, and how many they are in all."""
    top: list[Node] = []
    stack: list[Node] = []
    atoms: list[Node] = []
    place = count = 0
    for piece in pieces:
        level = stack[-1].children if stack else top
        if piece.kind is Kind.OPEN:
            node = Node(Kind.OPEN, place, -1, opening=piece)
            level.append(node)
            stack.append(node)
            count += 1
        elif piece.kind is Kind.CLOSE and stack:
            node = stack.pop()
            node.end, node.closing = place, piece
        elif piece.kind is Kind.CLOSE:
            top[:] = [Node(Kind.OPEN, 0, place, closing=piece, children=list(top))]
            count += 1
        elif piece.kind is not Kind.TEXT:
            node = Node(piece.kind, place, place + len(piece.text), piece=piece)
            level.append(node)
            count += 1
            if piece.kind is Kind.ATOM and not piece.text:
                atoms.append(node)
        place += len(piece.text)
    for node in stack:
        node.end = place
    _set_apart(pieces, atoms)
    return top, count


def _set_apart(pieces: Sequence[Piece], atoms: Sequence[Node]) -> None:
    """Says of atoms without text, or rows of them, between two blanks, or between a blank and a sign, that they need blanks."""
    waiting = iter(atoms)
    blank = False
    row: list[Node] = []  # what stands here after a blank
    for piece in pieces:
        if piece.kind is Kind.ATOM and not piece.text:
            node = next(waiting)
            if blank or row:
                row.append(node)
            blank = False
        elif piece.kind not in (Kind.OPEN, Kind.CLOSE):
            swallowed = not piece.text
            if row and (swallowed or not (piece.text[0].isspace() or piece.text[0].isalnum())):
                row[0].before = True
                row[-1].after = swallowed
            row = []
            blank = swallowed or piece.text[-1].isspace()


def written(nodes: Sequence[Node], target: str, left: int, right: int) -> list[Piece | str]:
    """The target from `left` to `right` with the nodes, which are all placed, in it."""
    items: list[Piece | str] = []
    place = left
    for node in sorted(nodes, key=lambda node: (node.left, node.right)):
        _say(items, target[place : node.left])
        place = node.right
        if node.kind is Kind.OPEN:
            if node.opening is not None:
                items.append(node.opening)
            items += written(node.children, target, node.left, node.right)
            if node.closing is not None:
                items.append(node.closing)
        elif node.piece is not None:
            if node.kind is Kind.KEPT and node.left == node.right:
                before, after = target[node.left - 1 : node.left], target[node.left : node.left + 1]
                _say(items, " " if before.strip() else "")
                items.append(node.piece)
                _say(items, " " if after.isalnum() else "")
            else:
                before, after = target[node.left - 1 : node.left], target[node.right : node.right + 1]
                _say(items, " " if node.before and before.strip() and not _is_apart(items) else "")
                items.append(node.piece)
                _say(items, " " if node.after and after.strip() and after not in _CLOSING else "")
    _say(items, target[place:right])
    return items


def _is_apart(items: Sequence[Piece | str]) -> bool:
    """Whether the last item is a blank that parts two atoms."""
    return bool(items) and isinstance(items[-1], str) and items[-1][-1].isspace()


def _say(items: list[Piece | str], words: str) -> None:
    """Adds words; strings never stand one after the other."""
    if words and items and isinstance(items[-1], str):
        items[-1] += words
    elif words:
        items.append(words)


def gaps_of(marks: Sequence[Node], frame: Range) -> list[Range]:
    """What the placed marks leave of the frame."""
    gaps = []
    place = frame[0]
    for mark in sorted((mark for mark in marks if mark.placed), key=lambda mark: mark.left):
        if mark.left > place:
            gaps.append((place, mark.left))
        place = max(place, mark.right)
    return [*gaps, (place, frame[1])] if place < frame[1] else gaps


def is_free(span: Range, marks: Sequence[Node], frame: Range) -> bool:
    """Whether a range lies in the frame, and no placed mark in it."""
    if span[0] < frame[0] or span[1] > frame[1]:
        return False
    return not any(mark.placed and mark.left < span[1] and span[0] < mark.right for mark in marks)
