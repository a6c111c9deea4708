"""Loads, proves and puts together what the options name."""

import torch

from worker.engine.canary import prove
from worker.engine.ctranslate import CTranslateModel
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.device import choose_device, choose_precision, set_threads
from worker.engine.interface import Role
from worker.engine.loader import load
from worker.engine.model_decoder import ModelDecoder
from worker.engine.options import EngineOptions
from worker.engine.registry import ModelSource, resolve, resolve_summarizer
from worker.engine.row import RowDecoder


def build_decoder(options: EngineOptions) -> ModelDecoder:
    """A decoder over the translator and, where one is named, the abstractive summarizer. Raises `ModelError`."""
    set_threads(options.threads)
    device = choose_device(options.device)
    named = {Role.TRANSLATOR: resolve(options.translator, options.translator_revision)}
    if (summarizer := resolve_summarizer(options.summarizer, options.summarizer_revision)) is not None:
        named[Role.SUMMARIZER] = summarizer
    models: dict[Role, RowDecoder] = {}
    for role, source in named.items():
        ctranslate = options.kind == "ctranslate2" and role is Role.TRANSLATOR
        models[role] = (
            _ctranslate(source, device, options) if ctranslate else _transformers(source, role, device, options)
        )
        prove(models[role])
    return ModelDecoder(models)


def _transformers(source: ModelSource, role: Role, device: torch.device, options: EngineOptions) -> RowDecoder:
    loaded = load(source, role, device=device, precision=options.precision, offline=options.offline)
    return Seq2SeqDecoder(loaded, options.beams)


def _ctranslate(source: ModelSource, device: torch.device, options: EngineOptions) -> RowDecoder:
    processor = torch.device("cpu")
    loaded = load(source, Role.TRANSLATOR, device=processor, precision="float32", offline=options.offline)
    width = int(getattr(loaded.model.config, "d_model", 0))
    precision = choose_precision(options.precision, device, quantizable=True, width=width)
    return CTranslateModel(loaded, options.beams, device=device, precision=precision, threads=options.threads)
