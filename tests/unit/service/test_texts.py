"""The texts alone: plain to the character, Markdown that shows the same."""

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
    assert texts.translation(RESULT, False) == "One.\n\n  Two.\r\n"
    assert texts.summary(RESULT, False) is None


def test_markdown_has_blocks() -> None:
    assert texts.translation(RESULT, True) == "One.\n\nTwo.\n"


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
    ],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert texts.escape(text) == escaped
