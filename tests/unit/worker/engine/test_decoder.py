from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import pytest
import torch

from tests.models import SENTENCES
from tests.unit.worker.engine.loaded import decoder_of, load_folder, requests
from tests.unit.worker.engine.scripted import eventually
from tests.unit.worker.engine.ties import tied
from worker.engine.batcher import BatchingEngine
from worker.engine.decoder import Encoded, Seq2SeqDecoder
from worker.engine.decoding.step import Stepper
from worker.engine.device import Precision
from worker.engine.errors import DeviceFailed, OutOfMemory
from worker.engine.interface import DecodeOptions, EngineError, EngineStopped, Role, Tokens
from worker.engine.model_decoder import ModelDecoder
from worker.engine.queue import BatchLimits
from worker.engine.request import Request
from worker.engine.row import Row

T, S = Role.TRANSLATOR, Role.SUMMARIZER

#: Lengths from 2 to 60 tokens, some texts that no model here was taught.
TEXTS = [
    *SENTENCES[:10],
    "Oui.",
    "Le chien dort.",
    "Lyon, lundi matin, trois élèves marchent dans la rue.",
    "«",
    "12,5 %",
]


def same(decoder: Seq2SeqDecoder, tokens: Tokens, one: Row, other: Row) -> bool:
    """Equal vectors, and equal tokens up to a tie."""
    if not np.allclose(one.vector, other.vector, atol=1e-4):
        return False
    if one.ids == other.ids:
        return one.truncated == other.truncated
    start = int(decoder.loaded.model.generation_config.decoder_start_token_id)
    return tied(decoder.loaded, tokens, start, one, other, beams=decoder.beams)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("family", ["taught", "marian", "bart", "t5", "mbart", "nllb"])
def test_a_row_is_the_same_alone_and_among_strangers(family: str, beams: int, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(family)
    decoder = decoder_of(folder, S if family == "bart" else T, beams)
    tokens = decoder.loaded.codec.encode(TEXTS)
    together = decoder.rows(requests(tokens))
    crosswise = decoder.rows(requests(tokens[::-1][:4]))

    alone = [decoder.rows(requests([row]))[0] for row in tokens[::3]]
    assert all(same(decoder, *rows) for rows in zip(tokens[::3], alone, together[::3], strict=True))
    assert all(same(decoder, *rows) for rows in zip(tokens[::-1], crosswise, together[::-1], strict=False))
    assert len({row.ids for row in together}) > 3


def test_generate_itself_gives_the_same_tokens(taught: Path) -> None:
    """The reference: the model's own `generate`, one text at a time, nothing of ours in between."""
    loaded = load_folder(taught)
    ids = [torch.tensor([tokens.ids]) for tokens in loaded.codec.encode(TEXTS)]
    expected = [loaded.model.generate(row, max_new_tokens=200, num_beams=2)[0, 1:].tolist() for row in ids]
    decoder = Seq2SeqDecoder(loaded, beams=2)
    found = decoder.rows([Request(tokens, DecodeOptions(max_new_tokens=200)) for tokens in loaded.codec.encode(TEXTS)])

    assert [list(row.ids) for row in found] == [row[: row.index(0)] for row in expected]


def test_vectors_are_the_mean_of_the_encoders_states(taught: Path) -> None:
    decoder = decoder_of(taught)
    tokens = decoder.loaded.codec.encode(TEXTS)
    rows = decoder.rows(requests(tokens))
    with torch.inference_mode():
        states = decoder.loaded.model.get_encoder()(torch.tensor([tokens[3].ids])).last_hidden_state[0]

    assert rows[3].vector.shape == (64,)
    assert rows[3].vector.dtype == np.float32
    assert np.allclose(rows[3].vector, states.mean(0).numpy(), atol=1e-5)


@pytest.mark.parametrize("beams", [1, 2])
def test_the_output_limit_follows_the_input_and_is_flagged(marian: Path, beams: int) -> None:
    decoder = decoder_of(marian, beams=beams)  # it never ends
    tokens = decoder.loaded.codec.encode(["Oui.", SENTENCES[0], " ".join(SENTENCES[:5])])
    rows = decoder.rows(requests(tokens))

    assert [len(row.ids) for row in rows] == [2 * len(tokens[0]) + 16, 2 * len(tokens[1]) + 16, 255]
    assert all(row.truncated for row in rows)


def test_an_end_on_the_last_token_allowed_is_not_truncated(taught: Path) -> None:
    decoder = decoder_of(taught)
    (tokens,) = decoder.loaded.codec.encode([SENTENCES[0]])
    whole = decoder.rows(requests([tokens]))[0]
    limit = len(whole.ids) + 1
    exact, short = decoder.rows([Request(tokens, DecodeOptions(max_new_tokens=count)) for count in (limit, limit - 1)])

    assert (exact.ids, exact.truncated) == (whole.ids, False)
    assert (short.ids, short.truncated) == (whole.ids, True)


def test_every_row_has_its_own_shortest_output(taught: Path) -> None:
    decoder = decoder_of(taught, beams=2)
    (tokens,) = decoder.loaded.codec.encode([SENTENCES[2]])
    plain = len(decoder.rows(requests([tokens]))[0].ids)
    asked = [DecodeOptions(min_new_tokens=count) for count in (0, plain + 9)]
    free, long = decoder.rows([Request(tokens, options) for options in asked])

    assert len(free.ids) == plain
    assert len(long.ids) >= plain + 9


def test_every_row_has_its_own_ban_on_repeats(marian: Path) -> None:
    decoder = decoder_of(marian)
    (tokens,) = decoder.loaded.codec.encode([SENTENCES[2]])
    free, banned = decoder.rows([Request(tokens), Request(tokens, DecodeOptions(no_repeat_ngram=2))])
    pairs = list(zip(banned.ids, banned.ids[1:], strict=False))

    assert len(set(free.ids)) < 5
    assert len(pairs) == len(set(pairs)) > 10


def test_a_summarizers_configuration_sets_the_lengths_but_not_for_short_inputs(bart: Path) -> None:
    decoder = decoder_of(bart, S)
    assert decoder.beams == 2
    tokens = decoder.loaded.codec.encode([SENTENCES[10], "No."])
    long, short = decoder.rows(requests(tokens))

    assert 4 <= len(long.ids) <= 39  # min_length 5, max_length 40, the start token counted
    assert len(short.ids) <= len(tokens[1]) + 16


def test_a_forced_language_comes_first(mbart: Path, nllb: Path) -> None:
    for folder in (mbart, nllb):
        decoder = decoder_of(folder)
        rows = decoder.rows(requests(decoder.loaded.codec.encode(TEXTS[:3])))
        assert {row.ids[0] for row in rows} == {decoder.loaded.codec.forced_start}


def test_states_that_are_not_finite_are_an_error_of_their_row(taught: Path) -> None:
    decoder = decoder_of(taught)
    (good, bad) = decoder.loaded.codec.encode(["Le chat.", "Lyon"])
    encoder = decoder.loaded.model.get_encoder()
    table = encoder.embed_tokens.weight.detach().clone()  # the output layer has the same one
    table[next(iter(set(bad.ids) - set(good.ids)))] = float("nan")
    encoder.embed_tokens = torch.nn.Embedding(table.shape[0], table.shape[1], _weight=table)

    assert decoder.rows(requests([good]))
    with pytest.raises(EngineError, match="not finite"):
        decoder.rows(requests([good, bad]))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 bytes"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("CUDA error: device-side assert triggered"), DeviceFailed),
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), DeviceFailed),
        (ValueError("a shape"), ValueError),
    ],
)
def test_errors_of_torch_are_told_apart(
    taught: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type[Exception]
) -> None:
    model = decoder_of(taught)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(model, "rows", fail)
    decoder = ModelDecoder({T: model})
    with pytest.raises(expected):
        decoder.run(T, requests(decoder.tokenize(T, ["Oui."])))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_out_of_memory_frees_the_cache_halves_the_batch_and_fails_one_input_alone(
    taught: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    model = decoder_of(taught)
    model.loaded = replace(model.loaded, device=torch.device(device))
    honest = decoder_of(taught).encode
    sizes: list[int] = []
    freed: list[bool] = []

    def encode(batch: Sequence[Request]) -> Encoded:
        sizes.append(len(batch))
        if len(batch) > 2 or any(request.tokens.text == "Oui." for request in batch):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return honest(batch)

    monkeypatch.setattr(model, "encode", encode)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(True))
    engine = BatchingEngine(ModelDecoder({T: model}), BatchLimits(linger_s=1))
    texts = ["Le chien dort.", "Le chien dort.", "Oui.", "Le chien dort."]
    futures = engine.submit(T, "large", engine.tokenize(T, texts))
    done = [future.exception(60) for future in futures]
    engine.close()

    assert [type(error) for error in done] == [NoneType, NoneType, EngineError, NoneType]
    assert "does not fit into memory" in str(done[2])
    assert sizes == [4, 2, 2, 1, 1, 1], "the one that does not fit is tried twice"
    assert len(freed) == (4 if device == "cuda" else 0), "one for each batch that did not fit"
    assert engine.failure() is None


def test_half_precision_runs(taught: Path) -> None:
    loaded = load_folder(taught)
    half = replace(loaded, model=loaded.model.to(torch.bfloat16), precision=Precision.BFLOAT16)
    (row,) = Seq2SeqDecoder(half).rows(requests(loaded.codec.encode([SENTENCES[9]])))

    assert row.vector.dtype == np.float32
    assert loaded.codec.decode([row.ids]) == [SENTENCES[19]]


@pytest.mark.parametrize("beams", [1, 3])
def test_a_cancelled_jobs_rows_leave_and_the_others_go_on(taught: Path, beams: int) -> None:
    decoder = decoder_of(taught, beams=beams)
    tokens = decoder.loaded.codec.encode(SENTENCES[:10])
    alone = [row.ids for row in decoder.rows(requests(tokens))]
    texts = decoder.loaded.codec.decode(alone)
    engine = BatchingEngine(ModelDecoder({Role.TRANSLATOR: decoder}), BatchLimits(tokens=10_000, rows=32))
    try:
        endless = DecodeOptions(max_new_tokens=250, min_new_tokens=250)
        doomed = engine.submit(Role.TRANSLATOR, "doomed", tokens[:5], endless)
        kept = engine.submit(Role.TRANSLATOR, "kept", tokens)
        eventually(lambda: engine.stats().rows == 15)
        engine.cancel("doomed")
        assert [future.result(60).text for future in kept] == texts
        assert all(isinstance(future.exception(60), EngineStopped) for future in doomed)
        assert engine.failure() is None
    finally:
        engine.close()


@pytest.mark.parametrize("beams", [1, 3])
def test_running_out_of_memory_in_the_middle_of_a_step_loses_nothing(
    taught: Path, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = decoder_of(taught, beams=beams)
    tokens = decoder.loaded.codec.encode(SENTENCES[:10])
    expected = decoder.loaded.codec.decode([row.ids for row in decoder.rows(requests(tokens))])
    steps = 0
    call = Stepper.__call__

    def fail_at_times(stepper: Stepper, *inputs: Any) -> torch.Tensor:
        nonlocal steps
        steps += 1
        logits = call(stepper, *inputs)  # what it has written to the caches stays
        if steps in {3, 9, 30}:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return logits

    monkeypatch.setattr(Stepper, "__call__", fail_at_times)
    engine = BatchingEngine(ModelDecoder({T: decoder}))
    try:
        futures = engine.submit(T, "job", tokens)
        assert [future.result(60).text for future in futures] == expected
        assert engine.stats().retries >= 2
        assert engine.failure() is None
    finally:
        engine.close()


@pytest.mark.parametrize("beams", [1, 3])
def test_scores_that_are_not_finite_fail_their_input_and_no_other_begins_anew(
    taught: Path, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = decoder_of(taught, beams=beams)
    tokens = decoder.loaded.codec.encode(SENTENCES[:6])
    expected = decoder.loaded.codec.decode([row.ids for row in decoder.rows(requests(tokens))])
    steps = 0
    call = Stepper.__call__

    def overflow_once(stepper: Stepper, *inputs: Any) -> torch.Tensor:
        nonlocal steps
        steps += 1
        logits = call(stepper, *inputs)
        if steps == 3:
            logits[:beams, : decoder.loaded.model.config.vocab_size] = float("nan")
        return logits

    monkeypatch.setattr(Stepper, "__call__", overflow_once)
    engine = BatchingEngine(ModelDecoder({T: decoder}))
    try:
        futures = engine.submit(T, "job", tokens)
        failed = [number for number, future in enumerate(futures) if future.exception(60) is not None]
        assert len(failed) == 1
        with pytest.raises(EngineError, match="not finite"):
            futures[failed[0]].result()
        assert all(future.result().text == expected[n] for n, future in enumerate(futures) if n not in failed)
        assert (engine.stats().failed_rows, engine.stats().retries) == (1, 0)
    finally:
        engine.close()
