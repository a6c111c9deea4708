"""Articles with all kinds of markup, whole and broken, and translators that do simple things to them."""

import re
from collections.abc import Callable

from hypothesis import strategies as st

from worker.formats import Block, Filled, Format, Part, parse_markup
from worker.text import Document, FrenchSegmenter

SEGMENTER = FrenchSegmenter()

WORDS = [
    "Le chat",
    " noir",
    " dort.",
    "\u00c9t\u00e9",
    " 12,5 %",
    "R&D",
    " snake_case",
    "l'eau",
    " \u00ab oui \u00bb",
    "Vu.",
    "\n",
    " ",
]
MARKDOWN = [
    *(
        "*",
        "**",
        "***",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "[",
        "]",
        "](u)",
        '](<u v> "t")',
        "][a]",
        "![",
        "\n[a]: /u 'x'\n",
        "!",
    ),
    *(
        "#",
        "\n# ",
        " #",
        "\n> ",
        "\n- ",
        "\n1. ",
        "\n- [ ] ",
        "  \n",
        "\\\n",
        "\t",
        "\n\n",
        "\n    ",
        "\n```\n",
        "\n---\n",
        "\n==\n",
    ),
    *(
        "|",
        "\na|b\n-|-\n",
        "\n|",
        "\\|",
        "\\",
        "\\*",
        "$",
        "$x_1$",
        "[^1]",
        "\n[^1]: ",
        "{{ x }}",
        "{% y %}",
        "+++\n",
        "---\na: b\n---\n",
    ),
]
HTML = [
    *(
        "<",
        ">",
        "&",
        "&amp;",
        "&eacute;",
        "&nbsp;",
        "&#10;",
        "&lt",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<a href='u'>",
        "</a>",
        "<br>",
    ),
    *(
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<ul><li>",
        "</li></ul>",
        "<h2>",
        "</h2>",
        "<td>",
        "<table>",
        "</table>",
        "<code>",
        "</code>",
    ),
    *(
        "<pre>",
        "</pre>",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "<!doctype html>",
        "<svg>",
        "</svg>",
        "<title>",
        "</title>",
    ),
    *(
        '<img alt="Un chat" src=x>',
        "<p title='Le chat'>",
        "<p translate=no>",
        '<span class="notranslate">',
        "</span>",
        "<textarea>",
    ),
    *(
        "<a b='",
        '"',
        "'",
        "<![CDATA[",
        "<?",
        "</",
        "https://exemple.fr/a_b?c=d&e",
        "x@exemple.fr",
        "<input placeholder='Nom'>",
    ),
]
STRANGE = [
    "\r",
    "\r\n",
    "\u2028",
    "\x85",
    "\x1c",
    "\x0b",
    "\f",
    "\0",
    "\u200b",
    "\ufeff",
    "\u00a0",
    "\u3000",
    "\U0001f600",
    "\u0301",
]

#: Articles of both formats, often with markup that is broken.
articles = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(MARKDOWN),
        st.sampled_from(HTML),
        st.sampled_from(STRANGE),
        st.text(max_size=4),
    ),
    max_size=40,
).map("".join)
formats = st.sampled_from(["markdown", "html"])
#: Articles of one format, less what the parsers that the tests compare with do not know.
markdown_articles = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from([sign for sign in MARKDOWN if "[^" not in sign])), max_size=40
).map("".join)
html_articles = st.lists(
    st.one_of(
        st.sampled_from(WORDS), st.sampled_from([sign for sign in HTML if "--" not in sign]), st.just("<!-- vu -->")
    ),
    max_size=40,
).map("".join)

Translator = Callable[[str], str]


def shouted(sentence: str) -> str:
    """Another spelling of each word, in its place."""
    return sentence.upper()


def turned(sentence: str) -> str:
    """The words the other way round."""
    return " ".join(reversed(sentence.split()))


def hostile(sentence: str) -> str:
    """Words that look like markup."""
    return f"# {sentence} 1. *a* _b_ [c](d) [e] ![f](g) <i> &amp; `h` ~~i~~ | $j_1$ \\ !"


def renamed(sentence: str) -> str:
    """Nothing that stood there before."""
    return re.sub(r"[^\W\d_]+", "mot", sentence)


TRANSLATORS: list[Translator] = [shouted, turned, hostile, renamed]


def parts_of(block: Block, translate: Translator) -> list[Part]:
    """The sentences of a block, translated."""
    document = Document.parse(block.text, SEGMENTER)
    assert len(document.paragraphs) == 1
    assert not any(document.separators)
    parts = []
    place = 0
    for segment in document.paragraphs[0].segments:
        end = place + len(segment.source)
        parts.append(Part(place, end, translate(segment.source)))
        place = end + len(segment.gap)
    return parts


def translated(text: str, format: Format, translate: Translator) -> tuple[str, list[Filled]]:
    """An article with each of its sentences translated, and its blocks."""
    markup = parse_markup(text, format)
    fills = [block.fill(parts_of(block, translate)) for block in markup.blocks]
    return markup.rebuild(fills), fills
