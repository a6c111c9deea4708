"""CTranslate2 as a yardstick: the same weights, converted in memory, and the same rows."""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from worker.engine.loader import LoadedModel
from worker.engine.request import Request


class CTranslate2:
    """A Marian model in CTranslate2, on the processor. `threads` work on one batch."""

    def __init__(self, loaded: LoadedModel, threads: int, compute_type: str = "int8") -> None:
        import ctranslate2
        from ctranslate2.converters.transformers import MarianMTLoader

        config = loaded.model.config
        spec: Any = MarianMTLoader().get_model_spec(loaded.model)
        # Its loader drops the last token of a Marian vocabulary, which is the padding.
        names = [_name(number, config.eos_token_id) for number in range(config.vocab_size - 1)]
        spec.register_source_vocabulary(names)
        spec.register_target_vocabulary(names)
        spec.config.eos_token = spec.config.bos_token = spec.config.decoder_start_token = names[config.eos_token_id]
        spec.config.unk_token = names[config.eos_token_id + 1]
        spec.config.add_source_eos = spec.config.add_source_bos = False
        spec.validate()
        spec.optimize(quantization=compute_type)
        self._end = config.eos_token_id
        with tempfile.TemporaryDirectory() as folder:
            spec.save(folder)
            self._translator = ctranslate2.Translator(
                str(Path(folder)), compute_type=compute_type, intra_threads=threads, inter_threads=1
            )

    @staticmethod
    def installed() -> bool:
        """Whether it can be used here."""
        return find_spec("ctranslate2") is not None

    def tokens(self, batch: list[Request], beams: int) -> int:
        """Decodes a batch whose rows all have the same limit. Returns the target tokens."""
        rows = [[_name(number, self._end) for number in request.tokens.ids] for request in batch]
        length = batch[0].options.max_new_tokens
        found = self._translator.translate_batch(
            rows, beam_size=beams, max_decoding_length=length, min_decoding_length=length, max_input_length=0
        )
        return sum(len(row.hypotheses[0]) for row in found)


def _name(number: int, end: int) -> str:
    return "</s>" if number == end else f"t{number}"
