"""Where two outputs part: by rounding alone, or not."""

import torch

from worker.engine.interface import Tokens
from worker.engine.loader import LoadedModel
from worker.engine.row import Row

#: Scores of outputs of beam search, each over its length, that rounding brings about.
TIED_BEAMS = 1e-3

#: Scores nearer to each other than this are a tie, which rounding decides.
TIE = 1e-4


def sequence_score(loaded: LoadedModel, source: Tokens, start: int, ids: list[int], penalty: float) -> float:
    """The score by which beam search ranks an output: its log probability over its length to the power of the penalty."""
    with torch.inference_mode():
        fed = torch.tensor([[start, *ids[:-1]]])
        logits = loaded.model(input_ids=torch.tensor([source.ids]), decoder_input_ids=fed).logits[0].float()
    log = logits.log_softmax(-1)
    total = sum(float(log[place, token]) for place, token in enumerate(ids))
    return total / float(len(ids) ** penalty)


def differ(loaded: LoadedModel, source: Tokens, start: int, one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """How far apart the scores of two greedy outputs are at the first step at which they differ."""
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    with torch.inference_mode():
        fed = torch.tensor([[start, *one[:at]]])
        last = loaded.model(input_ids=torch.tensor([source.ids]), decoder_input_ids=fed).logits[0, -1].float()
    first, second = last.topk(2).values.tolist()
    return float(first - second)


def tied(
    loaded: LoadedModel, source: Tokens, start: int, one: Row, other: Row, *, beams: int, penalty: float = 1.0
) -> bool:
    """Whether rounding alone decides between two outputs."""
    if beams == 1:
        return differ(loaded, source, start, one.ids, other.ids) < TIE
    end = loaded.model.generation_config.eos_token_id
    ends = [] if one.truncated else [end[0] if isinstance(end, list) else end]
    scores = [sequence_score(loaded, source, start, [*row.ids, *ends], penalty) for row in (one, other) if row.ids]
    return abs(scores[0] - scores[-1]) < TIED_BEAMS
