"""A run of prose of a marked-up article, and how its markup is put back on its translation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from worker.formats.nodes import tree, written
from worker.formats.pieces import Chunks, Hole, Kind, Piece
from worker.formats.placement import MOST_NODES, MOST_WORK, Placer
from worker.formats.run import Role
from worker.formats.writing import Syntax
from worker.text.document import BLANKS

#: Times that a block is written where not all of its sentences can be written together.
_TRIES = 32
#: Characters of a phrase whose translation is asked for.
_LONGEST_PHRASE = 300


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of a block, by its characters in the block's text, and what the translator made of it."""

    start: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A block in English, markup and all.

    `moved` are the numbers of the parts in which a mark stands where it does by proportion alone, `untouched` those that
    were left as they are in the source because their markup found no place.
    """

    source: str
    chunks: Chunks
    moved: tuple[int, ...] = ()
    untouched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A part, or several that can't be parted, by its pieces, with what is to be written for it."""

    numbers: range
    first: int
    last: int
    items: list[Piece | str] | None
    moved: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Prose: its text as the translator should see it, on one line and without outer blanks."""

    text: str
    role: Role
    _pieces: tuple[Piece, ...]
    _syntax: Syntax

    @classmethod
    def of(cls, pieces: tuple[Piece, ...], role: Role, syntax: Syntax) -> Block:
        """The block that the pieces make up."""
        return cls("".join(piece.text for piece in pieces), role, pieces, syntax)

    @property
    def source(self) -> str:
        """The block as it stands in the article."""
        return "".join(piece.source for piece in self._pieces)

    @property
    def kept(self) -> tuple[tuple[int, int], ...]:
        """The characters of `text` that must come through as they are: code, addresses, formulas."""
        spans = []
        place = 0
        for piece in self._pieces:
            if piece.kind is Kind.KEPT:
                spans.append((place, place + len(piece.text)))
            place += len(piece.text)
        return tuple(spans)

    def uncut(self, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """The sentences, which are in order, those joined between which a cut would go through what is kept."""
        joined: list[tuple[int, int]] = []
        waiting = list(reversed(self.kept))
        for start, end in sentences:
            while joined and waiting and waiting[-1][1] <= joined[-1][1]:
                waiting.pop()
            if joined and waiting and waiting[-1][0] < start:
                joined[-1] = joined[-1][0], end
            else:
                joined.append((start, end))
        return joined

    def phrases(self, sentences: Sequence[tuple[int, int]]) -> list[list[str]]:
        """For each sentence, which are in order, its marked phrases: with their translations, `fill` does better.

        There are none for a mark around the whole sentence, which needs no help, or around a very long part of it.
        """
        starts = [start for start, _ in sentences]
        edges = [_words_in(self.text[start:end], start) for start, end in sentences]
        found: list[dict[str, None]] = [{} for _ in sentences]
        for left, right in self._marks():
            for place in {left, right - 1}:
                number = bisect_right(starts, place) - 1
                if number < 0 or place >= sentences[number][1]:
                    continue
                low, high = max(left, starts[number]), min(right, sentences[number][1])
                first, last = edges[number]
                if (first < low or high <= last) and high - low <= _LONGEST_PHRASE and len(found[number]) < MOST_NODES:
                    found[number][self.text[low:high].strip()] = None
        return [list(phrases) for phrases in found]

    def _marks(self) -> Iterator[tuple[int, int]]:
        """The characters of `text` that each mark is around."""
        place = 0
        opened: list[int] = []
        for piece in self._pieces:
            if piece.kind is Kind.OPEN:
                opened.append(place)
            elif piece.kind is Kind.CLOSE:
                yield opened.pop() if opened else 0, place
            place += len(piece.text)

    def fill(self, parts: Sequence[Part], translations: Mapping[str, str] | None = None) -> Filled:
        """The block with its parts' targets for their sources, markup around the words that it belongs to.

        Parts are in order and don't overlap; what lies between them stays. A part whose target is its source, or is
        blank, stays byte for byte. `translations` has what `phrases` asked for, as far as there is any. Raises ValueError
        if a part is out of order or out of bounds.
        """
        pieces, sentences = self._sentences(parts, translations or {})
        wanted = [sentence for sentence in sentences if sentence.items is not None]
        chunks, good = self._most(pieces, wanted)
        written = {number for sentence in good for number in sentence.numbers}
        failed = {number for sentence in sentences for number in sentence.numbers} - written
        source = "".join(chunk.source if isinstance(chunk, Hole) else chunk for chunk in chunks)
        moved = {number for sentence in good if sentence.moved for number in sentence.numbers}
        return Filled(source, chunks, tuple(sorted(moved)), tuple(sorted(failed)))

    def _most(self, pieces: Sequence[Piece], wanted: Sequence[_Sentence]) -> tuple[Chunks, list[_Sentence]]:
        """The block with as many of the sentences as can be written, and which they are."""
        good: list[_Sentence] = []
        chunks = tuple(chunk for piece in self._pieces for chunk in piece.written())
        waiting = [list(wanted)]
        tries = 0
        while waiting and tries < _TRIES:
            group = waiting.pop()
            if not group:
                continue
            tries += 1
            tried = self._written(pieces, sorted([*good, *group], key=lambda sentence: sentence.first))
            if tried is not None:
                chunks = tried
                good += group
            elif len(group) > 1:
                middle = len(group) // 2
                waiting += group[middle:], group[:middle]
        return chunks, good

    def _written(self, pieces: Sequence[Piece], sentences: Sequence[_Sentence]) -> Chunks | None:
        items: list[Piece | str] = []
        place = 0
        for sentence in sentences:
            items += pieces[place : sentence.first]
            items += sentence.items or []
            place = sentence.last
        return self._syntax.write([*items, *pieces[place:]])

    def _sentences(self, parts: Sequence[Part], translations: Mapping[str, str]) -> tuple[list[Piece], list[_Sentence]]:
        """The block's pieces, cut where parts begin and end, and the sentences that change."""
        edges = [0, *(edge for part in parts for edge in (part.start, part.end)), len(self.text)]
        if any(left > right for left, right in pairwise(edges)):
            raise ValueError("a part is out of order or out of bounds")
        pieces, starts = self._cut(edges)
        sentences = []
        partners = _partners(pieces)
        at = done = 0
        for numbers, start, end, target in self._joined(parts, set(starts)):
            while at < len(pieces) and (starts[at] < start or not pieces[at].text):
                at += 1
            last = at
            for index in range(at, len(pieces)):
                if starts[index] >= end:
                    break
                if pieces[index].text:
                    last = index + 1
            if last > at and target != self.text[start:end]:
                first, last = _with_ends(pieces, partners, at, last, done)
                sentences.append(_sentence(numbers, pieces[first:last], first, target, translations))
            at = done = last
        return pieces, sentences

    def _cut(self, edges: Sequence[int]) -> tuple[list[Piece], list[int]]:
        pieces: list[Piece] = []
        starts: list[int] = []
        place = 0
        waiting = iter(edges)
        edge = next(waiting, None)
        for piece in self._pieces:
            while edge is not None and edge < place + len(piece.text):
                if edge > place and piece.literal:
                    first, piece = piece.cut(edge - place)
                    pieces.append(first)
                    starts.append(place)
                    place += len(first.text)
                edge = next(waiting, None)
            pieces.append(piece)
            starts.append(place)
            place += len(piece.text)
        return pieces, [*starts, place]

    def _joined(self, parts: Sequence[Part], starts: set[int]) -> list[tuple[range, int, int, str]]:
        """Numbers, start, end and target of each part; parts that meet in something that can't be cut become one."""
        joined: list[tuple[range, int, int, str]] = []
        for number, part in enumerate(parts):
            target = " ".join(part.target.split()) if part.target.splitlines() != [part.target] else part.target
            target = target.strip(BLANKS) or self.text[part.start : part.end]
            if joined and (part.start not in starts or joined[-1][2] not in starts):
                numbers, start, end, before = joined[-1]
                target = before + self.text[end : part.start] + target
                joined[-1] = range(numbers.start, number + 1), start, part.end, target
            else:
                joined.append((range(number, number + 1), part.start, part.end, target))
        return joined


def _words_in(text: str, start: int) -> tuple[int, int]:
    """Where the first and the last letter or digit of a sentence stand in its block."""
    places = [place for place, sign in enumerate(text, start) if sign.isalnum()]
    return (places[0], places[-1]) if places else (start + len(text), start)


def _partners(pieces: Sequence[Piece]) -> dict[int, int]:
    """For each end of a mark, by its index, the index of the other."""
    partners: dict[int, int] = {}
    opened: dict[int, int] = {}
    for index, piece in enumerate(pieces):
        if piece.kind is Kind.OPEN:
            opened[piece.pair] = index
        elif piece.kind is Kind.CLOSE and piece.pair in opened:
            partners[index] = opened[piece.pair]
            partners[opened[piece.pair]] = index
    return partners


def _with_ends(pieces: Sequence[Piece], partners: Mapping[int, int], at: int, last: int, least: int) -> tuple[int, int]:
    """The pieces of a sentence with the ends, just outside of it, of marks whose other ends are inside."""
    first = place = at
    while place > least and not pieces[place - 1].text:
        place -= 1
        if pieces[place].kind is Kind.OPEN and at <= partners.get(place, -1) < last:
            first = place
    place = end = last
    while place < len(pieces) and not pieces[place].text:
        if pieces[place].kind is Kind.CLOSE and at <= partners.get(place, -1) < last:
            end = place + 1
        place += 1
    return first, end


def _sentence(
    numbers: range, pieces: list[Piece], first: int, target: str, translations: Mapping[str, str]
) -> _Sentence:
    """A sentence with its markup on its target."""
    nodes, count = tree(pieces)
    last = first + len(pieces)
    if not nodes:
        return _Sentence(numbers, first, last, [target], False)
    source = "".join(piece.text for piece in pieces)
    if count > MOST_NODES or count * (len(source) + len(target)) // 10 > MOST_WORK:
        return _Sentence(numbers, first, last, None, False)
    placer = Placer(source, target, translations)
    placed = placer.place(nodes, (0, len(target)), (0, len(source)))
    items = written(nodes, target, 0, len(target)) if placed else None
    return _Sentence(numbers, first, last, items, placer.moved)
