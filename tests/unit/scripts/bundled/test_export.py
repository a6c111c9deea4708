"""The lean network and transformers' Marian are the same network."""

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MarianTokenizer

from scripts.lab.bundled import evaluation, export, vocabulary
from scripts.lab.bundled.corpus_packing import Batch
from scripts.lab.bundled.training_model import Marian, Shape

SHAPE = Shape(vocabulary=480, width=32, heads=4, inner=64, encoder_layers=3, decoder_layers=2, positions=64)


def network(seed: int = 1) -> Marian:
    """A small network with parameters that no rule made: every one matters to the outcome."""
    made = Marian(SHAPE)
    made.start(None, None, seed=seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made.eval()


def _batch() -> Batch:
    source = torch.tensor([[5, 6, 7, 8, 0], [9, 10, 0, 2, 2]])
    given = torch.tensor([[2, 11, 12], [2, 13, 14]])
    nothing = torch.full_like(given, -1)
    return Batch(source, given, nothing, nothing)


@pytest.mark.parametrize("guided", [0, 2])
def test_logits_are_those_of_transformers(guided: int) -> None:
    lean, batch = network(), _batch()
    model = export.marian(SHAPE, lean.state_dict())
    with torch.no_grad():
        hidden, _ = lean(batch, guided=guided)
        mine = hidden @ lean.model.shared.weight.t() + lean.final_logits_bias
        theirs = model(
            input_ids=batch.source, attention_mask=(batch.source != 2).long(), decoder_input_ids=batch.given
        ).logits
    torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-4)


def test_marian_refuses_parameters_that_do_not_fit() -> None:
    state = dict(network().state_dict())
    del state["model.encoder.layers.0.fc1.weight"]
    with pytest.raises(ValueError, match="do not fit"):
        export.marian(SHAPE, state)


def test_written_folder_loads_by_its_name_alone(data: Path, tmp_path: Path) -> None:
    lean, batch, folder = network(), _batch(), tmp_path / "model"
    export.write(
        folder,
        export.marian(SHAPE, lean.state_dict()),
        data / "vocabulary.model",
        dtype=torch.float32,
        card="# A card\n",
    )
    assert {p.name for p in folder.iterdir()} == {
        "README.md", "config.json", "generation_config.json", "model.safetensors", "source.spm", "target.spm",
        "tokenizer_config.json", "vocab.json",
    }  # fmt: skip
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        hidden, _ = lean(batch)
        mine = hidden @ lean.model.shared.weight.t() + lean.final_logits_bias
        theirs = model(
            input_ids=batch.source, attention_mask=(batch.source != 2).long(), decoder_input_ids=batch.given
        ).logits
    torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-4)
    assert model.generation_config.bad_words_ids == [[vocabulary.PAD]]
    assert model.generation_config.max_length == SHAPE.positions
    assert list(tmp_path.iterdir()) == [folder]


def test_marian_tokenizer_gives_the_ids_of_training(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    export.write(folder, export.marian(SHAPE, network().state_dict()), data / "vocabulary.model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers recommends sacremoses, which would change the text
        tokenizer = AutoTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, MarianTokenizer)
    untyped: Any = tokenizer
    own = vocabulary.load(data / "vocabulary.model")
    for text in ("Le roi attend «\u00a0Pauline\u00a0» à Lyon.", "12,5 % d’Ω"):
        assert tokenizer(text).input_ids == [*own.encode(text), vocabulary.EOS]
        assert untyped.batch_decode([own.encode(text)], skip_special_tokens=True)[0] == own.decode(own.encode(text))
    assert len(tokenizer) == SHAPE.vocabulary


def test_writing_again_replaces_all_but_the_card(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    export.write(folder, export.marian(SHAPE, network().state_dict()), data / "vocabulary.model", card="# Kept\n")
    export.write(folder, export.marian(SHAPE, network(2).state_dict()), data / "vocabulary.model")
    assert (folder / "README.md").read_text(encoding="utf-8") == "# Kept\n"
    assert list(tmp_path.iterdir()) == [folder]


def test_parameters_come_back_from_a_folder(data: Path, tmp_path: Path) -> None:
    lean, folder = network(), tmp_path / "model"
    export.write(folder, export.marian(SHAPE, lean.state_dict()), data / "vocabulary.model", dtype=torch.float32)
    again = export.parameters(folder)
    assert again.keys() == lean.state_dict().keys()
    assert all(torch.equal(again[name], value) for name, value in lean.state_dict().items())


def test_parts_join_to_the_same_file(tmp_path: Path) -> None:
    whole = tmp_path / "whole.bin"
    whole.write_bytes(bytes(range(256)) * 10)
    parts = export.split(whole, tmp_path / "parts", size=1000)
    assert [p.name for p in parts] == ["whole.bin.00", "whole.bin.01", "whole.bin.02"]
    shutil.copyfile(whole, tmp_path / "kept")
    whole.unlink()
    export.join(tmp_path / "parts", whole)
    assert whole.read_bytes() == (tmp_path / "kept").read_bytes()
    with pytest.raises(FileNotFoundError, match="no parts"):
        export.join(tmp_path, tmp_path / "absent.bin")


def test_translate_keeps_the_order_of_lines(data: Path) -> None:
    tokenizer = vocabulary.load(data / "vocabulary.model")
    model = export.marian(SHAPE, network().state_dict())
    lines = ["Le roi dort.", "La reine regarde le chien devant la maison.", "Oui."]
    together = evaluation.translate(model, tokenizer, lines, batch=2)
    assert together == [evaluation.translate(model, tokenizer, [line], batch=1)[0] for line in lines]
