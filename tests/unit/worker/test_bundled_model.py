"""The bundled model on news that it has not seen: not which words it finds, but what must hold of any translation.

`tests/data/canary/news.tsv`: a French sentence, TAB, the names that must come through, separated by commas.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lab.bundled.corpus import numbers
from scripts.lab.bundled.evaluation_figures import repeated
from scripts.lab.evaluate.watch import Unwatched
from service.contract.request import parse_request
from service.contract.result import Result
from worker.engine import EngineOptions, build_engine
from worker.pipeline import process

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parents[2] / "data" / "canary" / "news.tsv").read_text(encoding="utf-8").splitlines()
]
SENTENCES = [french for french, _ in ROWS]
NAMES = {french: names.split(",") for french, names in ROWS if names}
#: Numbers in words that may become digits.
SPELT = {"dix-huit": "18", "quarante": "40", "trois": "3", "cinq": "5", "six": "6"}


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


#: Small words of French that are none of English.
FRENCH = frozenset(
    words(
        "le la les des du une et est dans pour que qui sur pas avec il elle ce cette au aux sont été être mais où ses leur"
    )
)
ENGLISH = frozenset(
    words("the a an of and to is in that for it with are was be have not by from at on has who why but")
)


@pytest.fixture(scope="module")
def result() -> Iterator[Result]:
    """The sentences as one article, a paragraph each, translated as a worker does it."""
    engine = build_engine(EngineOptions(translator="bundled", device="cpu"))
    try:
        request = parse_request({"text": "\n\n".join(SENTENCES)}, max_characters=100_000)
        yield process(request, "canary", engine, Unwatched(), segment_tokens=160, queued_s=0.0)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def made(result: Result) -> dict[str, str]:
    """The English of each sentence."""
    return {paragraph.source: paragraph.target for paragraph in result.translation.paragraphs}


def test_the_set_is_what_its_name_says() -> None:
    assert len(set(SENTENCES)) >= 50
    assert sum(bool(numbers(french)) for french in SENTENCES) >= 25
    assert sum("«" in french for french in SENTENCES) >= 3
    assert sum(map(len, NAMES.values())) >= 25


def test_every_sentence_has_a_translation_of_its_own(made: dict[str, str]) -> None:
    assert list(made) == SENTENCES
    assert all(words(english) for english in made.values())
    assert max(Counter(made.values()).values()) == 1


def test_nothing_is_left_for_a_reader_to_be_warned_of(result: Result) -> None:
    assert [(w.code, w.detail) for w in result.warnings] == []


@pytest.mark.parametrize("french", SENTENCES)
class TestSentence:
    def test_numbers_are_kept_and_none_is_made_up(self, french: str, made: dict[str, str]) -> None:
        wanted, found = set(numbers(french)), set(numbers(made[french]))
        spelt = {digits for word, digits in SPELT.items() if word in french}
        assert wanted <= found <= wanted | spelt, made[french]

    def test_nothing_is_said_again_and_again(self, french: str, made: dict[str, str]) -> None:
        assert not repeated(made[french]), made[french]

    def test_it_is_english(self, french: str, made: dict[str, str]) -> None:
        assert not FRENCH & set(words(made[french])), made[french]
        assert ENGLISH & set(words(made[french])), made[french]

    def test_it_is_about_as_long(self, french: str, made: dict[str, str]) -> None:
        assert 0.4 <= len(made[french]) / len(french) <= 1.6, made[french]

    def test_it_ends_as_it_should(self, french: str, made: dict[str, str]) -> None:
        end = french[-1] if french[-1] in ".?" else ""
        assert made[french].endswith(end), made[french]
        assert ("«" in french) == ('"' in made[french]), made[french]


def test_most_names_come_through(made: dict[str, str]) -> None:
    kept = [name in made[french] for french, names in NAMES.items() for name in names]
    assert sum(kept) >= 0.8 * len(kept)
