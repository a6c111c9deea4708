"""What arguments mean, and where results go."""

import io
from pathlib import Path

import pytest

from service.commands.articles import ArticleError, read_article
from service.commands.sources import find_sources, means_several, place


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of articles, which is the current one."""
    for name in (
        "news/b.md",
        "news/a.txt",
        "news/old/c.htm",
        "news/old/d.markdown",
        "news/e.pdf",
        "news/f.summary.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("salut")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*arguments: str) -> list[tuple[str, str]]:
    return [(source.where, str(source.stem)) for source in find_sources(arguments)]


def test_a_directory_is_walked_for_articles(tree: Path) -> None:
    assert found("news") == [
        ("news/a.txt", "a"),
        ("news/b.md", "b"),
        ("news/old/c.htm", "old/c"),
        ("news/old/d.markdown", "old/d"),
    ]


def test_a_pattern_keeps_the_tree_below_what_is_fixed_in_it(tree: Path) -> None:
    assert found("news/**/*.m*") == [("news/b.md", "b"), ("news/old/d.markdown", "old/d")]
    assert found("*/old/*") == [("news/old/c.htm", "news/old/c"), ("news/old/d.markdown", "news/old/d")]


def test_what_is_not_there_is_an_error_of_its_own(tree: Path) -> None:
    (tree / "empty").mkdir()
    empty, pattern, missing = find_sources(["empty", "x*.txt", "missing.txt"])
    assert empty.error == "there is no .txt, .md, .markdown, .html or .htm file in it"
    assert pattern.error == "no file matches"
    assert missing.error == "", "opening it will tell"


def test_a_file_that_looks_like_a_pattern_is_a_file(tree: Path) -> None:
    (tree / "what?.txt").write_text("salut")
    assert found("what?.txt") == [("what?.txt", "what?")]


def test_links_in_a_circle_are_not_followed(tree: Path) -> None:
    (tree / "news" / "round").symlink_to(tree / "news", target_is_directory=True)
    assert len(found("news")) == 4


def test_standard_input_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("Été.".encode())))
    first, second = find_sources(["-", "-"])
    assert (first.data, second.data) == ("Été.".encode(), b"")


@pytest.mark.parametrize(
    ("address", "stem"),
    [
        ("https://example.org/2026/le-pont.html", "le-pont"),
        ("https://example.org/2026/le-pont/", "le-pont"),
        ("HTTP://example.org", "example.org"),
        ("https://me:secret@example.org:8443/", "example.org-8443"),
        ("https://example.org/a%2F..%2Fb?x=1", "b"),
        ("https://example.org/..", "article"),
        ("https://example.org/" + "é" * 300, "é" * 80),
    ],
)
def test_an_address_names_its_files(address: str, stem: str) -> None:
    [source] = find_sources([address])
    assert source.is_address
    assert str(source.stem) == stem


def test_several_depends_on_the_arguments_and_not_on_what_is_there(tree: Path) -> None:
    assert means_several(["news"])
    assert means_several(["x*.txt"])
    assert means_several(["a", "b"])
    assert not means_several(["news/a.txt"])
    assert not means_several(["https://example.org/?a=[1]"])


def test_no_two_articles_share_a_file(tmp_path: Path) -> None:
    paths = ["a/x.txt", "b/x.fr.txt", "c/x", "stdin.txt", "a/x.txt", "x-2.txt"]
    placed = place(find_sources(paths), tmp_path)
    assert [source.stem.name for source in placed] == ["x", "x-2", "x-3", "stdin", "x-4", "x-2-2"]


def test_no_article_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.en.txt").write_text("salut")
    sources = find_sources([str(tmp_path / "x.en.txt"), str(tmp_path / "x.txt")])
    assert place(sources, tmp_path)[1].stem.name == "x-2"


def test_what_earlier_runs_wrote_is_left_out(tmp_path: Path) -> None:
    sources = find_sources([str(tmp_path / "x.en.txt"), str(tmp_path / "x.txt")])
    assert [source.stem.name for source in place(sources, tmp_path, {(tmp_path / "x.en.txt").resolve()})] == ["x"]


def test_ten_thousand_of_the_same_name_are_placed_in_time(tmp_path: Path) -> None:
    placed = place(find_sources([f"{number}/index.html" for number in range(10_000)]), tmp_path)
    assert len({source.stem for source in placed}) == 10_000


def test_a_password_in_an_address_is_not_repeated() -> None:
    [source] = find_sources(["https://me:secret@example.org/a?b=//c@d"])
    assert source.name == "https://example.org/a?b=//c@d"
    assert source.where.startswith("https://me:secret@")


@pytest.mark.parametrize("text", ["Il pleut. " * 60, "Il pleut ? " * 60])
def test_a_text_in_the_place_of_a_name_is_no_file(text: str, tmp_path: Path) -> None:
    means_several([text])
    [source] = place(find_sources([text]), tmp_path)
    assert source.where == text
    with pytest.raises(ArticleError):
        read_article(text)
