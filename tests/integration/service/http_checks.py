"""What the tests of the interface share: submitting an article, and reading a problem."""

from typing import Any

import httpx2


def submit(http: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/jobs", json={"text": "Bonjour.", **body})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code, after a look at the rest of the problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "urn:depeche:problem:" + body["code"]
    assert body["title"]
    assert body["detail"]
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]
