"""Copies of one network that learn side by side on a CPU, a thread each.

Two threads that share every operation wait for each other hundreds of times a step, and both wait when one is held up; two
copies with a thread each meet once.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from scripts.lab.bundled.corpus_packing import Sampler
from scripts.lab.bundled.training_model import Marian

_T = TypeVar("_T")


class Replicas:
    """A network and its copies, each with a sampler of its own. With one, all runs in the thread that calls."""

    def __init__(self, network: Marian, samplers: list[Sampler]) -> None:
        self._networks = [network, *(copy.deepcopy(network) for _ in samplers[1:])]
        self._samplers = samplers
        self._parameters = [list(n.parameters()) for n in self._networks]
        self._threads: ThreadPoolExecutor | None = None
        if len(samplers) > 1:
            # Threads for operations are counted for each thread that asks for some.
            self._threads = ThreadPoolExecutor(len(samplers), initializer=lambda: torch.set_num_threads(1))

    def each(self, learn: Callable[[Marian, Sampler], _T]) -> list[_T]:
        """Calls `learn` for all copies at once; it leaves gradients on its network. Their mean is left on the first network."""
        if self._threads is None:
            return [learn(self._networks[0], self._samplers[0])]
        results = list(self._threads.map(learn, self._networks, self._samplers))
        with torch.no_grad():
            for first, *others in zip(*self._parameters, strict=True):
                for other in others:
                    if first.grad is not None and other.grad is not None:
                        first.grad.add_(other.grad)
                    other.grad = None
                if first.grad is not None:
                    first.grad.div_(len(results))
        return results

    @torch.no_grad()
    def align(self) -> None:
        """Gives all copies the parameters of the first."""
        for first, *others in zip(*self._parameters, strict=True):
            for other in others:
                other.copy_(first)
