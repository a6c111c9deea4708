"""The optimiser: Muon for matrices, Adam for the rest, over float32 masters of a network that may compute in less."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

#: Newton-Schulz coefficients of Jordan et al. 2024 (Muon).
_A, _B, _C = 3.4445, -4.7750, 2.0315
_MOMENTUM = 0.95
_BETAS = (0.9, 0.98)
_ROUNDS = 5


def orthogonal(update: Tensor) -> Tensor:
    """The nearest matrices with singular values around 1, for a stack (matrices, rows, columns), in its precision."""
    x = update
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True).to(x.dtype) + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=_B, alpha=_C), x, beta=_A)
    return x.transpose(1, 2) if tall else x


class _Stack:
    """Matrices of one shape: their float32 masters and first moments, (matrices, rows, columns)."""

    def __init__(self, names: list[str], masters: Tensor) -> None:
        self.names, self.masters, self.first = names, masters, torch.zeros_like(masters)


class Optimizer:
    """Steps all parameters of a network. Rates are given at each step; a rate of 1 is the full one.

    Matrices inside layers take Muon steps of spectral norm `matrix_rate`; all else takes Adam steps of `rate`.
    """

    def __init__(self, network: nn.Module, *, matrix_rate: float, rate: float, decay: float = 0.01) -> None:
        self.matrix_rate, self.rate, self.decay = matrix_rate, rate, decay
        self.steps = 0
        self._live = dict(network.named_parameters())
        matrices: dict[tuple[int, ...], list[str]] = defaultdict(list)
        self._rest: list[str] = []
        for name, p in self._live.items():
            if p.ndim == 2 and "shared" not in name and "logits" not in name:
                matrices[tuple(p.shape)].append(name)
            else:
                self._rest.append(name)
        #: Matrices of one shape lie in one stack, so that a step is a few operations on large tensors.
        self._stacks = [
            _Stack(names, torch.stack([self._live[n].detach().float() for n in names])) for names in matrices.values()
        ]
        self.masters = {name: self._live[name].detach().float().clone() for name in self._rest}
        self._first = {name: torch.zeros_like(self.masters[name]) for name in self._rest}
        self._second = {name: torch.zeros_like(self.masters[name]) for name in self._rest}
        for stack in self._stacks:
            self.masters.update(zip(stack.names, stack.masters, strict=True))
            self._first.update(zip(stack.names, stack.first, strict=True))
        self.averages = {name: m.clone() for name, m in self.masters.items()}

    @torch.no_grad()
    def step(self, scale: float, *, clip: float = 1.0, average: float = 0.999) -> None:
        """One step at `scale` times the full rates; clears the gradients. The running mean keeps `average` of itself."""
        self.steps += 1
        for stack in self._stacks:
            live = torch.stack([self._grad(name) for name in stack.names])
            grads = live.float()
            stack.first.lerp_(grads, 1.0 - _MOMENTUM)
            update = orthogonal(grads.lerp(stack.first, _MOMENTUM).to(live.dtype))
            rows, columns = update.shape[1:]
            stack.masters.mul_(1.0 - self.decay * self.matrix_rate * scale)
            stack.masters.add_(update, alpha=-self.matrix_rate * scale * max(1.0, rows / columns) ** 0.5)
        fix_first, fix_second = 1.0 - _BETAS[0] ** self.steps, 1.0 - _BETAS[1] ** self.steps
        norm = torch.stack([self._grad(name).float().norm() for name in self._rest]).norm()
        shrink = float(torch.clamp(clip / (norm + 1e-6), max=1.0))
        for name in self._rest:
            grad = self._grad(name).float().mul_(shrink)
            first, second = self._first[name].lerp_(grad, 1.0 - _BETAS[0]), self._second[name]
            second.mul_(_BETAS[1]).addcmul_(grad, grad, value=1.0 - _BETAS[1])
            deep = (second / fix_second).sqrt_().add_(1e-8)
            self.masters[name].addcdiv_(first, deep, value=-self.rate * scale / fix_first)
        for name, live in self._live.items():
            live.copy_(self.masters[name])
            live.grad = None
        if self.steps % 10 == 0:
            keep = min(average**10, self.steps / (self.steps + 100.0))
            torch._foreach_lerp_(list(self.averages.values()), list(self.masters.values()), 1.0 - keep)

    def _grad(self, name: str) -> Tensor:
        grad = self._live[name].grad
        return torch.zeros_like(self._live[name]) if grad is None else grad

    def state(self) -> dict[str, Any]:
        """All that a later run needs to go on exactly."""
        return {
            "steps": self.steps,
            "masters": self.masters,
            "averages": self.averages,
            "first": self._first,
            "second": self._second,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned, and fills the network with it."""
        self.steps = int(state["steps"])
        for field, own in (
            ("masters", self.masters),
            ("averages", self.averages),
            ("first", self._first),
            ("second", self._second),
        ):
            for name, value in state[field].items():
                own[name].copy_(value)
        with torch.no_grad():
            for name, live in self._live.items():
                live.copy_(self.masters[name])
