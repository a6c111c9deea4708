"""Errors as problems: every code, what breaks inside, and what Flask itself refuses."""

import pytest
from flask import Flask

from service.api import problems
from service.contract.errors import Code, DepecheError, QueueFull


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    problems.register(app)

    @app.get("/broken")
    def broken() -> str:
        return str(1 / 0)

    @app.get("/full")
    def full() -> str:
        raise QueueFull(5, retry_after=30)

    @app.get("/code/<name>")
    def code(name: str) -> str:
        raise DepecheError(Code[name], "Do this.", pointer="/text")

    return app


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_a_problem(app: Flask, code: Code) -> None:
    answer = app.test_client().get(f"/code/{code.name}")
    assert answer.content_type == "application/problem+json"
    assert answer.status_code == (code.value.status or 500)
    assert answer.get_json() == {
        "type": f"urn:depeche:problem:{code.value.code}",
        "title": code.value.title,
        "status": answer.status_code,
        "detail": "Do this.",
        "code": code.value.code,
        "pointer": "/text",
    }


def test_codes_are_unique() -> None:
    codes = [code.value.code for code in Code]
    assert len(set(codes)) == len(codes)


def test_what_passes_says_when(app: Flask) -> None:
    answer = app.test_client().get("/full")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


class Record:
    """Stands in for the logger."""

    def __init__(self) -> None:
        self.fields: dict[str, object] = {}

    def error(self, event: str, **fields: object) -> None:
        self.fields = {"event": event, **fields}


def test_what_breaks_inside_stays_inside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record()
    monkeypatch.setattr(problems, "log", record)
    answer = app.test_client().get("/broken")
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (500, "internal")
    assert "division" not in answer.get_data(as_text=True)
    reference = body["instance"].rpartition(":")[2]
    assert reference in body["detail"]
    assert (record.fields["event"], record.fields["reference"]) == ("request_broke", reference)
    assert record.fields["kind"] == "ZeroDivisionError"
    assert "division by zero" not in str(record.fields), "messages of exceptions can hold text of an article"


def test_methods(app: Flask) -> None:
    answer = app.test_client().delete("/full")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
