"""The campaign's articles: known translations, repeatable, no two alike."""

from collections.abc import Iterator

import pytest

from scripts.lab.chaos.articles import POISON, write
from service.contract.request import JobRequest, SummaryOptions
from service.contract.states import Stage
from worker.engine.fake import FakeEngine
from worker.pipeline import process


class Watch:
    """An attempt that nobody stops."""

    def report(self, stage: Stage, done: int, total: int) -> None:
        pass

    def check(self) -> None:
        pass


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("number", range(12))
def test_the_pipeline_makes_the_text_that_is_expected(engine: FakeEngine, number: int) -> None:
    article = write(3, number, paragraphs=4, poisoned=number % 5 == 0)
    request = JobRequest(text=article.text, summary=SummaryOptions(mode="none"))
    result = process(request, "job", engine, Watch(), segment_tokens=160, queued_s=0)
    assert result.translation.text == article.expected
    assert result.warnings == []


def test_they_are_repeatable_and_differ() -> None:
    texts = [write(1, number).text for number in range(300)]
    assert texts == [write(1, number).text for number in range(300)]
    assert len(set(texts)) == 300
    assert texts[7] != write(2, 7).text


def test_only_poison_holds_the_marker() -> None:
    assert POISON in write(1, 2, poisoned=True).text
    assert not any(POISON in write(1, number).text for number in range(300))
