"""What an article adds to the counts."""

from service.contract.result import Result, Warning
from tests.integration.service.front_end import sample_result
from worker.tally import tally


def test_numbers_codes_and_methods_are_counted_and_nothing_else() -> None:
    result = Result.from_json(sample_result(source="Le secret de Paul.", target="Paul's secret."))
    flagged = [
        Warning(code=code, paragraph=0, segment=0, detail="secret")
        for code in ("number_missing", "number_missing", "repeated")
    ]
    counts = tally(result.model_copy(update={"warnings": flagged}))
    assert counts == {
        "segments": 1,
        "segments_repaired": 0,
        "characters": 18,
        "translate_ms": 100,
        "summarize_ms": 0,
        "warnings number_missing": 2,
        "warnings repeated": 1,
        "summaries test": 1,
    }


def test_an_article_without_a_summary_counts_none() -> None:
    counts = tally(Result.from_json(sample_result(summary=False)))
    assert not any(name.startswith("summaries") for name in counts)
