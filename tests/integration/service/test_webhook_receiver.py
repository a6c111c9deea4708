"""The receiver that docs/http.md shows, run as it stands there."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from service.contract.callback import Fault
from tests.integration.service.http_checks import submit
from tests.integration.service.sender_process import SenderProcess

PAGE = (Path(__file__).parents[3] / "docs" / "http.md").read_text(encoding="utf-8")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def receiver(http: httpx2.Client, port: int, tmp_path: Path) -> Iterator[Path]:
    """The documented receiver, with a new secret of the client. Yields what it prints."""
    [code] = re.findall(r"^```python\n(# A receiver of webhooks\..*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    secret = http.post("/v1/webhook-secret").json()["secret"]
    printed = tmp_path / "printed.txt"
    variables = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)}
    with printed.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=variables, stdout=output, stderr=subprocess.DEVNULL
        )
    try:
        yield printed
    finally:
        process.terminate()
        process.wait(30)


def test_it_takes_what_is_signed_once_and_nothing_else(
    http: httpx2.Client, redis_url: str, receiver: Path, port: int
) -> None:
    url = f"http://localhost:{port}/hooks/depeche"
    job = submit(http, callback_url=url)
    http.delete(f"/v1/jobs/{job['id']}")
    with SenderProcess(redis_url):
        _until_delivered(http, job["id"], 1)
        http.post(f"/v1/jobs/{job['id']}/callback")
        _until_delivered(http, job["id"], 2)
    assert receiver.read_text() == f"job.cancelled {job['id']}\n"
    with httpx2.Client(trust_env=False) as stranger:
        forged = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
        assert stranger.post(url, content=b"{}", headers=forged).status_code == 401
        assert stranger.post(url, content=b"{}").status_code == 401
    assert len(receiver.read_text().splitlines()) == 1


def _until_delivered(http: httpx2.Client, job_id: str, times: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        callback = http.get(f"/v1/jobs/{job_id}").json()["callback"]
        successes = [attempt for attempt in callback["attempts"] if attempt["status"] == 204]
        if callback["state"] == "delivered" and len(successes) == times:
            return
        assert time.monotonic() < deadline, callback
        time.sleep(0.05)


def test_every_fault_is_in_the_table() -> None:
    documented = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", PAGE[PAGE.index("| error | what") :], re.MULTILINE)
    assert documented[: len(Fault)] == list(Fault)
