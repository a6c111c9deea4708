"""How a format writes words that the translator wrote between markup that stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from worker.formats.pieces import Hole, Piece

#: What a filled block is written from: markup and untouched text as pieces, the translator's words as strings.
Written = Sequence[Piece | str]


class Syntax(Protocol):
    """A format, at one kind of place in it."""

    def write(self, items: Written) -> tuple[str | Hole, ...] | None:
        """The items as source, with words escaped so that they are no markup; None where that can't be done."""
        ...


class _Html:
    def __init__(self, escapes: dict[str, str]) -> None:
        self._escapes = str.maketrans(escapes)

    def write(self, items: Written) -> tuple[str | Hole, ...]:
        chunks: list[str | Hole] = []
        for item in items:
            if isinstance(item, str):
                chunks.append(item.translate(self._escapes))
            else:
                chunks += item.written()
        return tuple(chunks)


_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
#: Text of an HTML page.
HTML: Syntax = _Html(_ESCAPES)
#: The value of an attribute, by the quotation marks around it.
ATTRIBUTE: dict[str, Syntax] = {'"': _Html(_ESCAPES | {'"': "&quot;"}), "'": _Html(_ESCAPES | {"'": "&#39;"})}
