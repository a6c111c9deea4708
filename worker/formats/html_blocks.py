"""Blocks of prose in HTML. Everything else, and every tag, is kept byte for byte. Linear in time and memory."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace

from worker.formats.html_tokens import Sort, Token, tokens
from worker.formats.pieces import Chunks, Hole, Kind, Piece, collapsed
from worker.formats.run import Drafts, Role
from worker.formats.writing import ATTRIBUTE, HTML
from worker.text.abbreviations import words
from worker.text.document import BLANKS

#: Elements that part prose; every other element is part of it.
BLOCK = words(
    """
    address article aside base blockquote body button caption center col colgroup dd details dialog dir div dl dt
    fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link main
    menu meta nav noscript ol optgroup option p param search section select source summary table tbody td tfoot th thead
    title tr track ul video audio object canvas
    """
)
#: Elements that are left alone with all that is in them.
UNTOUCHED = words("script style svg math template pre textarea iframe xmp noembed noframes plaintext listing")
#: Those of them that part prose.
_PARTING = words("pre template xmp plaintext listing")
#: Elements whose text is kept and stands in the sentence around it.
CODE = words("code kbd samp var tt")
VOID = words("area base br col embed hr img input link meta param source track wbr")
#: Elements that may end without an end tag, and what they stand in.
_UNENDED = words("p li dt dd tr td th option tbody thead tfoot")
_SIBLINGS = {"dt": words("dt dd"), "dd": words("dt dd"), "td": words("td th"), "th": words("td th")}
_CONTAINERS = words("ul ol dl table menu select")
#: Attributes with prose in them, and elements on which they have none.
_PROSE = words("alt title placeholder aria-label")
_NO_PROSE = words("link style script meta base html body")
_DESCRIPTIONS = words("description og:title og:description twitter:title twitter:description")
_ROLES = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Role.HEADING) | {
    "td": Role.CELL,
    "th": Role.CELL,
    "title": Role.TITLE,
}
_DECODED = re.compile(
    r"&(?:#[0-9]{1,9};?|#[xX][0-9a-fA-F]{1,8};?|[A-Za-z][A-Za-z0-9]{1,40};?)"
    r"|[ \t\n\f\r]*[\t\n\f\r\v\x1c-\x1e\x85\u2028\u2029][ \t\n\f\r\v\x1c-\x1e\x85\u2028\u2029]*|[ ]{2,}"
)
_LINE_END = re.compile(r"[\t\n\f\r\v\x1c-\x1e\x85\u2028\u2029]")
#: Where prose ends with one of these, a `<br>` parts it from what follows.
_STOPS = frozenset('.!?…:;»”"')
#: How many tokens are looked at for the words after a `<br>`.
_REACH = 20


def parse_html(source: str, drafts: Drafts) -> None:
    """Adds what `source` is made of to `drafts`."""
    _Parser(list(tokens(source)), drafts).run()


def prose(source: str) -> list[Piece]:
    """Text of HTML as pieces: references decoded, white space one space."""
    pieces = []
    place = 0
    for match in _DECODED.finditer(source):
        text = html.unescape(match[0]) if match[0][0] == "&" else " "
        text = _LINE_END.sub(" ", text)
        if text == match[0]:
            continue
        if match.start() > place:
            pieces.append(Piece(Kind.TEXT, source[place : match.start()], source[place : match.start()]))
        pieces.append(Piece(Kind.TEXT, match[0], text))
        place = match.end()
    if place < len(source):
        pieces.append(Piece(Kind.TEXT, source[place:], source[place:]))
    return pieces


class _Parser:
    def __init__(self, found: list[Token], drafts: Drafts) -> None:
        self.tokens = found
        self.drafts = drafts
        self.pieces: list[Piece] = []
        self.role = Role.PROSE
        self.opened: list[tuple[str, int]] = []  # marks: name, place in `pieces`
        self.open_names: Counter[str] = Counter()
        self.pairs = 0
        self.unclosed: dict[str, int] = {}  # elements of code without an end up to this token

    def run(self) -> None:
        place = 0
        while place < len(self.tokens):
            place = self._step(place)
        self._flush()

    def _step(self, place: int) -> int:
        """Takes in the token at `place`, or the element that starts there; returns the place after it."""
        token = self.tokens[place]
        if token.sort is Sort.TEXT:
            self.pieces += prose(token.source)
        elif token.sort is Sort.OTHER and token.source.endswith(">"):
            self.pieces.append(Piece(Kind.ATOM, token.source))
        elif token.sort is Sort.OTHER:  # it never ends: nothing may come to stand after it
            self._flush()
            self.drafts.keep(token.source)
        elif token.sort is Sort.END:
            self._end(token)
        elif token.name in UNTOUCHED or _is_kept(token):
            return self._untouched(place)
        elif token.name in CODE:
            return self._code(place)
        else:
            self._start(token, place)
        return place + 1

    def _start(self, token: Token, place: int) -> None:
        chunks = self._with_holes(token)
        if token.name == "br":
            parts = self._parts_here(place)
            self.pieces.append(Piece(Kind.ATOM, token.source, "" if parts else " "))
            if parts:
                self._flush()
        elif token.name in BLOCK:
            self._flush()
            self.drafts.keep(chunks)
            self.role = _ROLES.get(token.name, Role.PROSE)
        elif token.name in VOID:
            self.pieces.append(Piece(Kind.ATOM, token.source, chunks=chunks))
        else:
            self.opened.append((token.name, len(self.pieces)))
            self.open_names[token.name] += 1
            self.pieces.append(Piece(Kind.OPEN, token.source, pair=self.pairs, name=token.name, chunks=chunks))
            self.pairs += 1

    def _end(self, token: Token) -> None:
        if token.name in BLOCK:
            self._flush()
            self.drafts.keep(token.source)
            self.role = Role.PROSE
            return
        piece = Piece(Kind.ATOM, token.source)
        if self.open_names[token.name]:
            while True:
                name, place = self.opened.pop()
                self.open_names[name] -= 1
                if name == token.name:
                    break
                self.pieces[place] = replace(self.pieces[place], kind=Kind.ATOM)
            piece = Piece(Kind.CLOSE, token.source, pair=self.pieces[place].pair, name=token.name)
        elif not self.opened and token.name not in VOID:
            piece = Piece(Kind.CLOSE, token.source, pair=self.pairs, name=token.name)
            self.pairs += 1
        self.pieces.append(piece)

    def _untouched(self, place: int) -> int:
        """An element that is kept with all that is in it."""
        token = self.tokens[place]
        alone = token.source.endswith("/>") or token.name in VOID
        end = place + 1 if alone else _element_end(self.tokens, place)
        inner = self.tokens[place : end or len(self.tokens)]
        # Nothing may come to stand after an element that never ends.
        if end is None or any(
            part.name in BLOCK or part.name in _PARTING for part in inner if part.sort is not Sort.TEXT
        ):
            self._flush()
            self.drafts.keep("".join(part.source for part in inner))
        elif token.name in UNTOUCHED:
            self.pieces.append(Piece(Kind.ATOM, "".join(part.source for part in inner)))
        else:
            self.pieces += _kept(inner)
        return place + len(inner)

    def _code(self, place: int) -> int:
        """An element of code, if it ends in this run of prose; otherwise its start tag."""
        token = self.tokens[place]
        if place >= self.unclosed.get(token.name, 0):
            depth = 0
            for end in range(place, len(self.tokens)):
                other = self.tokens[end]
                if other.name in BLOCK:
                    break
                if other.name == token.name:
                    depth += 1 if other.sort is Sort.START else -1
                    if not depth:
                        self.pieces += _kept(self.tokens[place : end + 1])
                        return end + 1
            self.unclosed[token.name] = end + 1
        self.pieces.append(Piece(Kind.ATOM, token.source))
        return place + 1

    def _parts_here(self, place: int) -> bool:
        """Whether the `<br>` at `place` parts sentences: a verse, an address, not a line broken in its middle."""
        before = next((piece.text.rstrip(BLANKS) for piece in reversed(self.pieces) if piece.text.strip(BLANKS)), "")
        if not before or before[-1] in _STOPS:
            return True
        for token in self.tokens[place + 1 : place + _REACH]:
            if token.name == "br" or token.name in BLOCK:
                return True
            text = html.unescape(token.source[: _REACH * 2]).lstrip(BLANKS) if token.sort is Sort.TEXT else ""
            if text:
                return not text[0].islower()
        return True

    def _with_holes(self, token: Token) -> Chunks:
        """A start tag's source with holes where its attributes have prose."""
        chunks: list[str | Hole] = []
        place = 0
        names = set(_prose_in(token))
        for attribute in token.attributes:
            if attribute.name not in names:
                continue
            names.remove(attribute.name)  # of attributes of one name the first counts
            if not attribute.quote or not attribute.value.strip():
                continue
            role = Role.TITLE if token.name == "meta" else Role.ATTRIBUTE
            hole = self.drafts.hole(prose(attribute.value), ATTRIBUTE[attribute.quote], role)
            if hole is not None:
                chunks += token.source[place : attribute.start], hole
                place = attribute.start + len(attribute.value)
        return (*chunks, token.source[place:])

    def _flush(self) -> None:
        if self.pieces:
            self.drafts.add(self.pieces, HTML, self.role)
        self.pieces = []
        self.opened.clear()
        self.open_names.clear()


def _prose_in(token: Token) -> Set[str]:
    """The names of a tag's attributes that have prose in them."""
    if token.name == "meta":
        described = bool({token.get("name"), token.get("property")} & _DESCRIPTIONS)
        return {"content"} if described else frozenset()
    return frozenset() if token.name in _NO_PROSE else _PROSE


def _is_kept(token: Token) -> bool:
    return (token.get("translate") or "").lower() == "no" or "notranslate" in (token.get("class") or "").split()


def _kept(inner: Sequence[Token]) -> list[Piece]:
    """An element as one piece, with the blanks that its text begins and ends with on either side of it."""
    pieces: list[Piece] = []
    for token in inner:
        pieces += prose(token.source) if token.sort is Sort.TEXT else [Piece(Kind.ATOM, token.source)]
    text = "".join(piece.text for piece in pieces)
    blank = [Piece(Kind.TEXT, "", " ")]
    return [*blank[: text[:1].isspace()], collapsed(pieces), *blank[: text[-1:].isspace()]]


def _element_end(found: Sequence[Token], place: int) -> int | None:
    """The place after the element that starts at `place`; None if it never ends."""
    name = found[place].name
    depth = inside = 0
    siblings = _SIBLINGS.get(name, frozenset((name,)))
    for end in range(place, len(found)):
        token = found[end]
        if token.sort not in (Sort.START, Sort.END):
            continue
        starts = token.sort is Sort.START
        if name in _UNENDED and end > place:
            if name == "p" and token.name in BLOCK and (starts or token.name != "p"):
                return end
            if not inside and ((starts and token.name in siblings) or (not starts and token.name in _CONTAINERS)):
                return end
        if token.name in _CONTAINERS and token.name != name:
            inside += 1 if starts else -1
        elif token.name == name and (name not in _UNENDED or not inside):
            depth += 1 if starts else -1
            if not depth:
                return end + 1
    return None
