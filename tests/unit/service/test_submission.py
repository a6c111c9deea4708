"""Submitting files: what goes where, in which order, and with which exit status."""

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.client import AsyncClient
from service.commands.journal import Journal
from service.commands.plan import Plan
from service.commands.sources import find_sources, means_several, place
from service.commands.submission import run_submission
from tests.unit.service.server_double import Server, problem


@dataclass
class Outcome:
    status: int
    out: str
    err: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(server: Any, paths: Sequence[object], err: io.StringIO | None = None, **options: Any) -> Outcome:
    arguments, out, err = [str(path) for path in paths], io.StringIO(), err or io.StringIO()
    output, journal = options.get("output"), options.pop("journal", Journal())
    sources = find_sources(arguments)
    if output is not None:
        sources = place(sources, output, journal.files())
    plan = Plan(sources=sources, several=means_several(arguments), **options)

    async def work() -> int:
        client = AsyncClient(
            "http://depeche.test", transport=httpx2.MockTransport(server), retries=0, wait_for_room=False
        )
        return await run_submission(plan, client, journal, stdout=out, stderr=err)

    return Outcome(asyncio.run(work()), out.getvalue(), err.getvalue())


@pytest.fixture
def articles(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "un.fr.txt", tmp_path / "deux.txt"]
    for path in paths:
        path.write_text(f"{path.stem} été\n", encoding="utf-8")
    return paths


def test_one_article_is_its_text_and_its_summary(articles: list[Path]) -> None:
    server = Server()
    outcome = run(server, articles[:1], article={"max_words": 9})
    assert (outcome.status, outcome.out) == (0, "UN.FR ÉTÉ\n\nSummary\n-------\nShort.\n")
    assert outcome.err == f"depeche: {articles[0]}: succeeded, 2 segments, 1.5 s\n"
    assert server.bodies == [{"text": "un.fr été\n", "summary": {"max_words": 9}, "metadata": {"name": "un"}}]


def test_several_articles_have_headings_in_order(articles: list[Path]) -> None:
    outcome = run(Server(), articles, summary_only=True)
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


def test_the_same_article_twice_is_one_job(articles: list[Path]) -> None:
    server = Server()

    async def slow(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0.01)
        return server(request)

    outcome = run(slow, [articles[0], articles[0]])
    assert (outcome.status, outcome.out.count("UN.FR ÉTÉ"), len(server.bodies)) == (0, 2, 1)


def test_failures_harm_no_other_and_make_the_status(articles: list[Path], tmp_path: Path) -> None:
    wrong = {"bad.txt": b"caf\xe9", "empty.txt": b" \n", "refused.txt": b"refuse", "failed.txt": b"fail"}
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "none").mkdir()
    paths = [tmp_path / "missing.txt", *(tmp_path / name for name in wrong), tmp_path / "none", articles[0]]
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
    assert lines[-1] == "depeche: 7 articles: 1 succeeded, 6 failed"
    assert len(lines) == len(paths) + 1
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
    assert f"wrote {folder / 'un.en.txt'} and its summary" in outcome.err
    only = tmp_path / "only"
    assert (
        json.loads(run(Server(), articles[:1], output=only, summary_only=True, json=True).out)["state"] == "succeeded"
    )
    assert [path.name for path in only.iterdir()] == ["un.summary.txt"]


def test_bars_are_taken_away_again(articles: list[Path]) -> None:
    server = Server()
    server.unfinished.add("j1")

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = server(request)
        if request.method == "GET":
            server.unfinished.clear()
        return answer

    outcome = run(handler, articles[:1], err=Terminal())
    assert "translating, 1 of 2 segments" in outcome.err
    assert "succeeded, 2 segments, 1.5 s" in outcome.err
    assert outcome.err.rstrip("\r").endswith("\x1b[2K\x1b[?25h"), "the line is wiped and the cursor is there again"


def test_more_articles_than_are_in_flight_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(20)]
    for path in paths:
        path.write_text(path.stem)
    server, most = Server(), 0

    async def handler(request: httpx2.Request) -> httpx2.Response:
        nonlocal most
        while request.method == "GET" and len(server.bodies) < 8:  # so many must be submitted before one is waited for
            await asyncio.sleep(0.001)
        most = max(most, len(server.bodies) - len({path for method, path in server.calls if method == "GET"}))
        return server(request)

    outcome = run(handler, paths, json=True, in_flight=8)
    assert [item["result"]["translation"]["text"] for item in json.loads(outcome.out)] == [path.stem for path in paths]
    assert [body["text"] for body in server.bodies] == [path.stem for path in paths]
    assert most == 8


def interrupting(server: Server) -> Any:
    """The server; whoever waits for a job is interrupted."""

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and "wait" in request.url.params:
            raise asyncio.CancelledError
        return server(request)

    return handler


def test_an_interrupt_leaves_the_jobs_and_says_how_to_go_on(articles: list[Path]) -> None:
    server, err = Server(), io.StringIO()
    server.unfinished |= {"j1", "j2"}
    with pytest.raises(asyncio.CancelledError):
        run(interrupting(server), articles, err=err)
    assert not [path for method, path in server.calls if method == "DELETE"]
    assert "stopped; 0 of 2 done." in err.getvalue()
    assert "goes on from here" not in err.getvalue(), "this journal keeps nothing"


def test_an_interrupt_cancels_where_it_is_wanted(articles: list[Path]) -> None:
    server, err = Server(), io.StringIO()
    server.unfinished |= {"j1"}
    with pytest.raises(asyncio.CancelledError):
        run(interrupting(server), articles[:1], err=err, cancel=True)
    assert [path for method, path in server.calls if method == "DELETE"] == ["/v1/jobs/j1"]
    assert "1 unfinished job was cancelled" in err.getvalue()


def test_an_interrupt_erases_nothing_that_has_ended(articles: list[Path]) -> None:
    server = Server()
    with pytest.raises(asyncio.CancelledError):
        run(interrupting(server), articles, cancel=True)
    assert not [path for method, path in server.calls if method == "DELETE"]


def test_a_server_that_permits_short_waits_only(articles: list[Path]) -> None:
    server = Server()

    def handler(request: httpx2.Request) -> httpx2.Response:
        if float(request.url.params.get("wait", 0)) > 10:
            return problem(400, "invalid_parameter")
        return server(request)

    assert run(handler, articles).status == 0


def test_nobody_there_ends_the_run(articles: list[Path]) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    outcome = run(handler, articles)
    assert outcome.status == 3
    assert "Nobody answers at http://depeche.test" in outcome.err


def test_a_refused_key_ends_the_run(articles: list[Path]) -> None:
    outcome = run(lambda _: problem(401, "key_invalid"), articles)
    assert outcome.status == 3
    assert "About key_invalid." in outcome.err


def test_a_full_queue_is_waited_for(articles: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    server, full = Server(), [503, 429, 503]

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and full:
            status = full.pop()
            return problem(status, {503: "queue_full", 429: "quota_exceeded"}[status], **{"Retry-After": "7"})
        return server(request)

    monkeypatch.setattr("service.commands.submission.asyncio.sleep", sleep)
    outcome = run(handler, articles)
    assert (outcome.status, pauses) == (0, [7, 7, 7])
    assert outcome.err.count("Trying on.") == 1


def test_a_title_comes_back_translated(articles: list[Path]) -> None:
    server = Server()
    outcome = run(server, articles[:1], article={"title": "Un pont"})
    assert outcome.out.startswith("UN PONT\n\nUN.FR ÉTÉ\n")
    assert server.bodies[0]["title"] == "Un pont"


def test_ids_without_waiting(articles: list[Path]) -> None:
    server = Server()
    assert run(server, articles[:1], wait=False).out == "j1\n"
    outcome = run(server, articles, wait=False, article={"max_words": 9})
    assert outcome.out == f"j2\t{articles[0]}\nj3\t{articles[1]}\n"
    assert outcome.err == "depeche: 2 articles: 2 submitted\n"
    assert [method for method, _ in server.calls] == ["POST"] * 3


def test_a_tree_is_mirrored(tmp_path: Path) -> None:
    tree, folder = tmp_path / "tree", tmp_path / "out"
    for name in ("a.fr.txt", "sub/b.md", "sub/deep/c.HTML", "sub/.hidden.txt", ".git/d.txt", "e.pdf", "f.en.txt"):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("salut")
    outcome = run(Server(), [tree], output=folder)
    assert outcome.status == 0
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert [name for name in written if ".summary" not in name] == ["a.en.txt", "sub/b.en.md", "sub/deep/c.en.html"]
    assert len(written) == 6


def test_quiet_says_only_what_went_wrong(articles: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    outcome = run(Server(), [*articles, tmp_path / "empty.txt"], quiet=True, output=tmp_path / "out")
    assert outcome.err == f"depeche: {tmp_path / 'empty.txt'}: it has no text\n"


def test_names_can_not_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2Jb.txt"
    path.write_text("salut")
    outcome = run(Server(), [path], json=True)
    assert "\x1b" not in outcome.err
    assert json.loads(outcome.out)["file"].endswith("a?[2Jb.txt")
