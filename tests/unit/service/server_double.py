"""A server inside the process for tests of the client: answers as the real one does, with jobs that end when asked to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

Handler = Callable[[httpx2.Request], httpx2.Response]


def job(job_id: str = "j1", state: str = "succeeded", **members: Any) -> dict[str, Any]:
    """A job as the server shows it."""
    text = members.pop("text", "Hello.")
    result = {
        "translation": {"title": None, "text": text, "paragraphs": []},
        "summary": {"mode": "extractive", "method": "test", "text": "Short.", "sentences": []},
        "coverage": {"segments_in": 2, "segments_out": 2, "characters_in": 8, "truncated": False},
        "warnings": [],
        "models": {},
        "timings": {"queued_s": 0.0, "translate_s": 1.0, "summarize_s": 0.5},
    }
    return {
        "id": job_id,
        "state": state,
        "stage": "translating" if state == "running" else None,
        "progress": {"done": 1, "total": 2},
        "attempts": 1,
        "error": {"code": "model_failed", "detail": "It broke."} if state == "failed" else None,
        "metadata": None,
        "result": result if state == "succeeded" else None,
        **members,
    }


def problem(status: int, code: str, **headers: str) -> httpx2.Response:
    """A refusal as the server words it."""
    content = json.dumps({"status": status, "code": code, "detail": f"About {code}."})
    return httpx2.Response(status, content=content, headers={"Content-Type": "application/problem+json", **headers})


def answers(*given: httpx2.Response | Exception) -> tuple[Handler, list[httpx2.Request]]:
    """A server that gives these answers one after the other, and the requests that it got."""
    remaining: Iterator[httpx2.Response | Exception] = iter(given)
    requests: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        answer = next(remaining)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, requests


class Server:
    """Takes articles and gives their texts back in capitals. A text that starts with `fail` fails; `refuse` is refused.

    A key that it knows gives the same job, unless that is `lost`: these are ids whose jobs were erased.
    """

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.lost: set[str] = set()
        self.bodies: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.unfinished: set[str] = set()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answers one request."""
        self.calls.append((request.method, request.url.path))
        if request.url.path == "/healthz":
            return httpx2.Response(200, json={"status": "ok"})
        if request.method == "POST":
            return self._submit(request)
        job_id = request.url.path.removeprefix("/v1/jobs/").partition("/")[0]
        if job_id in self.lost:
            return problem(410, "job_gone")
        if request.method == "DELETE":
            return httpx2.Response(200, json=job(job_id, "cancelled"))
        body = self.bodies[int(job_id[1:]) - 1]
        if job_id in self.unfinished:
            return httpx2.Response(200, json=job(job_id, "running"))
        if request.url.path.endswith("/translation"):
            title = f"{body['title'].upper()}\n\n" if "title" in body else ""
            return httpx2.Response(200, content=f"{title}{body['text'].upper()}".encode())
        state = "failed" if body["text"].startswith("fail") else "succeeded"
        view = job(job_id, state, text=body["text"].upper())
        if view["result"]:
            view["result"]["translation"]["title"] = body.get("title")
            view["result"]["format"] = body.get("format", "text")
        return httpx2.Response(200, json=view)

    def _submit(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        if body["text"].startswith("refuse"):
            return problem(422, "not_french")
        key = request.headers["Idempotency-Key"]
        if key not in self.keys:
            self.bodies.append(body)
            self.keys[key] = f"j{len(self.bodies)}"
        if self.keys[key] in self.lost:
            return problem(410, "job_gone")
        return httpx2.Response(202, json=job(self.keys[key], "queued"))
