"""Rows that come, go on together and leave."""

from pathlib import Path

import pytest
import torch

from tests.models import SENTENCES
from tests.unit.worker.engine.loaded import load_folder
from worker.engine.decoding.beam import BeamSearch
from worker.engine.decoding.loop import DecodeLoop
from worker.engine.decoding.scores import BLOCK, RowRules, Rules, best
from worker.engine.decoding.search import GreedySearch, Search
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.interface import Tokens
from worker.engine.loader import LoadedModel

Outputs = dict[int, list[int] | None]

TEXTS = [*SENTENCES[:10], "Oui.", "Le chien dort.", " ".join(SENTENCES[:4])]


def loop_over(loaded: LoadedModel, beams: int) -> DecodeLoop:
    config = loaded.model.config
    rules = Rules(start=config.decoder_start_token_id, ends=(0,), never=(config.pad_token_id,))

    def search() -> Search:
        if beams == 1:
            return GreedySearch(rules)
        return BeamSearch(
            rules, beams, length_penalty=1.0, early_stopping=False, longest=255, device=torch.device("cpu")
        )

    return DecodeLoop(DecoderWeights(loaded.model), search, start=rules.start)


def admit(loop: DecodeLoop, loaded: LoadedModel, tags: list[int], tokens: list[Tokens]) -> None:
    width, pad = max(map(len, tokens)), loaded.model.config.pad_token_id
    ids = torch.tensor([row.ids + (pad,) * (width - len(row)) for row in tokens])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in tokens])
    states = loaded.model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    loop.admit(tags, states, [len(row) for row in tokens], [RowRules(most=2 * len(row) + 16) for row in tokens])


@pytest.fixture(params=[1, 3])
def beams(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@torch.inference_mode()
def test_rows_that_join_later_come_out_as_if_alone(taught: Path, beams: int) -> None:
    loaded = load_folder(taught)
    tokens = loaded.codec.encode(TEXTS)
    alone: Outputs = {}
    for tag, row in enumerate(tokens):
        loop = loop_over(loaded, beams)
        admit(loop, loaded, [tag], [row])
        while len(loop):
            alone.update(loop.step())
    together: Outputs = {}
    loop, waiting = loop_over(loaded, beams), list(enumerate(tokens))
    while waiting or len(loop):
        if waiting and len(loop) < 5:
            now, waiting = waiting[:2], waiting[2:]
            admit(loop, loaded, [tag for tag, _ in now], [row for _, row in now])
        together.update(loop.step())

    assert together == alone
    assert len({tuple(ids) for ids in together.values() if ids is not None}) > 8


@torch.inference_mode()
def test_dropped_rows_are_gone_and_harm_nobody(taught: Path, beams: int) -> None:
    loaded = load_folder(taught)
    tokens = loaded.codec.encode(TEXTS)
    loop, whole = loop_over(loaded, beams), loop_over(loaded, beams)
    for each in (loop, whole):
        admit(each, loaded, list(range(len(tokens))), tokens)
        each.step()
    loop.drop({0, 3, len(tokens) - 1, 99})
    assert len(loop) == len(tokens) - 3
    found: Outputs = {}
    expected: Outputs = {}
    while len(loop):
        found.update(loop.step())
    while len(whole):
        expected.update(whole.step())

    assert found == {tag: ids for tag, ids in expected.items() if tag not in {0, 3, len(tokens) - 1}}


@torch.inference_mode()
def test_after_a_failure_it_begins_anew(taught: Path, beams: int) -> None:
    loaded = load_folder(taught)
    tokens = loaded.codec.encode(TEXTS[:3])
    loop = loop_over(loaded, beams)
    outcomes = []
    for _ in range(2):
        admit(loop, loaded, [0, 1, 2], tokens)
        found: Outputs = {}
        while len(loop):
            found.update(loop.step())
        outcomes.append(found)
        admit(loop, loaded, [7], tokens[:1])
        loop.step()
        loop.clear()
        assert len(loop) == 0
    assert outcomes[0] == outcomes[1]


@torch.inference_mode()
def test_a_row_that_overflows_spoils_nobody_else(taught: Path, beams: int) -> None:
    loaded = load_folder(taught)
    tokens = loaded.codec.encode([TEXTS[12], TEXTS[0], "Oui."])
    loop = loop_over(loaded, beams)
    admit(loop, loaded, [2], tokens[2:])
    alone: Outputs = {}
    while len(loop):
        alone.update(loop.step())

    admit(loop, loaded, [0, 1], tokens[:2])
    for _ in range(2):
        loop.step()
    spoil(loop, row=1)
    loop.drop({1})
    admit(loop, loaded, [2], tokens[2:])
    found: Outputs = {}
    while 2 not in found:
        found.update(loop.step())
    assert found[2] == alone[2]


@torch.inference_mode()
def test_a_row_that_overflows_ends_and_the_others_go_on(taught: Path, beams: int) -> None:
    loaded = load_folder(taught)
    tokens = loaded.codec.encode(TEXTS[:4])
    loop, whole = loop_over(loaded, beams), loop_over(loaded, beams)
    found: Outputs = {}
    expected: Outputs = {}
    for each in (loop, whole):
        admit(each, loaded, [0, 1, 2, 3], tokens)
        each.step()
    for row in (1, 2):
        spoil(loop, row)
    assert dict(loop.step()) == {1: None, 2: None}
    assert len(loop) == 2
    while len(loop):
        found.update(loop.step())
    while len(whole):
        expected.update(whole.step())
    assert found == {tag: expected[tag] for tag in (0, 3)}


def spoil(loop: DecodeLoop, row: int) -> None:
    """Does to a row's keys and values what half precision does to numbers that are too large."""
    caches = loop._caches
    for values in (caches.own, caches.cross):
        values[:, :, row] = float("nan")


@pytest.mark.parametrize("width", [BLOCK, 3 * BLOCK, 40 * BLOCK])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_best_are_found_by_blocks(width: int, count: int) -> None:
    torch.manual_seed(width + count)
    scores = torch.randn(50, width)
    scores[:, width // 2 :: 7] = float("-inf")
    scores[3] = scores[3].sort().values  # all of the best in one block
    values, places = best(scores, count)
    expected = scores.topk(count, 1)

    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)
