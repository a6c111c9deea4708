"""A sentence and its translation: which places of the one answer to which of the other, as far as spelling tells."""

from __future__ import annotations

from collections.abc import Sequence

from worker.formats.matching import DETERMINERS, JOINTS, Anchors, Word, exact, find_words, plain, punctuation
from worker.formats.nodes import Node, Range
from worker.formats.pieces import Kind

_OPENING, _CLOSING = "«“\"'‘‹([", "»”\"'’›)]"
STOPS = ".!?:;,…"
#: Punctuation that a mark's end may have inside.
_ENCLOSING = frozenset(_OPENING + _CLOSING + ":")
#: Words that a range grows by at most.
_MOST_GROWN = 20
#: Small words in a row within a phrase.
_MOST_SMALL = 2


class Alignment:
    """What is known of a sentence and its translation. Ranges and places are in characters of the target."""

    def __init__(self, source: str, target: str) -> None:
        self.source, self.target = source, target
        self.flat_source, self.flat = plain(source), plain(target)
        self.source_words, self.target_words = find_words(source), find_words(target)
        self.anchors = Anchors.of(self.source_words, self.target_words)
        self.signs = punctuation(source), punctuation(target)

    def proportional(self, place: int) -> float:
        """Where in the target a place of the source is, between the anchors on either side of it."""
        low, high = (0, 0), (len(self.source), len(self.target))
        for at, to in self.anchors.pairs:
            word, other = self.source_words[at], self.target_words[to]
            if word.end <= place:
                low = word.end, other.end
            elif word.start >= place:
                high = word.start, other.start
                break
        span = high[0] - low[0]
        return low[1] + (place - low[0]) * (high[1] - low[1]) / span if span else float(low[1])

    def near(self, node: Node) -> float:
        """Where in the target the middle of a mark is."""
        return (self.proportional(node.start) + self.proportional(node.end)) / 2

    def border(self, place: int, edge: int, target_edge: int, *, before: bool) -> int | None:
        """The target's place for a mark's end that stands at punctuation, or at the edge of what it lies in."""
        if before:
            outside, inner = self.source[edge:place], place
            outer = len(self.source[:place].rstrip()) - 1
        else:
            outside, inner = self.source[place:edge], place - 1
            outer = len(self.source) - len(self.source[place:].lstrip())
        if not any(map(str.isalnum, outside)):
            return self.trimmed(target_edge, outside, before=before)
        source, target = self.signs
        at = inner if self.source[inner : inner + 1] in _ENCLOSING else outer
        group = next((group for group, spot in source if spot == at), None)
        mine = [spot for sign, spot in source if sign == group]
        theirs = [spot for sign, spot in target if sign == group]
        if group is None or len(mine) != len(theirs):
            return None
        spot = theirs[mine.index(at)]
        return spot if (at == inner) == before else spot + 1

    def trimmed(self, edge: int, outside: str, *, before: bool) -> int:
        """An edge of the target moved inwards past signs such as those that the source has outside of the mark."""
        step = 1 if before else -1
        while outside.strip() and 0 <= edge - (not before) < len(self.target):
            sign = self.target[edge - (not before)]
            if sign.isalnum() or not _kin(sign, outside):
                break
            edge += step
        return edge

    def grown(
        self, first: int, last: int, before: int, after: int, node: Node, gaps: Sequence[Range]
    ) -> tuple[int, int]:
        """A run of target words with so many more before and after it, as far as they may belong to the mark."""
        for _ in range(min(after, _MOST_GROWN)):
            last = self._next(last, 1, node, gaps)
        for _ in range(min(before, _MOST_GROWN)):
            first = self._next(first, -1, node, gaps)
        return first, last

    def _next(self, index: int, step: int, node: Node, gaps: Sequence[Range]) -> int:
        """The next word in a direction that is not small, if it may be of the same mark; `index` if there is none."""
        at = index
        for _ in range(_MOST_SMALL + 1):
            if not self._belongs(at + step, at, node, gaps):
                return index
            at += step
            if not self.target_words[at].small:
                return at
        return index

    def _belongs(self, index: int, beside: int, node: Node, gaps: Sequence[Range]) -> bool:
        """Whether a target word next to one of a mark's may be of it: nothing parts them, nor is it known otherwise."""
        if not 0 <= index < len(self.target_words):
            return False
        word = self.target_words[index]
        left, right = sorted((word, self.target_words[beside]), key=lambda word: word.start)
        if self.target[left.end : right.start].strip(" \u00a0-'’") or self.flat[word.start : word.end] in JOINTS:
            return False
        if not any(low <= word.start and word.end <= high for low, high in gaps):
            return False
        home = next((self.source_words[at] for at, to in self.anchors.pairs if to == index), None)
        return home is None or node.start <= home.start < node.end

    def with_article(self, found: Range, node: Node, phrase: str, frame: Range) -> Range:
        """The range with the article before it, where the marked words begin with one."""
        index = next((index for index, word in enumerate(self.target_words) if word.start == found[0]), 0)
        starts = {_first_word(phrase), _first_word(self.source[node.start : node.end])}
        if index and starts & DETERMINERS:
            before = self.target_words[index - 1]
            if self.flat[before.start : before.end] in DETERMINERS and before.start >= frame[0]:
                return before.start, found[1]
        return found

    def with_edges(self, found: Range, node: Node) -> Range:
        """The range with the quotation marks and stops beside it that the mark has inside."""
        left, right = found
        text = self.source[node.start : node.end].strip()
        if text[:1] in _OPENING and self.target[left - 1 : left] in _OPENING:
            left -= 1
        if text[-1:] in _CLOSING and self.target[right : right + 1] in _CLOSING:
            right += 1
        if text[-1:] in STOPS and self.target[right : right + 1] in STOPS:
            right += 1
        return max(left, 0), min(right, len(self.target))

    def words_between(self, left: float, right: float, gaps: Sequence[Range]) -> Range | None:
        """The words whose middles lie between two places, or the one that is closest, within one of the gaps."""
        middle = (left + right) / 2
        best: tuple[float, Range] | None = None
        for low, high in gaps:
            words = [word for word in self.target_words if low <= word.start and word.end <= high]
            if not words:
                continue
            inside = [word for word in words if left <= (word.start + word.end) / 2 <= right]
            if not inside:
                inside = [min(words, key=lambda word: abs((word.start + word.end) / 2 - middle))]
            found = inside[0].start, inside[-1].end
            distance = abs(sum(found) / 2 - middle)
            if best is None or distance < best[0]:
                best = distance, found
        return best[1] if best else None

    def rounded(self, found: Range, node: Node, gaps: Sequence[Range]) -> Range:
        """The range as words that may be a phrase like the marked one: of as many words, and without loose small ones."""
        inside = [
            index for index, word in enumerate(self.target_words) if found[0] <= word.start and word.end <= found[1]
        ]
        phrase = find_words(self.source[node.start : node.end])
        if not inside or not phrase or all(self.target_words[index].small for index in inside):
            return found
        cut = [place for _, place in self.signs[1] if found[0] < place < found[1]]
        if cut and not any(node.start <= place < node.end for _, place in self.signs[0]):
            middle = sum(found) / 2
            inside = [
                index for index in inside if (self.target_words[index].end <= cut[0]) == (cut[0] > middle)
            ] or inside
        article = _first_word(self.source[node.start : node.end]) in DETERMINERS
        while len(inside) > 1 and self.target_words[inside[0]].small:
            word = self.target_words[inside[0]]
            if phrase[0].small and (not article or self.flat[word.start : word.end] in DETERMINERS):
                break
            inside.pop(0)
        while len(inside) > 1 and self.target_words[inside[-1]].small and not phrase[-1].small:
            inside.pop()
        missing = sum(not word.small for word in phrase) - sum(not self.target_words[index].small for index in inside)
        first, last = inside[0], inside[-1]
        grown = self.grown(first, last, 0, missing, node, gaps)
        missing -= grown[1] - last
        first, last = self.grown(first, grown[1], missing, 0, node, gaps)
        return self.target_words[first].start, self.target_words[last].end

    def with_children(self, found: Range, node: Node) -> Range:
        """The range with the words that stand the same in mark and translation."""
        inner = [
            self.target_words[to]
            for at, to in self.anchors.pairs
            if node.start <= self.source_words[at].start and self.source_words[at].end <= node.end
        ]
        for child in node.children:
            if child.kind is Kind.KEPT:
                spans = exact(self.source[child.start : child.end], self.target)
                inner += [Word(*span, "", False) for span in spans[:1]]
        if not inner:
            return found
        return min(found[0], *(word.start for word in inner)), max(found[1], *(word.end for word in inner))


def _first_word(text: str) -> str:
    words = find_words(text[:40])
    return plain(text[words[0].start : words[0].end]) if words else ""


def _kin(sign: str, outside: str) -> bool:
    """Whether a sign at the edge of the target answers to one outside the mark."""
    if sign.isspace() or sign in outside:
        return True
    return any(sign in group and any(mark in group for mark in outside) for group in ('«»“”"„‹›', "–—-", "…."))
