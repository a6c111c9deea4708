"""What holds for any article, however broken its markup."""

from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.unit.worker.formats.articles import (
    TRANSLATORS,
    Translator,
    articles,
    formats,
    html_articles,
    markdown_articles,
    parts_of,
    translated,
)
from worker.formats import Format, parse_markup

EXAMPLES = settings(max_examples=200, deadline=None)


@given(articles, formats)
@EXAMPLES
def test_an_article_that_is_given_back_as_it_is_comes_back_byte_for_byte(text: str, format: Format) -> None:
    assert translated(text, format, str)[0] == text


@given(articles, formats)
@EXAMPLES
def test_blocks_are_lines_without_outer_blanks(text: str, format: Format) -> None:
    for block in parse_markup(text, format).blocks:
        assert block.text.splitlines() == [block.text]
        assert block.text == block.text.strip()
        assert all(start < end for start, end in block.kept)


@pytest.mark.parametrize("translate", TRANSLATORS)
@given(text=articles, format=formats)
@EXAMPLES
def test_any_translation_can_be_written(translate: Translator, text: str, format: Format) -> None:
    translated(text, format, translate)


@pytest.mark.parametrize("translate", TRANSLATORS)
@given(text=markdown_articles)
@EXAMPLES
def test_markdown_has_the_same_structure_after_translation(translate: Translator, text: str) -> None:
    assert _markdown(translated(text, "markdown", translate)[0]) == _markdown(text)


@pytest.mark.parametrize("translate", TRANSLATORS)
@given(text=html_articles)
@EXAMPLES
def test_html_has_the_same_tags_after_translation(translate: Translator, text: str) -> None:
    assert _html(translated(text, "html", translate)[0]) == _html(text)


@pytest.mark.parametrize("translate", TRANSLATORS)
@given(text=markdown_articles)
@EXAMPLES
def test_no_word_of_a_markdown_translation_is_lost(translate: Translator, text: str) -> None:
    _assert_words_survive(text, "markdown", translate)


@pytest.mark.parametrize("translate", TRANSLATORS)
@given(text=html_articles)
@EXAMPLES
def test_no_word_of_an_html_translation_is_lost(translate: Translator, text: str) -> None:
    _assert_words_survive(text, "html", translate)


def _assert_words_survive(text: str, format: Format, translate: Translator) -> None:
    """A reader of the output sees exactly what the translator wrote, letter by letter."""
    output, fills = translated(text, format, translate)
    wanted: Counter[str] = Counter()
    missed = 0
    for block, fill in zip(parse_markup(text, format).blocks, fills, strict=True):
        kept = Counter("".join(block.text[start:end] for start, end in block.kept).casefold())
        missed += kept.total() if fill.moved else 0
        place = 0
        for number, part in enumerate(parts_of(block, translate)):
            words = block.text[part.start : part.end] if number in fill.untouched else part.target
            wanted.update((block.text[place : part.start] + words).casefold())
            place = part.end
    found = Counter("".join(block.text for block in parse_markup(output, format).blocks).casefold())
    lost, extra = wanted - found, found - wanted
    assert not {sign for sign in lost if sign.isalnum()} or missed
    # What is kept and was not in the translation is added to it.
    assert sum(count for sign, count in extra.items() if sign.isalnum()) <= missed


def _markdown(text: str) -> tuple[list[str], Counter[str]]:
    """The blocks of an article in order, and its links, code and marks."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    blocks = [f"{token.type} {token.tag} {token.markup} {token.info} {_content(token)}" for token in tokens]
    inline = Counter(
        _name(child) for token in tokens for child in token.children or () if child.type not in ("text", "softbreak")
    )
    return blocks, inline


def _content(token: Token) -> str:
    return token.content if token.type in ("fence", "code_block") else ""


def _name(token: Token) -> str:
    tags = {"<em>": "em_open", "</em>": "em_close", "<strong>": "strong_open", "</strong>": "strong_close"}
    tags |= {"<del>": "s_open", "</del>": "s_close"}
    if token.type == "html_inline" and token.content in tags:
        return tags[token.content] + " {}"
    if token.type == "image":
        return f"image {token.attrs['src']}"
    if token.type in ("code_inline", "html_inline"):
        return f"{token.type} {token.content}"
    return f"{token.type} {token.attrs}"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("title", "textarea"):
            self.set_cdata_mode(tag)
        self.found[
            f"{tag} {[(name, value) for name, value in attrs if name not in ('alt', 'title', 'placeholder')]}"
        ] += 1

    def handle_endtag(self, tag: str) -> None:
        self.found[f"/{tag}"] += 1

    def handle_comment(self, data: str) -> None:
        self.found[f"!{data}"] += 1


def _html(text: str) -> Counter[str]:
    """The tags of an article, with their attributes."""
    parser = _Tags()
    parser.feed(text)
    return parser.found
