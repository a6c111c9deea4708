"""What one attempt leaves for the next."""

from typing import cast

import numpy as np
import pytest

from service.contract.attempt import Claim
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.request import JobRequest
from worker.engine.interface import ModelInfo, Output
from worker.memory import Remembered
from worker.partials import Partials, fingerprint, pack, unpack
from worker.plan import PlannedSegment, Route

MODEL = ModelInfo("m", "1", 512, has_vectors=True)
PLAN = tuple(PlannedSegment(0, n, n, f"Phrase {n}.", Route.TRANSLATE, None) for n in range(3))


class KeepingStore:
    """Keeps pieces, unless it is down."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.down = False

    def save(self, claim: Claim, piece: bytes) -> bool:
        if self.down:
            raise StoreUnavailable("can't be reached")
        self.pieces.append(piece)
        return True

    def saved(self, job_id: str) -> list[bytes]:
        if self.down:
            raise StoreUnavailable("can't be reached")
        return self.pieces


def output(
    text: str, vector: list[float] | None = None, *, truncated: bool = False, settled: bool = False
) -> Remembered:
    return Remembered(made(text, vector, truncated=truncated), settled)


def made(text: str, vector: list[float] | None = None, *, truncated: bool = False) -> Output:
    return Output(text, 5, 7, truncated, None if vector is None else np.array(vector, dtype=np.float32))


def partials(store: KeepingStore, *, token: int = 2, every_s: float = 60) -> Partials:
    claim = Claim("job", token, 1, 0, 0, JobRequest(text="x"))
    return Partials(cast(LeaseStore, store), claim, every_s=every_s)


@pytest.mark.parametrize("vector", [None, [0.25, -1.0, 0.5]])
def test_a_piece_comes_back_as_it_was(vector: list[float] | None) -> None:
    outputs = {4: output("L'été\nà Paris « ».", vector, settled=True), 0: output("b", vector, truncated=True)}
    back = unpack(pack(outputs, "plan"), "plan")
    assert list(back) == [4, 0]
    assert [found.settled for found in back.values()] == [True, False]
    for place, original in ((place, found.output) for place, found in outputs.items()):
        copy = back[place].output
        assert (copy.text, copy.tokens_in, copy.tokens_out, copy.truncated) == (original.text, 5, 7, original.truncated)
        if vector is None:
            assert copy.vector is None
        else:
            assert copy.vector is not None
            assert copy.vector.dtype == np.float32
            assert copy.vector.tolist() == vector


def test_vectors_are_kept_for_all_or_for_none() -> None:
    back = unpack(pack({0: output("a", [1.0]), 1: output("b")}, "plan"), "plan")
    assert [item.output.vector for item in back.values()] == [None, None]


@pytest.mark.parametrize(
    "piece", [b"", b"no zlib", pack({0: output("a")}, "other plan"), pack({0: output("a")}, "p")[:-6]]
)
def test_a_piece_of_another_plan_or_a_broken_one_is_nothing(piece: bytes) -> None:
    assert unpack(piece, "p") == {}


def test_the_plan_is_that_of_the_model_and_of_each_segment() -> None:
    others = [
        fingerprint(PLAN, ModelInfo("m", "2", 512, has_vectors=True)),
        fingerprint(PLAN[:2], MODEL),
        fingerprint(PLAN[::-1], MODEL),
    ]
    assert fingerprint(PLAN, MODEL) not in others
    assert len(set(others)) == 3


def test_a_later_attempt_recalls_what_was_saved_last() -> None:
    store = KeepingStore()
    first = partials(store, token=1)
    assert first.recall(PLAN, MODEL) == {}
    first.note(0, made("a"), settled=False)
    first.save()
    first.note(0, made("better"), settled=False)
    first.note(2, made("c"), settled=False)
    first.save()
    first.save()
    assert len(store.pieces) == 2, "nothing new is not saved"
    recalled = partials(store, token=3).recall(PLAN, MODEL)
    assert {place: item.output.text for place, item in recalled.items()} == {0: "better", 2: "c"}


def test_nothing_is_saved_before_it_is_due() -> None:
    store = KeepingStore()
    patient, eager = partials(store), partials(store, every_s=0)
    for each in (patient, eager):
        each.recall(PLAN, MODEL)
        each.note(1, made("b"), settled=False)
    patient.save_when_due()
    assert store.pieces == []
    eager.save_when_due()
    assert len(store.pieces) == 1


def test_an_outage_costs_nothing_but_time() -> None:
    store = KeepingStore()
    store.down = True
    some = partials(store)
    assert some.recall(PLAN, MODEL) == {}
    some.note(1, made("b"), settled=False)
    some.save()
    some.note(1, made("newer"), settled=False)
    store.down = False
    some.save()
    assert {place: item.output.text for place, item in partials(store).recall(PLAN, MODEL).items()} == {1: "newer"}
