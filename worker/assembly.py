"""The translation of an article, put together from its translated segments, with a warning for each thing that went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.contract.result import Paragraph, Segment, Translation, Warning
from worker.formats import Filled, Part
from worker.plan import Plan
from worker.text import Document
from worker.translation import Translated
from worker.warnings import MARKUP_MOVED, MARKUP_UNPLACED, flags_of, warnings_of


@dataclass(frozen=True, slots=True)
class Assembled:
    """The translation, and warnings in the article's order."""

    translation: Translation
    warnings: list[Warning]


def assemble(plan: Plan, translated: Sequence[Translated], phrases: Sequence[Translated] = ()) -> Assembled:
    """Puts targets back between the separators, and into the markup, that the model never saw.

    `translated` has an item for each segment of the plan, `phrases` one for each of its marked phrases.
    """
    title = [item for item in translated if item.planned.paragraph is None]
    body: list[list[Translated]] = [[] for _ in plan.body.paragraphs]
    for item in translated:
        if item.planned.paragraph is not None:
            body[item.planned.paragraph].append(item)
    targets = [[item.target for item in items] for items in body]
    filled = _fill(plan, targets, {item.planned.source: item.target for item in phrases})
    warnings = [warning for item in title for warning in warnings_of(item)]
    paragraphs = []
    for number, (paragraph, items) in enumerate(zip(plan.body.paragraphs, body, strict=True)):
        segments = []
        for place, item in enumerate(items):
            found = warnings_of(item, _markup(filled[number], place) if filled else None)
            warnings += found
            segments.append(Segment(source=item.planned.source, target=item.target, flags=flags_of(item, found)))
        target = paragraph.rebuild(targets[number])
        paragraphs.append(Paragraph(source=paragraph.source, target=target, segments=segments))
    text = plan.markup.rebuild(filled) if plan.markup is not None else plan.body.rebuild(targets)
    named = _rebuild_title(plan.title, [item.target for item in title]) if plan.title else None
    return Assembled(Translation(title=named, text=text, paragraphs=paragraphs), warnings)


def _fill(plan: Plan, targets: Sequence[Sequence[str]], phrases: Mapping[str, str]) -> list[Filled]:
    """The article's blocks with their markup on the translation; none where the article has no markup."""
    if plan.markup is None:
        return []
    filled = []
    for block, paragraph, row in zip(plan.markup.blocks, plan.body.paragraphs, targets, strict=True):
        parts = []
        place = 0
        for segment, target in zip(paragraph.segments, row, strict=True):
            parts.append(Part(place, place + len(segment.source), target))
            place += len(segment.source) + len(segment.gap)
        filled.append(block.fill(parts, phrases))
    return filled


def _markup(filled: Filled, place: int) -> str | None:
    if place in filled.untouched:
        return MARKUP_UNPLACED
    return MARKUP_MOVED if place in filled.moved else None


def _rebuild_title(title: Document, targets: Sequence[str]) -> str:
    remaining = iter(targets)
    return title.rebuild([[next(remaining) for _ in paragraph.segments] for paragraph in title.paragraphs])
