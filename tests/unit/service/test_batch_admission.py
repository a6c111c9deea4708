"""What becomes of the articles of a batch, one by one."""

import time

import pytest

from service.batch_admission import AT_ONCE, admit_all
from service.contract.errors import Code, QueueFull, RequestError, StoreFault, StoreUnavailable
from service.contract.request import JobRequest

ARTICLE = JobRequest(text="Bonjour.")


def test_each_article_is_accepted_or_refused_by_itself() -> None:
    def admit(index: int, article: JobRequest) -> str:
        if index == 2:
            raise QueueFull(10, 5)
        return f"job{index}"

    refused = RequestError(Code.EMPTY_TEXT, "The article has no text.")
    items = admit_all([ARTICLE, refused, ARTICLE, ARTICLE], admit)
    assert [item.job_id for item in items] == ["job0", None, None, "job3"]
    assert [item.error["code"] for item in items if item.error] == ["empty_text", "queue_full"]


def test_a_redis_that_is_away_ends_it_without_asking_for_each_article() -> None:
    asked: list[int] = []

    def admit(index: int, article: JobRequest) -> str:
        asked.append(index)
        if index < AT_ONCE:
            return "job"
        time.sleep(0.05)
        raise StoreUnavailable("is too slow")

    with pytest.raises(StoreUnavailable, match="too slow"):
        admit_all([ARTICLE] * 1000, admit)
    assert len(asked) <= 3 * AT_ONCE


def test_a_redis_that_refuses_for_good_ends_it_too() -> None:
    def admit(index: int, article: JobRequest) -> str:
        raise StoreFault("wrongtype")

    with pytest.raises(StoreFault):
        admit_all([ARTICLE], admit)
