"""What is to be done with each segment of an article, decided before the engine sees any of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from service.contract.language import paragraph_language
from worker.engine.interface import Engine, Role, Tokens
from worker.formats import Markup, parse_markup
from worker.terms import Term, TermFinder, Use, substituted
from worker.text import Document, FrenchSegmenter, Paragraph, Span, needs_translation, split_all_to_fit
from worker.text.addresses import without_addresses
from worker.text.checks import without_runs
from worker.text.document import BLANKS
from worker.text.headlines import is_shouted, quieted, shouted, without_added_stop
from worker.text.numbers import with_english_digits

#: Placeholders are found all the same.
NO_TERMS = TermFinder()


class Route(StrEnum):
    """What becomes of a segment."""

    TRANSLATE = "translate"  # goes through the model
    KEEP = "keep"  # has no letter in it, is an address, or code that does not fit: stays as it is
    ENGLISH = "already_english"  # its paragraph is English: stays as it is, flagged
    OPAQUE = "not_translated"  # no words, but one long run of characters: stays as it is, flagged


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """A segment and its route. `paragraph` is None for the title.

    `sentence` is the same number for all pieces of one sentence. `tokens` are there where the route is `TRANSLATE`; their
    text is the source, in small letters where it is a headline in capitals. `uses` are the terms in it. `language` is the
    ISO code of its paragraph's language where that is surely neither French nor English.
    """

    paragraph: int | None
    segment: int
    sentence: int
    source: str
    route: Route
    tokens: Tokens | None
    uses: tuple[Use, ...] = ()
    language: str | None = None

    @property
    def expected(self) -> str:
        """The source with the wanted words in place of its terms: what a translation is checked against."""
        return substituted(self.source, self.uses)

    def finished(self, output: str) -> str:
        """What the model wrote, in capitals where the source is, numbers as in English, and no full stop that was added."""
        if self.tokens is None:
            return output
        given = self.tokens.text.strip(BLANKS)
        if output.strip(BLANKS) == given:
            return self.source
        if given != self.source:
            output = shouted(output, tuple(use.wanted for use in self.uses if use.term.kept))
        if not any(use.term.kept and any(map(str.isdigit, use.wanted)) for use in self.uses):
            output = with_english_digits(self.source, output)
        return without_added_stop(self.source, output)


@dataclass(frozen=True, slots=True)
class Plan:
    """The article as segments that fit the model. `title` is None, or a document of its own.

    An article with markup has a block of `markup` for each paragraph of the body. `phrases` are marked words, which are
    translated by themselves to find them again in their sentences' translations.
    """

    title: Document | None
    body: Document
    segments: tuple[PlannedSegment, ...]
    markup: Markup | None = None
    phrases: tuple[PlannedSegment, ...] = ()


def make_plan(
    text: str,
    title: str | None,
    engine: Engine,
    *,
    segment_tokens: int,
    terms: TermFinder = NO_TERMS,
    force: bool = False,
    format: Literal["text", "markdown", "html"] = "text",
) -> Plan:
    """Cuts an article into segments of at most `segment_tokens` tokens, or the model's own limit where that is lower.

    `force`: all of it is translated, whatever its language. `format` is what the text is written in; a title is plain text.
    """
    model = engine.info(Role.TRANSLATOR)
    if model is None:
        raise RuntimeError("the engine has no translator")
    limit = min(segment_tokens, model.max_source_tokens)
    segmenter = FrenchSegmenter()
    planner = _Planner(engine, limit, terms, force)
    title_document = None
    if title is not None and title.strip():
        title_document = planner.add(Document.parse(title, segmenter), is_title=True)
    if format == "text":
        body = planner.add(Document.parse(text, segmenter), is_title=False)
        return Plan(title_document, body, tuple(planner.planned))
    markup = parse_markup(text, format)
    paragraphs = tuple(Paragraph.parse(block.text, block.uncut(segmenter.split(block.text))) for block in markup.blocks)
    separators = ("", *("\n" for _ in paragraphs[1:]), "") if paragraphs else ("",)
    body = planner.add(Document(separators, paragraphs), is_title=False, markup=markup)
    return Plan(title_document, body, tuple(planner.planned), markup, planner.phrases(body, markup))


class _Planner:
    """Plans documents one after the other; `planned` has the segments of all of them."""

    def __init__(self, engine: Engine, limit: int, terms: TermFinder, force: bool) -> None:
        self._engine = engine
        self._limit = limit
        self._terms = terms
        self._force = force
        self.planned: list[PlannedSegment] = []

    def add(self, document: Document, *, is_title: bool, markup: Markup | None = None) -> Document:
        """Plans the document's segments; returns it with over-long sentences cut into pieces.

        With `markup`, its blocks are the document's paragraphs, and what they keep is kept.
        """
        languages = [None if self._force else paragraph_language(p.source) for p in document.paragraphs]
        whole = _kept(document, markup) if markup is not None else {}
        sentences = [
            _Sentence(s.source, _route(s.source, languages[paragraph]), tuple(whole.get((paragraph, position), ())))
            for paragraph, position, s in document
        ]
        pieces = self._cut(sentences)
        refined = document.refine(lambda _: [[piece.span for piece in row] for row in pieces])
        flat = [
            (number, sentence.route_of(piece), piece.tokens)
            for number, (sentence, row) in enumerate(zip(sentences, pieces, strict=True), start=len(self.planned))
            for piece in row
        ]
        kept = _kept(refined, markup) if markup is not None else {}
        for (paragraph, position, segment), (number, route, tokens) in zip(refined, flat, strict=True):
            uses = self._uses(segment.source, kept.get((paragraph, position), ())) if tokens is not None else ()
            place = None if is_title else paragraph
            language = languages[paragraph] if route is Route.TRANSLATE else None
            self.planned.append(PlannedSegment(place, position, number, segment.source, route, tokens, uses, language))
        return refined

    def phrases(self, body: Document, markup: Markup) -> tuple[PlannedSegment, ...]:
        """The marked words of the body's sentences that go through the model, each once, where they fit."""
        translated = {(s.paragraph, s.segment) for s in self.planned if s.tokens is not None}
        spans: list[list[Span]] = [[] for _ in body.paragraphs]
        for (paragraph, _), span in _places(body).items():
            spans[paragraph].append(span)
        found: dict[str, None] = {}
        for number, (block, row) in enumerate(zip(markup.blocks, spans, strict=True)):
            for position, texts in enumerate(block.phrases(row)):
                if (number, position) in translated:
                    found.update(dict.fromkeys(texts))
        wanted = [text for text in found if needs_translation(text)]
        rows = self._tokenize(wanted)
        return tuple(
            PlannedSegment(None, 0, -1, text, Route.TRANSLATE, row, self._terms.find(text))
            for text, row in zip(wanted, rows, strict=True)
            if len(row) <= self._limit
        )

    def _uses(self, source: str, kept: Sequence[Span]) -> tuple[Use, ...]:
        """The terms in a segment, and what its markup keeps."""
        uses = [Use(a, b, Term(source[a:b], source[a:b], kept=True, named=False), source[a:b]) for a, b in kept]
        found = (u for u in self._terms.find(source) if all(u.end <= a or b <= u.start for a, b in kept))
        return tuple(sorted([*uses, *found], key=lambda use: use.start))

    def _cut(self, sentences: Sequence["_Sentence"]) -> list[list["_Piece"]]:
        """The pieces of each sentence, tokenized where the model is to see them: one piece wherever it fits.

        The tokenizer gets all sentences at once, then all pieces of those that were too long at once.
        """
        pieces = [[_Piece((0, len(sentence.source)), None)] for sentence in sentences]
        wanted = [index for index, sentence in enumerate(sentences) if sentence.route is Route.TRANSLATE]
        tokens = self._tokenize([sentences[index].given for index in wanted])
        too_long = []
        for index, row in zip(wanted, tokens, strict=True):
            if len(row) > self._limit:
                too_long.append(index)
            elif needs_translation(without_runs(row.text)):
                pieces[index] = [_Piece((0, len(row.text)), row)]
        if too_long:
            texts = [sentences[index].given for index in too_long]
            whole = [sentences[index].kept for index in too_long]
            spans = split_all_to_fit(
                texts, lambda parts: [len(row) for row in self._tokenize(parts)], self._limit, whole
            )
            parts = [text[start:end] for text, row in zip(texts, spans, strict=True) for start, end in row]
            cut = iter(self._tokenize(parts))
            for index, row_spans in zip(too_long, spans, strict=True):
                words = without_runs(sentences[index].given)
                pieces[index] = [self._piece(sentences[index], span, next(cut), words) for span in row_spans]
        return pieces

    def _piece(self, sentence: "_Sentence", span: Span, row: Tokens, words: str) -> "_Piece":
        """A part of a sentence that was too long; `words` is the sentence without what are none."""
        if len(row) > self._limit and span in sentence.kept:
            return _Piece(span, None)
        return _Piece(span, row if needs_translation(words[slice(*span)]) or not needs_translation(row.text) else None)

    def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        return self._engine.tokenize(Role.TRANSLATOR, texts)


@dataclass(frozen=True, slots=True)
class _Sentence:
    source: str
    route: Route
    kept: tuple[Span, ...] = ()

    @property
    def given(self) -> str:
        """What the model sees of it."""
        return quieted(self.source) if is_shouted(self.source) else self.source

    def route_of(self, piece: "_Piece") -> Route:
        """What becomes of a piece of it."""
        if self.route is not Route.TRANSLATE or piece.tokens is not None:
            return self.route
        return Route.KEEP if piece.span in self.kept else Route.OPAQUE


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    tokens: Tokens | None


def _places(document: Document) -> dict[tuple[int, int], Span]:
    """For each segment, by paragraph and number, its characters in the paragraph."""
    places = {}
    for number, paragraph in enumerate(document.paragraphs):
        place = 0
        for position, segment in enumerate(paragraph.segments):
            places[number, position] = place, place + len(segment.source)
            place += len(segment.source) + len(segment.gap)
    return places


def _kept(document: Document, markup: Markup) -> dict[tuple[int, int], list[Span]]:
    """For each segment the characters in it that its block keeps."""
    found: dict[tuple[int, int], list[Span]] = {}
    waiting = [list(reversed(block.kept)) for block in markup.blocks]
    for (paragraph, position), (start, end) in _places(document).items():
        spans = waiting[paragraph]
        while spans and spans[-1][0] < end:
            left, right = spans.pop()
            if start <= left and right <= end:
                found.setdefault((paragraph, position), []).append((left - start, right - start))
    return found


def _route(sentence: str, language: str | None) -> Route:
    if language == "en":
        return Route.ENGLISH
    return Route.TRANSLATE if needs_translation(without_addresses(sentence)[0]) else Route.KEEP
