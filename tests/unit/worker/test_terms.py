"""Terms are found as users mean them, and none is lost on the way through a model that has its own mind."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.terms import Term, TermFinder, around, mask, substituted, unmask, unmet

GLOSSARY = {"comité d'entreprise": ("works council", False), "hausse": ("rise", True), "PIB": ("GDP", False)}
FINDER = TermFinder.of_request(GLOSSARY, ["Durand & Fils", "&Co", "C++"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Le comité d'entreprise refuse.", {"comité d'entreprise": "works council"}),
        ("Comité  d'entreprise", {"Comité  d'entreprise": "works council"}),
        ("le comité d'entreprises", {}),
        ("Les hausses, la Hausse et rehausser", {"hausses": "rise", "Hausse": "rise"}),
        ("Le PIB, pas le pib", {"PIB": "GDP"}),
        (
            "Durand & Fils et &Co en C++ ; Durand&Fils, C + +",
            {"Durand & Fils": "Durand & Fils", "&Co": "&Co", "C++": "C++"},
        ),
        (
            "{name}, {{ nom }}, %s, %(n)d, %1$s, ${X}, $AMOUNT",
            {x: x for x in ("{name}", "{{ nom }}", "%s", "%(n)d", "%1$s", "${X}", "$AMOUNT")},
        ),
        ("50 % des gens, 100%, 12 %sûr, $5, $US, {deux mots}", {}),
    ],
)
def test_terms_are_found(text: str, found: dict[str, str]) -> None:
    assert {text[use.start : use.end]: use.wanted for use in FINDER.find(text)} == found


def test_the_longest_term_wins_and_none_overlap() -> None:
    finder = TermFinder.of_request({"droit": ("law", False), "droit du travail": ("labour law", False)}, [])
    assert [use.wanted for use in finder.find("le droit du travail et le droit")] == ["labour law", "law"]


def test_what_is_kept_goes_before_the_glossary() -> None:
    finder = TermFinder.of_request({"Monde": ("World", False)}, ["Monde"])
    assert [use.wanted for use in finder.find("Le Monde")] == ["Monde"]


@pytest.mark.parametrize(
    ("text", "target", "missing"),
    [
        ("Une hausse", "A rise", []),
        ("Une hausse", "It rises", []),
        ("Une hausse", "A sunrise", ["rise"]),
        ("Une hausse, une hausse", "One rise", ["rise"]),
        ("Le PIB", "The gdp", []),
        ("Le PIB", "The GDPs", ["GDP"]),
        ("Durand & Fils", "Durand & fils", ["Durand & Fils"]),
        ("Bonjour {name}", "Hello {name}.", []),
        ("Bonjour {name}", "Hello { name }.", ["{name}"]),
    ],
)
def test_what_is_missing(text: str, target: str, missing: list[str]) -> None:
    assert [use.wanted for use in unmet(FINDER.find(text), target)] == missing


def test_masks() -> None:
    text = "Le comité d'entreprise craint une hausse."
    uses = FINDER.find(text)
    assert mask(text, uses) == "Le Zq1 craint une Zq2."
    assert unmask("The zq1 fears a Zq2's end.", uses) == "The works council fears a rise's end."
    assert unmask("The Zq1 fears.", uses) is None
    assert unmask("The Zq1 fears Zq2 and Zq2.", uses) is None
    assert unmask("The Zq1 fears Zq12.", uses) is None
    assert substituted(text, uses) == "Le works council craint une rise."


@given(
    st.text(st.sampled_from("ab c{}%s$A.\n"), max_size=40),
    st.lists(st.text("ab c", min_size=1, max_size=4), max_size=4),
)
def test_nothing_is_lost_at_the_cuts(text: str, words: list[str]) -> None:
    finder = TermFinder([Term(word.strip() or "a", "X") for word in words])
    uses = finder.find(text)
    assert (
        "".join(part if isinstance(part, str) else text[part.start : part.end] for part in around(text, uses)) == text
    )
    assert all(a.end <= b.start for a, b in pairwise(uses))
    assert unmet(uses, substituted(text, uses)) == () or any(
        len(use.wanted) and not use.wanted.isalnum() for use in uses
    )


@pytest.mark.parametrize("text", ["a" * 1_000_000, "mot " * 250_000, "{" * 1_000_000, "$A" * 500_000, "%(" * 500_000])
def test_time_is_bounded(text: str) -> None:
    finder = TermFinder.of_request({f"mot {n}": ("word", True) for n in range(500)}, [f"nom{n}" for n in range(500)])
    began = time.perf_counter()
    finder.find(text)
    assert time.perf_counter() - began < 5
