"""What a run remembers, and what the next one makes of it."""

import json
import os
import time
from pathlib import Path, PurePath
from typing import Any

import pytest

from service.commands.journal import NAME, Journal, JournalBusy, digest, path_for

WORD = digest(PurePath("a"), "all", {"text": "Bonjour."})


def written(folder: Path) -> Journal:
    return Journal(folder / NAME, folder=folder)


def test_what_was_submitted_is_known_again(tmp_path: Path) -> None:
    with written(tmp_path) as journal:
        key = journal.key(WORD)
        journal.submitted(WORD, "j1", "http://a")
    with written(tmp_path) as journal:
        assert (journal.entry(WORD).job, journal.entry(WORD).url) == ("j1", "http://a")
        assert journal.key(WORD) == key, "a submission whose answer was lost is found by its key"
        assert not journal.is_written(WORD)


def test_an_article_is_written_while_its_files_are_there(tmp_path: Path) -> None:
    path = tmp_path / "a.en.txt"
    path.write_text("Hello.")
    with written(tmp_path) as journal:
        journal.submitted(WORD, "j1", "http://a")
        journal.ended(WORD, "succeeded", [path])
    with written(tmp_path) as journal:
        assert journal.is_written(WORD)
        assert journal.files() == {path.resolve()}
        path.unlink()
        assert not journal.is_written(WORD)
        assert journal.entry(WORD).job == "j1", "the server may still have it"


@pytest.mark.parametrize("end", ["failed", "cancelled", "gone"])
def test_what_failed_gets_another_job(tmp_path: Path, end: str) -> None:
    with written(tmp_path) as journal:
        key = journal.key(WORD)
        journal.submitted(WORD, "j1", "http://a")
        journal.ended(WORD, end, [])
    with written(tmp_path) as journal:
        assert journal.entry(WORD).job is None
        assert journal.key(WORD) != key


def test_whatever_is_changed_is_another_article() -> None:
    bodies: list[dict[str, Any]] = [{"text": "Bonjour."}, {"text": "Bonsoir."}, {"text": "Bonjour.", "title": "T"}]
    names = {
        digest(PurePath(stem), outputs, body) for stem in "ab" for outputs in ("all", "summary") for body in bodies
    }
    assert len(names) == 12


def test_runs_have_keys_of_their_own(tmp_path: Path) -> None:
    assert Journal().key(WORD) != Journal().key(WORD)


@pytest.mark.parametrize("tail", ['{"article": "b', "\x00\xff", "[]\n", '{"article": 1}\n', "\n"])
def test_a_line_that_was_cut_off_or_spoilt_is_dropped(tmp_path: Path, tail: str) -> None:
    with written(tmp_path) as journal:
        journal.submitted(WORD, "j1", "http://a")
    with (tmp_path / NAME).open("ab") as file:
        file.write(tail.encode("latin-1"))
    with written(tmp_path) as journal:
        assert journal.entry(WORD).job == "j1"
        journal.ended(WORD, "failed", [])
    with written(tmp_path) as journal:
        assert journal.entry(WORD).ends == 1


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with written(tmp_path), pytest.raises(JournalBusy):
        written(tmp_path)
    written(tmp_path).__exit__()


def test_again_forgets(tmp_path: Path) -> None:
    with written(tmp_path) as journal:
        key = journal.key(WORD)
        journal.submitted(WORD, "j1", "http://a")
    with Journal(tmp_path / NAME, folder=tmp_path, again=True) as journal:
        assert journal.entry(WORD).job is None
        assert journal.key(WORD) != key
    with written(tmp_path) as journal:
        assert journal.entry(WORD).job is None


def test_again_forgets_whatever_is_read_behind_it(tmp_path: Path) -> None:
    path = path_for(tmp_path / "state", ["a.txt"])
    with Journal(path) as journal:
        journal.submitted(WORD, "j1", "http://a")
    with Journal(path, again=True) as journal:
        assert not journal.interrupted
        key = journal.key(WORD)
    with Journal(path) as journal:
        assert journal.interrupted
        assert (journal.entry(WORD).job, journal.key(WORD)) == (None, key)


def test_how_to_go_on(tmp_path: Path) -> None:
    assert Journal().how_to_go_on == ""
    with written(tmp_path) as journal:
        assert journal.how_to_go_on == " The same command goes on from here."
    with Journal(tmp_path / NAME, folder=tmp_path, again=True) as journal:
        assert journal.how_to_go_on == " The same command, without --again, goes on from here."


def test_without_a_folder_it_goes_when_the_run_is_over(tmp_path: Path) -> None:
    path = path_for(tmp_path / "state", ["a.txt"])
    with Journal(path) as journal:
        assert not journal.interrupted
        journal.submitted(WORD, "j1", "http://a")
    with Journal(path) as journal:
        assert journal.interrupted
        journal.finish()
    assert not path.exists()
    with written(tmp_path) as journal:
        journal.finish()
    assert (tmp_path / NAME).exists()


def test_it_holds_no_text_and_is_for_nobody_else(tmp_path: Path) -> None:
    path = path_for(tmp_path / "state", ["a.txt"])
    with Journal(path) as journal:
        journal.submitted(WORD, "j1", "http://a")
    assert [sorted(json.loads(line)) for line in path.read_text().splitlines()] == [["run"], ["article", "job", "url"]]
    assert path.stat().st_mode & 0o077 == 0


def test_other_arguments_or_another_folder_are_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = path_for(tmp_path, ["a.txt"])
    assert path_for(tmp_path, ["a.txt"]) == here
    assert path_for(tmp_path, ["b.txt"]) != here
    monkeypatch.chdir(tmp_path)
    assert path_for(tmp_path, ["a.txt"]) != here


def test_old_ones_are_taken_away(tmp_path: Path) -> None:
    old, young = tmp_path / "old.jsonl", tmp_path / "young.jsonl"
    old.write_text("")
    young.write_text("")
    long_ago = time.time() - 8 * 86400
    os.utime(old, (long_ago, long_ago))
    path_for(tmp_path, [])
    assert (old.exists(), young.exists()) == (False, True)
