"""Decoding a test set and scoring it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sacrebleu
import sentencepiece
import torch
from transformers import MarianMTModel

from scripts.lab.bundled.vocabulary import EOS, PAD, UNK


@torch.inference_mode()
def translate(
    model: MarianMTModel,
    tokenizer: sentencepiece.SentencePieceProcessor,
    lines: Sequence[str],
    *,
    beams: int = 1,
    length_penalty: float = 1.0,
    batch: int = 32,
) -> list[str]:
    """The translations of the lines, in order; each at most twice as long as its line plus 10 pieces."""
    rows = [
        [*ids[: model.config.max_position_embeddings - 1], EOS] for ids in tokenizer.encode(list(lines), out_type=int)
    ]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    out = [""] * len(rows)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        wide = max(len(rows[i]) for i in chosen)
        ids = torch.tensor([rows[i] + [PAD] * (wide - len(rows[i])) for i in chosen], device=model.device)
        made: torch.Tensor = cast(Any, model).generate(
            input_ids=ids,
            attention_mask=(ids != PAD).long(),
            num_beams=beams,
            length_penalty=length_penalty,
            max_length=min(model.config.max_position_embeddings, 2 * wide + 10),
        )
        for index, row in zip(chosen, made.tolist(), strict=True):
            own = row[1 : 2 * len(rows[index]) + 9]
            out[index] = tokenizer.decode([i for i in own if i not in (EOS, PAD, UNK)])
    return out


def bleu(made: Sequence[str], wanted: Sequence[str]) -> float:
    """sacreBLEU's corpus BLEU, 13a tokens, case kept."""
    return float(sacrebleu.corpus_bleu(list(made), [list(wanted)]).score)


def chrf(made: Sequence[str], wanted: Sequence[str]) -> float:
    """sacreBLEU's chrF2."""
    return float(sacrebleu.corpus_chrf(list(made), [list(wanted)]).score)
