"""Linear layers in int8 on a CPU: weights with one scale for each output, inputs with one scale for each row.

torch's own dynamic quantisation takes one scale for a whole batch, so that a stranger's row would change yours. Here each row
is divided by its largest before it gets to torch's kernel, whose scale is always the same. Sums of int8 products are exact,
so a row's product is the same whoever is beside it.

Weights: symmetric, per channel, in 7 bits, since the kernels for processors without VNNI add pairs of products in 16 bits;
products are the same on all processors that way. Rows: 8 bits. (7 bits for the rows and 8 for the weights fit as well, and
lose more: rows have outliers.) Wu et al., "Integer Quantization for Deep Learning Inference", 2020.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

#: The largest code of a row, and the largest of a weight.
_ROW, _WEIGHT = 255, 63

#: The code of zero: in the middle, and where inputs are mostly positive.
_CENTRED, _SKEWED = 128, 32

#: The codes above either, which the largest of a row gets.
_AROUND, _ABOVE = _ROW - _CENTRED, _ROW - _SKEWED

#: Layers are padded to a multiple of so many outputs, which is what decoding wants of the last one.
_MULTIPLE = 64

#: Keeps a row of zeros from being divided by zero.
_SMALL = 1e-12


class Kernel(Protocol):
    """Products of codes: rows x / `step` + `zero`, rounded to whole numbers from 0 to 255, times int8 weights."""

    def pack(self, codes: Tensor, scales: Tensor) -> Any:
        """Weights (out, in), int8, with the scales (out,) of their outputs, in the kernel's own layout."""

    def product(self, x: Tensor, step: float, zero: int, packed: Any) -> Tensor:
        """(..., in) to (..., out), float32: the rounded x, in steps of `step`, times the scaled weights."""


_product: Any = getattr(torch.ops.quantized, "linear_with_input_q_dq_qweight_dq_output_fp32", None)


class Fbgemm:
    """Facebook's kernels in torch, for x86-64 with AVX2 or later. The faster ones by far where there is no VNNI.

    They want their weights as one of torch's quantised tensors, which are to be removed some day (pytorch/pytorch#184982);
    `OneDnn` does without them.
    """

    @staticmethod
    def usable() -> bool:
        """Whether this torch has them, on this processor."""
        return "fbgemm" in torch.backends.quantized.supported_engines and hasattr(
            torch, "_make_per_channel_quantized_tensor"
        )

    def pack(self, codes: Tensor, scales: Tensor) -> Any:
        """See `Kernel.pack`."""
        engine = torch.backends.quantized.engine
        torch.backends.quantized.engine = "fbgemm"
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="torch.quantize_per_tensor")
                return self._packed(codes, scales)
        finally:
            torch.backends.quantized.engine = engine

    @staticmethod
    def _packed(codes: Tensor, scales: Tensor) -> Any:
        zeros = torch.zeros(len(scales), dtype=torch.long)
        weights = torch._make_per_channel_quantized_tensor(codes.contiguous(), scales.double(), zeros, 0)
        return torch.ops.quantized.linear_prepack(weights, None)

    def product(self, x: Tensor, step: float, zero: int, packed: Any) -> Tensor:
        """See `Kernel.product`."""
        found: Tensor = _product(x, step, zero, packed)
        return found


class OneDnn:
    """oneDNN's kernels in torch."""

    @staticmethod
    def usable() -> bool:
        """Whether this torch has them."""
        mkldnn: Any = torch.backends.mkldnn
        return bool(mkldnn.is_available()) and hasattr(torch.ops.onednn, "qlinear_pointwise")

    def pack(self, codes: Tensor, scales: Tensor) -> Any:
        """See `Kernel.pack`."""
        packed = torch.ops.onednn.qlinear_prepack(codes.contiguous(), None)
        return packed, scales.float(), torch.zeros(len(scales), dtype=torch.long)

    def product(self, x: Tensor, step: float, zero: int, packed: Any) -> Tensor:
        """See `Kernel.product`."""
        weights, scales, zeros = packed
        rows = (x / step + zero).round_().clamp_(0, _ROW).to(torch.uint8).view(-1, x.shape[-1])
        found: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, step, zero, weights, scales, zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return found.view(*x.shape[:-1], -1)


@cache
def kernel() -> Kernel | None:
    """The kernel of this machine, or None where there is none."""
    if Fbgemm.usable():
        return Fbgemm()
    return OneDnn() if OneDnn.usable() else None


@dataclass(frozen=True, slots=True)
class Codes:
    """Quantised weights: int8 `values` (out, in) and `scales` (out,), float32, so that weights are values x scales."""

    values: Tensor
    scales: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> "Codes":
        """Quantises weights (out, in), each output by its largest."""
        weight = weight.detach().float()
        scales = (weight.abs().amax(1) / _WEIGHT).clamp_(min=_SMALL)
        return cls((weight / scales[:, None]).round_().clamp_(-_WEIGHT, _WEIGHT).to(torch.int8), scales)

    def padded(self, more: int) -> "Codes":
        """The same with so many further outputs, which are always zero."""
        return Codes(functional.pad(self.values, (0, 0, 0, more)), functional.pad(self.scales, (0, more), value=_SMALL))

    @classmethod
    def joined(cls, parts: Sequence["Codes"]) -> "Codes":
        """Several with the same inputs, their outputs side by side."""
        return cls(torch.cat([part.values for part in parts]), torch.cat([part.scales for part in parts]))


class Int8Affine:
    """A linear layer in int8. `skewed`: its inputs are mostly positive, as those behind a ReLU, GELU or swish are.

    Raises `RuntimeError` where the machine has no kernel for it.
    """

    def __init__(self, codes: Codes, bias: Tensor | None, *, skewed: bool = False) -> None:
        found = kernel()
        if found is None:
            raise RuntimeError("this torch has no int8 kernel for this processor")
        self._kernel = found
        self._packed = found.pack(codes.values, codes.scales)
        self._bias = bias
        self._skewed = skewed

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out), float32 both."""
        product, scale = self.product(x)
        return product.mul_(scale) if self._bias is None else torch.addcmul(self._bias, product, scale)

    def product(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Without the bias, and before the rows' scales (..., 1), by which it is still to be multiplied."""
        if self._skewed:
            above = x.amax(-1, keepdim=True)
            scale = torch.maximum(above, x.amin(-1, keepdim=True).mul_(_ABOVE / -_SKEWED)).clamp_(min=_SMALL)
            return self._kernel.product(x / scale, 1.0 / _ABOVE, _SKEWED, self._packed), scale
        scale = x.abs().amax(-1, keepdim=True).clamp_(min=_SMALL)
        return self._kernel.product(x / scale, 1.0 / _AROUND, _CENTRED, self._packed), scale


class Int8Linear(nn.Module):
    """In place of `nn.Linear`, for inference."""

    def __init__(self, linear: nn.Linear, *, skewed: bool = False) -> None:
        super().__init__()
        self.codes = Codes.of(linear.weight)
        self.bias = linear.bias
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self._beyond = -linear.out_features % _MULTIPLE
        bias = functional.pad(linear.bias, (0, self._beyond)) if linear.bias is not None else None
        self._affine = Int8Affine(self.codes.padded(self._beyond), bias, skewed=skewed)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out), float32 both."""
        y = self._affine(x)
        return y[..., : self.out_features] if self._beyond else y

    def padded(self, x: Tensor, filler: float) -> Tensor:
        """The same with `filler` in further outputs, as many as make them a multiple of `_MULTIPLE`."""
        y = self._affine(x)
        if self._beyond:
            y[..., self.out_features :] = filler
        return y


def quantize(model: nn.Module, *, skewed: frozenset[str]) -> None:
    """Puts all linear layers of a float32 model into int8, in place. `skewed` names those with mostly positive inputs.

    Raises `ValueError` where a weight is not finite.
    """
    for path, module in list(model.named_modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Linear):
                if not torch.isfinite(child.weight).all():
                    raise ValueError(f"the weights of {path}.{name} are not finite; they are broken")
                setattr(module, name, Int8Linear(child, skewed=name in skewed))
