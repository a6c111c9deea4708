"""Articles that are made to be slow: time is linear in their length, and they come back as they are."""

import gc
import time

import pytest

from tests.unit.worker.formats.articles import parts_of, shouted
from worker.formats import Format, parse_markup

#: Parts that are repeated up to a length.
REPEATED = [
    *(
        "a",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "<",
        ">",
        "*",
        "_",
        "[",
        "]",
        "`",
        "~",
        "&",
        "!",
        "|",
        "\\",
        "$",
        "#",
        "(",
        '"',
        "\u2028",
        "e\u0301",
        "e\u0315\u0316",
        "\u0315\u0316",
    ),
    *(
        "![",
        "[]",
        "[a](b",
        "[a](b) ",
        "[a\n",
        "[a]: b\n",
        "a**b",
        "*a ",
        "*a* ",
        "**a *b ",
        "~~a",
        "$a_",
        "$$",
        "{{",
        "[^",
        "[^1]",
    ),
    *(
        "> ",
        "- ",
        "- a\n",
        "1. ",
        "# a\n",
        "---\n",
        "```\n",
        "a\n=\n",
        "a  \n",
        "|a|b|\n",
        "a|b\n-|-\n",
        "---\na: b\n",
        "&eacute;",
    ),
    *(
        "<a ",
        "<a b='",
        "<b>",
        "x <b>",
        "<b>a <i>b ",
        "</b>",
        "<b><i></b>",
        "<div>",
        "<p>a",
        "<br>",
        "x <i><br>",
        "<code>",
        "<svg>",
    ),
    *(
        "<script>",
        "<!--",
        "<!",
        "<?",
        "<![CDATA[",
        "<p translate=no>x",
        "<span translate=no>x",
        "<textarea>",
        "<div>\n\n",
        "<a href=x>y</a> ",
    ),
    *(
        "http://a ",
        "a@b.",
        "www.a.",
        "Le **chat** dort. ",
        "Le <b>chat</b> dort. ",
        "Le **chat** dort.\n\n",
        "le **chat** ",
    ),
]
#: Seconds of processor time that a megabyte may take, and what is too little to be measured.
SECONDS_PER_MB, LEAST_S = 120, 0.15
SIZE = 12_000


def seconds(text: str, form: Format) -> float:

    gc.disable()  # a collection takes as long as the objects of all tests before this one say
    try:
        return _seconds(text, form)
    finally:
        gc.enable()


def _seconds(text: str, form: Format) -> float:
    began = time.process_time()
    markup = parse_markup(text, form)
    parts = [parts_of(block, str) for block in markup.blocks]
    assert markup.rebuild([block.fill(row) for block, row in zip(markup.blocks, parts, strict=True)]) == text
    for block, row in zip(markup.blocks, parts, strict=True):
        phrases = block.phrases([(part.start, part.end) for part in row])
        block.fill(parts_of(block, shouted), {phrase: phrase.upper() for found in phrases for phrase in found})
    return time.process_time() - began


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("part", REPEATED)
def test_time_is_linear(form: Format, part: str) -> None:
    assert_linear(form, part)


@pytest.mark.parametrize("part", ['content="a b" ', 'title="a b" ', "content=a ", "a "])
@pytest.mark.parametrize("tag", ["meta", "meta name=description", "meta name=a", "p", "input", "p translate=no"])
def test_time_is_linear_in_the_attributes_of_a_tag(tag: str, part: str) -> None:
    assert_linear("html", part, f"<{tag} ", ">Le chat dort.")


def assert_linear(form: Format, part: str, before: str = "", after: str = "") -> None:
    """Parsing and filling four times as many parts does not take much more than four times as long."""
    short, long = (before + part * (size // len(part)) + after for size in (SIZE, 4 * SIZE))
    taken = seconds(long, form)
    if taken > LEAST_S:
        # Ten rather than four, and the best of several: a busy machine must not fail it. Quadratic would be sixteen.
        best = min(seconds(short, form) for _ in range(3))
        for _ in range(2):
            if taken >= 10 * best:
                taken = min(taken, seconds(long, form))
        assert taken < 10 * best
    assert taken < SECONDS_PER_MB * len(long) / 1e6


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 10_000 + "Le chat dort." + "</b>" * 10_000,
        "<div>" * 10_000 + "Le chat dort." + "</div>" * 10_000,
        "\n" * 100_000,
        "a" * 1_000_000,
        "<" * 1_000_000,
        "*" * 1_000_000,
        "[" * 1_000_000,
        "`" * 1_000_000,
        f"![x](data:image/png;base64,{'QUJD' * 250_000})",
        f"<img alt='Un chat' src='data:image/png;base64,{'QUJD' * 250_000}'>",
        "Le **" + "chat " * 50_000 + "** dort",
    ],
    ids=["nested", "blocks", "blank", "word", "angles", "stars", "brackets", "ticks", "image", "img", "mark"],
)
def test_a_megabyte_takes_seconds(form: Format, text: str) -> None:
    assert seconds(text, form) < SECONDS_PER_MB / 4
