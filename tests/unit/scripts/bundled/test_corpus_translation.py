"""Pairs that a model made of one side."""

import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.lab.bundled import corpus, corpus_packing, corpus_translation, export, vocabulary
from scripts.lab.bundled.corpus_preparation import prepare
from scripts.lab.bundled.training_model import Marian, Shape
from tests.unit.scripts.bundled.conftest import sentences

SHAPE = Shape(vocabulary=480, width=32, heads=4, inner=64, encoder_layers=1, decoder_layers=1, positions=64)


@pytest.fixture
def model(data: Path, tmp_path: Path) -> Path:
    """A Marian folder that says nothing of sense."""
    network = Marian(SHAPE)
    network.start(None, None, seed=1)
    export.write(tmp_path / "model", export.marian(SHAPE, network.state_dict()), data / "vocabulary.model")
    return tmp_path / "model"


def pairs(path: Path) -> list[list[str]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


def say(monkeypatch: pytest.MonkeyPatch, words: dict[str, str]) -> list[dict[str, Any]]:
    """Has the model answer from a list; returns how it was asked."""
    asked: list[dict[str, Any]] = []

    def answer(_folder: Path, lines: Sequence[str], **how: Any) -> list[str]:
        asked.append(how)
        return [words[line] for line in lines]

    monkeypatch.setattr(corpus_translation, "engine_translations", answer)
    return asked


def test_lines_of_all_kinds_of_files_come_once_and_clean(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One.\n\n  Two\u0000 . \nOne.\n", encoding="utf-8")
    with lzma.open(tmp_path / "b.txt.xz", "wt", encoding="utf-8") as file:
        file.write("Three.\nOne.\n")
    with lzma.open(tmp_path / "c.tsv.xz", "wt", encoding="utf-8") as file:
        file.write("Quatre.\tFour.\nUn.\tOne.\n")
    paths = [tmp_path / name for name in ("a.txt", "b.txt.xz", "c.tsv.xz")]
    assert list(corpus_translation.one_side(paths, "english")) == ["One.", "Two .", "Three.", "Four."]
    assert list(corpus_translation.one_side(paths[2:], "french")) == ["Quatre.", "Un."]


@pytest.mark.parametrize("into", ["french", "english"])
def test_french_stands_first_whatever_was_made(
    into: corpus_translation.Language, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = say(monkeypatch, {"one": "two"})
    (tmp_path / "lines.txt").write_text("one\n", encoding="utf-8")
    out = tmp_path / "made.tsv.xz"
    assert corpus_translation.translate(model, [tmp_path / "lines.txt"], out, into=into, beams=3, batch=7) == 1
    assert pairs(out) == [["two", "one"] if into == "french" else ["one", "two"]]
    assert asked == [{"beams": 3, "precision": "auto", "batch": 7}]


def test_circles_nothings_and_long_lines_are_left_out(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, {"a": "la la la la", "b b b b": "le le le le", "c": " ", "d": "le mot"})
    (tmp_path / "lines.txt").write_text("a\nb b b b\nc\nd\n" + "long " * 80, encoding="utf-8")
    out = tmp_path / "made.tsv.xz"
    assert corpus_translation.translate(model, [tmp_path / "lines.txt"], out, into="french") == 2
    assert pairs(out) == [["le le le le", "b b b b"], ["le mot", "d"]]


def test_a_real_model_makes_a_file_that_prepare_reads(model: Path, data: Path, tmp_path: Path) -> None:
    lines = [english for _, english in sentences()[:20]]
    (tmp_path / "lines.txt").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "back-translated.tsv.xz"
    kept = corpus_translation.translate(model, [tmp_path / "lines.txt"], out, into="french")
    read = list(corpus.read([tmp_path]))
    assert kept == len(read)
    assert {pair.english for pair in read} <= set(lines)
    assert {pair.source for pair in read} <= {"back-translated"}


def test_another_name_is_refused_before_anything_is_done(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"made\.txt should end in \.tsv\.xz"):
        corpus_translation.translate(model, [], tmp_path / "made.txt", into="french")


def test_reverse_data_goes_from_english_to_french(corpus: Path, data: Path, tmp_path: Path) -> None:
    prepare([corpus], tmp_path, held_out=8, width=32, pieces_from=data / "vocabulary.model", reverse=True)
    tokenizer = vocabulary.load(tmp_path / "vocabulary.model")
    packed = corpus_packing.load(tmp_path)
    source = tokenizer.decode(packed.source[: packed.source_offsets[1]].tolist())
    target = tokenizer.decode(packed.target[: packed.target_offsets[1]].tolist())
    french, english = zip(*sentences(), strict=True)
    assert (source in english, target in french) == (True, True)
    held = [line.split("\t") for line in (tmp_path / "held-out.tsv").read_text(encoding="utf-8").splitlines()]
    assert len(held) == 8
    assert all(left in english and right in french for left, right in held)
    assert np.load(tmp_path / "start.npy").shape == (480, 32)
