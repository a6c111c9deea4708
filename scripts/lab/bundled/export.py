"""From trained parameters to an ordinary Hugging Face Marian folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from transformers import GenerationConfig, MarianConfig, MarianMTModel

from scripts.lab.bundled import vocabulary
from scripts.lab.bundled.training_model import Shape
from scripts.lab.bundled.vocabulary import EOS, PAD, UNK


def config(shape: Shape) -> MarianConfig:
    """The configuration of a network of this shape."""
    return MarianConfig(
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.positions,
        d_model=shape.width,
        encoder_layers=shape.encoder_layers,
        decoder_layers=shape.decoder_layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        activation_function="relu",
        dropout=0.1,
        scale_embedding=True,
        pad_token_id=PAD,
        eos_token_id=EOS,
        decoder_start_token_id=PAD,
        forced_eos_token_id=EOS,
        tie_word_embeddings=True,
        share_encoder_decoder_embeddings=True,
    )


def generation(shape: Shape, *, beams: int = 4, length_penalty: float = 1.0) -> GenerationConfig:
    """How to decode by default: beam search, never the padding piece, at most the positions that there are."""
    settings: Any = GenerationConfig  # its constructor has no types
    return cast(
        GenerationConfig,
        settings(
            num_beams=beams,
            length_penalty=length_penalty,
            max_length=shape.positions,
            bad_words_ids=[[PAD]],
            pad_token_id=PAD,
            eos_token_id=EOS,
            decoder_start_token_id=PAD,
            forced_eos_token_id=EOS,
        ),
    )


def marian(shape: Shape, parameters: Mapping[str, Tensor]) -> MarianMTModel:
    """A MarianMTModel with these parameters, in float32, in evaluation mode."""
    model = MarianMTModel(config(shape))
    state = {name: value.detach().float().cpu().contiguous() for name, value in parameters.items()}
    shared = state["model.shared.weight"]
    for tied in ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"):
        state[tied] = shared
    missing, unexpected = model.load_state_dict(state, strict=False)
    left = [name for name in missing if "embed_positions" not in name]
    if left or unexpected:
        raise ValueError(f"the parameters do not fit a Marian model: missing {left}, unexpected {list(unexpected)}")
    model.tie_weights()
    model.generation_config = generation(shape)
    model.train(mode=False)
    return model


def write(
    folder: Path, model: MarianMTModel, pieces: Path, *, dtype: torch.dtype = torch.float16, card: str | None = None
) -> None:
    """Writes the model and its tokenizer; `folder` is replaced at once, and keeps its README.md unless there is a `card`.

    `pieces` is the SentencePiece file; its piece ids are the ids of the model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".export-", dir=folder.parent))
    try:
        new.chmod(0o755)
        cast(Any, model).to(dtype).save_pretrained(new)
        tokenizer = vocabulary.load(pieces)
        vocab = {tokenizer.id_to_piece(i): i for i in range(tokenizer.get_piece_size())}
        _write_json(new / "vocab.json", vocab)
        shutil.copyfile(pieces, new / "source.spm")
        shutil.copyfile(pieces, new / "target.spm")
        _write_json(
            new / "tokenizer_config.json",
            {
                "tokenizer_class": "MarianTokenizer",
                "source_lang": "fr",
                "target_lang": "en",
                "eos_token": tokenizer.id_to_piece(EOS),
                "unk_token": tokenizer.id_to_piece(UNK),
                "pad_token": tokenizer.id_to_piece(PAD),
                "model_max_length": model.config.max_position_embeddings,
                "separate_vocabs": False,
                "clean_up_tokenization_spaces": False,
            },
        )
        if card is not None:
            (new / "README.md").write_text(card, encoding="utf-8")
        elif (folder / "README.md").exists():
            shutil.copyfile(folder / "README.md", new / "README.md")
        for path in new.iterdir():
            path.chmod(0o644)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder.parent))
            folder.rename(old / "was")
            new.rename(folder)
            shutil.rmtree(old)
        else:
            new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def parameters(path: Path) -> dict[str, Tensor]:
    """The float32 parameters of a Marian folder, or of an `averages.pt`, by the names that training uses."""
    if path.is_dir():
        state = dict(MarianMTModel.from_pretrained(path, dtype=torch.float32).state_dict())
        tied = ("embed_tokens", "embed_positions", "lm_head")
        return {name: value for name, value in state.items() if not any(part in name for part in tied)}
    return dict(torch.load(path, map_location="cpu", weights_only=True)["parameters"])


def split(whole: Path, folder: Path, *, size: int) -> list[Path]:
    """Cuts a file into `folder/NAME.00`, `NAME.01`... of at most `size` bytes, for channels that carry small files only."""
    folder.mkdir(parents=True, exist_ok=True)
    data = whole.read_bytes()
    parts = []
    for number, start in enumerate(range(0, len(data), size)):
        part = folder / f"{whole.name}.{number:02}"
        part.write_bytes(data[start : start + size])
        parts.append(part)
    return parts


def join(folder: Path, whole: Path) -> None:
    """Puts together what `split` cut; the parts are found by the name of `whole`."""
    parts = sorted(folder.glob(f"{whole.name}.[0-9][0-9]"))
    if not parts:
        raise FileNotFoundError(f"no parts of {whole.name} in {folder}")
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
