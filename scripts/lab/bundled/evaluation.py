"""Decoding a test set and scoring it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import sacrebleu
import sentencepiece
import torch
from transformers import MarianMTModel

from scripts.lab.bundled.vocabulary import EOS, PAD, UNK
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.device import choose_device
from worker.engine.interface import Role
from worker.engine.loader import load
from worker.engine.registry import resolve
from worker.engine.request import Request


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


def engine_translations(
    folder: Path, lines: Sequence[str], *, beams: int, precision: str, batch: int = 64
) -> list[str]:
    """The translations of the lines, in order, as a worker decodes them; see `worker.engine.device.choose_precision`."""
    loaded = load(resolve(str(folder), None), Role.TRANSLATOR, device=choose_device("auto"), precision=precision)
    decoder = Seq2SeqDecoder(loaded, beams)
    tokens = loaded.codec.encode(list(lines))
    order = sorted(range(len(lines)), key=lambda place: len(tokens[place]))
    out = [""] * len(lines)
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        rows = decoder.rows([Request(tokens[place]) for place in places])
        for place, text in zip(places, loaded.codec.decode([row.ids for row in rows]), strict=True):
            out[place] = text
    return out


def bleu(made: Sequence[str], wanted: Sequence[str]) -> float:
    """sacreBLEU's corpus BLEU, 13a tokens, case kept."""
    return float(sacrebleu.corpus_bleu(list(made), [list(wanted)]).score)


def chrf(made: Sequence[str], wanted: Sequence[str]) -> float:
    """sacreBLEU's chrF2."""
    return float(sacrebleu.corpus_chrf(list(made), [list(wanted)]).score)
