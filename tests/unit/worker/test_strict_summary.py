"""A model's summary that states what the article does not, through the whole pipeline."""

from collections.abc import Iterator, Sequence

import pytest

from scripts.lab.evaluate.watch import Unwatched
from service.contract.request import JobRequest
from service.contract.result import Summary
from worker.engine.batcher import BatchingEngine
from worker.engine.interface import ModelInfo, Output, Role, Tokens
from worker.engine.request import Request
from worker.pipeline import process

ARTICLE = "Le maire de Brest a ouvert le pont mardi. Les travaux ont duré 14 mois."
TRANSLATIONS = {
    "Le maire de Brest a ouvert le pont mardi.": "The mayor of Brest opened the bridge on Tuesday.",
    "Les travaux ont duré 14 mois.": "The work took 14 months.",
}
WRITTEN = "The mayor of Brest opened the bridge on Tuesday. The work took 41 months under Mr Kowalski."


class Inventive:
    """Translates by heart, and writes one sentence of the summary that is not so."""

    def info(self, role: Role) -> ModelInfo:
        return ModelInfo(f"inventive-{role}", "1", 100, has_vectors=False)

    def beams(self, role: Role) -> int:
        return 1

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        return [Tokens(text, tuple(range(len(text.split())))) for text in texts]

    def flow(self, role: Role) -> None:
        """Closed batches only."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        texts = [WRITTEN if role is Role.SUMMARIZER else TRANSLATIONS[row.tokens.text] for row in batch]
        return [Output(text, len(row.tokens), 1, truncated=False) for text, row in zip(texts, batch, strict=True)]


@pytest.fixture(scope="module")
def engine() -> Iterator[BatchingEngine]:
    engine = BatchingEngine(Inventive())
    yield engine
    engine.close()


def summary(engine: BatchingEngine, *, strict: bool) -> Summary:
    request = JobRequest.model_validate({"text": ARTICLE, "summary": {"strict": strict}})
    result = process(request, "job", engine, Unwatched(), segment_tokens=64, queued_s=0.0)
    assert result.summary is not None
    return result.summary


def test_what_is_not_in_the_article_is_flagged(engine: BatchingEngine) -> None:
    first, second = summary(engine, strict=False).sentences
    assert (first.flags, first.unsupported, first.evidence) == ([], [], [(0, 0)])
    assert second.flags == ["unsupported"]
    assert set(second.unsupported) == {"41", "Kowalski"}


def test_strictly_evidence_stands_in_its_place(engine: BatchingEngine) -> None:
    first, second = summary(engine, strict=True).sentences
    assert first.text == "The mayor of Brest opened the bridge on Tuesday."
    assert (second.text, second.flags, second.evidence) == ("The work took 14 months.", ["replaced"], [(0, 1)])
    assert second.support == 1.0
