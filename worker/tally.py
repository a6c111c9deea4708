"""What a finished article adds to the counts of `/metrics`: numbers by name, nothing of the article."""

from collections import Counter

from service.contract.result import Result


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
