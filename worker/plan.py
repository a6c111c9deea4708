"""What is to be done with each segment of an article, decided before the engine sees any of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.contract.language import paragraph_language
from worker.engine.interface import Engine, Role, Tokens
from worker.terms import TermFinder, Use, substituted
from worker.text import Document, FrenchSegmenter, Span, needs_translation, split_all_to_fit
from worker.text.headlines import is_shouted, quieted, shouted, without_added_stop

#: Placeholders are found all the same.
NO_TERMS = TermFinder()


class Route(StrEnum):
    """What becomes of a segment."""

    TRANSLATE = "translate"  # goes through the model
    KEEP = "keep"  # has no letter in it: stays as it is
    ENGLISH = "already_english"  # its paragraph is English: stays as it is, flagged


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
        """What the model wrote, in capitals where the source is, and without a full stop that the source has not."""
        if self.tokens is not None and self.tokens.text != self.source:
            output = shouted(output, tuple(use.wanted for use in self.uses if use.term.kept))
        return without_added_stop(self.source, output)


@dataclass(frozen=True, slots=True)
class Plan:
    """The article as segments that fit the model. `title` is None, or a document of its own."""

    title: Document | None
    body: Document
    segments: tuple[PlannedSegment, ...]


def make_plan(
    text: str,
    title: str | None,
    engine: Engine,
    *,
    segment_tokens: int,
    terms: TermFinder = NO_TERMS,
    force: bool = False,
) -> Plan:
    """Cuts an article into segments of at most `segment_tokens` tokens, or the model's own limit where that is lower.

    `force`: all of it is translated, whatever its language.
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
    body = planner.add(Document.parse(text, segmenter), is_title=False)
    return Plan(title_document, body, tuple(planner.planned))


class _Planner:
    """Plans documents one after the other; `planned` has the segments of all of them."""

    def __init__(self, engine: Engine, limit: int, terms: TermFinder, force: bool) -> None:
        self._engine = engine
        self._limit = limit
        self._terms = terms
        self._force = force
        self.planned: list[PlannedSegment] = []

    def add(self, document: Document, *, is_title: bool) -> Document:
        """Plans the document's segments; returns it with over-long sentences cut into pieces."""
        languages = [None if self._force else paragraph_language(p.source) for p in document.paragraphs]
        sentences = [_Sentence(s.source, _route(s.source, languages[paragraph])) for paragraph, _, s in document]
        pieces = self._cut(sentences)
        refined = document.refine(lambda _: [[piece.span for piece in row] for row in pieces])
        flat = [
            (number, sentence.route, piece.tokens)
            for number, (sentence, row) in enumerate(zip(sentences, pieces, strict=True), start=len(self.planned))
            for piece in row
        ]
        for (paragraph, position, segment), (number, route, tokens) in zip(refined, flat, strict=True):
            uses = self._terms.find(segment.source) if tokens is not None else ()
            place = None if is_title else paragraph
            language = languages[paragraph] if route is Route.TRANSLATE else None
            self.planned.append(PlannedSegment(place, position, number, segment.source, route, tokens, uses, language))
        return refined

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
            else:
                pieces[index] = [_Piece((0, len(row.text)), row)]
        if too_long:
            texts = [sentences[index].given for index in too_long]
            spans = split_all_to_fit(texts, lambda parts: [len(row) for row in self._tokenize(parts)], self._limit)
            parts = [text[start:end] for text, row in zip(texts, spans, strict=True) for start, end in row]
            cut = iter(self._tokenize(parts))
            for index, row_spans in zip(too_long, spans, strict=True):
                pieces[index] = [_Piece(span, next(cut)) for span in row_spans]
        return pieces

    def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        return self._engine.tokenize(Role.TRANSLATOR, texts)


@dataclass(frozen=True, slots=True)
class _Sentence:
    source: str
    route: Route

    @property
    def given(self) -> str:
        """What the model sees of it."""
        return quieted(self.source) if is_shouted(self.source) else self.source


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    tokens: Tokens | None


def _route(sentence: str, language: str | None) -> Route:
    if language == "en":
        return Route.ENGLISH
    return Route.TRANSLATE if needs_translation(sentence) else Route.KEEP
