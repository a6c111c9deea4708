"""Which lines are fit to learn from."""

from collections import Counter

import pytest

from scripts.lab.bundled import corpus
from scripts.lab.bundled.corpus import Pair


@pytest.mark.parametrize(
    ("french", "english", "reason"),
    [
        ("Il pleut sur la ville depuis ce matin.", "It has been raining on the city since this morning.", None),
        ("Le pays compte 1 200 000 habitants.", "The country has 1,200,000 inhabitants.", None),
        ("", "Nothing.", "empty"),
        ("Radio Canada", "radio canada", "copy"),
        ("Oui.", "Yes, and there is so much more to say about all this.", "ratio"),
        ("12 345 678 * 9", "12 345 678 * 9 a", "symbols"),
        ("Voir https://exemple.fr pour la suite", "See https://exemple.fr for the rest", "machine"),
        ("Il a gagné 20 fois.", "He won 12 times in all.", "numbers"),
        ("The people of the city are in the street.", "The people of the town were in the street.", "language"),
        ("Les gens de la ville sont dans la rue.", "Les habitants de la ville sont dans les rues.", "language"),
        ("mot " * 70, "word " * 70, "long"),
    ],
)
def test_unfit_names_its_reason(french: str, english: str, reason: str | None) -> None:
    assert corpus.unfit(french.strip(), english.strip()) == reason


def test_select_cleans_and_drops_repeats_and_templates() -> None:
    pairs = [Pair("Il  pleut\tfort.", "It rains hard.", "a"), Pair("Il pleut fort.", "It rains hard.", "b")]
    pairs += [Pair(f"Notice numéro {n}.", f"Notice number {n}.", "a") for n in range(9)]
    dropped: Counter[str] = Counter()
    kept = list(corpus.select(pairs, dropped))
    assert kept[0] == Pair("Il pleut fort.", "It rains hard.", "a")
    assert len(kept) == 1 + 3
    assert dropped == {"repeat": 1, "template": 6}


def test_clean_keeps_non_breaking_spaces_and_composes_accents() -> None:
    assert corpus.clean(" cafe\u0301\u00a0: oui\x00 ") == "café\u00a0: oui"


def test_every_source_has_a_licence_and_a_weight() -> None:
    assert all(source.weight > 0 and source.copies >= 1 and source.licence for source in corpus.SOURCES.values())
    assert set(corpus.HELD_OUT) <= set(corpus.SOURCES)
