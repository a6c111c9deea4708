"""Runs that go on where one before them was interrupted."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.commands.journal import NAME, Journal
from tests.unit.service.server_double import Server
from tests.unit.service.test_submission import run


@pytest.fixture
def articles(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.txt" for number in range(6)]
    for path in paths:
        path.write_text(f"article {path.stem}")
    return paths


def run_into(folder: Path, server: Any, paths: list[Path], *, again: bool = False, **options: Any) -> Any:
    folder.mkdir(exist_ok=True)
    with Journal(folder / NAME, folder=folder, again=again) as journal:
        return run(server, paths, output=folder, journal=journal, **options)


def breaking(server: Server, on: Callable[[httpx2.Request], bool], error: BaseException) -> Any:
    """The server, until a request of this kind breaks the run."""

    def handler(request: httpx2.Request) -> httpx2.Response:
        if on(request):
            raise error
        return server(request)

    return handler


def posts(server: Server) -> int:
    return [method for method, _ in server.calls].count("POST")


def test_what_is_written_is_not_even_asked_for(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    run_into(folder, server, articles)
    calls = len(server.calls)
    again = run_into(folder, server, articles)
    assert (again.status, len(server.calls)) == (0, calls)
    assert again.err == "depeche: 6 articles: 6 done before and left alone\n"


def test_one_article_that_was_written_is_said_to_be(articles: list[Path], tmp_path: Path) -> None:
    server = Server()
    run_into(tmp_path / "out", server, articles[:1])
    assert "--again" in run_into(tmp_path / "out", server, articles[:1]).err


def test_what_was_submitted_is_picked_up(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    waits = breaking(server, lambda request: "/v1/jobs/j4" in str(request.url), asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        run_into(folder, waits, articles)
    before = len(server.bodies)
    assert before >= 4
    assert run_into(folder, server, articles).status == 0
    assert len(server.bodies) == posts(server) == 6
    assert sorted(path.name for path in folder.glob("*.en.txt")) == [f"{number}.en.txt" for number in range(6)]


def test_a_connection_that_was_lost_is_no_loss(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    lost = breaking(server, lambda _: len(server.bodies) > 2, httpx2.ConnectError("refused"))
    stopped = run_into(folder, lost, articles)
    assert stopped.status == 3
    assert "Nobody answers" in stopped.err
    assert "The same command goes on from here." in stopped.err
    assert run_into(folder, server, articles).status == 0
    assert len(server.bodies) == 6


def test_a_job_whose_answer_was_lost_is_found_by_its_key(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = server(request)
        if len(server.bodies) == 3:  # it has the article, and nobody hears of it
            raise asyncio.CancelledError
        return answer

    with pytest.raises(asyncio.CancelledError):
        run_into(folder, handler, articles)
    assert run_into(folder, server, articles).status == 0
    assert len(server.bodies) == 6
    assert posts(server) == 7


def test_a_job_that_was_erased_before_its_answer_came_is_made_anew(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"

    def handler(request: httpx2.Request) -> httpx2.Response:
        server(request)
        raise httpx2.ReadTimeout("lost")

    assert run_into(folder, handler, articles[:1]).status == 3
    server.lost = {"j1"}
    assert run_into(folder, server, articles[:1]).status == 0
    assert len(server.keys) == 2
    assert (folder / "0.en.txt").exists()


def test_an_article_whose_jobs_are_always_gone_fails(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    server.lost = {f"j{number}" for number in range(9)}
    outcome = run_into(folder, server, [articles[0]])
    assert (outcome.status, len(server.keys)) == (1, 2)
    assert "About job_gone." in outcome.err


def test_what_was_edited_is_new(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    run_into(folder, server, articles)
    articles[2].write_text("article changé")
    assert "1 succeeded, 5 done before" in run_into(folder, server, articles).err
    assert len(server.bodies) == 7
    assert (folder / "2.en.txt").read_text() == "ARTICLE CHANGÉ"


def test_other_options_are_new(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    run_into(folder, server, articles)
    run_into(folder, server, articles, article={"max_words": 9})
    assert len(server.bodies) == 12


def test_what_was_edited_and_put_back_overwrites_what_came_between(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    for text in ("premier", "second", "premier", "second"):
        articles[0].write_text(text)
        run_into(folder, server, articles[:1])
        assert (folder / "0.en.txt").read_text() == text.upper()
    assert len(server.bodies) == posts(server) == 2
    calls = len(server.calls)
    assert "was translated before" in run_into(folder, server, articles[:1]).err
    assert len(server.calls) == calls


def test_options_that_were_changed_and_changed_back_count(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    for title in ("Un", "Deux", "Un"):
        run_into(folder, server, articles[:1], article={"title": title})
        assert (folder / "0.en.txt").read_text().startswith(title.upper())
    assert posts(server) == 2


def test_articles_of_the_same_name_in_one_folder_overwrite_each_other(tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "y.txt").write_text(f"texte {name}")
    for name in ("a", "b", "a"):
        run_into(folder, server, [tmp_path / name / "y.txt"])
        assert (folder / "y.en.txt").read_text() == f"TEXTE {name.upper()}"
    assert posts(server) == 2


def test_files_that_were_removed_come_from_the_server_while_it_has_them(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    run_into(folder, server, articles)
    (folder / "1.en.txt").unlink()
    run_into(folder, server, articles)
    assert len(server.bodies) == 6
    (folder / "1.en.txt").unlink()
    server.lost = set(server.keys.values())
    run_into(folder, server, articles)
    assert len(server.bodies) == 7
    assert (folder / "1.en.txt").exists()


def test_what_failed_is_tried_again(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    articles[0].write_text("fail")
    assert run_into(folder, server, articles).status == 1
    assert run_into(folder, server, articles).status == 1
    assert [body["text"] for body in server.bodies].count("fail") == 2


def test_jobs_of_another_server_are_not_looked_for(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    with pytest.raises(asyncio.CancelledError):
        run_into(folder, breaking(server, lambda request: request.method == "GET", asyncio.CancelledError()), articles)
    path = folder / NAME
    path.write_text(path.read_text().replace("http://depeche.test", "http://elsewhere.test"))
    other = Server()
    assert run_into(folder, other, articles).status == 0
    assert len(other.bodies) == 6


def test_without_waiting_first_and_the_results_later(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    ids = run_into(folder, server, articles, wait=False).out
    assert len(ids.splitlines()) == 6
    assert run_into(folder, server, articles).status == 0
    assert len(server.bodies) == 6
    assert len(list(folder.glob("*.en.txt"))) == 6


def test_again_translates_anew_but_not_what_it_wrote_itself(articles: list[Path], tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "out"
    run_into(folder, server, articles)
    paths = [*articles, *folder.glob("*.txt")]
    outcome = run_into(folder, server, paths, again=True)
    assert outcome.err.splitlines()[-1] == "depeche: 6 articles: 6 succeeded"
    assert len(server.bodies) == posts(server) == 12
    assert "6 articles: 6 done before" in run_into(folder, server, paths).err
    assert posts(server) == 12
