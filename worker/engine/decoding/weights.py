"""The decoder of a model of BART's family as plain tensors, and one step through it.

The family: Marian, BART, mBART, Pegasus and M2M100 with NLLB. They differ in where they normalise, how they count positions,
and in a scale and a bias.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.engine.int8 import Codes, Int8Affine, Int8Linear

#: Whether a model normalises before each block (and once at the end), and where its table of positions begins.
_FAMILY: dict[str, tuple[bool, Callable[[Any], int]]] = {
    "marian": (False, lambda table: 0),
    "bart": (False, lambda table: table.offset),
    "mbart": (True, lambda table: table.offset),
    "pegasus": (True, lambda table: 0),
    "m2m_100": (True, lambda table: table.padding_idx + 1),
}


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    @classmethod
    def of(cls, module: Any) -> "Norm":
        """Reads `nn.LayerNorm`."""
        return cls(module.weight, module.bias, module.eps)

    def __call__(self, x: Tensor) -> Tensor:
        """Over the last dimension of x."""
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


class Affine(Protocol):
    """A linear layer."""

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""


@dataclass(frozen=True, slots=True)
class FloatAffine:
    """A linear layer in the model's own precision. `weight` is (out, in)."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return functional.linear(x, self.weight, self.bias)


def affine(*modules: Any) -> Affine:
    """Reads `nn.Linear` or `Int8Linear`; several become one, their outputs side by side."""
    first = modules[0]
    if len(modules) == 1:
        return first if isinstance(first, Int8Linear) else FloatAffine(first.weight, first.bias)
    biases = torch.cat([m.bias if m.bias is not None else torch.zeros(m.out_features) for m in modules])
    if isinstance(first, Int8Linear):
        return Int8Affine(Codes.joined([m.codes for m in modules]), biases)
    return FloatAffine(torch.cat([m.weight for m in modules]), biases.to(first.weight))


@dataclass(frozen=True, slots=True)
class Layer:
    """One decoder layer."""

    own: Affine  # queries, keys and values of self-attention, side by side
    own_out: Affine
    own_norm: Norm
    cross_query: Affine
    cross_source: Affine  # keys and values of attention over the source, side by side
    cross_out: Affine
    cross_norm: Norm
    rise: Affine
    fall: Affine
    last_norm: Norm
    activation: Callable[[Tensor], Tensor]

    @classmethod
    def of(cls, module: Any) -> "Layer":
        """Reads a `...DecoderLayer`."""
        own, cross = module.self_attn, module.encoder_attn
        return cls(
            own=affine(own.q_proj, own.k_proj, own.v_proj),
            own_out=affine(own.out_proj),
            own_norm=Norm.of(module.self_attn_layer_norm),
            cross_query=affine(cross.q_proj),
            cross_source=affine(cross.k_proj, cross.v_proj),
            cross_out=affine(cross.out_proj),
            cross_norm=Norm.of(module.encoder_attn_layer_norm),
            rise=affine(module.fc1),
            fall=affine(module.fc2),
            last_norm=Norm.of(module.final_layer_norm),
            activation=module.activation_fn,
        )


class DecoderWeights:
    """What a step needs of a model. The weights are the model's own, but for copies that lie side by side."""

    #: The linear layers, by name, whose inputs are mostly positive: they stand behind the activation.
    SKEWED = frozenset({"fc2"})

    def __init__(self, model: Any) -> None:
        decoder, config = model.get_decoder(), model.config
        self.normalize_first, first_position = _FAMILY[config.model_type]
        self.layers = [Layer.of(layer) for layer in decoder.layers]
        self.heads: int = config.decoder_attention_heads
        self.width: int = config.d_model
        self.embedding: Tensor = decoder.embed_tokens.weight
        self.scale = math.sqrt(config.d_model) if config.scale_embedding else 1.0
        table = decoder.embed_positions
        positions: Tensor = table.weights if config.model_type == "m2m_100" else table.weight
        self.positions = positions[first_position(table) :]
        #: A token that has no position of its own, in models that count without it.
        self.unplaced: int | None = table.padding_idx if config.model_type == "m2m_100" else None
        first_norm, last_norm = getattr(decoder, "layernorm_embedding", None), getattr(decoder, "layer_norm", None)
        self.first_norm = Norm.of(first_norm) if first_norm is not None else None
        self.last_norm = Norm.of(last_norm) if last_norm is not None else None
        bias = getattr(model, "final_logits_bias", None)
        #: Added to the scores; None where it is all zeros, as in most models.
        self.output_bias: Tensor | None = bias[0].to(self.embedding) if bias is not None and bias.any() else None
        self.output: nn.Linear | Int8Linear = model.lm_head

    @staticmethod
    def knows(config: Any) -> bool:
        """Whether a model's configuration is of the family."""
        return config.model_type in _FAMILY

    def embed(self, tokens: Tensor, places: Tensor) -> Tensor:
        """The input of the first layer, (n, width), for tokens (n,) at places (n,) counted from 0."""
        x = functional.embedding(tokens, self.embedding)
        if self.scale != 1.0:
            x = x * self.scale
        at = self.positions[places].to(x.dtype)
        if self.unplaced is not None:
            at = at.masked_fill((tokens == self.unplaced)[:, None], 0.0)
        x = x + at
        return self.first_norm(x) if self.first_norm is not None else x
