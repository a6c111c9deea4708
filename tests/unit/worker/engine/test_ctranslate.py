"""CTranslate2 behind the engine's interface: the same tokens as the decode loop's, and nothing cut."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models import SENTENCES
from tests.unit.worker.engine.loaded import ctranslate_of, decoder_of, load_folder, requests
from worker.engine import ctranslate
from worker.engine.canary import prove
from worker.engine.ctranslate import CTranslateModel
from worker.engine.device import Precision
from worker.engine.errors import ModelError
from worker.engine.interface import DecodeOptions
from worker.engine.loader import LoadedModel
from worker.engine.request import Request

TEXTS = [*SENTENCES[:10], "Oui.", " ".join(SENTENCES[:5])]


@pytest.fixture
def loaded(taught: Path) -> LoadedModel:
    return load_folder(taught)


def made(loaded: LoadedModel, precision: Precision = Precision.FLOAT32) -> CTranslateModel:
    return CTranslateModel(loaded, device=torch.device("cpu"), precision=precision)


def test_greedy_output_is_that_of_the_decode_loop(taught: Path) -> None:
    other, ours = ctranslate_of(taught, 1), decoder_of(taught, beams=1)
    tokens = ours.loaded.codec.encode(TEXTS)
    assert [(row.ids, row.truncated) for row in other.rows(requests(tokens))] == [
        (row.ids, row.truncated) for row in ours.rows(requests(tokens))
    ]


def test_learned_sentences_come_out_whole_by_beam_search_or_in_int8(taught: Path) -> None:
    ours = decoder_of(taught, beams=1)
    tokens = ours.loaded.codec.encode(SENTENCES[:10])
    learned = [row.ids for row in ours.rows(requests(tokens))]
    for beams, precision in [(4, Precision.FLOAT32), (1, Precision.INT8)]:
        assert [row.ids for row in ctranslate_of(taught, beams, precision).rows(requests(tokens))] == learned


@pytest.mark.parametrize("beams", [1, 2])
def test_each_row_has_its_own_limits(marian: Path, beams: int) -> None:
    model = ctranslate_of(marian, beams)  # which never ends
    tokens = model.loaded.codec.encode([SENTENCES[0], "Oui.", " ".join(SENTENCES[:5])])
    rows = model.rows(requests(tokens))
    assert [len(row.ids) for row in rows] == [2 * len(tokens[0]) + 16, 2 * len(tokens[1]) + 16, 255]
    assert all(row.truncated for row in rows)


def test_the_shortest_output_and_repeats_are_each_rows_own(taught: Path) -> None:
    model = ctranslate_of(taught, 1)
    (tokens,) = model.loaded.codec.encode([SENTENCES[2]])
    plain = len(model.rows(requests([tokens]))[0].ids)
    asked = [DecodeOptions(), DecodeOptions(min_new_tokens=plain + 9), DecodeOptions(no_repeat_ngram=1)]
    free, long, varied = (row.ids for row in model.rows([Request(tokens, options) for options in asked]))
    assert len(free) == plain
    assert len(long) >= plain + 9
    assert len(set(varied)) == len(varied)


def test_a_source_at_the_models_limit_is_read_to_its_end(taught: Path) -> None:
    model, ours = ctranslate_of(taught, 1), decoder_of(taught, beams=1)
    (tokens,) = model.loaded.codec.encode([" ".join(SENTENCES[:10])])
    longest = replace(tokens, ids=(*(tokens.ids * 3)[: model.info.max_source_tokens - 1], 0))
    assert len(longest) == 256
    assert model.rows(requests([longest]))[0].ids == ours.rows(requests([longest]))[0].ids


def test_it_says_what_it_is_and_proves_itself(loaded: LoadedModel) -> None:
    canary = replace(loaded.canary, text=SENTENCES[2], expected=("cat",))
    model = made(replace(loaded, canary=canary))
    assert not model.info.has_vectors
    assert model.info.settings == f"ctranslate2, float32, {model.beams} beams"
    assert "cat" in prove(model)
    assert model.loaded.model is None, "torch's weights are let go"


def test_what_it_cant_do_is_refused_at_start(loaded: LoadedModel, bart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="it is a bart model, Marian is known: set the engine to transformers"):
        made(load_folder(bart))
    with pytest.raises(ModelError, match="there is no float16 on this cpu"):
        made(loaded, Precision.FLOAT16)
    loaded.model.generation_config.repetition_penalty = 1.5
    with pytest.raises(ModelError, match="generation settings"):
        made(loaded)
    missing: Any = lambda _: None  # noqa: E731
    monkeypatch.setattr(ctranslate, "find_spec", missing)
    with pytest.raises(ModelError, match=r"not installed: pip install .*worker,ctranslate2"):
        made(loaded)
