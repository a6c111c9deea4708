from pathlib import Path

import pytest

from scripts.lab.summaries.articles import Article, read_article, read_english, read_french
from worker.summary.sentences import count_words, is_finished
from worker.text import Document, FrenchSegmenter

ARTICLES = read_french()

_HEAD = "kind: report\nnews: first\npart: tuning\ntitle: Un titre\nenglish: A title\nsummary: All is well.\n"


def test_there_are_enough_of_each_sort() -> None:
    assert len(ARTICLES) >= 30
    assert len({article.kind for article in ARTICLES}) >= 10
    for half in (True, False):
        late = [article.late for article in ARTICLES if article.tuning is half]
        assert 7 <= sum(late) <= len(late) - 7


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.name)
def test_the_sentences_are_those_that_the_pipeline_makes(article: Article) -> None:
    document = Document.parse(
        "\n\n".join(" ".join(source for source, _ in pairs) for pairs in article.paragraphs), FrenchSegmenter()
    )
    assert [(i, j, segment.source) for i, j, segment in document] == [
        (sentence.paragraph, sentence.segment, sentence.source) for sentence in article.sentences()
    ]


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.name)
def test_articles_and_references_have_the_promised_lengths(article: Article) -> None:
    assert 120 <= sum(count_words(sentence.source) for sentence in article.sentences()) <= 350
    assert len(article.references) == 2
    assert all(30 <= count_words(reference) <= 60 for reference in article.references)
    assert all(is_finished(sentence.source) and is_finished(sentence.target) for sentence in article.sentences())


def test_a_file_reads_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "well.txt"
    path.write_text(_HEAD + "\nTout va.\n= All is well.\nBien.\n< Fine.\n\nFin.\n= End.\n", encoding="utf-8")
    article = read_article(path)
    assert (article.name, article.kind, article.late, article.tuning) == ("well", "report", False, True)
    assert (article.title, article.title_english, article.references) == ("Un titre", "A title", ("All is well.",))
    assert article.leaning == {(0, 1)}
    assert article.paragraphs == ((("Tout va.", "All is well."), ("Bien.", "Fine.")), (("Fin.", "End."),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_HEAD.replace("news: first", "news: soon") + "\nA.\n= A.\n", "first or late"),
        (_HEAD.replace("part: tuning\n", "") + "\nA.\n= A.\n", "once but for summary"),
        (_HEAD + "part: heldout\n\nA.\n= A.\n", "once but for summary"),
        (_HEAD + "colour: red\n\nA.\n= A.\n", "no head line"),
        (_HEAD + "\nA.\nB.\n= B.\n", "without a translation"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"wrong.*{said}"):
        read_article(path)


def test_english_articles_come_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "english.jsonl"
    path.write_text(
        '{"id": "a", "text": "One is here. Two is there.\\n\\nThree.", "summary": "S.", "alt_summaries": ["T."]}\n'
        '{"id": "b", "text": "One.", "summary": "S."}\n',
        encoding="utf-8",
    )
    first, second = read_english(path)
    assert first.paragraphs == (
        (("One is here.", "One is here."), ("Two is there.", "Two is there.")),
        (("Three.", "Three."),),
    )
    assert (first.references, second.references) == (("S.", "T."), ("S.",))
    assert (first.tuning, second.tuning) == (True, False)
