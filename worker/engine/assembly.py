"""Loads, proves and puts together what the options name."""

from worker.engine.canary import prove
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.device import choose_device, set_threads
from worker.engine.interface import Role
from worker.engine.loader import load
from worker.engine.model_decoder import ModelDecoder
from worker.engine.options import EngineOptions
from worker.engine.registry import resolve


def build_decoder(options: EngineOptions) -> ModelDecoder:
    """A decoder over the translator and, where one is named, the summarizer. Raises `ModelError`."""
    set_threads(options.threads)
    device = choose_device(options.device)
    named = {Role.TRANSLATOR: resolve(options.translator, options.translator_revision)}
    if options.summarizer is not None:
        named[Role.SUMMARIZER] = resolve(options.summarizer, options.summarizer_revision)
    models: dict[Role, Seq2SeqDecoder] = {}
    for role, source in named.items():
        loaded = load(source, role, device=device, precision=options.precision, offline=options.offline)
        models[role] = Seq2SeqDecoder(loaded, options.beams)
        prove(models[role])
    return ModelDecoder(models)
