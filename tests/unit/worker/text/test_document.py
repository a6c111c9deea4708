import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.text import Document, FrenchSegmenter, Paragraph, Segment, Span

SEGMENTER = FrenchSegmenter()
#: Text with many of the characters that decide something, and any other.
ARTICLES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\u00a0", "\t"]),
        st.sampled_from([". ", "! ", "« ", " »", "Il", "M.", "etc.", "—", "(", ")", '"', "…"]),
        st.sampled_from(["\ufeff", "\u200b", "e\u0301", "\u0301", "\ud800", "👩\u200d👩\u200d👧", "。"]),
    )
).map("".join)


class Words:
    """Cuts at every space."""

    def split(self, paragraph: str) -> list[Span]:
        return [(i, i + 1) for i, char in enumerate(paragraph) if not char.isspace()]


class Fixed:
    def __init__(self, *spans: Span) -> None:
        self.spans = list(spans)

    def split(self, paragraph: str) -> list[Span]:
        return self.spans


def targets_of(document: Document) -> list[list[str]]:
    return [[segment.source for segment in paragraph.segments] for paragraph in document.paragraphs]


@given(ARTICLES)
def test_nothing_is_lost(text: str) -> None:
    document = Document.parse(text, SEGMENTER)
    assert document.source == text
    assert document.rebuild(targets_of(document)) == text
    assert len(document.separators) == len(document.paragraphs) + 1
    assert all(segment.source == segment.source.strip() and segment.source for _, _, segment in document)


@given(ARTICLES)
def test_any_segmenter_that_leaves_out_blanks_will_do(text: str) -> None:
    assert Document.parse(text, Words()).source == text


@given(ARTICLES)
def test_every_non_blank_line_is_a_paragraph(text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip() and line.strip("\u200b\ufeff\u2060 ")]
    document = Document.parse(text, SEGMENTER)
    assert len(document.paragraphs) <= len(lines)
    if not any(mark in text for mark in "\u200b\ufeff"):
        assert [paragraph.source for paragraph in document.paragraphs] == lines


def test_separators_stay_outside() -> None:
    document = Document.parse("\ufeff\n  Un. Deux.\u00a0\r\n\r\n\tTrois\u2028Quatre ", SEGMENTER)
    assert document.separators == ("\ufeff\n  ", "\u00a0\r\n\r\n\t", "\u2028", " ")
    assert document.paragraphs[0] == Paragraph((Segment("Un.", " "), Segment("Deux.", "")))
    assert [(i, j, segment.source) for i, j, segment in document] == [
        (0, 0, "Un."),
        (0, 1, "Deux."),
        (1, 0, "Trois"),
        (2, 0, "Quatre"),
    ]
    assert len(document) == 4


@pytest.mark.parametrize("text", ["", " ", "\n\n \r\n", "\u200b\n"])
def test_a_blank_text_is_one_separator(text: str) -> None:
    document = Document.parse(text, SEGMENTER)
    assert (document.separators, document.paragraphs) == ((text,), ())
    assert document.rebuild([]) == text


def test_targets_take_the_place_of_sources() -> None:
    document = Document.parse("  Un.  Deux.\n\nTrois.\n", SEGMENTER)
    assert document.rebuild([["One.", "Two."], ["Three."]]) == "  One.  Two.\n\nThree.\n"


def test_a_target_brings_no_blanks_and_no_lines_of_its_own() -> None:
    paragraph = Document.parse("Un. Deux.", SEGMENTER).paragraphs[0]
    assert paragraph.rebuild([" One,\n  two.\u00a0", "Three.\r\n\r\nFour.\n"]) == "One, two. Three. Four."


def test_targets_must_match() -> None:
    document = Document.parse("Un. Deux.\nTrois.", SEGMENTER)
    with pytest.raises(ValueError, match="1 paragraphs, of 2"):
        document.rebuild([["One.", "Two."]])
    with pytest.raises(ValueError, match="1 targets for 2 segments"):
        document.rebuild([["One."], ["Three."]])


@pytest.mark.parametrize("spans", [(), ((0, 1),), ((1, 3),), ((0, 2), (1, 3)), ((0, 9),), ((2, 1),), ((0, 0), (3, 3))])
def test_a_segmenter_that_loses_text_is_found_out(spans: tuple[Span, ...]) -> None:
    with pytest.raises(ValueError, match=r"span|start"):
        Document.parse("abc", Fixed(*spans))


def test_blanks_at_the_edges_of_a_span_go_to_the_gap() -> None:
    segments = Document.parse("ab  cd", Fixed((0, 3), (3, 3), (3, 6))).paragraphs[0].segments
    assert segments == (Segment("ab", "  "), Segment("cd", ""))


@given(ARTICLES)
def test_refining_keeps_the_text(text: str) -> None:
    fine = Document.parse(text, SEGMENTER).refine(lambda sources: [Words().split(source) for source in sources])
    assert fine.source == text


def test_refining_cuts_segments_and_keeps_gaps() -> None:
    document = Document.parse("Un deux.  Trois.\nQuatre", SEGMENTER)
    fine = document.refine(
        lambda sources: [[(0, 2), (3, 8)] if len(source) == 8 else [(0, len(source))] for source in sources]
    )
    assert fine.paragraphs[0].segments == (Segment("Un", " "), Segment("deux.", "  "), Segment("Trois.", ""))
    assert fine.separators == document.separators


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "\n" * n,
        lambda n: "a" * n,
        lambda n: " \n" * (n // 2) + "a",
        lambda n: "Il dort. " * (n // 9),
        lambda n: "M. " * (n // 3),
        lambda n: ". " * (n // 2),
        lambda n: "(" * n,
        lambda n: '"' * n,
        lambda n: "« Il. " * (n // 12) + "»" * (n // 12),
        lambda n: "« Il est là. " * (n // 24) + " »" * (n // 24),
    ],
)
def test_time_is_linear(make: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        text = make(size)
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            assert Document.parse(text, SEGMENTER).source == text
            best = min(best, time.process_time() - start)
        return best

    # Four times the text; a quadratic walk would take sixteen times as long.
    assert seconds(80_000) < 10 * seconds(20_000) + 0.05


def test_a_million_characters() -> None:
    for text in ("a" * 1_000_000, "\n" * 100_000, " " * 1_000_000):
        assert Document.parse(text, SEGMENTER).source == text
