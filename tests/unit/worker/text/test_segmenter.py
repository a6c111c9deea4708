import importlib.util
import sys
import time
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
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


measure = load("measure")


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in FrenchSegmenter().split(text)]


@pytest.mark.parametrize(
    ("name", "cases", "least"),
    [("tuning", 135, 0.995), ("heldout", 90, 0.995), ("blind", 190, 0.99), ("second", 90, 0.99)],
)
def test_gold_cases(name: str, cases: int, least: float) -> None:
    result = measure.score(measure.ours, measure.read_cases(measure.CASES / f"{name}.txt"))
    assert result.cases >= cases
    assert result.f1 >= least


def test_there_are_enough_gold_cases_and_none_twice() -> None:
    cases = [case for path in measure.CASES.glob("*.txt") for case in measure.read_cases(path)]
    assert len(cases) == len(set(cases)) >= 500


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
        ("Bravo ! 🇫🇷❤️ Merci à tous. 👉 Lisez ceci.", 3),
        ("Prévoir 20 min. 30 s. de plus. Partir à 9 h. 12 personnes suivent.", 3),
        ("Le livre fait 512 p. Celui-là en fait 640.", 2),
        ("En 2017 M. Macron promettait l'inverse.", 1),
        ("On interroge Éric M. Il nie tout.", 2),
        ("On interroge Éric M. Durand à ce sujet.", 1),
        ("Le col. Weber salue. Il franchit le col. Pinot attaque.", 3),
        ("Yahoo! Japon fusionne avec Yahoo! Le marché applaudit.", 2),
        ("Il manque de vitamine D. Paul aussi, dit A. Martin.", 2),
        ("Classement : 1. Roglič, 2. Vingegaard, 3. Pogačar. Puis 4. Evenepoel.", 3),
        ("Le vol. III est paru, pas le vol. Il manque.", 2),
        ("Art. L. 121-3 bis. – Il n'y a point de délit.", 1),
        ("Jeanne Moreau. – Je ne regrette rien.", 1),
        ("M. le président. – La séance est levée.", 1),
        ("Il partit. – Reviens, cria-t-elle.", 2),
        ("Météo. Orages attendus sur l'Est", 1),
        ("Météo. Orages attendus sur l'Est.", 2),
        ("Quel match ! #foot #OM", 2),
        ("Quel match ! #foot et rien d'autre", 1),
        ("Il parle de Kevin B. Heureusement, nul n'écoute.", 2),
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


HOSTILE = {
    "a giant word": "a" * 1_000_000,
    "stops": "." * 100_000,
    "stops and blanks": ". " * 100_000,
    "marks": "! ? " * 50_000,
    "brackets": "(" * 100_000,
    "quotation marks": "«" * 100_000,
    "straight quotation marks": '"' * 100_000,
    "nested quotations": "« Il va. " * 25_000 + "» " * 25_000,
    "brackets with stops": "(Il va. " * 25_000 + ") " * 25_000,
    "abbreviations": "M. " * 100_000,
    "initials": "J. K. " * 25_000,
    "names": "Éric M. Il " * 25_000,
    "sentences": "Il va. " * 50_000,
    "items": ", ".join(f"{number}. A" for number in range(1, 50_000)),
    "tags": "Il va. #a #b " * 50_000 + "#c" * 100_000,
    "short brackets": ("a. (" + "b" * 41) * 10_000,
    "no space": "A." * 100_000,
    "blanks": "\u00a0" * 100_000 + "." + "\u00a0" * 100_000 + "A",
    "Arabic": "Il dit هل أنت بخير؟ " * 20_000,
    "Chinese": "Il lit 出口。「你好。」" * 20_000,
    "emoji": "Oui ! 😀" * 50_000 + "😀\u200d" * 50_000 + "! A",
    "no width": "\u200b" * 100_000 + "a.\u200bB" * 50_000,
    "combining": "E\u0301. " * 50_000 + "\u0301" * 100_000,
    "a mix": '.«"(—' * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_linear_time(name: str) -> None:
    # A second is enough for each; quadratic time would take many minutes.
    text = HOSTILE[name]
    start = time.perf_counter()
    FrenchSegmenter().split(text)
    assert time.perf_counter() - start < 20
