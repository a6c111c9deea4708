"""Blocks of prose in Markdown. Everything else is kept byte for byte.

markdown-it-py says what is a paragraph, a heading, a cell; front matter, notes and the prose in blocks of HTML are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.token import Token

from worker.formats import markdown_source
from worker.formats.html_blocks import parse_html
from worker.formats.markdown_inline import References, TooHard, inline_pieces, make_parser
from worker.formats.markdown_source import Content, Lines
from worker.formats.markdown_writing import MarkdownSyntax, Raw, Setting
from worker.formats.pieces import Kind, Piece, literal
from worker.formats.run import Drafts, Role

#: Data of a static site's generator at the head of an article: YAML, TOML, or nothing.
_FRONT_MATTER = re.compile(r"\ufeff?(?:---[ \t]*(?:\r\n|\r|\n)|\+\+\+[ \t]*(?:\r\n|\r|\n))")
_FIELD = re.compile(r"[\w.\"' -]{1,80}[:=]|[#\[]|---|\+\+\+")
_FRONT_END = {"-": re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M), "+": re.compile(r"^\+\+\+[ \t]*$", re.M)}
#: A note's number before its text, a task's box.
_LEADS = re.compile(r"\[\^[^\]\[\s]{1,60}\]:[ \t]*|\[[ xX]\][ \t]+|\{:[^}\n]{0,200}\}[ \t]*$")
#: An image's description, if there is no markup in it; a sign of it that is written otherwise.
_LABEL = re.compile(
    r"!\[((?:[^\[\]\\`<*_&\n\r|~]|\\(?![!-/:-@\[-`{-~])|&[a-zA-Z0-9#]{2,32};|&(?![a-zA-Z0-9#]{2,32};)|<(?![a-zA-Z/!?])"
    r"|(?<=[^\W_])_(?=[^\W_])|(?<=\s)[*_](?=\s)|(?<!~)~(?!~)|\\[!-/:-@\[-`{-~])+)\]"
)
_WRITTEN = re.compile(r"\\[!-/:-@\[-`{-~]|&[a-zA-Z0-9#]{2,32};")
#: What makes a table of the line above it if that has a bar.
_ROW_OF_DASHES = re.compile(r"[\s>]*[-:|][-:|\s]*$")
#: Lines of one definition of a link.
_LINES_DEFINED = 20
#: Signs in one paragraph that a link, a tag or a reference may begin with, at most. More of them are no prose.
_SIGNS = 20_000
_SIGN = re.compile(r"[<&\[\]!*_`~\\]")


def parse_markdown(source: str, drafts: Drafts) -> None:
    """Adds what `source` is made of to `drafts`."""
    first = _front_matter(source)
    lines = Lines.of(source, first)
    parser = _parser()
    env: dict[str, Any] = {}
    try:
        found = parser.parse(lines.normalized(), env)
    except (RecursionError, RuntimeError, IndexError):
        drafts.keep(source)
        return
    builder = _Builder(lines, parser, env.get("references", {}), drafts)
    builder.place = 0
    builder.run(found)


def _front_matter(source: str) -> int:
    """How many characters the front matter takes, if there is any."""
    opening = _FRONT_MATTER.match(source)
    if not opening:
        return 0
    if not _FIELD.match(source, opening.end()):
        return 0
    closing = _FRONT_END[opening[0].lstrip("\ufeff")[0]].search(source.replace("\r", "\n"), opening.end())
    return closing.end() if closing else 0


def _parser() -> MarkdownIt:
    parser = make_parser()
    parser.core.ruler.enableOnly(["block"])
    parser.block.ruler.at("reference", _short_reference)
    return parser


def _short_reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The library's rule for definitions of links, for definitions of a few lines, and for no notes."""
    place = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", place):
        return False
    last = state.lineMax
    state.lineMax = min(last, start + _LINES_DEFINED)
    try:
        return reference(state, start, end, silent)
    finally:
        state.lineMax = last


class _Builder:
    def __init__(self, lines: Lines, parser: MarkdownIt, references: References, drafts: Drafts) -> None:
        self.lines = lines
        self.parser = parser
        self.references = references
        self.drafts = drafts
        self.place = 0  # in the source: what lies before it is in the drafts

    def run(self, found: list[Token]) -> None:
        row: list[Token] = []
        for index, token in enumerate(found):
            if token.type == "tr_open":
                row = []
            elif token.type == "tr_close":
                self._row(row)
            elif token.type == "html_block" and not token.level:
                self._html(token)
            elif token.type == "inline":
                parent = found[index - 1]
                if parent.type in ("th_open", "td_open"):
                    row.append(token)
                else:
                    self._inline(token, parent)
        self._keep(len(self.lines.source))

    def _keep(self, end: int) -> None:
        self.drafts.keep(self.lines.source[self.place : end])
        self.place = end

    def _inline(self, token: Token, parent: Token) -> None:
        if token.map is None:
            return
        if parent.type == "heading_open" and parent.markup.startswith("#"):
            content = markdown_source.heading(self.lines, token.map[0], token.content)
            setting, role = Setting.HEADING, Role.HEADING
        else:
            content = markdown_source.paragraph(self.lines, token.map[0], token.content)
            setting, role = Setting.PARAGRAPH, Role.PROSE
            if parent.type == "heading_open":
                setting, role = Setting.UNDERLINED, Role.HEADING
            elif token.map[1] < len(self.lines) and _ROW_OF_DASHES.match(self.lines.text(token.map[1])):
                setting = Setting.ABOVE_DASHES
        if content is not None and content.start >= self.place:
            self._add(content, setting, role)

    def _row(self, cells: list[Token]) -> None:
        if not cells or cells[0].map is None:
            return
        number = cells[0].map[0]
        found = markdown_source.row(self.lines, number, [cell.content for cell in cells])
        first = found[0]
        barred = first is None or "|" in self.lines.source[self.lines.starts[number] : first.start]
        for content in found:
            if content is not None and content.start >= self.place:
                setting = Setting.FIRST_CELL if content is first and not barred else Setting.CELL
                self._add(content, setting, Role.CELL)

    def _html(self, token: Token) -> None:
        if token.map is None:
            return
        start, end = self.lines.starts[token.map[0]], self.lines.ends[token.map[1] - 1]
        if start >= self.place:
            self._keep(start)
            parse_html(self.lines.source[start:end], self.drafts)
            self.place = end

    def _add(self, content: Content, setting: Setting, role: Role) -> None:
        """Adds a block's content, as one block or as one for each of its parts."""
        self._keep(content.start)
        syntax = MarkdownSyntax(self.parser, self.references, setting)
        try:
            if len(_SIGN.findall(content.text)) > _SIGNS:
                raise TooHard
            parts = list(_parts(self._pieces(content)))
        except (TooHard, RecursionError, RuntimeError, IndexError):
            source = self.lines.source[content.start : content.end]
            self.drafts.add(literal(source), Raw(), role)
        else:
            for part in parts:
                self.drafts.add(self._with_holes(part), syntax, role)
        self.place = content.end

    def _pieces(self, content: Content) -> list[Piece]:
        """The pieces with their sources in the article."""
        found = inline_pieces(content.text, self.parser, self.references)
        starts = [content.source_place(start) for start, _ in found] + [content.end]
        pieces = []
        for number, (_, piece) in enumerate(found):
            source = self.lines.source[starts[number] : starts[number + 1]]
            if piece.literal and len(source) == len(piece.source):
                piece = replace(piece, source=source, text=source)
            elif source != piece.source:
                piece = replace(piece, source=source, shown=piece.source)
            pieces.append(piece)
        return pieces

    def _with_holes(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The pieces, with a block of its own for an image's description."""
        for piece in pieces:
            if piece.kind is Kind.ATOM and piece.name == "image":
                piece = self._image(piece)
            yield piece

    def _image(self, piece: Piece) -> Piece:
        label = _LABEL.match(piece.source)
        if not label:
            return piece
        hole = self.drafts.hole(_decoded(label[1]), MarkdownSyntax(self.parser, self.references, Setting.LABEL))
        if hole is None:
            return piece
        return replace(piece, chunks=(piece.source[: label.start(1)], hole, piece.source[label.end(1) :]))


def _decoded(label: str) -> list[Piece]:
    """An image's description without markup in it, as pieces."""
    pieces: list[Piece] = []
    place = 0
    for match in _WRITTEN.finditer(label):
        pieces += literal(label[place : match.start()])
        text = match[0][1:] if match[0][0] == "\\" else unescape(match[0])
        pieces.append(Piece(Kind.TEXT, match[0], " " if text.splitlines() != [text] else text))
        place = match.end()
    return [*pieces, *literal(label[place:])]


def _parts(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces cut at hard line breaks and before notes, where no mark is open.

    Not where prose has signs that something in another part might make code or a tag of.
    """
    whole = any(piece.literal and ("`" in piece.text or "<" in piece.text) for piece in pieces)
    part: list[Piece] = []
    depth = 0
    leading = True  # nothing but markup stands before this piece on its line
    for piece in pieces:
        if leading and not depth and not (whole and part) and piece.literal and (lead := _LEADS.match(piece.text)):
            yield part
            first, piece = piece.cut(lead.end())
            part = [replace(first, text="", kind=Kind.ATOM, name="lead")]
        depth += (piece.kind is Kind.OPEN) - (piece.kind is Kind.CLOSE)
        part.append(piece)
        breaks = piece.kind is Kind.TEXT and not piece.literal and "\n" in piece.source.replace("\r", "\n")
        leading = breaks or piece.name == "break" or (leading and not piece.text)
        if piece.name == "break" and not depth and not whole:
            part[-1] = replace(piece, name="end")
            yield part
            part = []
    yield part
