"""Runs batches through `generate` of Hugging Face models: the reference decoder.

A row must come out the same whoever shares its batch. `generate` knows one output limit for a whole batch and uses it in
more than one place, so it is always given the model's own; each row's limit is a stopping criterion of its own. What is
left is rounding: padding changes the order of sums in the last bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList
from transformers.modeling_outputs import BaseModelOutput

from worker.engine.batcher import Request
from worker.engine.errors import DeviceFailed, OutOfMemory, first_line
from worker.engine.interface import EngineError, ModelInfo, Output, Role, Tokens, Vector
from worker.engine.loader import LoadedModel

#: The longest translation of n source tokens is taken to be `_LENGTH_FACTOR` n + `_LENGTH_ROOM` tokens.
_LENGTH_FACTOR, _LENGTH_ROOM = 2, 16
#: The longest summary, in tokens, of a model whose configuration does not say.
_SUMMARY_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Row:
    """What a model put out for one input: target token ids without start and end tokens, and the vector of its source."""

    ids: tuple[int, ...]
    truncated: bool
    vector: Vector


class Seq2SeqDecoder:
    """One model with its generation settings. Used by one thread at a time.

    `beams` overrides the beam width of the model's configuration. Sampling is off whatever the configuration says, and so
    is a forced end token, which would hide that a row reached its limit.
    """

    def __init__(self, loaded: LoadedModel, beams: int | None = None) -> None:
        self.loaded = loaded
        model = loaded.model
        self._summary_tokens, self._min_tokens = _declared_lengths(model.generation_config)
        self._config = _generation_config(model.generation_config, loaded, beams)
        model.generation_config = self._config
        self.beams: int = self._config.num_beams
        self._pad: int = self._config.pad_token_id
        ends = self._config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._sorted_ends = sorted(self._ends)

    @torch.inference_mode()
    def rows(self, batch: Sequence[Request]) -> list[Row]:
        """Decodes a batch. Raises `EngineError` where a source's encoder states are not finite."""
        model, device = self.loaded.model, self.loaded.device
        sources = [request.tokens.ids for request in batch]
        width = max(map(len, sources))
        ids = torch.tensor([row + (self._pad,) * (width - len(row)) for row in sources], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in sources], device=device)
        states = model.get_encoder()(input_ids=ids, attention_mask=mask, return_dict=True).last_hidden_state
        vectors = _pooled(states, mask)
        if not torch.isfinite(vectors).all():
            raise EngineError("the encoder's states are not finite")
        limits = [self._max_tokens(request) for request in batch]
        least = [min(self._least_tokens(request), limit) for request, limit in zip(batch, limits, strict=True)]
        processors = LogitsProcessorList()
        if any(least):
            processors.append(_RowMinimum(torch.tensor(least, device=device), self._sorted_ends))
        sizes = [request.options.no_repeat_ngram or 0 for request in batch]
        if any(sizes):
            processors.append(_RowNoRepeat(sizes))
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            encoder_outputs=BaseModelOutput(last_hidden_state=states),
            generation_config=self._config,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([_RowMaximum(torch.tensor(limits, device=device))]),
        )
        targets = out[:, 1:].tolist()
        pooled = vectors.cpu().numpy()
        return [self._row(*found) for found in zip(targets, limits, pooled, strict=True)]

    @torch.inference_mode()
    def first_scores(self, tokens: Tokens) -> torch.Tensor:
        """The scores of the first target token, shape (vocabulary,), for the proof that they are finite."""
        model, device = self.loaded.model, self.loaded.device
        start = torch.tensor([[self._config.decoder_start_token_id]], device=device)
        ids = torch.tensor([tokens.ids], device=device)
        scores: torch.Tensor = model(input_ids=ids, decoder_input_ids=start).logits[0, -1]
        return scores

    def _row(self, target: list[int], limit: int, vector: Vector) -> Row:
        for position, token in enumerate(target[:limit]):
            if token in self._ends:
                return Row(tuple(target[:position]), truncated=False, vector=vector)
        return Row(tuple(target[:limit]), truncated=True, vector=vector)

    def _max_tokens(self, request: Request) -> int:
        """The output limit of a row in tokens, the end token included."""
        count, asked = len(request.tokens), request.options.max_new_tokens
        if asked is None and self.loaded.role is Role.TRANSLATOR:
            asked = _LENGTH_FACTOR * count + _LENGTH_ROOM
        elif asked is None:
            asked = min(count + _LENGTH_ROOM, self._summary_tokens)
        return max(1, min(asked, self.loaded.max_target_tokens))

    def _least_tokens(self, request: Request) -> int:
        """The fewest tokens before the end token. What the configuration asks for is not asked of short inputs."""
        asked = request.options.min_new_tokens
        return min(self._min_tokens, len(request.tokens) // 2) if asked is None else asked


class ModelDecoder:
    """A `Decoder` (`worker.engine.batcher`) over one model for each role."""

    def __init__(self, models: Mapping[Role, Seq2SeqDecoder]) -> None:
        self._models = dict(models)

    def info(self, role: Role) -> ModelInfo | None:
        """The model loaded for a role, or None."""
        model = self._models.get(role)
        return model.loaded.info if model else None

    def beams(self, role: Role) -> int:
        """Rows that the model decodes for each input."""
        return self._models[role].beams

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk, with what the model wants before and after each text."""
        return self._models[role].loaded.codec.encode(texts)

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        """Decodes a batch; see `Decoder.run`."""
        model = self._models[role]
        try:
            rows = model.rows(batch)
        except Exception as error:  # told apart below
            failure = _classify(error)
            if failure is None:
                raise
            if isinstance(failure, DeviceFailed):
                raise failure from error
        else:
            texts = model.loaded.codec.decode([row.ids for row in rows])
            vectors = model.loaded.info.has_vectors
            return [
                Output(
                    text,
                    tokens_in=len(request.tokens),
                    tokens_out=len(row.ids) + (not row.truncated),
                    truncated=row.truncated,
                    vector=row.vector if vectors else None,
                )
                for request, row, text in zip(batch, rows, texts, strict=True)
            ]
        # Only here have the frames of the failed batch let go of its tensors.
        if isinstance(failure, OutOfMemory) and model.loaded.device.type == "cuda":
            torch.cuda.empty_cache()
        raise failure


class _RowMaximum(StoppingCriteria):
    """Ends each row at its own limit. Beam search asks for several candidates of each row, side by side."""

    def __init__(self, limits: torch.Tensor) -> None:
        self._limits = limits

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        limits = self._limits.repeat_interleave(input_ids.shape[0] // self._limits.shape[0])
        return limits <= input_ids.shape[1] - 1


class _RowMinimum(LogitsProcessor):
    """Keeps each row from ending before it has its own fewest tokens."""

    def __init__(self, least: torch.Tensor, ends: Sequence[int]) -> None:
        self._least = least
        self._ends = torch.tensor(ends, device=least.device)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        early = self._least.repeat_interleave(input_ids.shape[0] // self._least.shape[0]) > input_ids.shape[1] - 1
        kept = scores.clone()
        kept[:, self._ends] = kept[:, self._ends].masked_fill(early[:, None], float("-inf"))
        return kept


class _RowNoRepeat(LogitsProcessor):
    """Bans what would complete an n-gram of target tokens that its row has already; size 0 bans nothing.

    Paulus et al., "A Deep Reinforced Model for Abstractive Summarization", 2017, section 2.5, with n for three.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        kept = scores.clone()
        width = input_ids.shape[0] // len(self._sizes)
        for row, written in enumerate(input_ids[:, 1:].tolist()):
            banned = _completions(written, self._sizes[row // width])
            if banned:
                kept[row, banned] = float("-inf")
        return kept


def _completions(written: list[int], size: int) -> list[int]:
    """The tokens that would repeat an n-gram of this size."""
    if size < 1 or len(written) < size:
        return []
    last = written[len(written) - size + 1 :]
    return [written[at + size - 1] for at in range(len(written) - size + 1) if written[at : at + size - 1] == last]


def _declared_lengths(config: GenerationConfig) -> tuple[int, int]:
    """The longest and the shortest output that a configuration asks for, in new tokens."""
    longest = config.max_new_tokens or (config.max_length - 1 if config.max_length else _SUMMARY_TOKENS)
    shortest = config.min_new_tokens or (config.min_length - 1 if config.min_length else 0)
    return max(1, longest), max(0, shortest)


def _generation_config(declared: GenerationConfig, loaded: LoadedModel, beams: int | None) -> GenerationConfig:
    values = declared.to_dict()
    for name in ("max_length", "min_length", "min_new_tokens", "forced_eos_token_id", "max_time", "stop_strings"):
        values[name] = None
    for name in ("temperature", "top_k", "top_p", "typical_p", "num_beam_groups", "diversity_penalty"):
        values[name] = None
    values["num_beams"] = beams or declared.num_beams or 1
    if values["num_beams"] == 1:
        values["early_stopping"] = values["length_penalty"] = None
    model = loaded.model.config
    if values.get("decoder_start_token_id") is None:
        start = getattr(model, "decoder_start_token_id", None)
        values["decoder_start_token_id"] = start if start is not None else values.get("bos_token_id")
    if values.get("eos_token_id") is None:
        values["eos_token_id"] = model.eos_token_id
    if values.get("pad_token_id") is None:
        values["pad_token_id"] = model.pad_token_id if model.pad_token_id is not None else 0
    values |= {
        "max_new_tokens": loaded.max_target_tokens,
        "do_sample": False,
        "num_return_sequences": 1,
        "return_dict_in_generate": False,
        "output_scores": False,
        "use_cache": True,
    }
    if loaded.codec.start is not None:
        values["decoder_start_token_id"] = loaded.codec.start
    if loaded.codec.forced_start is not None:
        values["forced_bos_token_id"] = loaded.codec.forced_start
    return GenerationConfig.from_dict(values)


def _pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens that are not padding. (rows, tokens, width) and (rows, tokens) to (rows, width), float32."""
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1)


def _classify(error: Exception) -> Exception | None:
    """What an error of torch means to the batcher; None where it means nothing special."""
    said = str(error)
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in said:
        return OutOfMemory(first_line(error))
    if isinstance(error, torch.AcceleratorError) or "CUDA error" in said or "device-side assert" in said:
        return DeviceFailed(first_line(error))
    return None
