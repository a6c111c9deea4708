"""What a finished article adds to the counts of `/metrics`: numbers by name, nothing of the article."""

from collections import Counter

from service.contract.result import Result
from worker.plan import Route
from worker.summary.records import Method
from worker.text.checks import FlagCode
from worker.warnings import MARKUP_MOVED, MARKUP_UNPLACED, OTHER_LANGUAGE, TERM_INSERTED, TERM_MISSING, TRUNCATED

_OTHERS = (TRUNCATED, TERM_INSERTED, TERM_MISSING, OTHER_LANGUAGE, MARKUP_MOVED, MARKUP_UNPLACED, Route.OPAQUE.value)

#: The counts that may never come up, by which they are declared.
NAMES = (
    *(f"warnings {code}" for code in (*(code.value for code in FlagCode), *_OTHERS)),
    *(f"summaries {method.value}" for method in Method),
)


def tally(result: Result) -> dict[str, int]:
    """Counts by the names that `service.metrics` shows. Milliseconds where the name says so."""
    coverage, timings = result.coverage, result.timings
    counts = Counter(
        {
            "segments": coverage.segments_in,
            "segments_repaired": coverage.segments_repaired,
            "characters": coverage.characters_in,
            "translate_ms": round(timings.translate_s * 1000),
            "summarize_ms": round(timings.summarize_s * 1000),
        }
    )
    counts.update(f"warnings {warning.code}" for warning in result.warnings)
    if result.summary is not None:
        counts[f"summaries {result.summary.method}"] = 1
    return dict(counts)
