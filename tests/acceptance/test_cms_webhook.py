"""The receiver of docs/howto/cms-webhook.md, as it stands there, makes drafts out of jobs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.stack import ROOT, Stack, free_port, processes_of
from tests.documents import examples

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack over the fake engine that may send webhooks to this machine."""
    stack = Stack(
        tmp_path_factory.mktemp("stack") / "data", DEPECHE_ENGINE="fake", DEPECHE_CALLBACK_NETWORKS="127.0.0.1/32"
    )
    yield stack
    assert stack.interrupt() == 0
    assert processes_of(stack.data) == []


@pytest.fixture
def receiver(stack: Stack, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Its address, and the folder that its drafts go to."""
    (program,) = [part for part in examples(ROOT / "docs" / "howto" / "cms-webhook.md") if part.language == "python"]
    (tmp_path / "receiver.py").write_text(program.code, encoding="utf-8")
    secret = json.loads(posted(f"{stack.url}/v1/webhook-secret", b""))["secret"]
    port = free_port()
    variables = {"DEPECHE_URL": stack.url, "WEBHOOK_SECRET": secret, "PORT": str(port), "PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "receiver.py"], cwd=tmp_path, env={**os.environ, **variables}, stdout=log, stderr=log
        )
    deadline = time.monotonic() + PATIENCE_S
    while not listens(port):
        assert time.monotonic() < deadline, (tmp_path / "log").read_text()
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}/hooks/depeche", tmp_path / "drafts"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def posted(url: str, body: bytes) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def test_a_draft_is_made_when_the_job_ends(stack: Stack, receiver: tuple[str, Path]) -> None:
    url, drafts = receiver
    article = {"text": "Le maire a inauguré le pont.", "metadata": {"cms_id": 4711}, "callback_url": url}
    job_id = json.loads(posted(f"{stack.url}/v1/jobs", json.dumps(article).encode()))["id"]
    deadline = time.monotonic() + PATIENCE_S
    draft = drafts / "4711.md"
    while not draft.exists() or not draft.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, stack.call(f"/v1/jobs/{job_id}")
        time.sleep(0.1)
    text = stack.call(f"/v1/jobs/{job_id}")["result"]["translation"]["text"]
    assert text in draft.read_text(encoding="utf-8")
    while (callback := stack.call(f"/v1/jobs/{job_id}")["callback"])["state"] != "delivered":
        assert time.monotonic() < deadline, callback
        time.sleep(0.1)
    assert callback["attempts"][-1]["status"] == 204


def test_what_nobody_signed_is_refused(receiver: tuple[str, Path]) -> None:
    url, drafts = receiver
    with pytest.raises(urllib.error.HTTPError, match="401"):
        posted(url, b'{"type": "job.succeeded", "data": {"id": "x", "metadata": {"cms_id": 1}}}')
    assert list(drafts.iterdir()) == []
