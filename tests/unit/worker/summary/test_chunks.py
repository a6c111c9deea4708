import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.worker.summary.scripted import ScriptedEngine
from worker.summary.chunks import make_chunks


def test_chunks_are_whole_sentences_of_about_equal_size() -> None:
    texts = [f"Sentence {n} has six words." for n in range(10)]
    chunks = make_chunks(ScriptedEngine(limit=40), texts, 40)
    # Six tokens a sentence: 60 in all need two chunks, and both get five; filling up would leave 6 and 4.
    assert [chunk.origins for chunk in chunks] == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]
    assert [chunk.tokens.text for chunk in chunks] == [" ".join(texts[:5]), " ".join(texts[5:])]
    assert chunks[0].words == 25


def test_what_fits_is_one_chunk_and_blanks_are_none() -> None:
    assert make_chunks(ScriptedEngine(), [], 64) == []
    assert make_chunks(ScriptedEngine(), ["", " \n"], 64) == []
    (chunk,) = make_chunks(ScriptedEngine(), ["One  line.", "", "Two."], 64)
    assert chunk.tokens.text == "One line. Two."
    assert chunk.origins == (0, 2)


def test_a_sentence_over_the_limit_is_divided_at_whitespace() -> None:
    text = " ".join(f"w{n}" for n in range(100)) + "."
    chunks = make_chunks(ScriptedEngine(limit=20), [text], 20)
    assert " ".join(chunk.tokens.text for chunk in chunks) == text
    assert all(len(chunk.tokens) <= 20 and chunk.origins == (0,) for chunk in chunks)


def test_a_word_over_the_limit_is_divided_too() -> None:
    chunks = make_chunks(ScriptedEngine(limit=4), ["x" * 1000], 4)
    assert "".join(chunk.tokens.text for chunk in chunks).replace(" ", "") == "x" * 1000
    assert all(len(chunk.tokens) <= 4 for chunk in chunks)


def test_tokens_that_joining_adds_are_counted() -> None:
    texts = ["A b c d.", "E f g h.", "I j k l."]
    engine = ScriptedEngine(limit=16, seam=8)
    chunks = make_chunks(engine, texts, 16)
    assert " ".join(chunk.tokens.text for chunk in chunks) == " ".join(texts)
    assert len(chunks) == 3
    assert all(len(chunk.tokens) <= 16 for chunk in chunks)


def test_a_model_without_room_for_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="single character"):
        make_chunks(ScriptedEngine(limit=1), ["Hello there."], 1)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(alphabet="abcdefgh .\n", max_size=120), max_size=12),
    st.integers(3, 30),
    st.integers(0, 3),
)
def test_nothing_is_lost_or_turned_round(texts: list[str], limit: int, seam: int) -> None:
    chunks = make_chunks(ScriptedEngine(limit=limit, seam=seam), texts, limit)
    assert "".join("".join(chunk.tokens.text.split()) for chunk in chunks) == "".join(
        "".join(text.split()) for text in texts
    )
    assert {origin for chunk in chunks for origin in chunk.origins} == {
        i for i, text in enumerate(texts) if text.strip()
    }
