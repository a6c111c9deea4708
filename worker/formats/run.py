"""An article under construction: what is kept as it is, and blocks of prose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from worker.formats.pieces import Chunks, Hole, Piece, tidied, with_addresses, with_composed
from worker.formats.writing import Syntax


class Role(Enum):
    """Where a block stands, for those who use some blocks otherwise than others."""

    PROSE = "prose"
    HEADING = "heading"
    CELL = "cell"  # of a table
    ATTRIBUTE = "attribute"  # an image's description, a tooltip
    TITLE = "title"  # of an HTML page, and its description for search engines


@dataclass(frozen=True, slots=True)
class Draft:
    """A block's pieces. `nested`: it fills a hole in another block or in what is kept."""

    pieces: tuple[Piece, ...]
    role: Role
    syntax: Syntax
    nested: bool = False


@dataclass(slots=True)
class Drafts:
    """What an article is made of so far, in order. A number in `parts` is that of a draft."""

    parts: list[str | int] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    def keep(self, chunks: str | Chunks) -> None:
        """Adds what stays as it is; holes in it are filled."""
        for chunk in (chunks,) if isinstance(chunks, str) else chunks:
            if isinstance(chunk, Hole):
                self.parts.append(chunk.block)
            elif chunk:
                self.parts.append(chunk)

    def hole(self, pieces: Iterable[Piece], syntax: Syntax, role: Role = Role.ATTRIBUTE) -> Hole | None:
        """A place for a block of its own within a tag; None if there is nothing to translate in it."""
        tidy = tuple(tidied(with_composed(pieces)))
        if not any(piece.text for piece in tidy):
            return None
        self.drafts.append(Draft(tidy, role, syntax, nested=True))
        return Hole(len(self.drafts) - 1, "".join(piece.source for piece in tidy))

    def add(self, pieces: Iterable[Piece], syntax: Syntax, role: Role = Role.PROSE) -> None:
        """Adds a run of prose: a block if there is any text in it."""
        tidy = with_addresses(tidied(with_composed(pieces)))
        if any(piece.text for piece in tidy):
            self.drafts.append(Draft(tuple(tidy), role, syntax))
            self.parts.append(len(self.drafts) - 1)
        else:
            for piece in tidy:
                self.keep(piece.written())
