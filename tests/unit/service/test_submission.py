"""Submitting files: what goes where, in which order, and with which exit status."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.client import Client
from service.commands.articles import output_stems
from service.commands.submission import IN_FLIGHT, run_submission
from tests.unit.service.server_double import Server


@dataclass
class Outcome:
    status: int
    out: str
    err: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(server: Any, paths: Sequence[object], err: io.StringIO | None = None, **options: Any) -> Outcome:
    chosen = {"json": False, "summary": False, "output": None, "max_words": None, **options}
    out, err = io.StringIO(), err or io.StringIO()
    with Client("http://depeche.test", transport=httpx2.MockTransport(server), retries=0) as client:
        status = run_submission(client, [str(path) for path in paths], stdout=out, stderr=err, **chosen)
    return Outcome(status, out.getvalue(), err.getvalue())


@pytest.fixture
def articles(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "un.fr.txt", tmp_path / "deux.txt"]
    for path in paths:
        path.write_text(f"{path.stem} été\n", encoding="utf-8")
    return paths


def test_one_article_is_its_text_and_its_summary(articles: list[Path]) -> None:
    server = Server()
    outcome = run(server, articles[:1], max_words=9)
    assert (outcome.status, outcome.out) == (0, "UN.FR ÉTÉ\n\nSummary\n-------\nShort.\n")
    assert outcome.err == f"depeche: {articles[0]}: succeeded, 2 segments, 1.5 s\n"
    assert server.bodies == [{"text": "un.fr été\n", "summary": {"max_words": 9}}]


def test_several_articles_have_headings_in_order(articles: list[Path]) -> None:
    outcome = run(Server(), articles, summary=True)
    assert outcome.out == f"==> {articles[0]} <==\nShort.\n\n==> {articles[1]} <==\nShort.\n"


def test_a_files_ending_tells_its_format(tmp_path: Path) -> None:
    server = Server()
    for name in ("un.md", "deux.HTML", "trois.log"):
        (tmp_path / name).write_text("été", encoding="utf-8")
    run(server, [tmp_path / name for name in ("un.md", "deux.HTML", "trois.log")])
    assert [body.get("format") for body in server.bodies] == ["markdown", "html", None]
    run(server, [tmp_path / "un.md"], format="text")
    assert "format" not in server.bodies[-1]


def test_json_is_an_object_or_an_array(articles: list[Path]) -> None:
    assert json.loads(run(Server(), articles[:1], json=True).out)["state"] == "succeeded"
    jobs = json.loads(run(Server(), articles, json=True).out)
    assert [item["result"]["translation"]["text"] for item in jobs] == ["UN.FR ÉTÉ\n", "DEUX ÉTÉ\n"]


def test_failures_harm_no_other_and_make_the_status(articles: list[Path], tmp_path: Path) -> None:
    wrong = {"bad.txt": b"caf\xe9", "empty.txt": b" \n", "refused.txt": b"refuse", "failed.txt": b"fail"}
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / "missing.txt", *(tmp_path / name for name in wrong), tmp_path, articles[0]]
    outcome = run(Server(), paths, json=True)
    assert outcome.status == 1
    items = json.loads(outcome.out)
    assert [item["error"] and item["error"]["code"] for item in items] == [
        "unreadable",
        "unreadable",
        "unreadable",
        "not_french",
        "model_failed",
        "unreadable",
        None,
    ]
    assert [item.get("file") for item in items[:2]] == [str(paths[0]), str(paths[1])]
    lines = outcome.err.splitlines()
    assert len(lines) == len(paths)
    assert "No such file" in lines[0]
    assert "not UTF-8 (the byte at position 3 is wrong)" in lines[1]
    assert "no text" in lines[2]
    assert "About not_french." in lines[3]
    assert "failed (model_failed): It broke." in lines[4]


def test_a_byte_order_mark_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfSalut.\r\n")
    server = Server()
    outcome = run(server, [path])
    assert server.bodies[0]["text"] == "Salut.\r\n"
    assert "byte order mark" in outcome.err


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("Été.".encode())))
    server = Server()
    outcome = run(server, ["-"], json=True)
    assert server.bodies[0]["text"] == "Été."
    assert outcome.err.startswith("depeche: standard input: succeeded")


def test_files_are_written(articles: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    outcome = run(Server(), articles, output=folder)
    assert outcome.out == ""
    assert sorted(path.name for path in folder.iterdir()) == [
        "deux.en.txt",
        "deux.summary.txt",
        "un.en.txt",
        "un.summary.txt",
    ]
    assert (folder / "un.en.txt").read_text(encoding="utf-8") == "UN.FR ÉTÉ\n"
    assert f"depeche: wrote {folder / 'un.en.txt'}" in outcome.err
    only = tmp_path / "only"
    assert json.loads(run(Server(), articles[:1], output=only, summary=True, json=True).out)["state"] == "succeeded"
    assert [path.name for path in only.iterdir()] == ["un.summary.txt"]


def test_a_folder_that_can_not_be_made_is_one_line(articles: list[Path]) -> None:
    outcome = run(Server(), articles, output=articles[0] / "under-a-file")
    assert (outcome.status, len(outcome.err.splitlines())) == (1, 1)


def test_no_two_articles_share_a_file(tmp_path: Path) -> None:
    paths = ["a/x.txt", "b/x.fr.txt", "c/x", "-", "stdin.txt", "a/x.txt"]
    assert [stem.name for stem in output_stems(paths, tmp_path)] == ["x", "x-2", "x-3", "stdin", "stdin-2", "x-4"]


def test_no_article_is_overwritten(tmp_path: Path) -> None:
    article = tmp_path / "x.en.txt"
    assert output_stems([str(article), str(tmp_path / "x.txt")], tmp_path)[1].name == "x-2"


def test_a_live_line_is_taken_away_again(articles: list[Path]) -> None:
    server = Server()
    server.unfinished.add("j1")

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = server(request)
        if request.method == "GET":
            server.unfinished.clear()
        return answer

    outcome = run(handler, articles[:1], err=Terminal())
    assert "\r\x1b[K" in outcome.err
    assert "translating ############............ 1/2 segments" in outcome.err
    assert outcome.err.endswith("succeeded, 2 segments, 1.5 s\n")


def test_more_articles_than_are_in_flight_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(IN_FLIGHT + 5)]
    for path in paths:
        path.write_text(path.stem)
    server = Server()
    outcome = run(server, paths, json=True)
    assert [item["result"]["translation"]["text"] for item in json.loads(outcome.out)] == [path.stem for path in paths]
    first_look = [method for method, _ in server.calls].index("GET")
    assert first_look == IN_FLIGHT, "the window is full before the first one is waited for"


def test_an_interrupt_cancels_what_has_not_ended(articles: list[Path]) -> None:
    server = Server()
    server.unfinished |= {"j1", "j2"}

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and "wait" in request.url.params:
            raise KeyboardInterrupt
        return server(request)

    err = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run(handler, articles, err=err)
    assert [path for method, path in server.calls if method == "DELETE"] == ["/v1/jobs/j1", "/v1/jobs/j2"]
    assert "2 unfinished jobs were cancelled" in err.getvalue()


def test_an_interrupt_erases_nothing_that_has_ended(articles: list[Path]) -> None:
    server = Server()

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and "wait" in request.url.params:
            raise KeyboardInterrupt
        return server(request)

    with pytest.raises(KeyboardInterrupt):
        run(handler, articles)
    assert not [path for method, path in server.calls if method == "DELETE"]


def test_nobody_there_is_found_out_once(articles: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.client.blocking.time.sleep", lambda _: None)
    calls = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        raise httpx2.ConnectError("refused")

    outcome = run(handler, articles)
    assert (outcome.status, len(calls)) == (1, 1)
    assert all("Nobody answers" in line for line in outcome.err.splitlines())
