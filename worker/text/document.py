"""A lossless model of an article: paragraphs of segments, and the separators that the model never sees.

A paragraph is a non-blank line. Lines end where `str.splitlines` says that they do: ``\\n``, ``\\r\\n``, ``\\r``,
vertical tab, form feed, the information separators U+001C to U+001E, NEL (U+0085), U+2028 and U+2029. Line ends, blank
lines and the blank characters at either end of a line are separators. Blank is what `str.isspace` says (no-break spaces
included) and what has no width: U+200B, U+2060 and the byte order mark U+FEFF.

Whatever the text and whatever the segmenter, ``Document.parse(text, segmenter).source == text``. Time and memory are
linear in the length of the text, given a segmenter that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

#: A half-open range of character offsets.
Span = tuple[int, int]

#: Every blank character, in the form that `str.strip` takes.
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060\ufeff"


class Segmenter(Protocol):
    """What cuts a paragraph into sentences."""

    def split(self, paragraph: str) -> list[Span]:
        """Offsets of the sentences, in order; only blank characters may lie outside of them."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a piece of one, without outer blanks, and the exact blanks (often none) up to the next one."""

    source: str
    gap: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A non-blank line without its outer blanks. The gap of its last segment is empty."""

    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, source: str, spans: Sequence[Span]) -> Paragraph:
        """Cut `source`, which has no outer blanks, at `spans`; blanks at their edges go to the gaps.

        Raises ValueError if the spans overlap, are out of order, or leave out more than blanks.
        """
        return cls(tuple(_cut(source, spans)))

    @property
    def source(self) -> str:
        """The paragraph as it stood in the text."""
        return "".join(segment.source + segment.gap for segment in self.segments)

    def rebuild(self, targets: Sequence[str]) -> str:
        """The paragraph with `targets`, one for each segment, in place of the sources.

        A target loses its outer blanks, and a line end inside it becomes a space, so that the translation has
        exactly the lines of its source. Raises ValueError if there is not one target for each segment.
        """
        if len(targets) != len(self.segments):
            raise ValueError(f"{len(targets)} targets for {len(self.segments)} segments")
        return "".join(_one_line(target) + segment.gap for target, segment in zip(targets, self.segments, strict=True))


@dataclass(frozen=True, slots=True)
class Document:
    """An article: paragraph *i* stands between ``separators[i]`` and ``separators[i + 1]``.

    There is always one separator more than there are paragraphs; the outer ones may be empty, and a blank text is one
    separator and no paragraph.
    """

    separators: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]

    @classmethod
    def parse(cls, text: str, segmenter: Segmenter) -> Document:
        """Cut `text` into paragraphs, and each of them into what `segmenter` finds.

        Raises ValueError if the segmenter's spans leave out more than blanks.
        """
        separators: list[str] = []
        paragraphs: list[Paragraph] = []
        blank: list[str] = []
        for line in text.splitlines(keepends=True):
            tail = line.lstrip(BLANKS)
            source = tail.rstrip(BLANKS)
            if not source:
                blank.append(line)
                continue
            separators.append("".join(blank) + line[: len(line) - len(tail)])
            paragraphs.append(Paragraph.parse(source, segmenter.split(source)))
            blank = [tail[len(source) :]]
        separators.append("".join(blank))
        return cls(tuple(separators), tuple(paragraphs))

    @property
    def source(self) -> str:
        """The text that was parsed, byte for byte."""
        return self._join([paragraph.source for paragraph in self.paragraphs])

    def __iter__(self) -> Iterator[tuple[int, int, Segment]]:
        """Every segment with its address: (paragraph index, segment index, segment)."""
        for number, paragraph in enumerate(self.paragraphs):
            for place, segment in enumerate(paragraph.segments):
                yield number, place, segment

    def __len__(self) -> int:
        """How many segments there are."""
        return sum(len(paragraph.segments) for paragraph in self.paragraphs)

    def rebuild(self, targets: Sequence[Sequence[str]]) -> str:
        """The text with ``targets[i][j]`` in place of segment *j* of paragraph *i*; separators come back exactly.

        Raises ValueError if there is not one target for each segment.
        """
        if len(targets) != len(self.paragraphs):
            raise ValueError(f"targets for {len(targets)} paragraphs, of {len(self.paragraphs)}")
        return self._join([paragraph.rebuild(row) for paragraph, row in zip(self.paragraphs, targets, strict=True)])

    def refine(self, split: Callable[[Sequence[str]], Sequence[Sequence[Span]]]) -> Document:
        """The same document with its segments cut further, where `split` says so.

        `split` gets all the sources at once and gives the spans of each one's pieces, which must leave out no more than
        blanks. This is how sentences that are too long for a model become several segments.
        Raises ValueError if they leave out more.
        """
        cuts = iter(split([segment.source for _, _, segment in self]))
        paragraphs = []
        for paragraph in self.paragraphs:
            segments: list[Segment] = []
            for segment in paragraph.segments:
                *inner, last = _cut(segment.source, next(cuts))
                segments += [*inner, Segment(last.source, last.gap + segment.gap)]
            paragraphs.append(Paragraph(tuple(segments)))
        return Document(self.separators, tuple(paragraphs))

    def _join(self, paragraphs: Sequence[str]) -> str:
        parts = [self.separators[0]]
        for paragraph, separator in zip(paragraphs, self.separators[1:], strict=True):
            parts += paragraph, separator
        return "".join(parts)


def _cut(source: str, spans: Sequence[Span]) -> Iterator[Segment]:
    """The segments at `spans`, less the blanks at their edges; a span of blanks alone is no segment."""
    piece, end = "", 0
    for left, right in spans:
        if not end <= left <= right <= len(source):
            raise ValueError(f"the span {left}:{right} is out of order or out of bounds")
        body = source[left:right].lstrip(BLANKS)
        left = right - len(body)
        body = body.rstrip(BLANKS)
        if not body:
            continue
        gap = _blank(source[end:left])
        if piece:
            yield Segment(piece, gap)
        elif gap:
            raise ValueError("a paragraph that starts with blanks")
        piece, end = body, left + len(body)
    if not piece:
        raise ValueError("no span holds any text")
    yield Segment(piece, _blank(source[end:]))


def _blank(gap: str) -> str:
    if gap.strip(BLANKS):
        raise ValueError(f"{len(gap)} characters between two spans are more than blanks")
    return gap


def _one_line(target: str) -> str:
    target = target.strip(BLANKS)
    lines = target.splitlines()
    return target if len(lines) < 2 else " ".join(filter(None, (line.strip(BLANKS) for line in lines)))
