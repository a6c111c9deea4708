import pytest

from worker.summary import nations
from worker.summary.nations import nation_of


@pytest.mark.parametrize(
    ("words", "nation"),
    [
        (["france", "french", "francais", "francaise", "francaises"], "france"),
        (["netherlands", "dutch", "neerlandaise"], "netherlands"),
        (["swiss", "suisses"], "switzerland"),
        (["italien", "italienne", "italiennes", "italian"], "italy"),
        (["lyon", "bridge", "", "e", "s"], None),
    ],
)
def test_a_people_counts_for_its_country(words: list[str], nation: str | None) -> None:
    assert {nation_of(word) for word in words} == {nation}


def test_words_that_are_too_long_are_not_remembered() -> None:
    before = nations._nation_of.cache_info().currsize
    assert nation_of("f" * 1_000_000) is None
    assert nation_of("anticonstitutionnellement" * 2) is None
    assert nations._nation_of.cache_info().currsize == before
