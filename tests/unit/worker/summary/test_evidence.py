import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.summary.articles import article, plain
from worker.summary.evidence import MAX_EVIDENCE, EvidenceIndex


def test_a_sentence_is_traced_to_what_holds_it() -> None:
    index = EvidenceIndex(article())
    assert index.trace("Several shops on the left bank closed during the works.") == (((2, 2),), 1.0)
    places, support = index.trace("The bridge reopened on Monday and the works cost 48 million euros.")
    assert places == ((1, 0), (1, 1))
    assert support == 1.0


def test_what_no_segment_holds_lowers_the_support() -> None:
    index = EvidenceIndex(article())
    _, told = index.trace("The mayor is relieved by the relief.")
    _, half = index.trace("The mayor announced that elephants pay tolls.")
    places, none = index.trace("Elephants dislike submarines.")
    assert told > half > none == 0.0
    assert half < 0.5
    assert places == ((0, 0),)


def test_an_invented_number_lowers_the_support() -> None:
    index = EvidenceIndex(article())
    true, false = (index.trace(f"The works cost {n} million euros.") for n in (48, 52))
    assert true == (((1, 1),), 1.0)
    assert false[0] == ((1, 1),)
    assert false[1] < 0.8


def test_evidence_is_no_longer_than_needed() -> None:
    texts = [f"alpha{n} beta{n} gamma{n}." for n in range(5)]
    index = EvidenceIndex(plain(texts))
    places, support = index.trace(" ".join(texts))
    assert len(places) == MAX_EVIDENCE
    assert support == pytest.approx(3 / 5, abs=0.001)
    assert index.trace(texts[4]) == (((0, 4),), 1.0)


def test_there_is_no_evidence_without_segments() -> None:
    with pytest.raises(ValueError, match="without segments"):
        EvidenceIndex([]).trace("Anything.")


@given(
    st.lists(
        st.lists(st.sampled_from(["pont", "bridge", "48", "works", "the", "glove"]), max_size=6), min_size=1, max_size=6
    ),
    st.lists(st.sampled_from(["pont", "bridge", "48", "works", "the", "moon"]), max_size=8),
)
def test_support_is_a_share_and_evidence_real(targets: list[list[str]], words: list[str]) -> None:
    sentences = plain(" ".join(target) for target in targets)
    places, support = EvidenceIndex(sentences).trace(" ".join(words))
    assert 0.0 <= support <= 1.0
    assert 1 <= len(places) <= MAX_EVIDENCE
    assert list(places) == sorted(set(places))
    assert set(places) <= {sentence.place for sentence in sentences}
    content = {word for word in words if word != "the"}
    if content and any(content <= set(target) for target in targets):
        assert support == 1.0
