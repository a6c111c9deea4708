"""What is to be done with each segment of an article, decided before the engine sees any of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.contract.language import is_english

from worker.engine.interface import Engine, Role, Tokens
from worker.text import Document, FrenchSegmenter, Paragraph, needs_translation, split_to_fit


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
    routes = [_route(paragraph) for paragraph in document.paragraphs]
    wanted = [
        segment.source
        for paragraph, route in zip(document.paragraphs, routes, strict=True)
        for segment in paragraph.segments
        if route is Route.TRANSLATE and needs_translation(segment.source)
    ]
    tokens = _fit(wanted, engine, limit)
    paragraphs = []
    sentence = len(planned)
    for index, (paragraph, route) in enumerate(zip(document.paragraphs, routes, strict=True)):
        pieces: list[tuple[str, int, Route, Tokens | None]] = []
        for segment in paragraph.segments:
            sentence += 1
            if route is Route.TRANSLATE and needs_translation(segment.source):
                pieces += [(piece.text, sentence, Route.TRANSLATE, piece) for piece in next(tokens)]
            else:
                kept = Route.KEEP if route is Route.TRANSLATE else route
                pieces.append((segment.source, sentence, kept, None))
        paragraphs.append(_refine(paragraph, [text for text, _, _, _ in pieces]))
        place = None if is_title else index
        for position, (text, number, own, piece_tokens) in enumerate(pieces):
            planned.append(PlannedSegment(place, position, number, text, own, piece_tokens))
    return Document(document.separators, tuple(paragraphs))


def _route(paragraph: Paragraph) -> Route:
    return Route.ENGLISH if is_english(paragraph.source) else Route.TRANSLATE


def _fit(sentences: Sequence[str], engine: Engine, limit: int) -> Iterator[list[Tokens]]:
    """The tokens of each sentence, in one piece where it fits."""

    def length(texts: Sequence[str]) -> list[int]:
        return [len(tokens) for tokens in engine.tokenize(Role.TRANSLATOR, texts)]

    for sentence, tokens in zip(sentences, engine.tokenize(Role.TRANSLATOR, sentences), strict=True):
        if len(tokens) <= limit:
            yield [tokens]
        else:
            spans = split_to_fit(sentence, length, limit)
            yield engine.tokenize(Role.TRANSLATOR, [sentence[start:end] for start, end in spans])


def _refine(paragraph: Paragraph, pieces: Sequence[str]) -> Paragraph:
    """The same paragraph cut into `pieces`, which follow each other in it with nothing but blanks between."""
    if len(pieces) == len(paragraph.segments):
        return paragraph
    source, spans, at = paragraph.source, [], 0
    for piece in pieces:
        start = source.index(piece, at)
        at = start + len(piece)
        spans.append((start, at))
    return Paragraph.parse(source, spans)
