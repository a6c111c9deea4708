"""What of Markdown is prose, and how the translator's words are written in it."""

import pytest

from tests.unit.worker.formats.articles import parts_of
from worker.formats import Part, Role, parse_markup


def texts(article: str) -> list[str]:
    return [block.text for block in parse_markup(article, "markdown").blocks]


def filled(article: str, *targets: str, phrases: dict[str, str] | None = None) -> str:
    """The article with each of its blocks' sentences translated, in order."""
    markup = parse_markup(article, "markdown")
    waiting = iter(targets)
    fills = [block.fill(parts_of(block, lambda _: next(waiting)), phrases) for block in markup.blocks]
    assert next(waiting, None) is None
    return markup.rebuild(fills)


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("Un *mot* et `code`.", ["Un mot et code."]),
        ("# Titre #\n\nSoulign\u00e9\n===\n", ["Titre", "Soulign\u00e9"]),
        ("> une\n> ligne\nou deux", ["une ligne ou deux"]),
        ("- a\n  - b\n\n    c\n", ["a", "b", "c"]),
        ("| a | b\\|c |\n|---|---|\n| d |  |\n", ["a", "b|c", "d"]),
        ("---\ntitre: x\n---\nTexte", ["Texte"]),
        ("+++\ntitre = 'x'\n+++\nTexte", ["Texte"]),
        ("---\n\nTexte\n\n---\n", ["Texte"]),
        ("```\ncode\n```\n\n    code\n\nTexte", ["Texte"]),
        ("[a]: http://x 'Titre'\n\nVoir [a].", ["Voir a."]),
        ("Vu[^1].\n\n[^1]: Une note.\n[^2]: Une autre.", ["Vu.", "Une note.", "Une autre."]),
        ("- [x] fait\n- [ ] \u00e0 faire", ["fait", "\u00e0 faire"]),
        ("Vers un  \nVers deux\\\nVers trois", ["Vers un", "Vers deux", "Vers trois"]),
        ("![Un chat](c.png)", ["Un chat"]),
        ("Voici ![Un chat](c.png) assis.", ["Un chat", "Voici assis."]),
        ("<div>\nLe <b>chat</b>\n</div>", ["Le chat"]),
        ("Caf&eacute;&nbsp;: 5\\*", ["Caf\u00e9\u00a0: 5*"]),
        ("<https://x.fr> et a@b.fr", ["https://x.fr et a@b.fr"]),
        ("L'aire $\\pi r^2$ vaut {{ x }}.", ["L'aire $\\pi r^2$ vaut {{ x }}."]),
    ],
)
def test_prose(article: str, expected: list[str]) -> None:
    assert texts(article) == expected


def test_kept() -> None:
    block = parse_markup("Lancez `f(x)` sur <https://x.fr>, puis $a_1$.", "markdown").blocks[0]
    assert [block.text[start:end] for start, end in block.kept] == ["f(x)", "https://x.fr", "$a_1$"]


def test_roles() -> None:
    blocks = parse_markup("# a\n\nb\n\n|c|\n|-|\n\n![d](e)", "markdown").blocks
    assert [block.role for block in blocks] == [Role.HEADING, Role.PROSE, Role.CELL, Role.ATTRIBUTE]


@pytest.mark.parametrize(
    ("article", "targets", "expected"),
    [
        ("Un.", ["# One *two* [x](y)"], "\\# One \\*two\\* \\[x\\](y)"),
        ("Un.", ["1. One"], "1\\. One"),
        ("Un.", ["- One"], "\\- One"),
        ("Un.", ["A * B, a_b, R&D, 1 < 2 [sic]!"], "A * B, a_b, R&D, 1 < 2 [sic]!"),
        ("Un.", ["&amp; <b> `c` ~~d~~"], "\\&amp; \\<b> \\`c\\` \\~\\~d\\~\\~"),
        ("| Un |\n|---|\n", ["a | b"], "| a \\| b |\n|---|\n"),
        ("Un\n---\n", ["a | b"], "a &#124; b\n---\n"),
        ("# Un", ["C #"], "# C \\#"),
        ("[un](u)", ["a [b]"], "[a \\[b\\]](u)"),
        ("![un](u)", ["it's a [b] | c_d"], "![it's a \\[b\\] &#124; c_d](u)"),
        ("Vu. Un\nmot ici. Non&nbsp;!", ["Vu.", "One", "Non\u00a0!"], "Vu. One Non&nbsp;!"),
        ("Un mot.\nAutre.", ["One word.", "- Other."], "One word.\n\\- Other."),
        ("> Un mot.\n> Autre.", ["One word.", "Other."], "> One word.\n> Other."),
        ("_mot_", ["word"], "_word_"),
        ("`  \nun mot", ["word one `"], "word  \none \\`"),
    ],
)
def test_words_are_no_markup(article: str, targets: list[str], expected: str) -> None:
    assert filled(article, *targets, phrases={"mot": "word"}) == expected


def test_emphasis_that_asterisks_can_not_mark_becomes_a_tag() -> None:
    assert filled("le *\u00ab mot \u00bb* ici", "the\u201cword\u201dhere") == "the<em>\u201cword\u201d</em>here"


def test_code_that_the_translator_lost_is_put_in() -> None:
    block = parse_markup("Lancez `f(x)` maintenant.", "markdown").blocks[0]
    fill = block.fill([Part(0, len(block.text), "Run it now.")])
    assert fill.source == "Run `f(x)` it now."
    assert fill.moved == (0,)


def test_a_blank_target_leaves_the_source() -> None:
    assert filled("Un **mot**.", " ") == "Un **mot**."


def test_parts_that_are_out_of_order_or_bounds() -> None:
    block = parse_markup("Un mot.", "markdown").blocks[0]
    for parts in ([Part(0, 9, "x")], [Part(3, 6, "x"), Part(0, 2, "y")]):
        with pytest.raises(ValueError, match="out of"):
            block.fill(parts)


def test_as_many_fills_as_blocks() -> None:
    with pytest.raises(ValueError, match="0 fills for 1 blocks"):
        parse_markup("Un mot.", "markdown").rebuild([])


def test_a_sentence_with_more_marks_than_are_placed_is_left() -> None:
    block = parse_markup("un *mot* " * 200, "markdown").blocks[0]
    fill = block.fill([Part(0, len(block.text), "words " * 400)])
    assert fill.untouched == (0,)
    assert fill.source == block.source


def test_one_sentence_that_can_not_be_written_leaves_the_others() -> None:
    block = parse_markup("Un mot. " + "*Un* *mot*. " + "Le chat.", "markdown").blocks[0]
    parts = parts_of(block, {"Un mot.": "A.", "Le chat.": "The cat."}.get)  # type: ignore[arg-type]
    assert len(parts) == 3
    parts[1] = Part(parts[1].start, parts[1].end, "x")
    fill = block.fill(parts)
    assert fill.source == "A. *Un* *mot*. The cat."
    assert fill.untouched == (1,)


@pytest.mark.parametrize(
    ("article", "target", "expected"),
    [
        ("Elle a \u00e9crit ![](a.png) hier", "She wrote yesterday", "She wrote ![](a.png) yesterday"),
        ("Voici la carte et ![](a.png).", "Here is the map and .", "Here is the map and ![](a.png)."),
        ("Voici la carte et ![](a.png).", "Here is the map and.", "Here is the map and ![](a.png)."),
        ("Le chat[^1] dort.", "The cat sleeps.", "The cat sleeps.[^1]"),
    ],
)
def test_an_image_between_blanks_stays_between_blanks(article: str, target: str, expected: str) -> None:
    assert filled(article, target) == expected


def test_what_changes_is_written_anew_beside_accents_that_are_not_composed() -> None:
    article = "Le cafe\u0301 *ferme\u0301* dort. L'e\u0301te\u0301 *vient*. Fin"
    assert texts(article) == ["Le caf\u00e9 ferm\u00e9 dort. L'\u00e9t\u00e9 vient. Fin"]
    output = filled(article, "The closed caf\u00e9 sleeps.", "L'\u00e9t\u00e9 vient.", "End")
    assert "L'e\u0301te\u0301 *vient*. End" in output
    assert output.startswith("The ")
