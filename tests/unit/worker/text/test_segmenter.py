import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.text import FrenchSegmenter
from worker.text.enclosures import DEEPEST, LONGEST_BRACKET, Enclosure, enclosures


def load(name: str) -> ModuleType:
    """The measuring command, which lies beside this file and in no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


measure = load("measure")


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in FrenchSegmenter().split(text)]


@pytest.mark.parametrize(("name", "least"), [("tuning", 0.995), ("heldout", 0.98)])
def test_gold_cases(name: str, least: float) -> None:
    result = measure.score(measure.ours, measure.read_cases(measure.CASES / f"{name}.txt"))
    assert result.cases >= 85
    assert result.f1 >= least


def test_there_are_enough_gold_cases_and_none_twice() -> None:
    cases = [case for path in measure.CASES.glob("*.txt") for case in measure.read_cases(path)]
    assert len(cases) == len(set(cases)) >= 150


def test_the_score_counts_boundaries() -> None:
    result = measure.score(lambda text: ["Un.", "Deux. Trois."], ["Un. ‖Deux. ‖Trois."])
    assert (result.right, result.found, result.gold, result.exact) == (1, 1, 2, 0)
    assert result.f1 == pytest.approx(2 / 3)


@given(st.text(alphabet=st.sampled_from("ABab .!?…«»“”\"()[]—-'’1,;\u00a0\u202f\t。é"), max_size=60))
def test_sentences_cover_the_paragraph(text: str) -> None:
    spans = FrenchSegmenter().split(text)
    place = 0
    for start, end in spans:
        assert not text[place:start].strip()
        assert text[start:end].strip() == text[start:end] != ""
        place = end
    assert not text[place:].strip()


@pytest.mark.parametrize("text", ["", "   ", "\u00a0"])
def test_a_blank_paragraph_has_no_sentence(text: str) -> None:
    assert FrenchSegmenter().split(text) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("« Viens ! Je t'attends depuis longtemps. »", 1),  # a piece of one word stays with its neighbour
        ("« Viens donc ici ! Je t'attends depuis longtemps. »", 2),
        ("Le maire (élu en 2020. Sans étiquette) est absent.", 1),  # a bracket inside a sentence is kept whole
        ("Le maire (élu en 2020. " + "Bien sûr " * 60 + ") est absent.", 2),  # unless it is absurdly long
        ("Il paie 5 M. Elle paie 6.", 2),
        ("M. Elle et M. Lui.", 1),
        ("Il joue. eBay achète.", 2),
        ('" Je viens. " Elle sourit.', 2),
        ("Il sort. --Attends, dit-elle.", 2),
        ("Deux choses. (2) La seconde.", 2),
        ("Art. 3. Le ministre signe.", 1),
        ("Selon Durand et al. (2015), oui. Non.", 2),
        ("Il habite à Lyon. (Voir la carte", 2),
        ("Il vient. (AFP) Le maire part. (Lire p. 3.) Fin.", 4),
        ("Le plan A. « Le plan B. »", 2),
        ("C'est la vitamine C. L'homme en manque.", 2),
        ("Le livre de C. D'Artagnan est long.", 1),
        ("Prix .Net haut. Prix .Les clients partent.", 3),
        ("Il est parti.http reste.", 1),
        ("Il prend la R.N. 7 ou la ligne C. 12 minutes suffisent.", 1),
        ("Elle voit un 😀. 😀 Il rit.", 2),
    ],
)
def test_doubtful_cases(text: str, count: int) -> None:
    assert len(split(text)) == count


def test_enclosures_match_their_own_kind() -> None:
    assert enclosures("« a (b » c)") == [Enclosure(0, 7, bracket=False)]
    assert enclosures('"a" (b)') == [Enclosure(0, 2, bracket=False), Enclosure(4, 6, bracket=True)]
    assert enclosures("») a « (") == []
    assert enclosures("(" + "a" * LONGEST_BRACKET + ")") == []
    assert len(enclosures("«" * 20 + "»" * 20)) == DEEPEST
