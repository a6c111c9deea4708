"""Tiny models with random weights and real tokenizers, made on the spot and saved the way real ones are.

Each builder fills an empty folder and returns it. Weights are drawn wide enough apart that ties are rare.
"""

import io
import json
import warnings
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import ByteLevelBPETokenizer, SentencePieceBPETokenizer
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BartTokenizer,
    GenerationConfig,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    MBart50Tokenizer,
    MBartConfig,
    MBartForConditionalGeneration,
    NllbTokenizer,
    PegasusConfig,
    PegasusForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

#: What the tokenizers are trained on.
SENTENCES = """
Le gouvernement a annoncé mardi une nouvelle loi sur la protection de l'eau.
Les agriculteurs craignent une hausse des prix dans les campagnes.
Le chat est dans la maison et le chien dort devant la porte.
Selon le ministre, 12,5 % des ménages sont concernés par cette mesure.
La pluie tombe depuis trois jours sur le nord du pays.
Hier soir, des milliers de personnes ont marché dans les rues de Lyon.
Le maire a promis de réparer les conduites avant la fin de l'année.
« Nous n'avons jamais vu cela », raconte une habitante du quartier.
Le prix du pain a augmenté de deux centimes en janvier 2024.
Les élèves reprendront le chemin de l'école lundi matin.
The government announced a new law on the protection of water on Tuesday.
Farmers fear that prices will rise in the countryside.
The cat is in the house and the dog sleeps in front of the door.
According to the minister, 12.5% of households are affected by this measure.
It has been raining for three days in the north of the country.
Last night, thousands of people marched through the streets of Lyon.
The mayor promised to repair the pipes before the end of the year.
"We have never seen that", says a woman who lives in the district.
The price of bread rose by two cents in January 2024.
The pupils will be back at school on Monday morning.
translate French to English: summarize:
""".strip().splitlines()

#: The first sentences are French, as many after them say the same in English.
_PAIRS = 10

_WIDTH, _HEADS, _INNER = 32, 4, 64
_BART_SHAPE: dict[str, Any] = {
    "d_model": _WIDTH,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": _HEADS,
    "decoder_attention_heads": _HEADS,
    "encoder_ffn_dim": _INNER,
    "decoder_ffn_dim": _INNER,
    "init_std": 0.4,
}


def tiny_marian(folder: Path, *, positions: int = 256, seed: int = 1, **shape: Any) -> Path:
    """A Marian model that repeats itself up to its output limit, as random ones with tied weights do."""
    trained = _sentencepiece()
    pieces = sentencepiece.SentencePieceProcessor(model_proto=trained)
    names = ["</s>", "<unk>"]
    names += [name for name in map(pieces.id_to_piece, range(len(pieces))) if name not in {"<s>", "</s>", "<unk>"}]
    vocabulary = {name: place for place, name in enumerate([*names, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(trained)
    _marian_tokenizer(folder).save_pretrained(folder)
    pad = vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=len(vocabulary),
        max_position_embeddings=positions,
        pad_token_id=pad,
        decoder_start_token_id=pad,
        eos_token_id=0,
        forced_eos_token_id=0,
        **_BART_SHAPE | shape,
    )
    torch.manual_seed(seed)
    model = MarianMTModel(config)
    _pull(model.final_logits_bias, end=0, never=pad, ending=0.0)
    model.save_pretrained(folder)
    return folder


def taught_marian(folder: Path) -> Path:
    """A Marian model that has learned the sentences of this module by heart, French to English. Takes a few seconds."""
    tiny_marian(folder, d_model=64, encoder_ffn_dim=128, decoder_ffn_dim=128, init_std=0.05, dropout=0.0)
    tokenizer: Any = _marian_tokenizer(folder)
    model: Any = MarianMTModel.from_pretrained(folder).train()
    sources = tokenizer(SENTENCES[:_PAIRS], return_tensors="pt", padding=True)
    targets = tokenizer(SENTENCES[_PAIRS : 2 * _PAIRS], return_tensors="pt", padding=True).input_ids
    targets = targets.masked_fill(targets == model.config.pad_token_id, -100)
    steps = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(160):
        loss = model(**sources, labels=targets).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
    model.eval().save_pretrained(folder)
    return folder


def tiny_bart(folder: Path, *, ending: float = 5.0, seed: int = 2) -> Path:
    """A BART model, with the generation settings of a summarizer."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        SENTENCES, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False
    )
    trained.save_model(str(folder))
    parts = json.loads(trained.to_str())["model"]
    merges: Any = [tuple(pair) for pair in parts["merges"]]
    tokenizer = BartTokenizer(vocab=parts["vocab"], merges=merges)
    tokenizer.save_pretrained(folder)
    config = BartConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=256,
        **_BART_SHAPE,
    )
    torch.manual_seed(seed)
    model = BartForConditionalGeneration(config)
    _pull(model.final_logits_bias, end=2, never=1, ending=ending)
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        num_beams=2,
        max_length=40,
        min_length=5,
        no_repeat_ngram_size=3,
        early_stopping=True,
        forced_bos_token_id=0,
        forced_eos_token_id=2,
        decoder_start_token_id=2,
        eos_token_id=2,
        pad_token_id=1,
    )
    model.save_pretrained(folder)
    return folder


def tiny_pegasus(folder: Path, *, seed: int = 6) -> Path:
    """A Pegasus summarizer: norms come first, places are counted from 0, and there is a second one after the last layer."""
    tokenizer = T5Tokenizer(vocab=_unigram(["<pad>", "</s>", "<unk>"]), extra_ids=0, model_max_length=256)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = PegasusConfig(vocab_size=len(tokenizer), max_position_embeddings=256, scale_embedding=True, **_BART_SHAPE)
    model = PegasusForConditionalGeneration(config)
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        num_beams=2, max_length=40, decoder_start_token_id=0, eos_token_id=1, pad_token_id=0
    )
    model.save_pretrained(folder)
    return folder


def tiny_t5(folder: Path, *, seed: int = 3) -> Path:
    """A T5 model."""
    tokenizer = T5Tokenizer(vocab=_unigram(["<pad>", "</s>", "<unk>"]), extra_ids=0, model_max_length=512)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=_WIDTH,
        d_kv=8,
        d_ff=_INNER,
        num_layers=2,
        num_heads=_HEADS,
        initializer_factor=4.0,
    )
    model = T5ForConditionalGeneration(config)
    model.generation_config.decoder_start_token_id = 0
    model.save_pretrained(folder)
    return folder


def tiny_mbart(folder: Path, *, seed: int = 4) -> Path:
    """An mBART-50 model."""
    tokenizer = MBart50Tokenizer(vocab=_unigram(["<s>", "<pad>", "</s>", "<unk>"]), src_lang="en_XX", tgt_lang="ro_RO")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = MBartConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=256,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
        **_BART_SHAPE,
    )
    MBartForConditionalGeneration(config).save_pretrained(folder)
    return folder


def tiny_nllb(folder: Path, *, seed: int = 5) -> Path:
    """An NLLB model: M2M100's architecture with a tokenizer of its own."""
    trained = SentencePieceBPETokenizer()
    trained.train_from_iterator(
        SENTENCES, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False
    )
    parts = json.loads(trained.to_str())["model"]
    merges: Any = [tuple(pair) for pair in parts["merges"]]
    tokenizer = NllbTokenizer(vocab=parts["vocab"], merges=merges)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = M2M100Config(
        vocab_size=len(tokenizer), max_position_embeddings=256, decoder_start_token_id=2, **_BART_SHAPE
    )
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def _marian_tokenizer(folder: Path) -> MarianTokenizer:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        return MarianTokenizer(
            source_spm=str(folder / "source.spm"),
            target_spm=str(folder / "target.spm"),
            vocab=str(folder / "vocab.json"),
            model_max_length=512,
        )


def _sentencepiece() -> bytes:
    """A trained SentencePiece model, as its file holds it."""
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=trained, vocab_size=250, hard_vocab_limit=False, minloglevel=2
    )
    return trained.getvalue()


def _unigram(specials: list[str]) -> list[tuple[str, float]]:
    """Pieces with their scores, as the tokenizers of T5 and mBART take them."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=_sentencepiece())
    scored = [(pieces.id_to_piece(place), pieces.get_score(place)) for place in range(len(pieces))]
    return [(special, 0.0) for special in specials] + [
        pair for pair in scored if pair[0] not in {"<s>", "</s>", "<unk>"}
    ]


def _pull(bias: torch.Tensor, *, end: int, never: int, ending: float) -> None:
    """Draws the model towards its end token, and away from padding."""
    bias[0, end] = ending
    bias[0, never] = -1e4
