"""A lean Marian: parameters, names and arithmetic of transformers' MarianMTModel, without what training has no use for.

The state dict is that of MarianMTModel, so export copies it name by name. The network is that of Vaswani et al. 2017
(normalisation after each residual), with ReLU, fixed sinusoidal positions, and one matrix for both embeddings and the output.
"""

from __future__ import annotations

import dataclasses
import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.lab.bundled.corpus_packing import Batch
from scripts.lab.bundled.vocabulary import PAD


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Size of the network."""

    vocabulary: int = 8192
    width: int = 256
    heads: int = 4
    inner: int = 1024
    encoder_layers: int = 6
    decoder_layers: int = 2
    positions: int = 512
    dropout: float = 0.0


def sinusoids(positions: int, width: int) -> Tensor:
    """Fixed position vectors, `(positions, width)`: sines in the first half, cosines in the second."""
    rate = torch.pow(10000.0, -2.0 * torch.arange(width // 2, dtype=torch.float64) / width)
    angle = torch.arange(positions, dtype=torch.float64)[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], 1).float()


class Attention(nn.Module):
    """Scaled dot-product attention over `heads` heads."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.k_proj = nn.Linear(shape.width, shape.width)
        self.v_proj = nn.Linear(shape.width, shape.width)
        self.q_proj = nn.Linear(shape.width, shape.width)
        self.out_proj = nn.Linear(shape.width, shape.width)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def _weights(self, q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
        scores = torch.matmul(q, k.transpose(-1, -2)).mul(1.0 / math.sqrt(q.shape[-1]))
        return (scores + mask).softmax(-1)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """`x` is (rows, queries, width), `memory` (rows, keys, width), `mask` is added to (rows, heads, queries, keys)."""
        q, k, v = self._split(self.q_proj(x)), self._split(self.k_proj(memory)), self._split(self.v_proj(memory))
        if x.is_cuda:
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:  # the fused kernel's backward pass takes four times as long on short rows in bfloat16
            mixed = torch.matmul(self._weights(q, k, mask), v)
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).reshape(x.shape)))

    def watched(self, x: Tensor, memory: Tensor, mask: Tensor, guided: int) -> tuple[Tensor, Tensor]:
        """The same, with the log of the mean attention of the first `guided` heads, (rows, queries, keys), float32."""
        q, k, v = self._split(self.q_proj(x)), self._split(self.k_proj(memory)), self._split(self.v_proj(memory))
        weights = self._weights(q, k, mask)
        mixed = torch.matmul(weights, v)
        log = weights[:, :guided].float().mean(1).clamp(min=1e-6).log()
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).reshape(x.shape))), log


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward network, each normalised after its residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.self_attn_layer_norm = nn.LayerNorm(shape.width)
        self.fc1 = nn.Linear(shape.width, shape.inner)
        self.fc2 = nn.Linear(shape.inner, shape.width)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` is (rows, length, width)."""
        x = self.self_attn_layer_norm(x + self.drop(self.self_attn(x, x, mask)))
        return cast(Tensor, self.final_layer_norm(x + self.drop(self.fc2(torch.relu(self.fc1(x))))))


class DecoderLayer(nn.Module):
    """Causal self-attention, attention over the source, and a feed-forward network."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.self_attn_layer_norm = nn.LayerNorm(shape.width)
        self.encoder_attn = Attention(shape)
        self.encoder_attn_layer_norm = nn.LayerNorm(shape.width)
        self.fc1 = nn.Linear(shape.width, shape.inner)
        self.fc2 = nn.Linear(shape.inner, shape.width)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.drop = nn.Dropout(shape.dropout)

    def forward(
        self, x: Tensor, memory: Tensor, mask: Tensor, ahead: Tensor, guided: int
    ) -> tuple[Tensor, Tensor | None]:
        """The output and, if any heads are guided, the log of their attention. `ahead` hides the pieces to come."""
        x = self.self_attn_layer_norm(x + self.drop(self.self_attn(x, x, ahead)))
        log: Tensor | None = None
        if guided:
            seen, log = self.encoder_attn.watched(x, memory, mask, guided)
        else:
            seen = self.encoder_attn(x, memory, mask)
        x = self.encoder_attn_layer_norm(x + self.drop(seen))
        return cast(Tensor, self.final_layer_norm(x + self.drop(self.fc2(torch.relu(self.fc1(x)))))), log


class _Stack(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)


class _Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shared = nn.Embedding(shape.vocabulary, shape.width)
        self.encoder = _Stack([EncoderLayer(shape) for _ in range(shape.encoder_layers)])
        self.decoder = _Stack([DecoderLayer(shape) for _ in range(shape.decoder_layers)])


class Marian(nn.Module):
    """The whole network, up to the vectors that the output matrix is applied to."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = _Body(shape)
        self.final_logits_bias = nn.Parameter(torch.zeros(1, shape.vocabulary))
        self.drop = nn.Dropout(shape.dropout)
        self.register_buffer("_places", sinusoids(shape.positions, shape.width), persistent=False)

    def start(self, embeddings: Tensor | None, counts: Tensor | None, *, seed: int) -> None:
        """Fills the parameters so that the network begins as a bag of translated words.

        Residual branches start small, so that a vector passes the encoder nearly unchanged; attention over the source starts
        as a copy (its output undoes its value projection). With embeddings in which translations lie near each other, the
        first output is then a guess from the words of the source. `embeddings` is (vocabulary, width) with rows of norm 1,
        `counts` (vocabulary) says how often each piece is a target.
        """
        noise = torch.Generator().manual_seed(seed)
        width = self.shape.width
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.endswith("bias"):
                    parameter.zero_()
                elif "layer_norm" in name:
                    parameter.fill_(1.0)
                else:
                    bound = math.sqrt(6.0 / (parameter.shape[0] + parameter.shape[1]))
                    parameter.copy_((torch.rand(parameter.shape, generator=noise) * 2 - 1) * bound)
                    if name.endswith(("out_proj.weight", "fc2.weight")):
                        parameter.mul_(0.3)
            for layer in self.model.decoder.layers:
                turn = torch.linalg.qr(torch.randn(width, width, generator=noise))[0]
                attention = cast(DecoderLayer, layer).encoder_attn
                attention.v_proj.weight.copy_(turn)
                attention.out_proj.weight.copy_(turn.t())
            if embeddings is None:
                embeddings = functional.normalize(torch.randn(self.shape.vocabulary, width, generator=noise), dim=1)
            self.model.shared.weight.copy_(embeddings)
            if counts is not None:
                share = (counts.float() + 0.5) / (counts.float() + 0.5).sum()
                self.final_logits_bias.copy_((share.log() - share.log().max()).clamp(min=-12.0)[None])

    def _embed(self, ids: Tensor) -> Tensor:
        places = cast(Tensor, self._places)[: ids.shape[1]]
        embedded = self.model.shared(ids) * math.sqrt(self.shape.width)
        return cast(Tensor, self.drop(embedded + places.to(embedded.dtype)))

    def forward(self, batch: Batch, *, guided: int = 0) -> tuple[Tensor, Tensor | None]:
        """Decoder vectors (rows, target length, width), and the log of the guided heads' attention in the last layer."""
        padding = batch.source == PAD
        x = self._embed(batch.source)
        mask = torch.zeros(padding.shape, dtype=x.dtype, device=x.device).masked_fill_(padding, -1e9)[:, None, None, :]
        for layer in self.model.encoder.layers:
            x = layer(x, mask)
        y = self._embed(batch.given)
        ahead = torch.full((y.shape[1], y.shape[1]), -1e9, dtype=y.dtype, device=y.device).triu(1)
        log: Tensor | None = None
        for index, layer in enumerate(self.model.decoder.layers):
            last = index + 1 == len(self.model.decoder.layers)
            y, log = layer(y, x, mask, ahead, guided if last else 0)
        return y, log
