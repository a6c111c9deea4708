"""Records come back to the byte, whatever they hold, and take less room than what they say."""

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contract.packing import pack_result, pack_text, unpack_result, unpack_text
from service.contract.result import (
    Coverage,
    Model,
    Models,
    Paragraph,
    Result,
    Segment,
    Summary,
    SummaryCoverage,
    SummarySentence,
    Timings,
    Translation,
    Warning,
)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
GAPS = st.one_of(st.just(" "), st.sampled_from(["", "\n\n", "\r\n\t", "\u2028", '"', "\\"]))
FLAGS = st.lists(st.sampled_from(["truncated", "already_english", "number_missing"]), max_size=2)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def joined(draw: st.DrawFn, parts: list[str]) -> str:
    """A whole: mostly its parts with something between them, sometimes something else."""
    if draw(st.integers(0, 5)) == 0:
        return draw(TEXTS)
    gaps = draw(st.one_of(st.just([" "] * len(parts)), st.lists(GAPS, min_size=len(parts), max_size=len(parts))))
    inner = "".join(part + gap for part, gap in zip(parts, gaps, strict=True))
    return draw(st.sampled_from(["", "\t", "\n"])) + inner if draw(st.booleans()) else inner.rstrip(" ")


@st.composite
def paragraphs(draw: st.DrawFn) -> Paragraph:
    segments = draw(st.lists(st.builds(Segment, source=TEXTS, target=TEXTS, flags=FLAGS), max_size=4))
    source = draw(joined([segment.source for segment in segments]))
    return Paragraph(source=source, target=draw(joined([segment.target for segment in segments])), segments=segments)


@st.composite
def results(draw: st.DrawFn) -> Result:
    found = draw(st.lists(paragraphs(), max_size=4))
    sentence = st.builds(
        SummarySentence, text=TEXTS, evidence=st.just([(0, 0)]), support=NUMBERS, flags=st.just(["cut"])
    )
    summary = st.builds(
        Summary,
        mode=st.just("extractive"),
        method=TEXTS,
        text=TEXTS,
        sentences=st.lists(sentence, max_size=2),
        coverage=st.builds(SummaryCoverage, chunks=st.integers()),
    )
    return Result(
        translation=Translation(
            title=draw(st.none() | TEXTS),
            text=draw(joined([paragraph.target for paragraph in found])),
            paragraphs=found,
        ),
        summary=draw(st.none() | summary),
        coverage=Coverage(segments_in=1, segments_out=1, characters_in=1, truncated=False),
        warnings=draw(st.lists(st.builds(Warning, code=TEXTS, paragraph=st.none(), detail=TEXTS), max_size=2)),
        models=Models(translator=Model(id=draw(TEXTS), revision=draw(TEXTS)), summarizer=None),
        timings=Timings(queued_s=draw(NUMBERS), translate_s=draw(NUMBERS), summarize_s=0.0),
    )


@given(results())
def test_a_result_comes_back_to_the_byte(result: Result) -> None:
    data = result.to_json()
    packed = pack_result(data)
    assert unpack_result(packed) == data
    assert packed[0] == 1, "in the form of lines, whatever it holds"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not JSON",
        b"null",
        b"[]",
        b'{"translation":null,"a":1}',
        b'{"translation":{"title":null,"text":"","paragraphs":[]}}',
        b'{"a":1,"translation":{"title":null,"text":"","paragraphs":[]}}',
        b'{"translation": {"title": null, "text": "", "paragraphs": []}, "a": 1}',
        b'{"translation":{"title":null,"text":"","paragraphs":[{"source":"","target":"","segments":[{"source":1}]}]},"a":1}',
        b'{"translation":{"title":null,"text":"","paragraphs":[{"source":1,"target":"","segments":[]}]},"a":1}',
    ],
)
def test_what_is_no_result_comes_back_too(data: bytes) -> None:
    packed = pack_result(data)
    assert unpack_result(packed) == data
    assert packed[0] == 0x78


def test_results_of_older_versions_are_read() -> None:
    data = b'{"translation":{"title":null,"text":"Hello.","paragraphs":[]},"summary":null}'
    assert unpack_result(zlib.compress(data, 6)) == data


@given(st.binary(max_size=100))
def test_what_was_never_packed_is_refused(noise: bytes) -> None:
    """Only errors that readers expect, whatever stands in the record."""
    with suppress(zlib.error, ValueError):
        unpack_result(noise)


@given(st.binary(max_size=200))
def test_any_record_comes_back(data: bytes) -> None:
    assert unpack_text(pack_text(data)) == data


def test_no_text_is_kept_twice() -> None:
    """Random words hardly compress: what is packed is little more than sources and targets once."""
    import random

    chance = random.Random(7)

    def words() -> str:
        return " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(12)) + "."

    segments = [Segment(source=words(), target=words()) for _ in range(2000)]
    grouped = [segments[start : start + 5] for start in range(0, len(segments), 5)]
    paragraphs = [
        Paragraph(
            source=" ".join(segment.source for segment in group),
            target=" ".join(segment.target for segment in group),
            segments=group,
        )
        for group in grouped
    ]
    result = Result(
        translation=Translation(title=None, text="\n\n".join(p.target for p in paragraphs), paragraphs=paragraphs),
        summary=None,
        coverage=Coverage(segments_in=1, segments_out=1, characters_in=1, truncated=False),
        warnings=[],
        models=Models(translator=Model(id="m", revision="1"), summarizer=None),
        timings=Timings(queued_s=0, translate_s=0, summarize_s=0),
    )
    once = json.dumps([[s.source for s in segments], [s.target for s in segments]]).encode()
    data = result.to_json()
    assert len(pack_result(data)) < 1.02 * len(zlib.compress(once, 9))
    assert len(pack_result(data)) < 0.65 * len(zlib.compress(data, 9))
