"""One article with which something is wrong harms no other, whatever it is; what would meet all of them ends the run."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.client import ClientError
from tests.unit.service.driven_client import Maker
from tests.unit.service.server_double import Server
from tests.unit.service.test_resumption import posts, run_into
from tests.unit.service.test_submission import run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text("il pleut")
    return path


def test_a_name_that_is_not_utf_8(good: Path, tmp_path: Path) -> None:
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")
    Path(bad).write_text("il neige")
    server, folder = Server(), tmp_path / "out"
    assert run_into(folder, server, [Path(bad), good]).status == 0
    assert [body["metadata"]["name"] for body in server.bodies] == ["caf\ufffd", "good"]
    assert b"caf\xe9.en.txt" in os.listdir(os.fsencode(folder))
    assert "2 done before" in run_into(folder, server, [Path(bad), good]).err


def test_what_can_not_be_sent(good: Path) -> None:
    outcome = run(Server(), [good, good], article={"keep": ["\udce9"]})
    assert (outcome.status, outcome.err.count("a character that is not Unicode")) == (1, 2)


@pytest.mark.parametrize("metadata", [{"name": "caf\udce9"}, {"size": float("nan")}])
def test_the_client_says_so(client_of: Maker, metadata: dict[str, Any]) -> None:
    with client_of(Server()) as client, pytest.raises(ClientError, match="can't be sent"):
        client.submit("Bonjour.", metadata=metadata)


def test_a_long_name_is_no_matter(good: Path, tmp_path: Path) -> None:
    long = tmp_path / f"{'n' * 243}.txt"
    long.write_text("il neige")
    outcome = run_into(tmp_path / "out", Server(), [long, good])
    assert (outcome.status, len(list((tmp_path / "out").glob("*.summary.txt")))) == (0, 2)


@pytest.mark.parametrize(
    ("name", "in_the_way", "code"),
    [
        (f"{'n' * 244}.txt", "", errno.ENAMETOOLONG),
        ("bad.txt", "bad.en.txt/", errno.EISDIR),
        ("bad.txt", "bad.summary.txt/", errno.EISDIR),
        ("sub/bad.txt", "sub", errno.EEXIST),
        ("sub/sub/bad.txt", "sub", errno.ENOTDIR),
    ],
    ids=lambda value: str(value)[:12],
)
def test_files_that_can_not_be_written(good: Path, tmp_path: Path, name: str, in_the_way: str, code: int) -> None:
    tree, folder, server = tmp_path / "tree", tmp_path / "out", Server()
    (tree / name).parent.mkdir(parents=True)
    (tree / name).write_text("il neige")
    if in_the_way.endswith("/"):
        (folder / in_the_way).mkdir(parents=True)
    elif in_the_way:
        folder.mkdir()
        (folder / in_the_way).write_text("")
    for _ in range(2):
        outcome = run_into(folder, server, [tree, good], in_flight=1)
        assert "2 articles: " in outcome.err, "it goes through to the end"
        assert (outcome.status, outcome.err.count(os.strerror(code))) == (1, 1)
        assert outcome.err.count("/out/") >= 1, "it says which file"
        assert (folder / "good.en.txt").read_text() == "IL PLEUT"
    assert posts(server) == 2, "the job is there still"
    assert not [path for path in folder.rglob("*n.txt") if path.is_file() and path.name != "good.en.txt"]
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("name", ["Qui a gagné ?.txt", "12:30/bad.txt"])
def test_names_that_the_file_system_does_not_take(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tree, folder = tmp_path / "tree", tmp_path / "out"
    (tree / name).parent.mkdir(parents=True)
    (tree / name).write_text("il neige")

    def as_on_fat(call: str, place: int) -> None:
        real = getattr(os, call)

        def picky(*arguments: Any, **options: Any) -> Any:
            path = os.fspath(arguments[place])
            if set(os.path.basename(path)) & set(':?*"'):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
            return real(*arguments, **options)

        monkeypatch.setattr(f"os.{call}", picky)

    as_on_fat("replace", 1)
    as_on_fat("mkdir", 0)
    outcome = run_into(folder, Server(), [tree, good], in_flight=1)
    assert (outcome.status, outcome.err.count("Invalid argument")) == (1, 1)
    assert "2 articles: " in outcome.err
    assert [path.name for path in folder.rglob("*.en.txt")] == ["good.en.txt"]
    assert not list(folder.rglob("*.part"))


def test_a_full_disk_ends_the_run(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    outcome = run(Server(), [good], output=tmp_path / "out")
    assert outcome.status == 1
    assert outcome.err == f"depeche: {tmp_path}/out/good.en.txt: No space left on device\n"


@pytest.mark.parametrize("status", [413, 414, 422])
def test_what_a_proxy_refuses(good: Path, tmp_path: Path, status: int) -> None:
    server, bad = Server(), tmp_path / "bad.txt"
    bad.write_text("il neige")

    def proxy(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and json.loads(request.content)["text"] == "il neige":
            return httpx2.Response(status, text="<html>Request Entity Too Large</html>")
        return server(request)

    outcome = run(proxy, [bad, good])
    assert (outcome.status, "IL PLEUT" in outcome.out) == (1, True)
    assert f"{bad}: The answer is {status} and not from Dépêche." in outcome.err
