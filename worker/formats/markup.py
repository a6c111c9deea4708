"""An article in Markdown or HTML: blocks of prose, and everything else, which stays byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from worker.formats.block import Block, Filled
from worker.formats.html_blocks import parse_html
from worker.formats.markdown_blocks import parse_markdown
from worker.formats.pieces import Hole
from worker.formats.run import Drafts

#: What an article may be written in.
Format = Literal["markdown", "html"]


@dataclass(frozen=True, slots=True)
class Markup:
    """The parsed article. `parts` are what is kept, and the numbers of the blocks that stand in between."""

    blocks: tuple[Block, ...]
    parts: tuple[str | int, ...]

    def rebuild(self, fills: Sequence[Filled]) -> str:
        """The article with `fills`, one for each block, in place of the blocks.

        Raises ValueError if there is not one for each.
        """
        if len(fills) != len(self.blocks):
            raise ValueError(f"{len(fills)} fills for {len(self.blocks)} blocks")
        written: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                written.append(part)
                continue
            for chunk in fills[part].chunks:
                written.append(fills[chunk.block].source if isinstance(chunk, Hole) else chunk)
        return "".join(written)


def parse_markup(text: str, format: Format) -> Markup:
    """Parses an article; any text is one, however broken. Time and memory are linear in its length."""
    drafts = Drafts()
    if format == "html":
        parse_html(text, drafts)
    else:
        parse_markdown(text, drafts)
    blocks = tuple(Block.of(draft.pieces, draft.role, draft.syntax) for draft in drafts.drafts)
    return Markup(blocks, tuple(drafts.parts))
