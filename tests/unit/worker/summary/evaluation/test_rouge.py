import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.summaries.rouge import Rouge, common_subsequence, rouge, tokens_of


def test_scores_are_those_of_the_paper() -> None:
    # Lin 2004, section 3: S1 is the reference; R-L is 3/4 and 2/4, while both have one pair of three.
    reference = ["police killed the gunman"]
    assert rouge("police kill the gunman", reference) == Rouge(3 / 4, 1 / 3, 3 / 4)
    assert rouge("the gunman kill police", reference) == Rouge(3 / 4, 1 / 3, 2 / 4)


def test_lengths_and_repeats_count() -> None:
    # Words: 2 of 4 shared with 5; "the" is in the reference twice only. Pairs: 1 of 3 with 4. Longest: the cat.
    assert rouge("the cat the the", ["on the mat the cat"]) == pytest.approx(Rouge(2 * 3 / 9, 2 * 1 / 7, 2 * 2 / 9))


def test_references_are_averaged() -> None:
    assert rouge("a b", ["a b", "c d"]) == Rouge(0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="reference"):
        rouge("a b", [])


@pytest.mark.parametrize("text", ["", "…", "word"])
def test_without_words_or_pairs_there_is_no_overlap(text: str) -> None:
    assert rouge(text, ["other words here"]) == Rouge(0.0, 0.0, 0.0)
    assert rouge("other words here", [text]) == Rouge(0.0, 0.0, 0.0)


def test_case_accents_and_marks_do_not_count() -> None:
    assert tokens_of("L'Œuvre d’Hélène: 1,5 %") == ["l", "oeuvre", "d", "helene", "1", "5"]


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_the_longest_common_subsequence_is_the_longest(ours: list[str], theirs: list[str]) -> None:
    def is_within(part: list[str]) -> bool:
        rest = iter(theirs)
        return all(word in rest for word in part)

    parts = [[w for i, w in enumerate(ours) if bits >> i & 1] for bits in range(2 ** len(ours))]
    assert common_subsequence(ours, theirs) == max(len(part) for part in parts if is_within(part))
