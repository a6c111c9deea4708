"""Decodes batches by `generate` of Hugging Face models: for every model that the decode loop does not know.

A row must come out the same whoever shares its batch. `generate` knows one output limit for a whole batch and uses it in
more than one place, so it is always given the model's own; each row's limit is a stopping criterion of its own. What is
left is rounding: padding changes the order of sums in the last bits.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList
from transformers.modeling_outputs import BaseModelOutput

from worker.engine.decoding.scores import RowRules, completions


def generate(
    model: Any,
    config: GenerationConfig,
    ids: torch.Tensor,
    mask: torch.Tensor,
    states: torch.Tensor,
    rules: Sequence[RowRules],
    ends: Sequence[int],
) -> list[list[int]]:
    """The target tokens of each row, and whatever `generate` put behind them.

    `ids` and `mask` are (rows, sources), `states`, (rows, sources, width), the encoder's.
    """
    device = ids.device
    processors = LogitsProcessorList()
    if any(row.least for row in rules):
        processors.append(_RowMinimum(torch.tensor([row.least for row in rules], device=device), ends))
    if any(row.no_repeat for row in rules):
        processors.append(_RowNoRepeat([row.no_repeat for row in rules]))
    out = model.generate(
        input_ids=ids,
        attention_mask=mask,
        encoder_outputs=BaseModelOutput(last_hidden_state=states),
        generation_config=config,
        logits_processor=processors,
        stopping_criteria=StoppingCriteriaList([_RowMaximum(torch.tensor([row.most for row in rules], device=device))]),
    )
    found: list[list[int]] = out[:, 1:].tolist()
    return found


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
    """Bans what would complete an n-gram of target tokens that its row has already; size 0 bans nothing."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        kept = scores.clone()
        width = input_ids.shape[0] // len(self._sizes)
        for row, written in enumerate(input_ids[:, 1:].tolist()):
            banned = completions(written, self._sizes[row // width])
            if banned:
                kept[row, banned] = float("-inf")
        return kept
