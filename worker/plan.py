"""What is to be done with each segment of an article, decided before the engine sees any of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.contract.language import is_english
from worker.engine.interface import Engine, Role, Tokens
from worker.text import Document, FrenchSegmenter, Span, needs_translation, split_all_to_fit


class Route(StrEnum):
    """What becomes of a segment."""

    TRANSLATE = "translate"  # goes through the model
    KEEP = "keep"  # has no letter in it: stays as it is
    ENGLISH = "already_english"  # its paragraph is English: stays as it is, flagged


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """A segment and its route. `paragraph` is None for the title.

    `sentence` is the same number for all pieces of one sentence. `tokens` are there where the route is `TRANSLATE`.
    """

    paragraph: int | None
    segment: int
    sentence: int
    source: str
    route: Route
    tokens: Tokens | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The article as segments that fit the model. `title` is None, or a document of its own."""

    title: Document | None
    body: Document
    segments: tuple[PlannedSegment, ...]


def make_plan(text: str, title: str | None, engine: Engine, *, segment_tokens: int) -> Plan:
    """Cuts an article into segments of at most `segment_tokens` tokens, or the model's own limit where that is lower."""
    model = engine.info(Role.TRANSLATOR)
    if model is None:
        raise RuntimeError("the engine has no translator")
    limit = min(segment_tokens, model.max_source_tokens)
    segmenter = FrenchSegmenter()
    planned: list[PlannedSegment] = []
    title_document = None
    if title is not None and title.strip():
        title_document = _plan_document(Document.parse(title, segmenter), engine, limit, planned, is_title=True)
    body = _plan_document(Document.parse(text, segmenter), engine, limit, planned, is_title=False)
    return Plan(title_document, body, tuple(planned))


def _plan_document(
    document: Document, engine: Engine, limit: int, planned: list[PlannedSegment], *, is_title: bool
) -> Document:
    """Appends the document's segments to `planned`; returns it with over-long sentences cut into pieces."""
    paragraph_routes = [Route.ENGLISH if is_english(p.source) else Route.TRANSLATE for p in document.paragraphs]
    sentences = [
        _Sentence(segment.source, _route(segment.source, paragraph_routes[paragraph]))
        for paragraph, _, segment in document
    ]
    pieces = _cut(sentences, engine, limit)
    refined = document.refine(lambda _: [[piece.span for piece in row] for row in pieces])
    flat = [
        (number, sentence.route, piece.tokens)
        for number, (sentence, row) in enumerate(zip(sentences, pieces, strict=True), start=len(planned))
        for piece in row
    ]
    for (paragraph, position, segment), (number, route, tokens) in zip(refined, flat, strict=True):
        place = None if is_title else paragraph
        planned.append(PlannedSegment(place, position, number, segment.source, route, tokens))
    return refined


@dataclass(frozen=True, slots=True)
class _Sentence:
    source: str
    route: Route


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    tokens: Tokens | None


def _route(sentence: str, paragraph: Route) -> Route:
    if paragraph is Route.TRANSLATE and not needs_translation(sentence):
        return Route.KEEP
    return paragraph


def _cut(sentences: Sequence[_Sentence], engine: Engine, limit: int) -> list[list[_Piece]]:
    """The pieces of each sentence, tokenized where the model is to see them: one piece wherever it fits.

    The tokenizer gets all sentences at once, then all pieces of those that were too long at once.
    """
    pieces = [[_Piece((0, len(sentence.source)), None)] for sentence in sentences]
    wanted = [index for index, sentence in enumerate(sentences) if sentence.route is Route.TRANSLATE]
    tokens = engine.tokenize(Role.TRANSLATOR, [sentences[index].source for index in wanted])
    too_long = []
    for index, row in zip(wanted, tokens, strict=True):
        if len(row) > limit:
            too_long.append(index)
        else:
            pieces[index] = [_Piece((0, len(row.text)), row)]
    if too_long:
        sources = [sentences[index].source for index in too_long]
        spans = split_all_to_fit(
            sources, lambda texts: [len(t) for t in engine.tokenize(Role.TRANSLATOR, texts)], limit
        )
        texts = [source[start:end] for source, row in zip(sources, spans, strict=True) for start, end in row]
        cut = iter(engine.tokenize(Role.TRANSLATOR, texts))
        for index, row_spans in zip(too_long, spans, strict=True):
            pieces[index] = [_Piece(span, next(cut)) for span in row_spans]
    return pieces
