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
