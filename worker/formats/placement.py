"""Puts the marks of a sentence on the words of its translation. docs/formats.md has the rules, and how often they are right.

In order of trust: a mark around the whole sentence; words that are written the same, or nearly, in both languages; marks
framed by the same punctuation; the translation of the marked words alone, where the caller has it; and the place in
proportion, which counts as moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from worker.formats.alignment import STOPS, Alignment
from worker.formats.atoms import free_place, outward, place_atoms
from worker.formats.matching import best_window, exact, find_words, occurrences
from worker.formats.nodes import Node, Range, gaps_of, is_free
from worker.formats.pieces import Kind

#: Nodes of one sentence, and nodes times words, beyond which nothing is placed.
MOST_NODES, MOST_WORK = 150, 40_000
#: The part of a translated phrase's words that have to be found together.
_ENOUGH = 0.5


class Placer:
    """Places the nodes of one sentence. `moved` says whether one of them stands where it does by proportion alone."""

    def __init__(self, source: str, target: str, translations: Mapping[str, str]) -> None:
        self.pair = Alignment(source, target)
        self.translations = translations
        self.moved = False

    def place(self, nodes: Sequence[Node], frame: Range, home: Range) -> bool:
        """Places nodes that stand in `home` of the source within `frame` of the target; False where there is no room."""
        marks = [node for node in nodes if node.kind is not Kind.ATOM]
        rules: tuple[Callable[[Node, list[Node], Range, Range], Range | None], ...] = (
            self._whole,
            self._equal,
            self._framed,
            self._alike,
            self._translated,
        )
        for half in (True, False):
            group = [node for node in marks if half == (node.piece is None and None in (node.opening, node.closing))]
            for rule in rules:
                for node in group:
                    if not node.placed and (found := rule(node, marks, frame, home)) is not None:
                        self._settle(node, found, marks, frame)
            for node in group:
                if not node.placed:
                    self._by_proportion(node, marks, frame, home)
        if not all(node.placed for node in marks):
            return False
        for node in marks:
            if node.children and not self.place(node.children, (node.left, node.right), (node.start, node.end)):
                return False
        self.moved |= place_atoms(self.pair, nodes, frame, home)
        return True

    def _settle(self, node: Node, found: Range, marks: Sequence[Node], frame: Range) -> None:
        left, right = found
        if node.piece is None:
            left = frame[0] if node.opening is None else left
            right = frame[1] if node.closing is None else right
        if left < right and is_free((left, right), marks, frame):
            node.left, node.right = left, right

    # The rules. Each gives a range of the target, or None.

    def _whole(self, node: Node, _marks: list[Node], frame: Range, home: Range) -> Range | None:
        before, after = self.pair.source[home[0] : node.start], self.pair.source[node.end : home[1]]
        if node.kind is Kind.KEPT or any(map(str.isalnum, before + after)):
            return None
        return self.pair.trimmed(frame[0], before, before=True), self.pair.trimmed(frame[1], after, before=False)

    def _equal(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.pair.source[node.start : node.end]
        everywhere = exact(phrase, self.pair.target) if node.kind is Kind.KEPT else []
        everywhere = everywhere or occurrences(phrase, self.pair.target, self.pair.flat)
        found = [span for span in everywhere if is_free(span, marks, frame)]
        if len(found) < 2:
            return found[0] if found else None
        in_source = [start for start, _ in occurrences(phrase, self.pair.source, self.pair.flat_source)]
        if len(in_source) == len(everywhere) and node.start in in_source:
            same = everywhere[in_source.index(node.start)]
            if same in found:
                return same
        near = self.pair.near(node)
        return min(found, key=lambda span: abs(sum(span) / 2 - near))

    def _framed(self, node: Node, _marks: list[Node], frame: Range, home: Range) -> Range | None:
        if node.kind is Kind.KEPT:
            return None
        left = self.pair.border(node.start, home[0], frame[0], before=True)
        right = self.pair.border(node.end, home[1], frame[1], before=False)
        if left is None or right is None or not any(map(str.isalnum, self.pair.target[left:right])):
            return None
        while self.pair.target[left].isspace():
            left += 1
        loose = "" if self.pair.source[node.end - 1] in STOPS else ".,"
        while self.pair.target[right - 1].isspace() or self.pair.target[right - 1] in loose:
            right -= 1
        return left, right

    def _alike(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.pair.source[node.start : node.end]
        return None if node.kind is Kind.KEPT else self._window(node, phrase, marks, frame, 1.0)

    def _translated(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.translations.get(self.pair.source[node.start : node.end].strip())
        if node.kind is Kind.KEPT or not phrase:
            return None
        found = [
            span
            for span in occurrences(phrase.rstrip(STOPS), self.pair.target, self.pair.flat)
            if is_free(span, marks, frame)
        ]
        if found:
            near = self.pair.near(node)
            best = min(found, key=lambda span: abs(sum(span) / 2 - near))
            return self._extended(best, node, phrase, marks, frame)
        return self._window(node, phrase, marks, frame, _ENOUGH)

    def _window(self, node: Node, phrase: str, marks: list[Node], frame: Range, need: float) -> Range | None:
        words = find_words(phrase)
        gaps = gaps_of(marks, frame)
        found = best_window(words, self.pair.target_words, gaps, self.pair.near(node), need)
        if found is None:
            return None
        first, last = found
        # A word of the phrase that is another one here: ``finance law`` for ``finance bill``.
        roots = [word.root for word in words if not word.small]
        hits = {self.pair.target_words[index].root for index in range(first, last + 1)}
        missing = len(roots) - sum(root in hits for root in roots)
        self.moved |= missing * 2 >= len(roots)
        before = next(index for index, root in enumerate(roots) if root in hits)
        after = next(index for index, root in enumerate(reversed(roots)) if root in hits)
        first, last = self.pair.grown(first, last, min(before, missing), min(after, missing), node, gaps)
        span = self.pair.target_words[first].start, self.pair.target_words[last].end
        return self._extended(span, node, phrase, marks, frame)

    def _extended(self, found: Range, node: Node, phrase: str, marks: Sequence[Node], frame: Range) -> Range:
        """The range with the article before it and the signs beside it that the mark has, where they are free."""
        for wider in (self.pair.with_article(found, node, phrase, frame), found):
            edged = self.pair.with_edges(wider, node)
            if is_free(edged, marks, frame):
                return edged
        return found

    def _by_proportion(self, node: Node, marks: list[Node], frame: Range, home: Range) -> None:
        self.moved = True
        if node.kind is Kind.KEPT:
            at = free_place(outward(self.pair, self.pair.proportional(node.start)), marks, frame)
            node.left = node.right = at
            return
        left, right = self.pair.proportional(node.start), self.pair.proportional(node.end)
        index = list(marks).index(node)
        before = max((mark.right for mark in marks[:index] if mark.placed), default=frame[0])
        after = min((mark.left for mark in marks[index + 1 :] if mark.placed and mark.left >= before), default=frame[1])
        found = self.pair.words_between(left, right, [(before, after)])
        if found is None:
            found = self.pair.words_between(left, right, gaps_of(marks, frame))
        if found is not None:
            better = self.pair.with_children(self.pair.rounded(found, node, gaps_of(marks, frame)), node)
            self._settle(node, self.pair.with_edges(better, node), marks, frame)
            if not node.placed:
                self._settle(node, found, marks, frame)
