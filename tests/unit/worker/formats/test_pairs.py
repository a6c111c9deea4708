"""Marks on the right words: what was measured for docs/formats.md must not get worse."""

import re
from collections import Counter

import pytest

from tests.unit.worker.formats.measure import FILES, pairs

#: Articles with all marks right, by file: without the marked phrases' translations, and with them.
MEASURED = {"pairs.jsonl": (78, 86), "held_out.jsonl": (10, 21)}


@pytest.mark.parametrize("name", FILES)
def test_marks_land_on_the_right_words_as_often_as_was_measured(name: str) -> None:
    found = list(pairs(name))
    without = sum(pair.written({})[0] == pair.expected for pair in found)
    with_phrases = sum(pair.written(pair.spans)[0] == pair.expected for pair in found)
    assert (without, with_phrases) >= MEASURED[name]
    assert with_phrases >= MEASURED[name][1]


@pytest.mark.parametrize("name", FILES)
def test_without_phrases_what_is_wrong_is_flagged(name: str) -> None:
    for pair in pairs(name):
        output, moved = pair.written({})
        assert moved or output == pair.expected


@pytest.mark.parametrize("name", FILES)
def test_no_mark_is_lost(name: str) -> None:
    for pair in pairs(name):
        output, _ = pair.written(pair.spans)
        assert _signs(output) == _signs(pair.expected)


def _signs(article: str) -> Counter[str]:
    return Counter(re.findall(r"<[^>]+>|\]\([^)]*\)|[*_~`|#]|\[\^\w+\]", article))
