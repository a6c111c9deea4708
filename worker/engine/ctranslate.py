"""Marian translators computed by CTranslate2 (the extra `ctranslate2`), converted in memory from the same files.

Decodes closed batches; sources are never cut. It gives no vectors, and its beam search ends by rules of its own: once
`beams` hypotheses have ended.
"""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from worker.engine.decoding.scores import RowRules, Rules
from worker.engine.device import Precision
from worker.engine.errors import ModelError, first_line
from worker.engine.generation import declared_lengths, generation_config, rules_of
from worker.engine.interface import Tokens
from worker.engine.loader import LoadedModel
from worker.engine.request import Request
from worker.engine.row import OutputLengths, Row, cut

_NO_VECTOR = np.zeros(0, dtype=np.float32)


class CTranslateModel:
    """A `RowDecoder` over CTranslate2. `loaded` is in float32 on the processor; its torch weights are not kept.

    `precision` and `device` are those that it then computes in. Raises `ModelError` where CTranslate2 is not installed, or
    can't do what the model, its settings or the precision ask for.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        beams: int | None = None,
        *,
        device: torch.device,
        precision: Precision,
        threads: int = 0,
    ) -> None:
        if not installed():
            raise ModelError(
                "the engine ctranslate2 needs a package that is not installed: "
                "pip install -c constraints.txt -e '.[worker,ctranslate2]'"
            )
        self._about = f"{loaded.info.id} with CTranslate2"
        kind = loaded.model.config.model_type
        if kind != "marian":
            raise ModelError(f"{self._about}: it is a {kind} model, Marian is known: set the engine to transformers")
        config = generation_config(loaded.model.generation_config, loaded, beams)
        rules = rules_of(config)
        if rules is None or rules.first is not None or rules.renormalize:
            raise ModelError(
                f"{self._about}: its generation settings ask for what it can't do: set the engine to transformers"
            )
        self.beams: int = config.num_beams
        self._lengths = OutputLengths(loaded, declared_lengths(loaded.model.generation_config))
        self._penalty = config.length_penalty if config.length_penalty is not None else 1.0
        self._rules: Rules = rules
        self._suppressed = [[_name(number)] for number in rules.never]
        self._suppressed += [list(map(_name, sequence)) for sequence in rules.never_after]
        self._translator = _convert(loaded, rules, device, precision, threads, self._about)
        info = replace(loaded.info, has_vectors=False, settings=f"ctranslate2, {precision}, {self.beams} beams")
        self.info = info
        self.loaded = replace(loaded, model=None, info=info, device=device, precision=precision)

    def flow(self) -> None:
        """None: closed batches only."""

    def rows(self, batch: Sequence[Request]) -> list[Row]:
        """Decodes a closed batch. What its requests forbid or demand alike goes together."""
        rules = [self._lengths.rules(request) for request in batch]
        alike: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for place, row in enumerate(rules):
            alike[row.least, row.no_repeat].append(place)
        found: dict[int, Row] = {}
        for places in alike.values():
            part = self._translate([batch[place].tokens for place in places], [rules[place] for place in places])
            found.update(zip(places, part, strict=True))
        return [found[place] for place in range(len(batch))]

    def first_scores(self, tokens: Tokens) -> torch.Tensor:
        """The log probabilities of the end token as the only one, and of the end after it."""
        (found,) = self._translator.score_batch(
            [list(map(_name, tokens.ids))], [[_name(self._rules.ends[0])]], max_input_length=0
        )
        return torch.tensor(found.log_probs)

    def _translate(self, sources: Sequence[Tokens], rules: Sequence[RowRules]) -> list[Row]:
        # It knows one limit for a batch; rows with a lower one are cut there.
        found = self._translator.translate_batch(
            [list(map(_name, tokens.ids)) for tokens in sources],
            beam_size=self.beams,
            length_penalty=self._penalty if self.beams > 1 else 1.0,
            no_repeat_ngram_size=max(self._rules.no_repeat, rules[0].no_repeat),
            suppress_sequences=self._suppressed,
            end_token=list(map(_name, self._rules.ends)),
            return_end_token=True,
            max_input_length=0,
            max_decoding_length=max(row.most for row in rules),
            min_decoding_length=rules[0].least,
        )
        return [
            cut([_number(name) for name in result.hypotheses[0]], row.most, self._rules.ends, _NO_VECTOR)
            for result, row in zip(found, rules, strict=True)
        ]


def installed() -> bool:
    """Whether CTranslate2 can be used here."""
    return find_spec("ctranslate2") is not None


def _convert(
    loaded: LoadedModel, rules: Rules, device: torch.device, precision: Precision, threads: int, about: str
) -> Any:
    """The weights in a `Translator`. Tokens are named by their numbers: text is the codec's affair."""
    import ctranslate2
    from ctranslate2.converters.transformers import BartLoader

    if precision not in ctranslate2.get_supported_compute_types(device.type):
        raise ModelError(f"{about}: there is no {precision} on this {device.type}: set the precision to auto")
    config = loaded.model.config
    # Its loader for BART reads these from the configuration, which Marian's lacks. That for Marian drops the last token and
    # starts from zeros in place of the start token's embedding, which holds for published models only.
    config.normalize_before = config.normalize_embedding = False
    spec: Any = BartLoader().get_model_spec(loaded.model)
    names = [_name(number) for number in range(config.vocab_size)]
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.decoder_start_token = spec.config.bos_token = _name(rules.start)
    spec.config.eos_token = _name(rules.ends[0])
    unknown = loaded.codec.unknown_id
    spec.config.unk_token = _name(unknown if unknown is not None else rules.ends[0])
    spec.config.add_source_eos = spec.config.add_source_bos = False
    spec.validate()
    spec.optimize(quantization=None if precision is Precision.FLOAT32 else precision.value)
    with tempfile.TemporaryDirectory(prefix="depeche-ctranslate2-") as folder:
        spec.save(folder)
        try:
            return ctranslate2.Translator(
                folder, device.type, device_index=device.index or 0, compute_type=precision.value,
                inter_threads=1, intra_threads=threads or torch.get_num_threads(),
            )  # fmt: skip
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{about}: {first_line(error)}") from None


def _name(number: int) -> str:
    return str(number)


def _number(name: str) -> int:
    return int(name)
