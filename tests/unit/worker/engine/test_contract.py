"""What any engine keeps to, tried on the fake one and on a real one over a tiny model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.models import SENTENCES
from tests.unit.worker.engine.loaded import ctranslate_of, decoder_of
from worker.engine.batcher import BatchingEngine
from worker.engine.fake import FakeEngine, FakeOptions
from worker.engine.interface import DecodeOptions, Engine, EngineError, EngineStopped, InputTooLong, Role, Tokens
from worker.engine.model_decoder import ModelDecoder

T, S = Role.TRANSLATOR, Role.SUMMARIZER


@pytest.fixture(params=["fake", "transformers", "ctranslate2"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    built: Engine
    if request.param == "fake":
        built = FakeEngine(FakeOptions(summarizer=False, max_source_tokens=256))
    else:
        folder: Path = request.getfixturevalue("taught")
        model = decoder_of(folder) if request.param == "transformers" else ctranslate_of(folder)
        built = BatchingEngine(ModelDecoder({T: model}))
    yield built
    built.close()


def test_outputs_come_in_the_order_of_the_inputs_and_count_tokens(engine: Engine) -> None:
    inputs = engine.tokenize(T, SENTENCES[:6])
    outputs = [future.result(20) for future in engine.submit(T, "job", inputs)]

    assert [output.tokens_in for output in outputs] == [len(tokens) for tokens in inputs]
    assert len({output.text for output in outputs}) == 6
    assert all(output.text and output.tokens_out > 1 and not output.truncated for output in outputs)
    assert "12" in outputs[3].text  # the number of its source


def test_the_same_text_comes_out_the_same_alone_and_among_strangers(engine: Engine) -> None:
    inputs = engine.tokenize(T, SENTENCES[:8])
    together = [future.result(20).text for future in engine.submit(T, "all", inputs)]
    alone = [engine.submit(T, "one", [tokens])[0].result(20).text for tokens in inputs]

    assert together == alone


def test_vectors_tell_texts_apart(engine: Engine) -> None:
    info = engine.info(T)
    assert info is not None
    if not info.has_vectors:
        assert engine.submit(T, "job", engine.tokenize(T, [SENTENCES[0]]))[0].result(20).vector is None
        return
    texts = [SENTENCES[0], SENTENCES[0].replace("mardi", "lundi"), SENTENCES[9]]
    outputs = [future.result(20) for future in engine.submit(T, "job", engine.tokenize(T, texts))]
    vectors = [output.vector for output in outputs if output.vector is not None]

    assert len(vectors) == 3
    assert all(vector.dtype == np.float32 and vector.ndim == 1 for vector in vectors)
    unit = [vector / np.linalg.norm(vector) for vector in vectors]
    assert unit[0] @ unit[1] > unit[0] @ unit[2]


def test_long_texts_are_never_cut_but_refused(engine: Engine) -> None:
    info = engine.info(T)
    assert info is not None
    assert info.max_source_tokens == 256
    (long,) = engine.tokenize(T, [" ".join(SENTENCES[:10] * 3)])
    (short,) = engine.tokenize(T, [SENTENCES[0]])

    assert len(long) > 256
    with pytest.raises(InputTooLong, match=f"{len(long)} tokens"):
        engine.submit(T, "job", [short, long])


def test_the_output_limit_is_kept_and_flagged(engine: Engine) -> None:
    (tokens,) = engine.tokenize(T, [SENTENCES[0]])
    output = engine.submit(T, "job", [tokens], DecodeOptions(max_new_tokens=4))[0].result(20)

    assert output.truncated
    assert output.tokens_out == 4


def test_rows_with_limits_of_their_own_share_a_batch(engine: Engine) -> None:
    inputs = engine.tokenize(T, SENTENCES[:3])
    cut = engine.submit(T, "cut", inputs, DecodeOptions(max_new_tokens=3))
    whole = engine.submit(T, "whole", inputs)

    assert all(future.result(20).tokens_out == 3 for future in cut)
    assert not any(future.result(20).truncated for future in whole)


def test_nothing_in_nothing_out(engine: Engine) -> None:
    assert engine.tokenize(T, []) == []
    assert engine.submit(T, "job", []) == []
    with pytest.raises(EngineError, match="no tokens"):
        engine.submit(T, "job", [Tokens("", ())])


def test_a_role_without_a_model_is_refused(engine: Engine) -> None:
    assert engine.info(S) is None
    with pytest.raises(EngineError, match="no summarizer is loaded"):
        engine.tokenize(S, ["text"])
    with pytest.raises(EngineError, match="no summarizer is loaded"):
        engine.submit(S, "job", [Tokens("text", (1, 2))])


def test_after_close_nothing_is_taken(engine: Engine) -> None:
    inputs = engine.tokenize(T, [SENTENCES[0]])
    engine.close()
    engine.close()

    with pytest.raises(EngineStopped):
        engine.submit(T, "job", inputs)
    engine.cancel("job")
    assert engine.failure() is None
