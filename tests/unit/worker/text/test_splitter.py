import random
import runpy
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.text import Document, FrenchSegmenter, Span, fit, split_all_to_fit, split_to_fit

#: The measuring command, which lies beside this file and in no package.
measure = runpy.run_path(str(Path(__file__).with_name("measure.py")), run_name="measure")


class Tokens:
    """A made-up tokeniser: a token for every four characters of a word, one for the end; it counts its calls."""

    def __init__(self, joint: int = 0) -> None:
        self.calls = 0
        self.joint = joint  # tokens between two words, which words alone have not

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls += 1
        return [
            1 + sum((len(word) + 3) // 4 for word in text.split()) + self.joint * max(0, len(text.split()) - 1)
            for text in texts
        ]


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def pieces(text: str, spans: Sequence[Span]) -> list[str]:
    return [text[start:end] for start, end in spans]


SENTENCE = (
    "Le ministre, qui avait promis une réforme avant l'été, a reconnu lundi que le calendrier ne serait pas tenu ; "
    "il a toutefois assuré que les crédits étaient réservés et que le texte serait présenté en septembre"
)


def test_what_fits_stays_whole() -> None:
    tokens = Tokens()
    assert split_to_fit(SENTENCE, tokens, 500) == [(0, len(SENTENCE))]
    assert tokens.calls == 1


def test_cuts_prefer_clause_ends() -> None:
    assert pieces(SENTENCE, split_to_fit(SENTENCE, Tokens(), 45)) == [
        SENTENCE[: SENTENCE.index(" il a")],
        SENTENCE[SENTENCE.index("il a") :],
    ]
    for piece in pieces(SENTENCE, split_to_fit(SENTENCE, Tokens(), 25))[1:]:
        assert piece.split()[0] in {"qui", "que", "et", "il", "a"}


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("alpha beta gamma delta, et epsilon zeta eta theta", "et epsilon zeta eta theta"),
        ("alpha beta gamma delta qu'il epsilon zeta eta theta", "qu'il epsilon zeta eta theta"),
        ("alpha beta gamma 3 000 delta epsilon zeta eta", "3 000 delta epsilon zeta eta"),
        ("alpha beta de la delta : epsilon zeta eta", "epsilon zeta eta"),
        ("alpha beta gamma – delta epsilon zeta eta theta", "– delta epsilon zeta eta theta"),
    ],
)
def test_where_two_pieces_part(text: str, second: str) -> None:
    assert pieces(text, split_to_fit(text, Tokens(), Tokens()([text])[0] * 7 // 10))[-1] == second


@settings(max_examples=150)
@given(
    st.text(alphabet=st.sampled_from("ab é,;:—«»'et \u00a0\u202f\u0301\u200d👩🇫🇷क्षि\ud83d\ude00"), max_size=80),
    st.integers(1, 30),
    st.sampled_from([Tokens(), Tokens(joint=3), characters]),
)
def test_pieces_fit_and_lose_nothing(text: str, limit: int, length: Tokens) -> None:
    spans = split_to_fit(text, length, limit)
    clusters = {0} | {cluster.end() for cluster in regex.finditer(r"[\ud800-\udbff][\udc00-\udfff]|\X", text)}
    place = 0
    for start, end in spans:
        assert not text[place:start].strip()
        assert {start, end} <= clusters
        assert length([text[start:end]])[0] <= limit or regex.fullmatch(
            r"[\ud800-\udbff][\udc00-\udfff]|\X", text[start:end]
        )
        place = end
    assert not text[place:].strip()


@pytest.mark.parametrize(("name", "cases", "least"), [("sentences", 24, 0.87), ("heldout", 8, 0.85)])
def test_long_sentences_are_cut_where_a_cut_is_acceptable(name: str, cases: int, least: float) -> None:
    found = measure["read_cases"](measure["LONG"] / f"{name}.txt")
    assert len(found) >= cases
    assert all(len(case.replace(measure["MARK"], "").split()) >= 60 for case in found)
    shares = [measure["cuts"](found, limit) for limit in measure["LIMITS"]]
    assert sum(right for right, _ in shares) >= least * sum(count for _, count in shares)
    # Good places must not be bought with many small pieces.
    for limit, (_, count) in zip(measure["LIMITS"], shares, strict=True):
        least_cuts = sum((measure["tokens"]([case.replace(measure["MARK"], "")])[0] - 1) // limit for case in found)
        assert count <= 1.5 * least_cuts + len(found)


@pytest.mark.parametrize(
    "text", ["a " * 100_000, "a, " * 100_000, "« ! " * 50_000, "de " * 100_000, "هل 出口 😀 \u200b" * 20_000]
)
def test_hostile_sentences_take_linear_time(text: str) -> None:
    start = time.perf_counter()
    spans = split_to_fit(text, Tokens(), 128)
    assert time.perf_counter() - start < 20  # a second is enough; quadratic time would take many minutes
    assert max(Tokens()(pieces(text, spans))) <= 128


def test_a_sentence_of_4000_words_takes_a_handful_of_calls() -> None:
    rng = random.Random(5)
    text = " ".join(rng.choice([*SENTENCE.split(), "puis", "encore,"]) for _ in range(4000))
    for tokens in (Tokens(), Tokens(joint=1)):
        spans = split_to_fit(text, tokens, 128)
        assert tokens.calls <= 10
        sizes = tokens(pieces(text, spans))
        assert max(sizes) <= 128
        assert len(sizes) <= 2 * sum(sizes) / 128


@pytest.mark.parametrize("unit", ["a", "e\u0301", "👩‍👩‍👧", "漢", "a-b,"])
def test_a_giant_word(unit: str) -> None:
    word = unit * (1_000_000 // len(unit))
    tokens = Tokens()
    spans = split_to_fit(word, tokens, 128)
    assert tokens.calls <= 10
    assert "".join(pieces(word, spans)) == word
    assert max(tokens(pieces(word, spans))) <= 128
    assert {start for start, _ in spans} <= {cluster.start() for cluster in regex.finditer(r"\X", word)}


def test_a_giant_word_among_others() -> None:
    text = f"Il cria {'o' * 5000} puis se tut."
    spans = split_to_fit(text, Tokens(), 64)
    assert pieces(text, spans)[0] == "Il cria"
    assert pieces(text, spans)[-1] == "puis se tut."
    assert max(Tokens()(pieces(text, spans))) <= 64


def test_a_grapheme_that_is_too_long_stands_alone() -> None:
    cluster = "e" + "\u0301" * 50
    assert pieces(f"ab {cluster} cd", split_to_fit(f"ab {cluster} cd", characters, 10)) == ["ab", cluster, "cd"]


def test_a_tokeniser_that_is_far_from_additive_is_checked_again() -> None:
    def squares(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) ** 2 for text in texts]

    text = " ".join(["mot"] * 50)
    found = pieces(text, split_to_fit(text, squares, 9))
    assert all(len(piece.split()) <= 3 for piece in found)
    assert " ".join(found) == text


def test_many_sentences_take_no_more_calls_than_one() -> None:
    one, many = Tokens(), Tokens()
    single = split_to_fit(SENTENCE, one, 20)
    assert split_all_to_fit([SENTENCE] * 30 + ["Court."], many, 20) == [single] * 30 + [[(0, 6)]]
    assert many.calls == one.calls
    assert split_all_to_fit([], Tokens(), 20) == []


def test_fitting_a_document_keeps_its_text() -> None:
    text = f"Court.\n\n  {SENTENCE}. Fin.\n{SENTENCE}"
    document = Document.parse(text, FrenchSegmenter())
    fitted = fit(document, Tokens(), 25)
    assert fitted.source == text
    assert len(fitted) > len(document)
    assert max(Tokens()([segment.source for _, _, segment in fitted])) <= 25


def test_a_limit_under_one_is_refused() -> None:
    with pytest.raises(ValueError, match="limit of 0"):
        split_to_fit("a", Tokens(), 0)
