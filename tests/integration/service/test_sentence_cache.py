"""Sentences that one job leaves for its client's next ones, in a real Redis."""

import time
from typing import cast

import numpy as np
import pytest
from structlog.testing import capture_logs

from service.contract.attempt import Claim
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.request import JobRequest
from tests.integration.service.front_end import open_store, sample_result
from tests.ledger import WholeLedger
from worker.engine.interface import ModelInfo, Output, Tokens
from worker.partials import Partials
from worker.plan import PlannedSegment, Route
from worker.sentences import SentenceCache, digest

MODEL = ModelInfo("m", "1", 512, has_vectors=True, settings="int8, 4 beams")
SECRETS = ("Le maire a démissionné.", "Abonnez-vous à notre lettre.", "Il pleut.")


def plan(*sources: str) -> list[PlannedSegment]:
    """Segments to translate, with one that is not."""
    segments = [PlannedSegment(0, n, n, text, Route.TRANSLATE, Tokens(text, (1,))) for n, text in enumerate(sources)]
    return [*segments, PlannedSegment(0, 9, 9, "42", Route.KEEP, None)]


def job(store: WholeLedger, client: str = "me") -> Claim:
    job_id = store.admit(JobRequest(text="x"), client=client).job_id
    claim = store.claim(job_id, worker="w", lease_s=15)
    assert claim is not None
    return claim


def cache(store: WholeLedger, claim: Claim, *, limit: int = 100) -> SentenceCache:
    return SentenceCache(store, claim, Partials(store, claim), limit=limit)


def leave(store: WholeLedger, claim: Claim, *sources: str, limit: int = 100, truncated: bool = False) -> None:
    mine = cache(store, claim, limit=limit)
    mine.recall(plan(*sources), MODEL)
    for place, source in enumerate(sources):
        mine.note(place, Output(f"<{source}>", 5, 6, truncated, np.array([0.5, -2.0], dtype=np.float32)), settled=True)
    mine.keep()


def test_a_clients_next_job_is_told(store: WholeLedger) -> None:
    first = job(store)
    leave(store, first, *SECRETS[:2])
    with capture_logs() as logs:
        found = cache(store, job(store)).recall(plan(SECRETS[2], SECRETS[1], SECRETS[1]), MODEL)
    assert sorted(found) == [1, 2]
    assert found[1].settled
    output = found[1].output
    assert (output.text, output.tokens_in, output.tokens_out, output.truncated) == (f"<{SECRETS[1]}>", 5, 6, False)
    assert output.vector is not None
    assert output.vector.tolist() == [0.5, -2.0]
    assert {"segments": 2, "of": 4}.items() <= logs[-1].items()
    assert not any(secret in str(logs) for secret in SECRETS)


def test_nobody_else_is_told_nor_another_model(store: WholeLedger) -> None:
    leave(store, job(store), SECRETS[0])
    assert cache(store, job(store, client="other")).recall(plan(SECRETS[0]), MODEL) == {}
    for other in (
        ModelInfo("m", "2", 512, has_vectors=True, settings=MODEL.settings),
        ModelInfo("n", "1", 512, has_vectors=True, settings=MODEL.settings),
        ModelInfo("m", "1", 512, has_vectors=True, settings="float32, 4 beams"),
    ):
        assert cache(store, job(store)).recall(plan(SECRETS[0]), other) == {}
        assert digest(SECRETS[0], other) != digest(SECRETS[0], MODEL)


def test_names_in_redis_do_not_tell_the_text(store: WholeLedger) -> None:
    leave(store, job(store), *SECRETS)
    names = [key.decode() for key in cast("list[bytes]", store.redis.keys("*"))]
    assert sum(":sentence:me:" in name for name in names) == 3
    assert not any("maire" in name for name in names)


def test_it_goes_with_the_job_that_left_it(store: WholeLedger) -> None:
    first, second = job(store), job(store)
    leave(store, first, SECRETS[0])
    leave(store, second, SECRETS[1])
    store.succeed(first, sample_result(), segments=1)
    store.delete(first.job_id, client="me")
    assert list(cache(store, job(store)).recall(plan(*SECRETS), MODEL)) == [1]
    assert not store.redis.exists(store.keys.sentences_of(first.job_id))
    assert store.redis.zcard(store.keys.sentences) == 1


def test_it_lives_no_longer_than_results(redis_url: str) -> None:
    store = open_store(redis_url, retention_s=1)
    leave(store, job(store), SECRETS[0])
    claim = job(store)
    assert list(cache(store, claim).recall(plan(*SECRETS), MODEL)) == [0]
    time.sleep(1.1)
    assert cache(store, claim).recall(plan(*SECRETS), MODEL) == {}
    leave(store, claim, SECRETS[1])
    assert store.redis.zcard(store.keys.sentences) == 1, "what has expired is off the list"
    store.redis.close()


def test_beyond_the_limit_the_oldest_go(store: WholeLedger) -> None:
    for number in range(5):
        leave(store, job(store), f"Phrase {number}.", limit=3)
        time.sleep(0.002)
    known = cache(store, job(store)).recall(plan(*(f"Phrase {n}." for n in range(5))), MODEL)
    assert list(known) == [2, 3, 4]
    assert len(cast("list[bytes]", store.redis.keys("*:sentence:*"))) == 3


def test_what_hit_its_limit_is_not_kept(store: WholeLedger) -> None:
    leave(store, job(store), SECRETS[0], truncated=True)
    assert cache(store, job(store)).recall(plan(SECRETS[0]), MODEL) == {}


def test_an_attempt_that_lost_its_job_neither_asks_nor_leaves(store: WholeLedger) -> None:
    leave(store, job(store), SECRETS[0])
    lost = job(store)
    store.delete(lost.job_id, client="me")
    assert cache(store, lost).recall(plan(SECRETS[0]), MODEL) == {}
    leave(store, lost, SECRETS[1])
    assert cache(store, job(store)).recall(plan(SECRETS[1]), MODEL) == {}


def test_thousands_go_in_parts(store: WholeLedger) -> None:
    claim = job(store)
    entries = {f"{n:032x}": b"entry %d" % n for n in range(2500)}
    assert store.remember(claim, entries, limit=10_000) == 2500
    assert store.recall(claim, [*entries, "f" * 32]) == entries


def test_what_cannot_be_read_is_translated_again(store: WholeLedger) -> None:
    claim = job(store)
    store.remember(claim, {digest(SECRETS[0], MODEL): b"not ours"}, limit=10)
    assert cache(store, claim).recall(plan(SECRETS[0]), MODEL) == {}


@pytest.mark.parametrize("call", ["recall", "remember"])
def test_without_an_answer_all_is_translated(store: WholeLedger, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("can't be reached")

    monkeypatch.setattr(LeaseStore, call, down)
    with capture_logs() as logs:
        leave(store, job(store), SECRETS[0])
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "sentences_not_recalled" if call == "recall" else "sentences_not_kept"
    ]


def test_nothing_is_left_of_a_job_that_is_withdrawn_at_work(store: WholeLedger) -> None:
    claim = job(store)
    store.listen(claim.job_id, heard_s=30, told=0)
    store.save(claim, b"piece")
    store.tell(claim, 0, ['{"target": "It rains."}'])
    leave(store, claim, *SECRETS)
    assert store.succeed(claim, sample_result(), segments=1)
    assert store.withdraw(claim.job_id, client="me", at_work=True)
    assert store.redis.keys(f"*{claim.job_id}*") == store.redis.keys("*sentence*") == []
