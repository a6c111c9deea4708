"""The joint SentencePiece vocabulary: one list of pieces for French and English, and the rules that fold spellings."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

#: Ids that the model and the tokenizer share; the piece ids of the SentencePiece file are the model's ids.
EOS, UNK, PAD = 0, 1, 2

#: Characters that are pieces however rare they are in the text; others fall back to bytes.
LETTERS = "0123456789àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊËÎÏÔÙÛÜŒñáíóúãåøčšžßÑÁÍÓÚ€£°–—"

_SPACES = "\u00a0\u202f\u2009\u2007\u2002\u2003\u2008\u200a\u3000"
_GONE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
_FOLDED = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": '"', "›": '"', "''": '"',
    "‐": "-", "‑": "-", "‒": "-", "−": "-", "…": "...", "ﬁ": "fi", "ﬂ": "fl", "№": "No", "ª": "a", "º": "°",
    "½": "1/2", "¼": "1/4", "¾": "3/4", "\t": " ", "\n": " ", "\r": " ",
}  # fmt: skip


def rules() -> dict[str, str]:
    """What the tokenizer rewrites before it looks for pieces, longest match first.

    Typographic quotes, guillemets with or without a space inside, apostrophes and dashes become the plain ones; a space before
    French punctuation goes; a non-breaking space between digits becomes a comma; decomposed accents are composed.
    """
    table = dict(_FOLDED)
    table.update(dict.fromkeys(_SPACES, " "))
    table.update(dict.fromkeys(_GONE, ""))
    for space in " " + _SPACES:
        table.update({space + mark: mark for mark in "?!;:%"})
        table.update({"«" + space: '"', space + "»": '"', "‹" + space: '"', space + "›": '"'})
    for space in "\u00a0\u202f\u2009":
        for left, right in itertools.product("0123456789", repeat=2):
            table[left + space + right] = f"{left},{right}"
    for code in range(0x00C0, 0x0180):
        composed = chr(code)
        decomposed = unicodedata.normalize("NFD", composed)
        if decomposed != composed:
            table[decomposed] = composed
    return table


def write_rules(path: Path) -> None:
    """Writes the rules as SentencePiece reads them: code points in hex, TAB, code points in hex."""

    def coded(text: str) -> str:
        return " ".join(f"{ord(c):X}" for c in text)

    lines = [f"{coded(source)}\t{coded(target)}" for source, target in sorted(rules().items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def learn(lines: Iterable[str], folder: Path, *, size: int = 8192, threads: int = 2) -> Path:
    """Learns a vocabulary of `size` pieces by byte-pair encoding and returns its file, `folder/vocabulary.model`.

    Digits are pieces of their own, and bytes stand in for characters that the text does not have, so nothing is ever unknown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "rules.tsv"
    write_rules(table)
    prefix = folder / "vocabulary"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(prefix),
        model_type="bpe",
        vocab_size=size,
        character_coverage=0.9999,
        required_chars=LETTERS,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_tsv=str(table),
        unk_id=UNK,
        eos_id=EOS,
        pad_id=PAD,
        bos_id=-1,
        num_threads=threads,
        max_sentence_length=2000,
        minloglevel=1,
    )
    table.unlink()
    prefix.with_suffix(".vocab").unlink(missing_ok=True)
    return prefix.with_suffix(".model")


def load(path: Path) -> sentencepiece.SentencePieceProcessor:
    """The tokenizer of a vocabulary file."""
    return sentencepiece.SentencePieceProcessor(model_file=str(path))
