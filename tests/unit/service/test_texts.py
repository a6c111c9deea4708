"""The texts alone: plain to the character, Markdown that shows the same."""

import time

import pytest

from service.api import texts

RESULT = {
    "translation": {
        "title": None,
        "text": "One.\n\n  Two.\r\n",
        "paragraphs": [{"target": "One."}, {"target": "Two."}],
    },
    "summary": None,
}


def test_plain_text_keeps_its_separators() -> None:
    assert texts.translation(RESULT, texts.PLAIN) == "One.\n\n  Two.\r\n"
    assert texts.summary(RESULT, texts.PLAIN) is None


def test_markdown_has_blocks() -> None:
    assert texts.translation(RESULT, texts.MARKDOWN) == "One.\n\nTwo.\n"


def test_an_article_with_markup_comes_as_what_it_was() -> None:
    translation = {"title": "A *title*", "text": "<p>One &amp; two.</p>", "paragraphs": [{"target": "One & two."}]}
    html = {"translation": translation, "summary": None, "format": "html"}
    assert texts.offers_of_translation(html) == [texts.HTML, texts.PLAIN, texts.MARKDOWN, texts.TSV]
    assert texts.translation(html, texts.HTML) == "<p>One &amp; two.</p>"
    assert texts.translation(html, texts.PLAIN) == "A *title*\n\nOne & two.\n"
    assert texts.translation(html, texts.MARKDOWN) == "# A \\*title\\*\n\nOne & two.\n"
    markdown = {**html, "format": "markdown", "translation": {**translation, "text": "*One* & two."}}
    assert texts.offers_of_translation(markdown)[0] == texts.MARKDOWN
    assert texts.translation(markdown, texts.MARKDOWN) == "# A \\*title\\*\n\n*One* & two."
    assert texts.translation(markdown, texts.PLAIN) == "A *title*\n\nOne & two.\n"


def test_french_and_english_side_by_side() -> None:
    segments = [
        {"source": "Un\t<b>.", "target": "One <b>.", "flags": []},
        {"source": "Deux.", "target": "Two & more.", "flags": ["number_missing", "repeated"]},
    ]
    paragraph = {"source": "Un\t<b>. Deux.", "target": "One <b>. Two & more.", "segments": segments}
    result = {
        "translation": {"title": "A & B", "text": "", "paragraphs": [paragraph]},
        "summary": {"text": "Short <i>."},
    }
    assert texts.translation(result, texts.TSV) == (
        "paragraph\tsegment\tfrench\tenglish\tflags\n"
        "0\t0\tUn <b>.\tOne <b>.\t\n"
        "0\t1\tDeux.\tTwo & more.\tnumber_missing,repeated\n"
    )
    page = texts.translation(result, texts.HTML)
    assert "<title>A &amp; B</title>" in page
    assert "<p>Short &lt;i&gt;.</p>" in page
    marked = '<td lang="en">One &lt;b&gt;. <span title="number_missing, repeated">Two &amp; more.</span></td>'
    assert marked in page


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# Not a heading", "\\# Not a heading"),
        ("- not a list", "\\- not a list"),
        ("1. not a list", "1\\. not a list"),
        ("12) not a list", "12\\) not a list"),
        ("a *b* _c_ `d` [e](f) <g> \\h", "a \\*b\\* \\_c\\_ \\`d\\` \\[e\\](f) \\<g\\> \\\\h"),
        ("3.5 per cent - no more", "3\\.5 per cent - no more"),
        ("A sentence. Another, in 1998.", "A sentence. Another, in 1998."),
        ("\n\n \t- one\n\n\n\u00a0 2. two\n - three", "\n\n \t\\- one\n\n\n\u00a0 2\\. two\n \\- three"),
    ],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert texts.escape(text) == escaped


def test_blank_lines_are_passed_over_once() -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        texts.escape(text)
        return time.process_time() - began

    written, blank = (min(seconds(line * 8_000) for _ in range(3)) for line in ("a\n", "\n"))
    assert blank < 20 * written, (
        "as many lines; looking through all that follow from each takes a thousand times as long"
    )
