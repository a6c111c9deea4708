"""A webhook all the way: `scripts/run`, a worker that ends the job, the sender that the stack keeps alive, a receiver."""

import time
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from tests.acceptance.stack import Stack, processes_of
from tests.receiver import Receiver, Reply


def submit(stack: Stack, url: str) -> str:
    body = b'{"text": "Il pleut sur Brest.", "callback_url": "%s"}' % url.encode()
    job: dict[str, str] = stack.call("/v1/jobs", body)
    return job["id"]


def callback(stack: Stack, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.call(f"/v1/jobs/{job_id}")["callback"]
    return found


def test_an_end_is_told_and_a_sender_that_was_killed_is_started_again(data: Path) -> None:
    stack = Stack(data, DEPECHE_ENGINE="fake", DEPECHE_CALLBACK_NETWORKS="127.0.0.0/8")
    try:
        with Receiver() as receiver:
            secret = stack.call("/v1/webhook-secret", b"")["secret"]
            first = submit(stack, f"{receiver.url}/hook")
            [got] = receiver.wait(1)
            event = Webhook(secret).verify(got.body, got.headers)
            assert (event["type"], event["data"]["id"]) == ("job.succeeded", first)
            receiver.reply = Reply(delay_s=5)
            second = submit(stack, f"{receiver.url}/hook")
            receiver.wait(2)
            [sender] = [process for process in processes_of(data, "depeche") if "deliver" in process.cmdline()]
            sender.kill()  # the receiver has it, and nobody knows
            receiver.reply = Reply()
            receiver.wait(3, timeout_s=90)
            deadline = time.monotonic() + 30
            while callback(stack, second)["state"] != "delivered":
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert [attempt["error"] for attempt in callback(stack, second)["attempts"]] == ["sender_lost", None]
            assert receiver.requests[1].body == receiver.requests[2].body
    finally:
        assert stack.interrupt() == 0
    assert processes_of(data) == []
