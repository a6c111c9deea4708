"""The tokenizer folds spellings, and never meets an unknown character."""

from pathlib import Path

import numpy as np
import pytest

from scripts.lab.bundled import vocabulary
from scripts.lab.bundled.corpus_preparation import prepare


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("«\u00a0Oui\u00a0», dit-il\u202f!", '"Oui", dit-il!'),
        ("«Oui»", '"Oui"'),
        ("L’été “chaud”…", 'L\'été "chaud"...'),
        ("1\u202f234\u00a0567", "1,234,567"),
        ("cafe\u0301", "café"),
        ("Pourquoi ? 12 %", "Pourquoi? 12%"),
        ("so\u00adleil", "soleil"),
        ("日本 Ω", "日本 Ω"),
    ],
)
def test_round_trip_folds(data: Path, text: str, folded: str) -> None:
    tokenizer = vocabulary.load(data / "vocabulary.model")
    ids = tokenizer.encode(text)
    assert vocabulary.UNK not in ids
    assert tokenizer.decode(ids) == folded


def test_digits_are_pieces_of_their_own(data: Path) -> None:
    tokenizer = vocabulary.load(data / "vocabulary.model")
    assert [p for p in tokenizer.encode("2026", out_type=str) if p != "▁"] == ["2", "0", "2", "6"]


def test_marks_have_the_ids_that_the_model_expects(data: Path) -> None:
    tokenizer = vocabulary.load(data / "vocabulary.model")
    assert (tokenizer.eos_id(), tokenizer.unk_id(), tokenizer.pad_id()) == (
        vocabulary.EOS,
        vocabulary.UNK,
        vocabulary.PAD,
    )


def test_preparing_can_keep_a_vocabulary(corpus: Path, data: Path, tmp_path: Path) -> None:
    prepare([corpus], tmp_path, held_out=8, width=32, seed=2, pieces_from=data / "vocabulary.model")
    assert (tmp_path / "vocabulary.model").read_bytes() == (data / "vocabulary.model").read_bytes()
    assert len(np.load(tmp_path / "counts.npy")) == 480
