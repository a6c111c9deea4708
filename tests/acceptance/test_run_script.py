"""`scripts/run` as a user runs it: real Redis, real worker, real front end, the bundled model."""

import json
import re
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.stack import ROOT, Stack, processes_of, run

SAMPLE = ROOT / "docs" / "samples" / "papeterie.fr.txt"


class TestArticles:
    def test_the_sample_arrives_whole(self, data: Path) -> None:
        answer = run(data, SAMPLE, "--json")
        assert answer.returncode == 0, answer.stderr
        job = json.loads(answer.stdout)
        assert job["state"] == "succeeded"
        check_whole(job, SAMPLE.read_text(encoding="utf-8"))
        assert len(job["result"]["summary"]["text"].split()) <= 100

    def test_several_articles_give_an_array_in_their_order(self, data: Path, tmp_path: Path) -> None:
        articles = [tmp_path / f"article{number}.txt" for number in range(5)]
        for number, article in enumerate(articles):
            article.write_text(f"Le chapitre {number} commence.\n\nIl pleut sur la ville.\n", encoding="utf-8")
        answer = run(data, *articles, "--json", DEPECHE_ENGINE="fake")
        assert answer.returncode == 0, answer.stderr
        jobs = json.loads(answer.stdout)
        sources = [job["result"]["translation"]["paragraphs"][0]["source"] for job in jobs]
        assert sources == [f"Le chapitre {number} commence." for number in range(5)]

    def test_files_are_written_where_they_are_wanted(self, data: Path, tmp_path: Path) -> None:
        output = tmp_path / "english"
        answer = run(data, SAMPLE, "--output", output, DEPECHE_ENGINE="fake")
        assert answer.returncode == 0, answer.stderr
        names = sorted(path.name for path in output.iterdir())
        assert len(names) == 2
        assert all((output / name).stat().st_size for name in names)

    def test_one_bad_article_fails_the_run_and_harms_no_other(self, data: Path, tmp_path: Path) -> None:
        good, blank = tmp_path / "good.txt", tmp_path / "blank.txt"
        good.write_text("Il pleut.", encoding="utf-8")
        blank.write_text(" \n", encoding="utf-8")
        answer = run(data, blank, good, DEPECHE_ENGINE="fake")
        assert answer.returncode == 1
        assert "blank.txt" in answer.stderr
        assert answer.stdout.strip()

    def test_a_missing_file_starts_nothing(self, data: Path) -> None:
        answer = run(data, "nowhere.txt")
        assert answer.returncode == 1
        assert answer.stderr.strip() == "depeche: no such file: nowhere.txt"
        assert not data.exists()


def check_whole(job: dict[str, Any], source: str) -> None:
    """All paragraphs in order between the same separators; every segment English or flagged; evidence that is there."""
    result = job["result"]
    paragraphs = result["translation"]["paragraphs"]
    assert [p["source"] for p in paragraphs] == [line.strip() for line in source.splitlines() if line.strip()]
    assert re.findall(r"\n+", result["translation"]["text"]) == re.findall(r"\n+", source)
    coverage = result["coverage"]
    assert coverage["segments_in"] == coverage["segments_out"] == sum(len(p["segments"]) for p in paragraphs)
    assert coverage["characters_in"] == len(source)
    assert coverage["truncated"] is any("truncated" in s["flags"] for p in paragraphs for s in p["segments"])
    for paragraph in paragraphs:
        for segment in paragraph["segments"]:
            assert segment["target"].strip()
            assert (
                segment["target"] != segment["source"] or segment["flags"] or not re.search(r"[a-z]", segment["source"])
            )
    for sentence in result["summary"]["sentences"]:
        assert sentence["evidence"]
        for paragraph, segment in sentence["evidence"]:
            assert paragraphs[paragraph]["segments"][segment]["source"]


class TestStack:
    def test_starts_says_where_it_is_and_stops_on_ctrl_c(self, data: Path) -> None:
        stack = Stack(data)
        assert stack.url in stack.greeting
        assert stack.seconds < 60, "the environment is there: a start takes seconds"
        with urllib.request.urlopen(stack.url, timeout=10) as page:
            assert b"<form" in page.read()
        assert stack.interrupt() == 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", stack.port))

    def test_jobs_outlive_a_restart(self, data: Path) -> None:
        first = Stack(data, DEPECHE_ENGINE="fake")
        job_id = first.submit("Il pleut.")
        assert first.interrupt() == 0
        second = Stack(data, DEPECHE_ENGINE="fake")
        assert second.wait(job_id)["state"] == "succeeded"
        assert second.interrupt() == 0

    def test_leaves_no_process_when_it_is_killed(self, data: Path) -> None:
        stack = Stack(data, DEPECHE_ENGINE="fake")
        stack.process.kill()
        stack.end()
        deadline = time.monotonic() + 60
        while processes_of(data) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert processes_of(data) == []

    def test_a_worker_that_was_killed_is_started_again(self, data: Path) -> None:
        stack = Stack(data, DEPECHE_ENGINE="fake")
        workers = processes_of(data, "depeche-worker")
        assert len(workers) == 1
        workers[0].kill()
        deadline = time.monotonic() + 30
        while True:
            again = processes_of(data, "depeche-worker")
            if again and again[0].pid != workers[0].pid:
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert stack.interrupt() == 0

    def test_articles_go_to_the_stack_that_runs(self, data: Path) -> None:
        stack = Stack(data, DEPECHE_ENGINE="fake")
        answer = run(data, SAMPLE, "--summary")
        assert answer.returncode == 0, answer.stderr
        assert stack.url in answer.stderr
        assert run(data).returncode == 1, "a second stack on the same data folder"
        assert stack.interrupt() == 0

    def test_a_taken_port_is_one_line(self, data: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            answer = run(data, "--port", taken.getsockname()[1])
        assert answer.returncode == 1
        assert "is taken" in answer.stderr
        assert len(answer.stderr.splitlines()) == 1

    @pytest.mark.parametrize(
        ("variables", "words"),
        [
            ({"DEPECHE_TRANSLATOR": "/nowhere/model"}, "/nowhere/model"),
            ({"DEPECHE_REDIS_URL": "redis://127.0.0.1:1/0"}, "can't be reached"),
        ],
    )
    def test_says_why_it_does_not_start(self, data: Path, variables: dict[str, str], words: str) -> None:
        answer = run(data, **variables)
        assert answer.returncode == 1
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr
