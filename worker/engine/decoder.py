"""Runs batches through Hugging Face models: through the decode loop of our own where it knows the model, else `generate`.

A row comes out the same whoever shares its batch. What is left is rounding: padding changes the order of sums in the last
bits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch

from worker.engine.decoding.beam import BeamSearch
from worker.engine.decoding.loop import DecodeLoop
from worker.engine.decoding.scores import RowRules
from worker.engine.decoding.search import GreedySearch, Search
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.generation import declared_lengths, generation_config, rules_of
from worker.engine.interface import EngineError, Tokens, Vector
from worker.engine.loader import LoadedModel
from worker.engine.reference import generate
from worker.engine.request import Request
from worker.engine.row import OutputLengths, Row, cut

#: Source tokens that the encoder takes at a time, with padding.
_ENCODED = 768


@dataclass(frozen=True, slots=True)
class Encoded:
    """A batch behind the encoder: `ids` and `mask`, (rows, sources), `states`, (rows, sources, width), and a vector a row.

    `padded`: the source tokens that the encoder read, with padding."""

    ids: torch.Tensor
    mask: torch.Tensor
    states: torch.Tensor
    vectors: list[Vector]
    padded: int


class Seq2SeqDecoder:
    """One model with its generation settings. Used by one thread at a time.

    `beams` overrides the beam width of the model's configuration. `looped` says whether the decode loop is used where it
    knows the model and its settings; else, and for all others, it is `generate`.
    """

    def __init__(self, loaded: LoadedModel, beams: int | None = None, *, looped: bool = True) -> None:
        self.loaded = loaded
        model = loaded.model
        self._lengths = OutputLengths(loaded, declared_lengths(model.generation_config))
        self._config = generation_config(model.generation_config, loaded, beams)
        model.generation_config = self._config
        self._looped = rules_of(self._config) if looped and DecoderWeights.knows(model.config) else None
        if self._looped is not None:
            self._weights = DecoderWeights(model)
        self.beams: int = self._config.num_beams
        #: The model as results name it, with how it decodes here.
        self.info = replace(loaded.info, settings=f"{loaded.precision}, {self.beams} beams")
        self._pad: int = self._config.pad_token_id
        ends = self._config.eos_token_id
        self._ends = tuple(sorted(ends)) if isinstance(ends, list) else (ends,)

    @torch.inference_mode()
    def rows(self, batch: Sequence[Request]) -> list[Row]:
        """Decodes a closed batch. Raises `EngineError` where a row's encoder states or its scores are not finite."""
        flow = self.flow()
        if flow is None:
            return self._generated(batch)
        flow.admit(range(len(batch)), batch)
        found: dict[int, Row] = {}
        while len(found) < len(batch):
            for number, row in flow.step():
                if isinstance(row, EngineError):
                    raise row
                found[number] = row
        return [found[number] for number in range(len(batch))]

    def flow(self) -> "RowFlow | None":
        """Rows that others may join, or None where the decode loop does not know the model."""
        return (
            RowFlow(self, DecodeLoop(self._weights, self._search, start=self._looped.start)) if self._looped else None
        )

    def encode(self, batch: Sequence[Request]) -> "Encoded":
        """Runs the encoder. Raises `EngineError` where its states are not finite."""
        device = self.loaded.device
        sources = [request.tokens.ids for request in batch]
        width = max(map(len, sources))
        ids = torch.tensor([row + (self._pad,) * (width - len(row)) for row in sources], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in sources], device=device)
        encoder = self.loaded.model.get_encoder()
        states = torch.zeros(
            (len(batch), width, self.loaded.model.config.d_model), dtype=self.loaded.dtype, device=device
        )
        padded = 0
        for places in _alike([len(row) for row in sources]):
            widest = max(len(sources[place]) for place in places)
            part = encoder(input_ids=ids[places, :widest], attention_mask=mask[places, :widest], return_dict=True)
            states[places, :widest] = part.last_hidden_state
            padded += len(places) * widest
        vectors = _pooled(states, mask)
        if not torch.isfinite(vectors).all():
            raise EngineError("the encoder's states are not finite")
        return Encoded(ids, mask, states, list(vectors.cpu().numpy()), padded)

    def rules(self, request: Request) -> RowRules:
        """What a row's output has to keep to."""
        return self._lengths.rules(request)

    def row(self, target: list[int], limit: int, vector: Vector) -> Row:
        """An output as far as its end token, or its limit."""
        return cut(target, limit, self._ends, vector)

    @torch.inference_mode()
    def first_scores(self, tokens: Tokens) -> torch.Tensor:
        """The scores of the first target token, shape (vocabulary,), for the proof that they are finite."""
        model, device = self.loaded.model, self.loaded.device
        start = torch.tensor([[self._config.decoder_start_token_id]], device=device)
        ids = torch.tensor([tokens.ids], device=device)
        scores: torch.Tensor = model(input_ids=ids, decoder_input_ids=start).logits[0, -1]
        return scores

    def _generated(self, batch: Sequence[Request]) -> list[Row]:
        made, rules = self.encode(batch), [self.rules(request) for request in batch]
        targets = generate(self.loaded.model, self._config, made.ids, made.mask, made.states, rules, self._ends)
        each = zip(targets, rules, made.vectors, strict=True)
        return [self.row(target, row.most, vector) for target, row, vector in each]

    def _search(self) -> Search:
        config, rules = self._config, self._looped
        if rules is None:
            raise RuntimeError("this model is not for the decode loop")
        if config.num_beams == 1:
            return GreedySearch(rules)
        return BeamSearch(
            rules,
            config.num_beams,
            length_penalty=config.length_penalty if config.length_penalty is not None else 1.0,
            early_stopping=config.early_stopping or False,
            longest=config.max_new_tokens,
            device=self.loaded.device,
        )


class RowFlow:
    """Rows in flight through one model's decode loop."""

    def __init__(self, decoder: Seq2SeqDecoder, loop: DecodeLoop) -> None:
        self._decoder = decoder
        self._loop = loop
        self._most: dict[int, int] = {}
        self._vectors: dict[int, Vector] = {}

    @torch.inference_mode()
    def admit(self, keys: Sequence[int], batch: Sequence[Request]) -> int:
        """Encodes a batch and adds its rows. Returns the source tokens that were read, with padding.

        Raises `EngineError` where a source's states are not finite."""
        made = self._decoder.encode(batch)
        rules = [self._decoder.rules(request) for request in batch]
        self._loop.admit(keys, made.states, [len(request.tokens) for request in batch], rules)
        for key, row, vector in zip(keys, rules, made.vectors, strict=True):
            self._most[key], self._vectors[key] = row.most, vector
        return made.padded

    @torch.inference_mode()
    def step(self) -> list[tuple[int, Row | EngineError]]:
        """One target token more for every row. Returns what has ended, and an error where a row's scores are not finite."""
        found: list[tuple[int, Row | EngineError]] = []
        for key, ids in self._loop.step():
            most, vector = self._most.pop(key), self._vectors.pop(key)
            if ids is None:
                found.append((key, EngineError("the decoder's scores are not finite")))
            else:
                found.append((key, self._decoder.row(ids, most, vector)))
        if not len(self._loop):
            self._loop.rest()
        return found

    @torch.inference_mode()
    def drop(self, keys: Iterable[int]) -> None:
        """Takes rows out."""
        gone = set(keys)
        self._loop.drop(gone)
        for key in gone:
            self._most.pop(key, None)
            self._vectors.pop(key, None)
        if not len(self._loop):
            self._loop.rest()

    @torch.inference_mode()
    def clear(self) -> None:
        """Takes all rows out, whatever state a failure has left."""
        self._loop.clear()
        self._most.clear()
        self._vectors.clear()


def _pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens that are not padding. (rows, tokens, width) and (rows, tokens) to (rows, width), float32."""
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1)


def _alike(lengths: Sequence[int]) -> list[list[int]]:
    """Parts of a batch, as places in it, that are encoded together: of like lengths, so that there is little padding, and
    small enough for a processor's caches."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    parts: list[list[int]] = []
    for place in order:
        if parts and (len(parts[-1]) + 1) * lengths[place] <= _ENCODED:
            parts[-1].append(place)
        else:
            parts.append([place])
    return parts
