"""What a run of prose is made of: pieces of source, each with the text that a reader sees of it.

The sources of a run's pieces, one after the other, are the run's bytes; their texts are what the translator sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import regex

from worker.text.document import BLANKS
from worker.text.normal_forms import composed

#: White space with a character that `str.splitlines` breaks lines at: a block's text has none of these.
LINE_ENDS = re.compile(r"(?<![ \t])[ \t]*+[\n\r\v\f\x1c-\x1e\x85\u2028\u2029][\s]*")
#: Addresses that stand in the text as they are.
_ADDRESS = re.compile(
    r"(?<![\w@])(?:https?://|www\.)[^\s<>\"“”«»|`]{1,2000}|(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
)
#: A letter with its marks.
_CLUSTER = regex.compile(r"\X")
#: What ends a sentence rather than an address.
_AFTER_ADDRESS = ".,;:!?'’*_~\\…"


class Kind(Enum):
    """What a piece is."""

    TEXT = 0  # prose
    KEPT = 1  # text that stays as it is: code, an address
    OPEN = 2  # a mark begins: no text
    CLOSE = 3  # a mark ends: no text
    ATOM = 4  # a tag, an image, a note's number: no text, or one space where it parts two words


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a piece's source where the text of another block belongs, such as an image's description."""

    block: int
    source: str


#: Source text, with holes in it.
Chunks = tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of source and its text. `pair` is the same number for both ends of a mark; `name` is what mark it is.

    `shown` is what the format's parser sees of the source, where that is something else: no signs of a quotation that
    begin its lines.
    """

    kind: Kind
    source: str
    text: str = ""
    pair: int = -1
    name: str = ""
    chunks: Chunks = ()
    shown: str = ""

    @property
    def seen(self) -> str:
        """What the format's parser sees of it."""
        return self.shown or self.source

    @property
    def literal(self) -> bool:
        """Whether it may be cut anywhere: each character of its source is one of its text."""
        return self.kind is Kind.TEXT and self.source == self.text

    def cut(self, place: int) -> tuple[Piece, Piece]:
        """A literal piece in two."""
        return Piece(Kind.TEXT, self.source[:place], self.text[:place]), Piece(
            Kind.TEXT, self.source[place:], self.text[place:]
        )

    def written(self) -> Chunks:
        """Its source, with the holes in it."""
        return self.chunks or (self.source,)


def literal(source: str) -> list[Piece]:
    """Plain prose as pieces: line ends, with the blanks around them, are one space to the translator."""
    pieces = []
    place = 0
    for match in LINE_ENDS.finditer(source):
        if match.start() > place:
            pieces.append(Piece(Kind.TEXT, source[place : match.start()], source[place : match.start()]))
        pieces.append(Piece(Kind.TEXT, match[0], " "))
        place = match.end()
    if place < len(source):
        pieces.append(Piece(Kind.TEXT, source[place:], source[place:]))
    return pieces


def tidied(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with the blanks at either end of the run, and second blanks in a row, taken out of the text."""
    return _without_blank_marks(_trimmed(_trimmed(list(pieces), 1), -1))


def with_composed(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with accents composed in their text; their sources stay, byte for byte."""
    for piece in pieces:
        text = composed(piece.text)
        if text == piece.text:
            yield piece
        elif piece.literal:
            yield from _with_composed_letters(piece.text)
        else:
            yield replace(piece, text=text)


def _with_composed_letters(source: str) -> Iterator[Piece]:
    """Prose as pieces, with one for each letter that is composed."""
    place = 0
    for match in _CLUSTER.finditer(source):
        text = composed(match[0])
        if text == match[0]:
            continue
        if match.start() > place:
            yield Piece(Kind.TEXT, source[place : match.start()], source[place : match.start()])
        yield Piece(Kind.TEXT, match[0], text)
        place = match.end()
    if place < len(source):
        yield Piece(Kind.TEXT, source[place:], source[place:])


def with_addresses(pieces: list[Piece]) -> list[Piece]:
    """The pieces with web and mail addresses in their text kept."""
    text = "".join(piece.text for piece in pieces)
    spans = []
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_AFTER_ADDRESS)
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(_AFTER_ADDRESS)
        if len(address) > 4:
            spans.append((match.start(), match.start() + len(address)))
    return with_kept(pieces, spans)


def with_kept(pieces: list[Piece], spans: Sequence[tuple[int, int]]) -> list[Piece]:
    """The pieces with the text at `spans`, which are in order, kept; not where anything else than prose is in it."""
    if not spans:
        return pieces
    done: list[Piece] = []
    waiting = iter(spans)
    span = next(waiting, None)
    inside: list[Piece] | None = None
    place = 0
    queue = list(reversed(pieces))
    while queue:
        piece = queue.pop()
        if span is None or (inside is None and place + len(piece.text) <= span[0]):
            done.append(piece)
            place += len(piece.text)
            continue
        if inside is None and place == span[0] and piece.text:
            inside = []
        edge = span[0] if inside is None else span[1]
        if piece.literal and place < edge < place + len(piece.text):
            first, second = piece.cut(edge - place)
            queue += [second, first]
            continue
        if inside is None:
            done.append(piece)
            place += len(piece.text)
            while span is not None and span[0] < place:  # it begins in the middle of something that can't be cut
                span = next(waiting, None)
            continue
        inside.append(piece)
        place += len(piece.text)
        if place >= span[1]:
            done += _kept(inside) if place == span[1] else inside
            inside = None
            while span is not None and span[0] < place:
                span = next(waiting, None)
    return done + (inside or [])


def collapsed(pieces: Sequence[Piece], name: str = "") -> Piece:
    """One kept piece for all of these; an atom where they have no text."""
    source = "".join(piece.source for piece in pieces)
    text = re.sub(r"\s+", " ", "".join(piece.text for piece in pieces)).strip(BLANKS)
    chunks = tuple(chunk for piece in pieces for chunk in piece.written())
    whole = chunks if any(isinstance(chunk, Hole) for chunk in chunks) else ()
    shown = "".join(piece.seen for piece in pieces) if any(piece.shown for piece in pieces) else ""
    return Piece(Kind.KEPT if text else Kind.ATOM, source, text, name=name, chunks=whole, shown=shown)


def _kept(pieces: list[Piece]) -> list[Piece]:
    if any(piece.kind is not Kind.TEXT for piece in pieces):
        return pieces
    return [collapsed(pieces)]


def _trimmed(pieces: list[Piece], step: int) -> list[Piece]:
    """Takes blanks out of the text from one end up to the first that is none; forwards, also second spaces in a row."""
    done: list[Piece] = []
    started = False
    spaced = True
    for piece in pieces[::step]:
        text = piece.text
        if piece.kind is Kind.TEXT or (piece.kind is Kind.ATOM and text):
            if not started:
                body = text.lstrip(BLANKS) if step == 1 else text.rstrip(BLANKS)
                blank = len(text) - len(body)
                if body and blank and piece.literal:
                    first, second = piece.cut(blank if step == 1 else len(body))
                    outer, piece = (first, second) if step == 1 else (second, first)
                    done.append(replace(outer, text=""))
                elif not body:
                    piece = replace(piece, text="")
                elif blank:
                    piece = replace(piece, text=body)
            elif spaced and step == 1 and text.startswith(" "):
                if piece.literal and len(text) > 1:
                    first, piece = piece.cut(1)
                    done.append(replace(first, text=""))
                else:
                    piece = replace(piece, text="")
        if piece.text:
            started = True
            spaced = piece.text[-1] in " \t"
        done.append(piece)
    return done[::step]


def _without_blank_marks(pieces: list[Piece]) -> list[Piece]:
    """Marks around nothing, or around blanks, become atoms: there is no word that they could go to."""
    done: list[Piece] = []
    opened: list[tuple[int, int]] = []  # (pair, where it stands in `done`)
    filled = -1  # the last place in `done` with text that is more than blanks
    for piece in pieces:
        if piece.kind is Kind.OPEN:
            opened.append((piece.pair, len(done)))
        elif piece.text.strip(BLANKS):
            filled = len(done)
        elif piece.kind is Kind.CLOSE:
            while opened and opened[-1][0] != piece.pair:
                opened.pop()
            if opened and filled < opened[-1][1]:
                _, start = opened.pop()
                inner = [*done[start:], piece]
                del done[start:]
                atom = collapsed(inner)
                piece = replace(atom, text=" ") if any(part.text for part in inner) else atom
            elif opened:
                opened.pop()
        done.append(piece)
    return done
