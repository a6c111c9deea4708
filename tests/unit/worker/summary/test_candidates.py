import numpy as np
import pytest

from tests.unit.worker.summary.articles import article, plain
from worker.summary.candidates import Candidate, candidates_of, pooled_vector, sentence_groups
from worker.summary.records import Sentence


def _piece(
    segment: int, target: str, *, sentence: int | None, paragraph: int = 0, vector: float | None = None
) -> Sentence:
    return Sentence(
        paragraph=paragraph,
        segment=segment,
        source=target,
        target=target,
        sentence=sentence,
        vector=None if vector is None else np.full(3, vector, dtype=np.float32),
    )


def _one(source: str, target: str | None = None) -> Candidate:
    (candidate,) = candidates_of([Sentence(paragraph=0, segment=0, source=source, target=target or source)])
    return candidate


def test_pieces_of_one_sentence_are_one_candidate() -> None:
    sentences = [
        _piece(0, "The mayor opened the bridge,", sentence=7),
        _piece(1, "which had been closed for years.", sentence=7),
        _piece(2, "A band played two long pieces.", sentence=8),
        _piece(0, "It was a very fine day.", sentence=8, paragraph=1),
        _piece(1, "Everybody went home in the evening.", sentence=None, paragraph=1),
        _piece(2, "And nobody came back after that.", sentence=None, paragraph=1),
    ]
    assert sentence_groups(sentences) == [(0, 1), (2,), (3,), (4,), (5,)]
    candidates = candidates_of(sentences)
    assert [candidate.members for candidate in candidates] == [(0, 1), (2,), (3,), (4,), (5,)]
    assert candidates[0].target == "The mayor opened the bridge, which had been closed for years."
    assert candidates[0].words == 11
    assert candidates[0].whole
    assert [candidate.opens_paragraph for candidate in candidates] == [True, False, True, False, False]


def test_the_article_has_its_headlines_and_fragments_told_apart() -> None:
    fragments = [candidate.source for candidate in candidates_of(article()) if not candidate.whole]
    assert fragments == ["Le pont de Morvelle rouvre après trois ans", "Un ouvrage plus haut", "Jeanne Morin"]


@pytest.mark.parametrize("text", ["***", "12 - 34", "", " ", "48,5 %."])
def test_a_line_without_a_letter_is_no_candidate(text: str) -> None:
    assert candidates_of(plain([text])) == []


@pytest.mark.parametrize(
    "text",
    [
        "The bridge reopened on Monday morning",
        "The mayor opened the new bridge:",
        "Too short a one.",
        "1 2 3 4 5 6 7 8 9 10 a.",
        "Look at " + "x" * 60 + " for all of it.",
    ],
)
def test_what_is_no_sentence_is_not_whole(text: str) -> None:
    assert not _one(text).whole
    assert _one("The mayor opened the new bridge.").whole


def test_an_incomplete_piece_makes_its_sentence_incomplete() -> None:
    flagged = Sentence(paragraph=0, segment=0, source="Le pont,", target="The bridge,", complete=False, sentence=1)
    rest = _piece(1, "which was closed, has opened again.", sentence=1)
    (candidate,) = candidates_of([flagged, rest])
    assert not candidate.whole


def test_repeats_are_left_out_and_a_whole_one_takes_the_place() -> None:
    sentences = plain(
        [
            "The bridge reopened on Monday morning",
            "A band played two long pieces.",
            "The BRIDGE reopened – on Monday morning!",
            "The bridge reopened on Monday morning.",
        ]
    )
    assert [candidate.members for candidate in candidates_of(sentences)] == [(1,), (2,)]
    same_source = [
        Sentence(paragraph=0, segment=0, source="Le pont a rouvert lundi.", target="The bridge reopened on Monday."),
        Sentence(paragraph=1, segment=0, source="Le pont a rouvert lundi.", target="On Monday the bridge was opened."),
    ]
    assert [candidate.members for candidate in candidates_of(same_source)] == [(0,)]


def test_quotations_and_questions_are_less_fit() -> None:
    best = _one("La maire a ouvert le nouveau pont.").fitness
    assert best == 1.0
    for source in (
        "«La maire a ouvert le nouveau pont.",
        "La maire a ouvert (lundi le nouveau pont.",
        'La maire a ouvert "le nouveau pont.',
        "«La maire a ouvert le nouveau pont.»",
        "La maire a-t-elle ouvert le nouveau pont ?",
    ):
        assert _one(source).fitness < best, source
    assert _one("Maisons et ponts ont rouvert ce lundi.").fitness == best


def test_a_sentence_leans_in_either_language() -> None:
    assert not _one("La maire a ouvert le pont.", "The mayor opened the bridge.").leans
    assert _one("Elle a ouvert le nouveau pont.", "The mayor opened the bridge.").leans
    assert _one("La maire a ouvert le pont.", "She opened the new bridge.").leans


def test_pieces_vectors_are_averaged_by_length() -> None:
    sentences = [_piece(0, "a" * 9, sentence=1, vector=1.0), _piece(1, "a" * 29, sentence=1, vector=5.0)]
    (candidate,) = candidates_of(sentences)
    pooled = pooled_vector(candidate, sentences)
    assert pooled is not None
    np.testing.assert_allclose(pooled, [4.0, 4.0, 4.0], rtol=1e-6)
    without = [sentences[0], _piece(1, "a" * 29, sentence=1)]
    assert pooled_vector(candidate, without) is None
