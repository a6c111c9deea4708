"""Inline Markdown as pieces, by markdown-it-py, whose rules are watched to learn which source each token comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from worker.formats.html_blocks import CODE, VOID
from worker.formats.html_tokens import Sort, tokens
from worker.formats.pieces import Kind, Piece, collapsed, literal, with_kept

#: Names of links that are defined, with what markdown-it knows of them.
References = Mapping[str, Any]

#: Steps that a parse may take for each character; what needs more is no prose, and is left as it is.
_STEPS = 40
#: Where else a piece of markup is one that markdown-it does not know: a note's number, a template's expression, formulas.
_EXTENSIONS = re.compile(
    r"(?P<note>(?<=\S)\[\^[^\]\[\s]{1,60}\]|\[\^[^\]\[\s]{1,60}\](?!:))"
    r"|(?P<kept>\{\{[^{}\n]{1,200}\}\}|\{%[^%{}\n]{1,200}%\}"
    r"|\$\$[^$]{1,1000}\$\$|(?<![\w$\\])\$(?=\S)(?=[^$\n]*[\\^_{}=]|\w\$)[^$\n]{0,200}[^$\s\\]\$(?![\w$])"
    r"|(?<![\w$\\])\$[A-Za-z]\$(?![\w$]))"
)
#: Tags that are looked at for the one that an end tag closes.
_TAGS = 8
_MARKS = frozenset(("em", "strong", "s", "link"))


class TooHard(Exception):
    """A text takes more steps than prose does."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A token and the source that it stands for, in offsets of the content."""

    start: int
    end: int
    token: Token


class _State(StateInline):
    """Notes where each token begins. A token's source ends where the rule that made it stops, or where the next begins."""

    def __init__(self, content: str, parser: MarkdownIt, env: dict[str, Any]) -> None:
        super().__init__(content, parser, env, [])
        self.steps = _STEPS * len(content) + 1000

    def push(self, ttype: str, tag: str, nesting: Any) -> Token:
        token = super().push(ttype, tag, nesting)
        token.meta["at"] = self.pos
        return token

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TooHard


class _Inline(ParserInline):
    """The library's inline parser with its steps counted. An image's description is not parsed on its own."""

    def skipToken(self, state: StateInline) -> None:  # noqa: N802
        if isinstance(state, _State):
            state.step()
        super().skipToken(state)

    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        return tokens


def make_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough, as `places` needs it."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    inline = _Inline()
    inline.ruler.disable(["linkify"])
    for name, rule in [(rule.name, rule.fn) for rule in inline.ruler.__rules__]:
        inline.ruler.at(name, _watched(rule))
    inline.ruler2.disable(["fragments_join"])
    parser.inline = inline
    return parser


def _watched(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """The rule, noting for what it makes where the source of it begins and ends."""

    def watched(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent and isinstance(state, _State):
            state.step()
            made = [token for token in state.tokens[count:] if "at" in token.meta]
            if made:
                _note(made, start, state.pos)
        return True

    return watched


def _note(made: Sequence[Token], start: int, end: int) -> None:
    first, last = made[0], made[-1]
    if first.type == "link_open" and first.info != "auto":
        first.meta["span"] = (start, first.meta["at"])
        last.meta["span"] = (last.meta["at"], end)
    elif first.type == "link_open":
        first.meta["span"] = (start, end)
        for token in made[1:]:
            token.meta["span"] = (end, end)
    elif first.type == "text":  # signs that may be delimiters, one or two to a token
        for token in made:
            token.meta["span"] = (start, start + len(token.content))
            start += len(token.content)
    else:
        first.meta["span"] = (start, end)


def inline_pieces(content: str, parser: MarkdownIt, references: References) -> list[tuple[int, Piece]]:
    """The pieces of a paragraph's content, each with where it begins. Their sources together are the content.

    Raises `TooHard` where the content is no prose, or where the tokens don't lie one after the other.
    """
    state = _State(content, parser, {"references": dict(references)})
    parser.inline.tokenize(state)
    for rule in parser.inline.ruler2.getRules(""):
        rule(state)
    noted = [(token.meta["span"], token) for token in state.tokens if "span" in token.meta]
    places = [_Place(start, end, token) for (start, end), token in noted]
    found = list(_pieces(content, places))
    if "".join(piece.source for piece in found) != content:
        raise TooHard
    found = _with_extensions(_paired_tags(_paired(found)))
    starts = []
    place = 0
    for piece in found:
        starts.append((place, piece))
        place += len(piece.source)
    return starts


def _pieces(content: str, places: Sequence[_Place]) -> Iterator[Piece]:
    """Pieces for the tokens, and prose for what lies between them. Marks have no pair yet."""
    done = 0
    skip = 0  # the level of an automatic link, whose inner tokens say nothing new
    for index, (start, end, token) in enumerate((place.start, place.end, place.token) for place in places):
        if token.type == "text":
            if token.content or start < done:
                continue  # signs that are no delimiters are prose; one half of a strong mark went with the other
            near = places[index + 1] if index + 1 < len(places) else None
            if near is not None and near.start == end and near.token.type == "strong_open":
                yield from literal(content[done:start])
                yield Piece(Kind.OPEN, content[start : near.end], name="strong")
                done = near.end
            continue
        if skip or start < done:
            skip = 0 if token.type == "link_close" and skip else skip
            continue
        before = content[done:start]
        if token.type in ("softbreak", "hardbreak"):
            body = before.rstrip(" ")
            yield from literal(body)
            yield _line_break(token.type, content[start - (len(before) - len(body)) : end])
            done = end
            continue
        yield from literal(before)
        done = end
        if token.type == "strong_close":
            after = places[index + 1] if index + 1 < len(places) else None
            if after is None or after.start != end or after.token.type != "text" or after.token.content:
                raise TooHard
            done = after.end
        if token.type == "link_open" and token.info == "auto":
            skip = 1
        yield _piece(token, content[start:done])
    yield from literal(content[done:])


def _piece(token: Token, source: str) -> Piece:
    match token.type:
        case "code_inline":
            return collapsed([Piece(Kind.KEPT, source, token.content)])
        case "text_special":
            text = token.content
            return Piece(Kind.TEXT, source, " " if text.splitlines() != [text] else text)
        case "link_open" if token.info == "auto":
            return Piece(Kind.KEPT, source, source[1:-1])
        case "html_inline" | "image":
            return Piece(Kind.ATOM, source, name=token.type)
    base, _, side = token.type.partition("_")
    if base not in _MARKS or side not in ("open", "close"):
        raise TooHard
    return Piece(Kind.OPEN if side == "open" else Kind.CLOSE, source, name=base)


def _line_break(sort: str, source: str) -> Piece:
    return Piece(Kind.TEXT, source, " ") if sort == "softbreak" else Piece(Kind.ATOM, source, " ", name="break")


def _paired(pieces: list[Piece]) -> list[Piece]:
    """The marks with their pairs. Raises `TooHard` where they don't nest."""
    done = []
    opened: list[tuple[int, str]] = []
    pairs = 0
    for piece in pieces:
        if piece.kind is Kind.OPEN:
            opened.append((pairs, piece.name))
            piece = replace(piece, pair=pairs)
            pairs += 1
        elif piece.kind is Kind.CLOSE:
            if not opened or opened[-1][1] != piece.name:
                raise TooHard
            piece = replace(piece, pair=opened.pop()[0])
        done.append(piece)
    if opened:
        raise TooHard
    return done


def _paired_tags(pieces: list[Piece]) -> list[Piece]:
    """HTML tags that open and close within the same mark become marks too; elements of code become one piece."""
    done: list[Piece] = []
    pairs = max((piece.pair for piece in pieces), default=-1) + 1
    stack: list[tuple[str, int]] = []  # names of tags, "" for Markdown's own marks; where they stand in `done`
    for piece in pieces:
        if piece.kind is Kind.OPEN:
            stack.append(("", len(done)))
        elif piece.kind is Kind.CLOSE:
            while stack.pop()[0]:
                pass
        elif piece.name == "html_inline":
            tag = next(tokens(piece.source))
            if tag.name == "br":
                piece = replace(piece, text=" ", name="break")
            elif tag.sort is Sort.START and tag.name not in VOID and not piece.source.endswith("/>"):
                stack.append((tag.name, len(done)))
            elif tag.sort is Sort.END and (start := _opened(stack, tag.name)) is not None:
                if tag.name in CODE:
                    whole = collapsed([*done[start:], piece])
                    del done[start:]
                    done.append(whole)
                    continue
                done[start] = replace(done[start], kind=Kind.OPEN, pair=pairs, name="<" + tag.name)
                piece = replace(piece, kind=Kind.CLOSE, pair=pairs, name="<" + tag.name)
                pairs += 1
        done.append(piece)
    return done


def _opened(stack: list[tuple[str, int]], name: str) -> int | None:
    """Where the tag that an end tag closes stands, which leaves the stack; None if there is none in the same mark."""
    for depth in range(1, min(len(stack), _TAGS) + 1):
        if stack[-depth][0] in (name, ""):
            if not stack[-depth][0]:
                return None
            place = stack[-depth][1]
            del stack[-depth:]
            return place
    return None


def _with_extensions(pieces: list[Piece]) -> list[Piece]:
    """The pieces with what markdown-it takes for prose: numbers of notes become atoms, formulas and templates are kept."""
    text = "".join(piece.text for piece in pieces)
    if not ("[^" in text or "$" in text or "{" in text):
        return pieces
    matches = list(_EXTENSIONS.finditer(text))
    notes = {match.start() for match in matches if match["note"]}
    done = []
    place = 0
    for piece in with_kept(pieces, [match.span() for match in matches]):
        if place in notes and piece.kind is Kind.KEPT:
            done.append(replace(piece, kind=Kind.ATOM, text="", name="note"))
        else:
            done.append(piece)
        place += len(piece.text)
    return done
