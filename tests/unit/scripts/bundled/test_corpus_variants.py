"""Variants keep the two sides of a pair in step."""

import random

import pytest

from scripts.lab.bundled import corpus, corpus_variants
from scripts.lab.bundled.corpus import Pair
from scripts.lab.bundled.corpus_variants import NameMaker

_SEEN = ["Pauline", "Lyon", "Alice", "Berlin", "Marseille", "Oslo", "Emmanuel"]


def test_names_are_those_that_both_sides_share_inside_the_sentence() -> None:
    pairs = [Pair("Je vois Pauline à Lyon.", "I see Pauline in Lyon.", "a"), Pair("Paris dort.", "Paris sleeps.", "a")]
    assert corpus_variants.names(pairs) == ["Pauline", "Lyon"]


def test_renamed_puts_the_same_name_on_both_sides() -> None:
    maker = NameMaker(_SEEN)
    for seed in range(20):
        made = corpus_variants.renamed(
            Pair("Le chien de Pauline dort.", "The dog of Pauline sleeps.", "a"), maker, random.Random(seed)
        )
        name = made.french.removeprefix("Le chien de ").removesuffix(" dort.")
        assert made.english == f"The dog of {name} sleeps."


def test_drawn_names_begin_like_the_one_they_replace() -> None:
    maker, chance = NameMaker(_SEEN), random.Random(3)
    assert all(maker.draw("Alice", chance)[0] in "AEIOUYH" for _ in range(50))
    assert all(maker.draw("Berlin", chance)[0] not in "AEIOUYH" for _ in range(50))


def test_name_maker_needs_names() -> None:
    with pytest.raises(ValueError, match="at least one name"):
        NameMaker([])


def test_renumbered_keeps_the_numbers_equal() -> None:
    pair = Pair("Il y a 250 chats et 12 chiens en 1998.", "There are 250 cats and 12 dogs in 1998.", "a")
    for seed in range(20):
        made = corpus_variants.renumbered(pair, random.Random(seed))
        assert corpus.numbers(made.french) == corpus.numbers(made.english)
        assert made.french != pair.french


def test_reshaped_makes_every_shape_and_mostly_none() -> None:
    pair = Pair("Le roi dort ici.", "The king sleeps here.", "a")
    chance = random.Random(5)
    made = [corpus_variants.reshaped(pair, chance) for _ in range(2000)]
    shapes = {p.english for p in made}
    assert shapes == {
        "The king sleeps here.",
        "The king sleeps here",
        "THE KING SLEEPS HERE.",
        '"The king sleeps here."',
        "the king sleeps here.",
    }
    assert sum(p == pair for p in made) > 1600
