import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.unit.worker.engine.loaded import decoder_of, load_folder
from worker.engine import EngineOptions, build_engine
from worker.engine.canary import prove
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.errors import ModelError
from worker.engine.interface import Role
from worker.engine.registry import Canary
from worker.engine.request import Request
from worker.engine.row import Row


def test_a_sound_model_is_proved(taught: Path) -> None:
    assert prove(decoder_of(taught)) == "The government announced a new law on the protection of water on Tuesday."


def test_expected_words_are_looked_for_only_where_they_are_named(taught: Path) -> None:
    loaded = load_folder(taught)
    known = replace(loaded, canary=replace(loaded.canary, expected=("nothing", "water")))
    assert prove(Seq2SeqDecoder(known))

    unknown = replace(loaded, canary=replace(loaded.canary, expected=("wat", "soup")))
    with pytest.raises(ModelError, match="none of wat, soup is in its translation"):
        prove(Seq2SeqDecoder(unknown))


def test_a_summarizer_may_reach_its_limit(bart: Path) -> None:
    assert prove(decoder_of(bart, Role.SUMMARIZER))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_do_not_pass(taught: Path, tmp_path: Path, value: float) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "sick"))
    weights = load_file(folder / "model.safetensors")
    weights["model.decoder.layers.0.fc1.weight"][0, 0] = value
    save_file(weights, folder / "model.safetensors", {"format": "pt"})

    with pytest.raises(ModelError, match=r"^sick failed its proof \(cpu, float32\): its scores are not finite"):
        build_engine(EngineOptions(translator=str(folder), device="cpu", precision="float32", threads=1))
    with pytest.raises(ModelError, match=r"^sick: the weights of model\.decoder\.layers\.0\.fc1 are not finite"):
        build_engine(EngineOptions(translator=str(folder), device="cpu", precision="int8", threads=1))


def test_a_model_that_repeats_itself_does_not_pass(marian: Path) -> None:
    with pytest.raises(ModelError, match=r"it repeats one token \d\d times"):
        build_engine(EngineOptions(translator=str(marian), device="cpu", threads=1))


def test_a_canary_that_does_not_fit_is_refused(taught: Path) -> None:
    loaded = replace(load_folder(taught), canary=Canary("Le chat. " * 200))

    with pytest.raises(ModelError, match="takes only 256 tokens"):
        prove(Seq2SeqDecoder(loaded))


def scripted(decoder: Seq2SeqDecoder, *rows: Row) -> Seq2SeqDecoder:
    """The decoder, with what it puts out given beforehand."""
    coming = iter(rows)

    def answer(batch: list[Request]) -> list[Row]:
        return [next(coming)]

    decoder.rows = answer  # type: ignore[method-assign, assignment]
    return decoder


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([[], []], "nothing came out"),
        ([[40, 41], [40, 42]], "differently the second time"),
        ([[40, *[41] * 9], [40, *[41] * 9]], "repeats one token 9 times"),
        ([list(range(40, 100))] * 2, "does not end within 60 tokens"),
    ],
)
def test_outputs_that_prove_a_model_worthless(taught: Path, outputs: list[list[int]], said: str) -> None:
    decoder = decoder_of(taught)
    vector = torch.zeros(4).numpy()
    rows = [Row(tuple(ids), truncated=len(ids) > 50, vector=vector) for ids in outputs]

    with pytest.raises(ModelError, match=said):
        prove(scripted(decoder, *rows))


def test_eight_in_a_row_pass(taught: Path) -> None:
    row = Row((40, *[41] * 8), truncated=False, vector=torch.zeros(4).numpy())

    assert prove(scripted(decoder_of(taught), row, row))


def test_a_model_that_breaks_is_said_in_one_line(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = decoder_of(taught)

    def fail(*_: object) -> Callable[..., None]:
        raise RuntimeError("a kernel is missing\nand so on")

    monkeypatch.setattr(decoder, "first_scores", fail)
    with pytest.raises(ModelError, match=r"RuntimeError: a kernel is missing$"):
        prove(decoder)


def test_the_engine_is_built_with_both_models(taught: Path, bart: Path) -> None:
    engine = build_engine(EngineOptions(translator=str(taught), summarizer=str(bart), device="cpu", threads=1, beams=1))
    translator, summarizer = engine.info(Role.TRANSLATOR), engine.info(Role.SUMMARIZER)

    assert translator is not None
    assert summarizer is not None
    assert (translator.id, summarizer.id) == (taught.name, bart.name)
    (tokens,) = engine.tokenize(Role.SUMMARIZER, ["The cat is in the house and the dog sleeps."])
    assert engine.submit(Role.SUMMARIZER, "job", [tokens])[0].result(20).vector is None
    engine.close()
