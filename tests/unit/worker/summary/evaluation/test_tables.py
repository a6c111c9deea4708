import pytest

from scripts.lab.summaries import systems
from scripts.lab.summaries.__main__ import main
from scripts.lab.summaries.articles import read_french
from scripts.lab.summaries.findings import hangs, leaning_marks
from scripts.lab.summaries.scores import score
from scripts.lab.summaries.systems import System, Text
from worker.summary.sentences import count_words

ARTICLES = read_french()
BY_NAME = {article.name: article for article in ARTICLES}
BOUND: list[System] = [
    systems.first_that_fit,
    systems.first_words_as_many_as_ours,
    systems.drawn,
    systems.lexrank,
    systems.ours,
    systems.ours_without_title,
    systems.ours_unchained,
]


@pytest.mark.parametrize("system", BOUND)
@pytest.mark.parametrize("limit", [50, 100])
def test_every_way_keeps_the_limit_and_says_what_it_took(system: System, limit: int) -> None:
    for article in ARTICLES[::4]:
        targets = [sentence.target for sentence in article.sentences()]
        for text in system(article, limit):
            assert 0 < count_words(text.text) <= limit
            if text.orders:
                assert text.text == " ".join(targets[order] for order in text.orders)


def test_the_beginning_is_the_beginning() -> None:
    article = BY_NAME["tour-cycliste"]
    targets = [sentence.target for sentence in article.sentences()]
    assert systems.first_three(article, 1)[0].text == " ".join(targets[:3])
    assert systems.first_that_fit(article, 50)[0].text == " ".join(targets[:3])
    assert systems.first_that_fit(article, 36)[0].text == " ".join(targets[:2])
    ours = count_words(systems.ours(article, 50)[0].text)
    assert systems.first_words_as_many_as_ours(article, 50)[0].text.split() == " ".join(targets).split()[:ours]


def test_ours_beats_the_beginning_on_articles_that_were_not_tuned_on() -> None:
    held_out = [article for article in ARTICLES if not article.tuning]
    ours, theirs = (score(held_out, system, 50)[0] for system in (systems.ours, systems.first_that_fit))
    assert sum(one.two for one in ours) > sum(one.two for one in theirs) + 0.03 * len(held_out)


def test_a_sentence_hangs_without_the_one_before() -> None:
    marks = [False, True, True]
    assert not hangs(Text("", (0, 1, 2)), marks)
    assert hangs(Text("", (0, 2)), marks)
    assert hangs(Text("", (1,)), marks)
    assert sum(leaning_marks(BY_NAME["tour-cycliste"])) == 2


def test_summaries_hang_less_often_than_without_the_rule() -> None:
    def hanging(system: System) -> int:
        return sum(hangs(system(article, 100)[0], leaning_marks(article)) for article in ARTICLES)

    assert hanging(systems.ours) <= 3 < hanging(systems.ours_unchained)


def test_the_command_prints_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    for part in (
        "### French, held-out half",
        "ours less first sentences that fit",
        "hangs in the air",
        "own number",
        "support under",
    ):
        assert part in printed
