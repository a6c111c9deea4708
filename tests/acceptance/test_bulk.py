"""Large articles and many of them, through the whole stack over the fake engine: nothing lost, memory bounded."""

import time
from typing import Any

from tests.acceptance.stack import Stack, processes_of

PARAGRAPH = (
    "Le conseil municipal s'est réuni mardi à 18 h 30 pour débattre du budget, qui atteint 3,4 millions d'euros. "
    "« Nous avons fait des choix difficiles », a déclaré Mme Lenoir, adjointe aux finances. Le vote est prévu le 1er avril."
)


def check_whole(job: dict[str, Any], source: str) -> None:
    assert job["state"] == "succeeded", job["error"]
    result = job["result"]
    segments = [segment for paragraph in result["translation"]["paragraphs"] for segment in paragraph["segments"]]
    assert "".join(segment["source"] for segment in segments).replace(" ", "") == "".join(source.split())
    assert result["coverage"]["segments_in"] == result["coverage"]["segments_out"] == len(segments)
    assert result["coverage"]["truncated"] is False
    assert result["translation"]["text"].count("\n\n") == source.count("\n\n")


def memory_of(stack: Stack) -> int:
    """Bytes of resident memory of the worker."""
    return sum(process.memory_info().rss for process in processes_of(stack.data, "depeche-worker"))


def test_an_article_of_300_000_characters(fake_stack: Stack) -> None:
    source = "\n\n".join(f"{number}. {PARAGRAPH}" for number in range(1350))
    assert len(source) > 300_000
    before = memory_of(fake_stack)
    check_whole(fake_stack.wait(fake_stack.submit(source)), source)
    assert memory_of(fake_stack) - before < 500e6


def test_fifty_articles_at_once(fake_stack: Stack) -> None:
    sources = [f"Article {number}.\n\n" + "\n\n".join([PARAGRAPH] * (number % 7 + 1)) for number in range(50)]
    jobs = [fake_stack.submit(source) for source in sources]
    for job_id, source in zip(jobs, sources, strict=True):
        check_whole(fake_stack.wait(job_id), source)


def test_one_sentence_of_4000_words(fake_stack: Stack) -> None:
    source = "Le maire a dit " + ", ".join(f"que la rue numéro {number} serait refaite" for number in range(670)) + "."
    assert len(source.split()) > 4000
    check_whole(fake_stack.wait(fake_stack.submit(source)), source)


def test_progress_moves_while_an_article_is_worked_on(fake_stack: Stack) -> None:
    """The fake engine is quick: progress is looked at from the side, on an article that takes a while all the same."""
    source = "\n\n".join(f"{number}. {PARAGRAPH}" for number in range(3000))
    job_id = fake_stack.submit(source)
    seen: list[tuple[int, int]] = []
    while True:
        job = fake_stack.call(f"/v1/jobs/{job_id}")
        if job["ended_at"]:
            break
        if job["state"] == "running":
            seen.append((job["progress"]["done"], job["progress"]["total"]))
        time.sleep(0.05)
    assert job["state"] == "succeeded"
    done = [done for done, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) > 1, "progress was never seen to move"
