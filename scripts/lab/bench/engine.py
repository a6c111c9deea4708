"""The decoder of the engine against `generate` and CTranslate2: the same rows, each stopped at the same length whoever decodes.

Weights are random in the shape of a published model, or those of the bundled one. Speed does not ask what the words mean; so
that lengths agree, no row may end by itself before its limit, which is 1.1 times the longest source of its batch.
"""

import platform
import random
import statistics
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import torch
from transformers import MarianConfig, MarianMTModel

from worker.engine import ctranslate
from worker.engine.ctranslate import CTranslateModel
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.device import Precision, choose_device, choose_precision, set_threads
from worker.engine.int8 import quantize
from worker.engine.interface import DecodeOptions, ModelInfo, Role, Tokens
from worker.engine.loader import LoadedModel, load
from worker.engine.registry import CANARIES, resolve
from worker.engine.request import Request
from worker.engine.row import RowDecoder

#: Lengths of the rows in source tokens, the end token included.
_LENGTHS = (8, 55)


class Shape(StrEnum):
    """Which model is measured."""

    OPUS = "opus"  # random weights in the shape of Helsinki-NLP/opus-mt-fr-en
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Report:
    """Target tokens a second by beam width and yardstick, every round's."""

    about: str
    speeds: dict[int, dict[str, list[float]]]

    def table(self) -> str:
        """Ratios first, in Markdown."""
        lines = [self.about, ""]
        lines += ["| beams | how | ours is so many times as fast | tokens a second, median (least to most) |"]
        lines += ["| ---: | --- | ---: | ---: |"]
        for beams, speeds in self.speeds.items():
            ours = speeds["the decode loop"]
            for how, seen in speeds.items():
                ratio = statistics.median(a / b for a, b in zip(ours, seen, strict=True))
                lines.append(
                    f"| {beams} | {how} | {ratio:.2f} | {statistics.median(seen):.0f} ({min(seen):.0f} to {max(seen):.0f}) |"
                )
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {"about": self.about, "tokens_a_second": self.speeds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to measure, and in which precision each computes: the decode loop, `generate` and CTranslate2."""

    device: torch.device
    loop: str
    generate: str
    ctranslate: Precision

    @staticmethod
    def processor(precision: str) -> "Place":
        """The processor, and `precision` for the decode loop."""
        return Place(device=torch.device("cpu"), loop=precision, generate="float32", ctranslate=Precision.INT8)

    @staticmethod
    def gpu() -> "Place":
        """The first GPU. Raises `ModelError` where there is none."""
        return Place(device=choose_device("cuda"), loop="bfloat16", generate="bfloat16", ctranslate=Precision.FLOAT16)


class EngineBench:
    """One model and one set of rows."""

    def __init__(self, place: Place, *, shape: Shape, rows: int, batch: int, tutorial_rows: int, threads: int) -> None:
        set_threads(threads)
        make = _bundled if shape is Shape.BUNDLED else _random
        self._place = place
        self._loaded, self._plain = make(place.loop, place.device), make(place.generate, place.device)
        dice = random.Random(1)  # noqa: S311 - it must be repeatable
        vocabulary = self._loaded.model.config.vocab_size
        lengths = sorted(dice.randint(*_LENGTHS) for _ in range(rows))
        sources = [[dice.randrange(3, vocabulary - 1) for _ in range(length - 1)] for length in lengths]
        self._batches = [
            [_request(ids, round(1.1 * (len(part[-1]) + 1))) for ids in part]
            for part in (sources[start : start + batch] for start in range(0, rows, batch))
        ]
        every = [[request] for part in self._batches for request in part]
        self._tutorial = every[:: max(1, rows // tutorial_rows)][:tutorial_rows]
        gpu = place.device.type == "cuda"
        chip = torch.cuda.get_device_name(place.device) if gpu else torch.backends.cpu.get_cpu_capability()
        self._about = (
            f"{shape.value}, {place.device.type}, {self._loaded.precision}, {torch.get_num_threads()} threads, {rows} rows of "
            f"{lengths[0]} to {lengths[-1]} tokens in batches of {batch}; torch {torch.__version__}, {platform.machine()}, "
            f"{chip}."
        )
        if not ctranslate.installed():
            self._about += " CTranslate2 is not installed: pip install -c constraints.txt -e '.[ctranslate2]'."

    def run(self, beams: list[int], rounds: int) -> Report:
        """All yardsticks in turn, so many times; the first round is a warm-up and does not count."""
        speeds: dict[int, dict[str, list[float]]] = {}
        for width in beams:
            yardsticks = self._yardsticks(width)
            speeds[width] = {how: [] for how in yardsticks}
            for turn in range(rounds + 1):
                for how, measure in yardsticks.items():
                    speed = measure()
                    if turn:
                        speeds[width][how].append(speed)
        return Report(self._about, speeds)

    def _yardsticks(self, beams: int) -> dict[str, Callable[[], float]]:
        declared = self._loaded.model.generation_config
        loop = Seq2SeqDecoder(self._loaded, beams)
        self._loaded.model.generation_config = declared
        declared = self._plain.model.generation_config
        reference = Seq2SeqDecoder(self._plain, beams, looped=False)
        self._plain.model.generation_config = declared
        found = {"the decode loop": lambda: _speed(self._batches, lambda batch: _tokens(loop, batch))}
        if ctranslate.installed():
            place = self._place
            source = replace(self._plain, model=deepcopy(self._plain.model).float().cpu())
            other = CTranslateModel(source, beams, device=place.device, precision=place.ctranslate)
            found[f"CTranslate2, {place.ctranslate}, the same batches"] = lambda: _speed(
                self._batches, lambda batch: _tokens(other, batch)
            )
        found[f"`generate`, {self._plain.precision}, the same batches"] = lambda: _speed(
            self._batches, lambda batch: _tokens(reference, batch)
        )
        found[f"`generate`, {self._plain.precision}, sentence by sentence"] = lambda: _speed(
            self._tutorial, lambda batch: _tokens(reference, batch)
        )
        return found


def _tokens(decoder: RowDecoder, batch: list[Request]) -> int:
    return sum(len(row.ids) for row in decoder.rows(batch))


def _speed(batches: list[list[Request]], decode: Callable[[list[Request]], int]) -> float:
    began = time.perf_counter()
    tokens = sum(decode(batch) for batch in batches)
    return tokens / (time.perf_counter() - began)


def _request(ids: list[int], length: int) -> Request:
    return Request(Tokens("", (*ids, 0)), DecodeOptions(max_new_tokens=length, min_new_tokens=length))


def _bundled(precision: str, device: torch.device) -> LoadedModel:
    return load(resolve("bundled", None), Role.TRANSLATOR, device=device, precision=precision)


def _random(precision: str, device: torch.device) -> LoadedModel:
    torch.manual_seed(1)
    config = MarianConfig(
        vocab_size=59_514, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048, activation_function="swish",
        scale_embedding=True, pad_token_id=59_513, decoder_start_token_id=59_513, eos_token_id=0, max_position_embeddings=512,
    )  # fmt: skip
    chosen = choose_precision(precision, device, quantizable=True, width=config.d_model)
    model: Any = MarianMTModel(config)
    model = model.to(chosen.dtype).to(device).eval()
    if chosen is Precision.INT8:
        quantize(model, skewed=DecoderWeights.SKEWED)
    model.generation_config.bad_words_ids = [[59_513]]
    info = ModelInfo("random-opus", "1", 512, has_vectors=True)
    codec: Any = _NoCodec()
    return LoadedModel(model, codec, Role.TRANSLATOR, info, device, chosen, 511, CANARIES[Role.TRANSLATOR])


class _NoCodec:
    """Random weights have no words."""

    unknown_id: int | None = None
    start: int | None = None
    forced_start: int | None = None
