"""What readers feel, counted."""

import pytest

from scripts.lab.bundled import evaluation_figures
from scripts.lab.bundled.evaluation_figures import Figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is very very good.", False),
        ("It is very very very good.", True),
        ("in the city in the city", True),
        ("The man and the man said so.", False),
        ("", False),
    ],
)
def test_repeated(text: str, expected: bool) -> None:
    assert evaluation_figures.repeated(text) is expected


@pytest.mark.parametrize(
    ("source", "made", "expected"),
    [
        ("Le président russe est arrivé.", "Le président russe est arrivé.", True),
        ("Vladimir Poutine", "Vladimir Poutine", False),
        (
            "Le ministre parlera demain devant l'assemblée nationale",
            "The ministre parlera tomorrow devant the assembly",
            True,
        ),
        (
            "Le ministre parlera demain devant l'assemblée nationale",
            "The minister will speak tomorrow in parliament",
            False,
        ),
    ],
)
def test_copied(source: str, made: str, expected: bool) -> None:
    assert evaluation_figures.copied(source, made) is expected


def test_figures_of_a_small_set() -> None:
    sources = ["Hier Marie avait 20 chats.", "Oui, dit Paul.", "Il y a 1 000 chiens.", "Non."]
    references = ["Yesterday Marie had 20 cats.", "Yes, said Paul.", "There are 1,000 dogs.", "No."]
    made = ["Yesterday Marie had 30 cats.", "Yes, said Peter.", "There are 1,000 dogs.", "..."]
    assert evaluation_figures.figures(sources, made, references) == Figures(
        repeats=0.0, copies=0.0, wrong_numbers=0.5, names_kept=0.5, empty=0.25
    )
