"""Puts the marks of a sentence on the words of its translation. docs/formats.md has the rules, and how often they are right.

In order of trust: a mark around the whole sentence; words that are written the same, or nearly, in both languages; marks
framed by the same punctuation; the translation of the marked words alone, where the caller has it; and the place in
proportion, which counts as moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from worker.formats.matching import (
    ARTICLES,
    Anchors,
    Word,
    best_window,
    find_words,
    occurrences,
    plain,
    punctuation,
)
from worker.formats.nodes import Node
from worker.formats.pieces import Kind

#: Nodes of one sentence, and nodes times words, beyond which nothing is placed.
MOST_NODES, MOST_WORK = 150, 40_000
#: The part of a translated phrase's words that have to be found together.
_ENOUGH = 0.5
_OPENING, _CLOSING = "«“\"'‘‹([", "»”\"'’›)]"
_STOPS = ".!?:;,…"
#: Punctuation that a mark's end may have inside.
_ENCLOSING = frozenset(_OPENING + _CLOSING + ":")

Range = tuple[int, int]


class Placer:
    """Places the nodes of one sentence. `moved` says whether one of them stands where it does by proportion alone."""

    def __init__(self, source: str, target: str, translations: Mapping[str, str]) -> None:
        self.source, self.target = source, target
        self.translations = translations
        self.flat_source, self.flat = plain(source), plain(target)
        self.source_words, self.target_words = find_words(source), find_words(target)
        self.anchors = Anchors.of(self.source_words, self.target_words)
        self.signs = punctuation(source), punctuation(target)
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
        self._place_atoms(nodes, frame, home)
        return True

    def _settle(self, node: Node, found: Range, marks: Sequence[Node], frame: Range) -> None:
        left, right = found
        if node.piece is None:
            left = frame[0] if node.opening is None else left
            right = frame[1] if node.closing is None else right
        if left < right and _is_free((left, right), marks, frame):
            node.left, node.right = left, right

    # The rules. Each gives a range of the target, or None.

    def _whole(self, node: Node, _marks: list[Node], frame: Range, home: Range) -> Range | None:
        before, after = self.source[home[0] : node.start], self.source[node.end : home[1]]
        if node.kind is Kind.KEPT or any(map(str.isalnum, before + after)):
            return None
        return self._trimmed(frame[0], before, before=True), self._trimmed(frame[1], after, before=False)

    def _trimmed(self, edge: int, outside: str, *, before: bool) -> int:
        """An edge of the target moved inwards past signs such as those that the source has outside of the mark."""
        step = 1 if before else -1
        while outside.strip() and 0 <= edge - (not before) < len(self.target):
            sign = self.target[edge - (not before)]
            if sign.isalnum() or not _kin(sign, outside):
                break
            edge += step
        return edge

    def _equal(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.source[node.start : node.end]
        everywhere = _all(phrase, self.target) if node.kind is Kind.KEPT else []
        everywhere = everywhere or occurrences(phrase, self.target, self.flat)
        found = [span for span in everywhere if _is_free(span, marks, frame)]
        if len(found) < 2:
            return found[0] if found else None
        in_source = [start for start, _ in occurrences(phrase, self.source, self.flat_source)]
        if len(in_source) == len(everywhere) and node.start in in_source:
            same = everywhere[in_source.index(node.start)]
            if same in found:
                return same
        near = self._near(node)
        return min(found, key=lambda span: abs(sum(span) / 2 - near))

    def _framed(self, node: Node, _marks: list[Node], frame: Range, home: Range) -> Range | None:
        if node.kind is Kind.KEPT:
            return None
        left = self._border(node.start, home[0], frame[0], before=True)
        right = self._border(node.end, home[1], frame[1], before=False)
        if left is None or right is None or not any(map(str.isalnum, self.target[left:right])):
            return None
        while self.target[left].isspace():
            left += 1
        loose = "" if self.source[node.end - 1] in _STOPS else ".,"
        while self.target[right - 1].isspace() or self.target[right - 1] in loose:
            right -= 1
        return left, right

    def _border(self, place: int, edge: int, target_edge: int, *, before: bool) -> int | None:
        """The target's place for a mark's end that stands at punctuation, or at the edge of what it lies in."""
        if before:
            outside, inner = self.source[edge:place], place
            outer = len(self.source[:place].rstrip()) - 1
        else:
            outside, inner = self.source[place:edge], place - 1
            outer = len(self.source) - len(self.source[place:].lstrip())
        if not any(map(str.isalnum, outside)):
            return self._trimmed(target_edge, outside, before=before)
        source, target = self.signs
        at = inner if self.source[inner : inner + 1] in _ENCLOSING else outer
        group = next((group for group, spot in source if spot == at), None)
        mine = [spot for sign, spot in source if sign == group]
        theirs = [spot for sign, spot in target if sign == group]
        if group is None or len(mine) != len(theirs):
            return None
        spot = theirs[mine.index(at)]
        return spot if (at == inner) == before else spot + 1

    def _alike(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.source[node.start : node.end]
        return None if node.kind is Kind.KEPT else self._window(node, phrase, marks, frame, 1.0)

    def _translated(self, node: Node, marks: list[Node], frame: Range, home: Range) -> Range | None:
        phrase = self.translations.get(self.source[node.start : node.end].strip())
        if node.kind is Kind.KEPT or not phrase:
            return None
        found = [
            span for span in occurrences(phrase.rstrip(_STOPS), self.target, self.flat) if _is_free(span, marks, frame)
        ]
        if found:
            near = self._near(node)
            best = min(found, key=lambda span: abs(sum(span) / 2 - near))
            return self._with_edges(self._with_article(best, node, phrase, frame), node)
        return self._window(node, phrase, marks, frame, _ENOUGH)

    def _window(self, node: Node, phrase: str, marks: list[Node], frame: Range, need: float) -> Range | None:
        words = find_words(phrase)
        gaps = _gaps(marks, frame)
        found = best_window(words, self.target_words, gaps, self._near(node), need)
        if found is None:
            return None
        first, last = found
        # A word of the phrase that is another one here: ``finance law`` for ``finance bill``.
        roots = [word.root for word in words if not word.small]
        hits = {self.target_words[index].root for index in range(first, last + 1)}
        missing = len(roots) - sum(root in hits for root in roots)
        before = next(index for index, root in enumerate(roots) if root in hits)
        after = next(index for index, root in enumerate(reversed(roots)) if root in hits)
        first, last = self._grown(first, last, min(before, missing), min(after, missing), node, gaps)
        span = self.target_words[first].start, self.target_words[last].end
        return self._with_edges(self._with_article(span, node, phrase, frame), node)

    def _grown(
        self, first: int, last: int, before: int, after: int, node: Node, gaps: Sequence[Range]
    ) -> tuple[int, int]:
        """A run of target words with so many more before and after it, as far as they may belong to the mark."""
        for _ in range(after):
            if not self._belongs(last + 1, last, node, gaps):
                break
            last += 1
        for _ in range(before):
            if not self._belongs(first - 1, first, node, gaps):
                break
            first -= 1
        return first, last

    def _belongs(self, index: int, beside: int, node: Node, gaps: Sequence[Range]) -> bool:
        """Whether a target word next to one of a mark's may be of the mark: nothing lies between, nor is it known otherwise."""
        if not 0 <= index < len(self.target_words) or self.target_words[index].small:
            return False
        left, right = sorted((self.target_words[index], self.target_words[beside]), key=lambda word: word.start)
        if self.target[left.end : right.start].strip(" \u00a0-'’"):
            return False
        word = self.target_words[index]
        if not any(low <= word.start and word.end <= high for low, high in gaps):
            return False
        home = next((self.source_words[at] for at, to in self.anchors.pairs if to == index), None)
        return home is None or node.start <= home.start < node.end

    def _with_article(self, found: Range, node: Node, phrase: str, frame: Range) -> Range:
        """The range with the article before it, where the marked words begin with one."""
        index = next((index for index, word in enumerate(self.target_words) if word.start == found[0]), 0)
        starts = {_first_word(phrase), _first_word(self.source[node.start : node.end])}
        if index and starts & ARTICLES:
            before = self.target_words[index - 1]
            if self.flat[before.start : before.end] in ARTICLES and before.start >= frame[0]:
                return before.start, found[1]
        return found

    def _with_edges(self, found: Range, node: Node) -> Range:
        """The range with the quotation marks and stops beside it that the mark has inside."""
        left, right = found
        text = self.source[node.start : node.end].strip()
        if text[:1] in _OPENING and self.target[left - 1 : left] in _OPENING:
            left -= 1
        if text[-1:] in _CLOSING and self.target[right : right + 1] in _CLOSING:
            right += 1
        if text[-1:] in _STOPS and self.target[right : right + 1] in _STOPS:
            right += 1
        return max(left, 0), min(right, len(self.target))

    def _by_proportion(self, node: Node, marks: list[Node], frame: Range, home: Range) -> None:
        self.moved = True
        if node.kind is Kind.KEPT:
            at = self._free_place(self._outward(self._proportional(node.start)), marks, frame)
            node.left = node.right = at
            return
        left, right = self._proportional(node.start), self._proportional(node.end)
        index = list(marks).index(node)
        before = max((mark.right for mark in marks[:index] if mark.placed), default=frame[0])
        after = min((mark.left for mark in marks[index + 1 :] if mark.placed and mark.left >= before), default=frame[1])
        found = self._words_between(left, right, [(before, after)])
        if found is None:
            found = self._words_between(left, right, _gaps(marks, frame))
        if found is not None:
            better = self._with_children(self._rounded(found, node, marks, frame), node)
            self._settle(node, self._with_edges(better, node), marks, frame)
            if not node.placed:
                self._settle(node, found, marks, frame)

    def _words_between(self, left: float, right: float, gaps: Sequence[Range]) -> Range | None:
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

    def _rounded(self, found: Range, node: Node, marks: Sequence[Node], frame: Range) -> Range:
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
        article = _first_word(self.source[node.start : node.end]) in ARTICLES
        while len(inside) > 1 and self.target_words[inside[0]].small:
            word = self.target_words[inside[0]]
            if phrase[0].small and (not article or self.flat[word.start : word.end] in ARTICLES):
                break
            inside.pop(0)
        while len(inside) > 1 and self.target_words[inside[-1]].small and not phrase[-1].small:
            inside.pop()
        gaps = _gaps(marks, frame)
        missing = sum(not word.small for word in phrase) - sum(not self.target_words[index].small for index in inside)
        first, last = inside[0], inside[-1]
        grown = self._grown(first, last, 0, missing, node, gaps)
        missing -= grown[1] - last
        first, last = self._grown(first, grown[1], missing, 0, node, gaps)
        return self.target_words[first].start, self.target_words[last].end

    def _with_children(self, found: Range, node: Node) -> Range:
        """The range with the words that stand the same in mark and translation."""
        inner = [
            self.target_words[to]
            for at, to in self.anchors.pairs
            if node.start <= self.source_words[at].start and self.source_words[at].end <= node.end
        ]
        for child in node.children:
            if child.kind is Kind.KEPT:
                spans = _all(self.source[child.start : child.end], self.target)
                inner += [Word(*span, "", False) for span in spans[:1]]
        if not inner:
            return found
        return min(found[0], *(word.start for word in inner)), max(found[1], *(word.end for word in inner))

    def _near(self, node: Node) -> float:
        return (self._proportional(node.start) + self._proportional(node.end)) / 2

    def _proportional(self, place: int) -> float:
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

    # Atoms: they have no words of their own, so they go by what stands beside them.

    def _place_atoms(self, nodes: Sequence[Node], frame: Range, home: Range) -> None:
        marks = [node for node in nodes if node.kind is not Kind.ATOM]
        last = frame[0]
        for node in nodes:
            if node.kind is not Kind.ATOM:
                continue
            at = self._beside(node, marks, frame, home)
            if at is None:
                self.moved = True
                apart = node.end == node.start and self.source[node.start - 1 : node.start].isspace()
                at = self._outward(self._proportional(node.start), to_start=apart)
            at = max(self._free_place(at, marks, frame), last)
            at = self._free_place(at, marks, frame)
            node.left = node.right = last = at
            if node.end > node.start:  # it stands for a blank
                while (
                    node.left > frame[0]
                    and self.target[node.left - 1].isspace()
                    and self._is_clear(node.left - 1, marks)
                ):
                    node.left -= 1
                while (
                    node.right < frame[1]
                    and self.target[node.right].isspace()
                    and self._is_clear(node.right + 1, marks)
                ):
                    node.right += 1
                last = node.right

    def _beside(self, node: Node, marks: Sequence[Node], frame: Range, home: Range) -> int | None:
        place = node.start
        if not self.source[home[0] : place].strip():
            return frame[0]
        if not self.source[node.end : home[1]].strip():
            return frame[1]
        for mark in marks:
            if mark.end == place:
                return mark.right
        for mark in marks:
            if mark.start == node.end:
                return mark.left
        if not any(map(str.isalnum, self.source[node.end : home[1]])):
            right = frame[1]
            while right > frame[0] and not self.target[right - 1].isalnum():
                right -= 1
            return right
        if node.end == place:
            for at, to in self.anchors.pairs:
                if self.source_words[at].end == place:
                    return self.target_words[to].end
        border = self._border(place, home[0], frame[0], before=True)
        if border is None:
            border = self._border(node.end, home[1], frame[1], before=False)
        if border is not None:
            return border
        for at, to in self.anchors.pairs:
            if self.source_words[at].end == place:
                return self.target_words[to].end
            if self.source_words[at].start == node.end:
                return self.target_words[to].start
        return None

    def _outward(self, place: float, *, to_start: bool = False) -> int:
        """The end of the word at `place`, or its start."""
        at = min(max(round(place), 0), len(self.target))
        if to_start:
            while at and not self.target[at - 1].isspace():
                at -= 1
            return at
        while at < len(self.target) and not self.target[at].isspace():
            at += 1
        return at

    def _free_place(self, place: int, marks: Sequence[Node], frame: Range) -> int:
        """The place itself, or the end of the mark that it lies in."""
        place = min(max(place, frame[0]), frame[1])
        for mark in marks:
            if mark.placed and mark.left < place < mark.right:
                return mark.right
        return place

    def _is_clear(self, place: int, marks: Sequence[Node]) -> bool:
        return not any(mark.placed and mark.left < place < mark.right for mark in marks)


def _first_word(text: str) -> str:
    words = find_words(text[:40])
    return plain(text[words[0].start : words[0].end]) if words else ""


def _gaps(marks: Sequence[Node], frame: Range) -> list[Range]:
    """What the placed marks leave of the frame."""
    gaps = []
    place = frame[0]
    for mark in sorted((mark for mark in marks if mark.placed), key=lambda mark: mark.left):
        if mark.left > place:
            gaps.append((place, mark.left))
        place = max(place, mark.right)
    return [*gaps, (place, frame[1])] if place < frame[1] else gaps


def _is_free(span: Range, marks: Sequence[Node], frame: Range) -> bool:
    if span[0] < frame[0] or span[1] > frame[1]:
        return False
    return not any(mark.placed and mark.left < span[1] and span[0] < mark.right for mark in marks)


def _kin(sign: str, outside: str) -> bool:
    """Whether a sign at the edge of the target answers to one outside the mark."""
    if sign.isspace() or sign in outside:
        return True
    return any(sign in group and any(mark in group for mark in outside) for group in ('«»“”"„‹›', "–—-", "…."))


def _all(phrase: str, text: str) -> list[Range]:
    """Where `phrase` stands in `text`, letter by letter, not as a part of a longer word."""
    found = []
    place = text.find(phrase)
    while place >= 0:
        end = place + len(phrase)
        if not (phrase[0].isalnum() and text[place - 1 : place].isalnum() and place) and not (
            phrase[-1].isalnum() and text[end : end + 1].isalnum()
        ):
            found.append((place, end))
        place = text.find(phrase, end)
    return found
