import dataclasses
import json

import numpy as np
import pytest

import worker.summary
from worker.summary import Coverage, Flag, Method, Mode, Sentence, Summary, SummarySentence


def test_exported_names_are_the_intended_ones() -> None:
    assert set(worker.summary.__all__) == {
        "DEFAULT_WEIGHTS",
        "Coverage",
        "Flag",
        "Method",
        "Mode",
        "Place",
        "Sentence",
        "Summary",
        "SummarySentence",
        "Weights",
        "plan_steps",
        "summarize_abstractive",
        "summarize_extractive",
    }
    assert all(hasattr(worker.summary, name) for name in worker.summary.__all__)


def test_json_has_the_shape_of_a_jobs_result() -> None:
    summary = Summary(
        mode=Mode.ABSTRACTIVE,
        method=Method.MAP_REDUCE,
        text="It reopened…",
        sentences=(SummarySentence("It reopened…", ((0, 1), (2, 0)), 0.5, (Flag.CUT,)),),
        coverage=Coverage(segments_read=9, segments_total=10, chunks=2, rounds=1),
        reduced=False,
    )
    assert json.loads(json.dumps(summary.as_json())) == {
        "mode": "abstractive",
        "method": "map-reduce",
        "text": "It reopened…",
        "sentences": [{"text": "It reopened…", "evidence": [[0, 1], [2, 0]], "support": 0.5, "flags": ["cut"]}],
        "coverage": {"segments_read": 9, "segments_total": 10, "chunks": 2, "rounds": 1, "reduced": False},
    }


def test_sentences_with_vectors_compare_and_stay_as_they_are() -> None:
    one = Sentence(paragraph=0, segment=1, source="Oui.", target="Yes.", vector=np.ones(4, dtype=np.float32))
    two = dataclasses.replace(one, vector=np.zeros(4, dtype=np.float32))
    assert one == two
    assert one.place == (0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.target = "No."  # type: ignore[misc]
