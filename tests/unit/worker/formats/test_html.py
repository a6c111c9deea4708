"""What of HTML is prose, and how the translator's words are written in it."""

import pytest

from tests.unit.worker.formats.articles import parts_of
from worker.formats import Part, Role, parse_markup
from worker.formats.html_tokens import Sort, tokens


def texts(article: str) -> list[str]:
    return [block.text for block in parse_markup(article, "html").blocks]


def filled(article: str, *targets: str) -> str:
    markup = parse_markup(article, "html")
    waiting = iter(targets)
    fills = [block.fill(parts_of(block, lambda _: next(waiting))) for block in markup.blocks]
    assert next(waiting, None) is None
    return markup.rebuild(fills)


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("Un <b>mot</b>", ["Un mot"]),
        ("<p>Un\n   <i>mot</i>\t ici</p>", ["Un mot ici"]),
        ("<p>a<p>b<ul><li>c<li>d</ul>", ["a", "b", "c", "d"]),
        ("<p>Caf&eacute; &amp; th&#233;&nbsp;!", ["Caf\u00e9 & th\u00e9\u00a0!"]),
        ("<style>a</style><script>if (a<b) '</p>'</script><pre>c</pre><textarea><b></textarea>Un", ["Un"]),
        ("<svg><text>a</text></svg><math><mi>x</mi></math><template>b</template><!-- c -->Un", ["Un"]),
        ("<p translate=no>a <b>b</b></p>Un<p class='x notranslate'>c<p>Deux", ["Un", "Deux"]),
        ("<ul translate=no><li>a<ul><li>b</ul></ul>Un", ["Un"]),
        ("Un <code>f(<i>x</i>)</code> ici", ["Un f(x) ici"]),
        (
            "<title>Le titre</title><meta name=description content='Un r\u00e9sum\u00e9'>",
            ["Le titre", "Un r\u00e9sum\u00e9"],
        ),
        ("<meta name=description content='Un' content='Deux'><img alt=a alt='Un chat'>", ["Un"]),
        ("<img alt='Un chat' src=c><input placeholder=\"Nom\"><p title='Info'>", ["Un chat", "Nom", "Info"]),
        ("Vers un,<br>vers deux.<br>Vers trois<br>Vers quatre", ["Vers un, vers deux.", "Vers trois", "Vers quatre"]),
        ("a <!-- c --> b", ["a b"]),
        ("1 < 2 & 3 > 2", ["1 < 2 & 3 > 2"]),
        ("Un <a href='x", ["Un"]),
        ("Un <!-- deux", ["Un"]),
        ("Un <i class=notranslate><i class=notranslate>a</i> b", ["Un"]),
        ("a<b></b>b <i> </i>c", ["ab c"]),
    ],
)
def test_prose(article: str, expected: list[str]) -> None:
    assert texts(article) == expected


def test_roles() -> None:
    article = "<title>a</title><h1>b</h1><p>c<table><td>d</table><img alt='e'>"
    assert [block.role for block in parse_markup(article, "html").blocks] == [
        Role.TITLE,
        Role.HEADING,
        Role.PROSE,
        Role.CELL,
        Role.ATTRIBUTE,
    ]


@pytest.mark.parametrize(
    ("article", "targets", "expected"),
    [
        ("<p>Un", ["a < b & c > d \u00a0\u00e9"], "<p>a &lt; b &amp; c &gt; d \u00a0\u00e9"),
        ("<img alt='Un'>", ['it\'s "x"'], "<img alt='it&#39;s \"x\"'>"),
        ('<img alt="Un">', ['it\'s "x"'], '<img alt="it\'s &quot;x&quot;">'),
        (
            "<p>Vu&nbsp;ici. Un\n<b>mot</b> l\u00e0.</p>",
            ["Vu\u00a0ici.", "A word there."],
            "<p>Vu&nbsp;ici. A <b>word</b> there.</p>",
        ),
        ("<p>Un <img alt='chat'>chat.", ["cat", "A cat."], "<p>A <img alt='cat'>cat."),
        ("Un<br>mot long", ["a long word"], "a<br>long word"),
        ("<b>Un.</b> Deux.", ["One.", "Two."], "<b>One.</b> Two."),
        ("<b>Un. Deux</b> trois.", ["One.", "Two three."], "<b>One. Two</b> three."),
        ("Un <b>mot", ["A word"], "A <b>word"),
        ("mot</b> un", ["word a"], "word</b> a"),
    ],
)
def test_words_between_tags(article: str, targets: list[str], expected: str) -> None:
    assert filled(article, *targets) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<b c='>' d=\"e\" f=g h>", ["a", "<b c='>' d=\"e\" f=g h>"]),
        ("<!-->a<!--->b<!-- c --!>d", ["<!-->", "a", "<!--->", "b", "<!-- c --!>", "d"]),
        ("<!doctype html><?x?></ y><![CDATA[ > ]]>", ["<!doctype html>", "<?x?>", "</ y>", "<![CDATA[ > ]]>"]),
        (
            "<script></b></script ><title>&lt;<b></title>",
            ["<script>", "</b>", "</script >", "<title>", "&lt;<b>", "</title>"],
        ),
        ("<1 < a <", ["<1 < a <"]),
        ("<a b='c", ["<a b='c"]),
        ("<plaintext><b>", ["<plaintext>", "<b>"]),
        ("<a =b/c / >", ["<a =b/c / >"]),
    ],
)
def test_tokens(html: str, expected: list[str]) -> None:
    assert [token.source for token in tokens(html)] == expected


def test_attributes() -> None:
    (token,) = tokens("<IMG Alt='a' src=b/c hidden ALT=d>")
    assert (token.sort, token.name) == (Sort.START, "img")
    assert [(item.name, item.value, item.quote) for item in token.attributes] == [
        ("alt", "a", "'"),
        ("src", "b/c", ""),
        ("hidden", "", ""),
        ("alt", "d", ""),
    ]
    assert all(token.source[item.start :].startswith(item.value) for item in token.attributes)


def test_parts_that_cannot_be_parted_are_all_named() -> None:
    (block,) = parse_markup("<p>Le <b>vieux pont</b> <code>a. b</code> tient encore. Fin.", "html").blocks
    cut, end = block.text.index("b"), block.text.index(" Fin")
    parts = [Part(0, cut - 1, "An aged span a."), Part(cut, end, "b still holds."), Part(end + 1, end + 5, "End.")]
    filled = block.fill(parts)
    assert sorted({*filled.moved, *filled.untouched}) == [0, 1]
    assert block.uncut([(part.start, part.end) for part in parts]) == [(0, end), (end + 1, end + 5)]


@pytest.mark.parametrize(
    ("article", "target", "expected"),
    [
        ("Bravo <img src=a> les amis", "Bravoish theish amisish", "Bravoish <img src=a> theish amisish"),
        ("Bravo <img src=a> les amis", "Congratulations friends", "<img src=a> Congratulations friends"),
        ("Bravo <img src=a><img src=b> les amis", "Well done", "<img src=a><img src=b> Well done"),
        ("Bravo <img src=a> <img src=b> les amis", "Well done", "<img src=a> <img src=b> Well done"),
        ("Le chat <!-- c -->\ndort, dit-il", "The cat sleeps, he says", "The cat <!-- c --> sleeps, he says"),
        ("Le chat dort <img src=a> !", "The cat sleeps!", "The cat sleeps <img src=a>!"),
    ],
)
def test_an_image_between_blanks_stays_between_blanks(article: str, target: str, expected: str) -> None:
    assert filled(article, target) == expected
