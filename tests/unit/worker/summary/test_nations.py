import pytest

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
