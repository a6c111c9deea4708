"""What a reader should know about a segment: the flags of the checks, and what else happened to it."""

from __future__ import annotations

from service.contract.language import language_name
from service.contract.result import Warning
from worker.plan import Route
from worker.text.checks import LONGEST_DETAIL
from worker.translation import Translated

#: Codes beside those of the checks: an output that stopped at its limit; a sentence that was translated around a term; a term
#: that is missing; a segment of a paragraph in another language, which the model does not know; markup that stands where it
#: does by proportion alone; a sentence that stayed in French in the text, since its markup found no place in the translation.
TRUNCATED, TERM_INSERTED, TERM_MISSING = "truncated", "term_inserted", "term_missing"
OTHER_LANGUAGE = "other_language"
MARKUP_MOVED, MARKUP_UNPLACED = "markup_moved", "markup_unplaced"

_MARKUP = {
    MARKUP_MOVED: "Emphasis, a link or code may stand on other words than in the source.",
    MARKUP_UNPLACED: "The text has this sentence as it was: its markup found no place in the translation.",
}


def warnings_of(item: Translated, markup: str | None = None) -> list[Warning]:
    """The warnings about one segment. `markup` is `MARKUP_MOVED`, `MARKUP_UNPLACED` or None."""
    found = [_warning(item, flag.code.value, flag.detail) for flag in item.flags]
    if item.planned.route is Route.OPAQUE:
        found.append(_warning(item, Route.OPAQUE.value, f"{len(item.planned.source)} characters that are no words."))
    if item.missing:
        found.append(_warning(item, TERM_MISSING, ", ".join(use.wanted for use in item.missing)))
    if item.inserted:
        found.append(_warning(item, TERM_INSERTED, ", ".join(use.wanted for use in item.inserted)))
    if item.planned.language is not None:
        found.append(_warning(item, OTHER_LANGUAGE, f"The paragraph is in {language_name(item.planned.language)}."))
    if item.truncated:
        detail = "The model stopped at its output limit; the end of this segment may be missing."
        found.append(_warning(item, TRUNCATED, detail))
    if markup is not None:
        found.append(_warning(item, markup, _MARKUP[markup]))
    return found


def flags_of(item: Translated, warnings: list[Warning]) -> list[str]:
    """The flags of one segment: the codes of its warnings, and `already_english`."""
    codes = [warning.code for warning in warnings]
    return [*codes, Route.ENGLISH.value] if item.planned.route is Route.ENGLISH else codes


def _warning(item: Translated, code: str, detail: str) -> Warning:
    return Warning(
        code=code, paragraph=item.planned.paragraph, segment=item.planned.segment, detail=detail[:LONGEST_DETAIL]
    )
