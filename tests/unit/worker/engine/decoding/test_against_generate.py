"""The decode loop against `generate`, which it has to equal token for token, up to ties."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import GenerationConfig

from tests import models
from tests.unit.worker.engine.loaded import load_folder
from tests.unit.worker.engine.ties import tied
from worker.engine.decoder import Seq2SeqDecoder
from worker.engine.decoding.scores import Rules
from worker.engine.decoding.weights import DecoderWeights
from worker.engine.generation import rules_of
from worker.engine.interface import DecodeOptions, Role
from worker.engine.loader import LoadedModel
from worker.engine.request import Request

FAMILIES = ("taught", "marian", "bart", "mbart", "nllb", "pegasus")

COMMON = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def both(loaded: LoadedModel, beams: int, **config: Any) -> tuple[Seq2SeqDecoder, Seq2SeqDecoder]:
    """The loop, and `generate` over the same model with the same settings."""
    declared = GenerationConfig.from_dict({**loaded.model.generation_config.to_dict(), **config})
    loaded.model.generation_config = declared
    loop = Seq2SeqDecoder(loaded, beams)
    loaded.model.generation_config = declared
    return loop, Seq2SeqDecoder(loaded, beams, looped=False)


def compare(loop: Seq2SeqDecoder, reference: Seq2SeqDecoder, requests: list[Request], *, penalty: float = 1.0) -> None:
    """Equal, but for ties in the scores of rows that had a choice."""
    loaded, start = loop.loaded, int(loop.loaded.model.generation_config.decoder_start_token_id)
    for request, mine, theirs in zip(requests, loop.rows(requests), reference.rows(requests), strict=True):
        if mine.ids == theirs.ids:
            assert mine.truncated == theirs.truncated
            continue
        assert tied(loaded, request.tokens, start, mine, theirs, beams=loop.beams, penalty=penalty), (
            mine.ids,
            theirs.ids,
        )


REQUESTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(models.SENTENCES), min_size=1, max_size=3).map(" ".join),
        st.integers(1, 40),
        st.integers(0, 12),
        st.sampled_from([None, None, 2, 3]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("family", FAMILIES)
@COMMON
@given(asked=REQUESTS, beams=st.sampled_from([1, 2, 4]), early=st.sampled_from([True, False, "never"]))
def test_random_batches(
    family: str, asked: list[tuple[str, int, int, int | None]], beams: int, early: bool | str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    folder: Path = request.getfixturevalue(family)
    loaded = load_folder(folder, Role.SUMMARIZER if family in {"bart", "pegasus"} else Role.TRANSLATOR)
    loop, reference = both(loaded, beams, early_stopping=early if beams > 1 else None)
    texts = loaded.codec.encode([text for text, *_ in asked])
    wanted = [
        Request(tokens, DecodeOptions(max_new_tokens=most, min_new_tokens=min(least, most), no_repeat_ngram=size))
        for tokens, (_, most, least, size) in zip(texts, asked, strict=True)
    ]
    compare(loop, reference, wanted)


@pytest.mark.parametrize(
    "config",
    [
        {"length_penalty": 0.0},
        {"length_penalty": 2.5},
        {"length_penalty": -1.0},
        {"length_penalty": 2.0, "early_stopping": "never"},
        {"renormalize_logits": True},
        {"bad_words_ids": [[5], [17, 9], [0], [40, 41, 42]]},
        {"bad_words_ids": [[5], [6], [7]], "renormalize_logits": True},
        {"no_repeat_ngram_size": 2},
        {"no_repeat_ngram_size": 1, "bad_words_ids": [[3, 4]]},
        {"forced_bos_token_id": 12},
        {"forced_bos_token_id": 12, "renormalize_logits": True},
        {"eos_token_id": [0, 30, 31]},
        {"early_stopping": True, "num_beams": 3, "max_new_tokens": 9},
    ],
    ids=str,
)
@pytest.mark.parametrize("beams", [1, 3])
def test_settings_of_models(taught: Path, marian: Path, beams: int, config: dict[str, Any]) -> None:
    for folder in (taught, marian):
        loaded = load_folder(folder)
        loop, reference = both(loaded, beams, **config)
        texts = loaded.codec.encode([*models.SENTENCES[:4], "Oui.", "Lyon, lundi."])
        compare(loop, reference, [Request(tokens) for tokens in texts], penalty=config.get("length_penalty", 1.0))


@pytest.mark.parametrize(
    "config",
    [
        {"repetition_penalty": 1.2},
        {"suppress_tokens": [4]},
        {"encoder_no_repeat_ngram_size": 3},
        {"sequence_bias": [[[5], -1.0]]},
        {"exponential_decay_length_penalty": [5, 1.2]},
    ],
    ids=str,
)
def test_settings_that_the_loop_does_not_know_are_left_to_generate(marian: Path, config: dict[str, Any]) -> None:
    loaded = load_folder(marian)
    loaded.model.generation_config = GenerationConfig.from_dict(
        {**loaded.model.generation_config.to_dict(), "decoder_start_token_id": 1, "eos_token_id": 0, **config}
    )
    assert rules_of(loaded.model.generation_config) is None
    assert Seq2SeqDecoder(loaded, 1).rows([Request(loaded.codec.encode(["Oui."])[0])])


def test_a_model_of_another_family_is_left_to_generate(t5: Path, marian: Path) -> None:
    assert not DecoderWeights.knows(load_folder(t5).model.config)
    assert DecoderWeights.knows(load_folder(marian).model.config)
    assert isinstance(rules_of(load_folder(marian).model.generation_config), Rules)


@pytest.mark.parametrize("family", ["marian", "bart", "pegasus"])
@pytest.mark.parametrize("beams", [1, 3])
def test_sources_as_long_as_the_model_takes_share_a_batch_with_short_ones(
    family: str, beams: int, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(family)
    loaded = load_folder(folder, Role.TRANSLATOR if family == "marian" else Role.SUMMARIZER)
    loop, reference = both(loaded, beams)
    whole, short = loaded.codec.encode([" ".join(models.SENTENCES[:10] * 2), "Oui."])
    longest = replace(whole, ids=whole.ids[: loaded.info.max_source_tokens])
    assert len(longest) == loaded.info.max_source_tokens == 256
    asked = [Request(tokens, DecodeOptions(max_new_tokens=60)) for tokens in (longest, short)]
    compare(loop, reference, asked)


def test_a_configuration_without_caches_changes_nothing(marian: Path) -> None:
    plain, odd = load_folder(marian), load_folder(marian)
    odd.model.config.use_cache = odd.model.generation_config.use_cache = False
    texts = [Request(tokens) for tokens in plain.codec.encode(models.SENTENCES[:4])]
    expected = [row.ids for row in Seq2SeqDecoder(plain, 2).rows(texts)]
    for looped in (True, False):
        assert [row.ids for row in Seq2SeqDecoder(odd, 2, looped=looped).rows(texts)] == expected
