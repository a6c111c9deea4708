"""What ran in circles is decoded again, and the better output is kept."""

from collections.abc import Iterator, Sequence

import pytest

from worker.engine.batcher import BatchingEngine
from worker.engine.decoding.scores import completions
from worker.engine.interface import ModelInfo, Output, Role, Tokens
from worker.engine.request import Request
from worker.plan import make_plan
from worker.translation import Translated, translate

LOOP = "the mayor of the mayor of the mayor of the mayor of the mayor of the mayor of the mayor"


class LoopingDecoder:
    """Runs in circles on texts that name the mayor, unless repeats are forbidden and `mends` says that this helps."""

    def __init__(self, *, mends: bool) -> None:
        self.mends = mends
        self.batches: list[list[str]] = []

    def info(self, role: Role) -> ModelInfo | None:
        return ModelInfo("looping", "1", 100, has_vectors=False) if role is Role.TRANSLATOR else None

    def beams(self, role: Role) -> int:
        return 1

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        return [Tokens(text, tuple(range(len(text.split()) + 1))) for text in texts]

    def flow(self, role: Role) -> None:
        """Closed batches only."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        self.batches.append([request.tokens.text for request in batch])
        return [self._output(request) for request in batch]

    def _output(self, request: Request) -> Output:
        loops = "maire" in request.tokens.text and not (self.mends and request.options.no_repeat_ngram)
        text = LOOP if loops else "This is a sound sentence in English."
        return Output(text, len(request.tokens), len(text.split()), truncated=loops)


@pytest.fixture
def engines() -> Iterator[list[BatchingEngine]]:
    opened: list[BatchingEngine] = []
    yield opened
    for engine in opened:
        engine.close()


def run(decoder: LoopingDecoder, engines: list[BatchingEngine]) -> list[Translated]:
    engine = BatchingEngine(decoder)
    engines.append(engine)
    text = "Le maire est arrivé hier soir.\nIl pleut beaucoup sur la ville."
    plan = make_plan(text, None, engine, segment_tokens=50)
    return translate(plan.segments, engine, "job", check_attempt=lambda: None, on_progress=lambda done: None)


def test_a_loop_is_decoded_again_and_replaced(engines: list[BatchingEngine]) -> None:
    decoder = LoopingDecoder(mends=True)
    looped, sound = run(decoder, engines)
    assert not looped.truncated
    assert looped.target == "This is a sound sentence in English."
    assert decoder.batches[-1] == ["Le maire est arrivé hier soir."], "only what failed is decoded again"
    assert sound.flags == ()


def test_what_fails_again_keeps_its_flags(engines: list[BatchingEngine]) -> None:
    looped, _ = run(LoopingDecoder(mends=False), engines)
    assert looped.truncated
    assert "repeated" in [flag.code.value for flag in looped.flags]


@pytest.mark.parametrize(
    ("written", "size", "banned"),
    [
        ([1, 2, 3, 1, 2], 3, [3]),
        ([1, 2, 3, 4], 3, []),
        ([5, 5], 2, [5]),
        ([5, 1, 5, 2, 5], 2, [1, 2]),
        ([1], 3, []),
        ([1, 2], 0, []),
        ([7], 1, [7]),
    ],
)
def test_completions_of_an_ngram(written: list[int], size: int, banned: list[int]) -> None:
    assert completions(written, size) == banned
