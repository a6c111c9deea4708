"""Runs batches through Hugging Face models: through the decode loop of our own where it knows the model, else `generate`.

A row comes out the same whoever shares its batch. What is left is rounding: padding changes the order of sums in the last
bits.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
from transformers import GenerationConfig

from worker.engine.batcher import Request
from worker.engine.decoding.beam import BeamSearch
from worker.engine.decoding.loop import DecodeLoop
from worker.engine.decoding.scores import RowRules, Rules
from worker.engine.decoding.search import GreedySearch, Search
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.errors import DeviceFailed, OutOfMemory, first_line
from worker.engine.generation import declared_lengths, generation_config, rules_of
from worker.engine.interface import EngineError, ModelInfo, Output, Role, Tokens, Vector
from worker.engine.loader import LoadedModel
from worker.engine.reference import generate

#: The longest translation of n source tokens is taken to be `_LENGTH_FACTOR` n + `_LENGTH_ROOM` tokens.
_LENGTH_FACTOR, _LENGTH_ROOM = 2, 16


@dataclass(frozen=True, slots=True)
class Row:
    """What a model put out for one input: target token ids without start and end tokens, and the vector of its source."""

    ids: tuple[int, ...]
    truncated: bool
    vector: Vector


class Seq2SeqDecoder:
    """One model with its generation settings. Used by one thread at a time.

    `beams` overrides the beam width of the model's configuration. `looped` says whether the decode loop is used where it
    knows the model and its settings; else, and for all others, it is `generate`.
    """

    def __init__(self, loaded: LoadedModel, beams: int | None = None, *, looped: bool = True) -> None:
        self.loaded = loaded
        model = loaded.model
        self._summary_tokens, self._min_tokens = declared_lengths(model.generation_config)
        self._config = generation_config(model.generation_config, loaded, beams)
        model.generation_config = self._config
        rules = rules_of(self._config) if looped and DecoderWeights.knows(model) else None
        self._loop = _Loop(rules, DecoderWeights(model), self._config) if rules is not None else None
        self.beams: int = self._config.num_beams
        self._pad: int = self._config.pad_token_id
        ends = self._config.eos_token_id
        self._ends = tuple(sorted(ends)) if isinstance(ends, list) else (ends,)

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
        rules = [self._rules(request) for request in batch]
        if self._loop is not None:
            targets = self._loop.run(states, [len(row) for row in sources], rules)
        else:
            targets = generate(model, self._config, ids, mask, states, rules, self._ends)
        pooled = vectors.cpu().numpy()
        return [self._row(target, row.most, vector) for target, row, vector in zip(targets, rules, pooled, strict=True)]

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

    def _rules(self, request: Request) -> RowRules:
        most = self._max_tokens(request)
        least = min(self._least_tokens(request), most)
        return RowRules(most=most, least=least, no_repeat=request.options.no_repeat_ngram or 0)

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


class _Loop:
    """Decodes batches by the decode loop."""

    def __init__(self, rules: Rules, weights: DecoderWeights, config: GenerationConfig) -> None:
        self._rules = rules
        self._weights = weights
        self._config = config

    def run(self, states: torch.Tensor, lengths: Sequence[int], rules: Sequence[RowRules]) -> list[list[int]]:
        """The target tokens of each row, with its end token if it came to one."""
        loop = DecodeLoop(self._weights, self._search, start=self._rules.start)
        loop.admit(range(len(rules)), states, lengths, rules)
        found: dict[Hashable, list[int]] = {}
        while len(loop):
            found.update(loop.step())
        return [found[number] for number in range(len(rules))]

    def _search(self) -> Search:
        config = self._config
        if config.num_beams == 1:
            return GreedySearch(self._rules)
        return BeamSearch(
            self._rules,
            config.num_beams,
            length_penalty=config.length_penalty if config.length_penalty is not None else 1.0,
            early_stopping=config.early_stopping or False,
            longest=config.max_new_tokens,
            device=self._weights.embedding.device,
        )


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
