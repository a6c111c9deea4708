"""What is left of an article with markup for telling its language."""

import time
from typing import Literal

import pytest

from service.contract.language import foreign_language
from service.contract.prose import WANTED_CHARACTERS, prose_of

FRENCH = (
    "Le conseil municipal a voté mardi soir la fermeture de la piscine, que les habitants réclamaient depuis des mois. "
    * 3
)
SCRIPT = "function load() { return window.the_thing_that_was_there.and_this(); } " * 40


@pytest.mark.parametrize(
    ("article", "format"),
    [
        (
            f"<html><head><style>{SCRIPT}</style></head><body><script>{SCRIPT}</script><p>{FRENCH}</p></body></html>",
            "html",
        ),
        (f"<p title='x'>{FRENCH.replace('é', '&eacute;')}</p><pre>{SCRIPT}</pre>", "html"),
        (f"---\ntitle: {SCRIPT}\n---\n\n{FRENCH}\n\n```js\n{SCRIPT}\n```\n", "markdown"),
    ],
)
def test_code_does_not_count(article: str, format: Literal["markdown", "html"]) -> None:
    prose = prose_of(article, format)
    assert "function" not in prose
    assert "fermeture de la piscine" in prose
    assert foreign_language(prose) is None


def test_a_foreign_article_is_told_behind_its_tags() -> None:
    german = (
        "Der Gemeinderat hat am Dienstagabend beschlossen, das Schwimmbad endgültig zu schließen und abzureißen. " * 4
    )
    assert foreign_language(prose_of(f"<div class='le la les des'><p>{german}</p></div>", "html")) == "German"


def test_text_stays_whole() -> None:
    assert prose_of("<b>a</b>" * 3_000, "text") == "<b>a</b>" * 3_000


@pytest.mark.parametrize(
    "unit", ["<", "<!--", "<script>", "```\n", "`", "](", "---\n", "&amp;", "a ", "*", "<b ", "> ~~~\n"]
)
@pytest.mark.parametrize("format", ["markdown", "html"])
def test_any_article_takes_little_time(unit: str, format: Literal["markdown", "html"]) -> None:
    began = time.process_time()
    assert len(prose_of(unit * 500_000, format)) <= WANTED_CHARACTERS
    assert time.process_time() - began < 1


def test_ends_that_never_come_are_not_looked_for_again_and_again() -> None:
    def seconds(article: str) -> float:
        began = time.process_time()
        prose_of(article, "markdown")
        return time.process_time() - began

    plain, links = (min(seconds(unit * 50_000) for _ in range(3)) for unit in ("]x", "]("))
    assert links < 20 * plain, (
        "as many marks; looking 2,000 characters ahead from each takes over a hundred times as long"
    )


@pytest.mark.parametrize(
    ("article", "prose"),
    [
        ('Voir [le pont](/pont "Brest"), dit la maire.', "Voir  le pont , dit la maire."),
        ("Voir [le film](/wiki/Le_Pont_(film)), dit la maire.", "Voir  le film , dit la maire."),
        ("Voir [un](/a) et [deux](/b (c) d (e)).", "Voir  un  et  deux ."),
        ("Voir [un](/a et (deux).", "Voir  un (/a et (deux)."),
    ],
)
def test_addresses_of_links_do_not_count(article: str, prose: str) -> None:
    assert prose_of(article, "markdown") == prose


def test_references_are_read_however_long_they_are() -> None:
    for digits in (7, 9, 10, 5_000):
        assert prose_of(f"<p>&#233;t&#{'9' * digits};&#xe9;</p>", "html").strip() == "ét\ufffdé"
