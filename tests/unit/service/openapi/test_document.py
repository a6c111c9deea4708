"""The OpenAPI document: valid, complete, in keeping with the routes and the table of errors."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.app import create_app
from service.contract.errors import Code
from service.contract.request import JobRequest, parse_request
from service.openapi import errors
from service.openapi.document import GIVEN, OPERATIONS, describe, path_of
from service.openapi.operation import Keys
from service.settings import Settings
from tests.openapi import Described

#: Where other services' words are spoken.
OTHERS = ("/translate", "/detect", "/languages", "/v2/")

SETTINGS = Settings.load(redis_url="redis://127.0.0.1:1/0")


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(SETTINGS)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return describe(app, SETTINGS)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_route_and_method_is_in_it_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (path_of(rule), method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - GIVEN
    }
    assert {(path, method) for path, method, _ in operations(document)} == routes
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == OPERATIONS.keys()


def test_every_path_parameter_is_described(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path


def test_it_is_the_same_each_time(document: dict[str, Any]) -> None:
    assert json.dumps(describe(create_app(SETTINGS), SETTINGS)) == json.dumps(document)


def test_every_code_of_the_table_stands_where_it_is_given() -> None:
    given = {code for operation in OPERATIONS.values() for code in errors.codes(operation)}
    of_requests = {code for code in Code if code.value.status}
    assert given | set(errors.ELSEWHERE) == of_requests
    assert not given & set(errors.ELSEWHERE)


def test_codes_stand_at_their_statuses(document: dict[str, Any]) -> None:
    kinds = {code.value.code: code.value for code in Code}
    seen = 0
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            medium = response.get("content", {}).get("application/problem+json")
            if medium is None:
                continue
            for code in medium["schema"]["allOf"][1]["properties"]["code"]["enum"]:
                seen += 1
                assert kinds[code].status == int(status), (path, code)
    assert seen > 100


def test_every_answer_of_400_and_above_is_a_problem_or_in_the_other_services_words(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert set(response["content"]) <= {"application/problem+json", "application/json"}, path
                assert ("application/json" in response["content"]) <= path.startswith(OTHERS)


def test_examples_are_what_they_show(document: dict[str, Any]) -> None:
    described = Described(document)
    shown = 0
    for _, _, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for part in [*bodies, *operation["responses"].values()]:
            for media_type, medium in part.get("content", {}).items():
                for example in medium.get("examples", {}).values():
                    shown += 1
                    assert described.complaints(media_type, medium["schema"], example["value"]) == []
    assert shown > 20


def test_articles_that_it_shows_are_accepted(document: dict[str, Any]) -> None:
    examples = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert isinstance(parse_request(example["value"], max_characters=1000), JobRequest)


def test_limits_are_those_of_the_settings() -> None:
    settings = Settings.load(redis_url="redis://127.0.0.1:1/0", max_characters=77, wait_limit_s=9)
    document = describe(create_app(settings), settings)
    schemas = document["components"]["schemas"]
    assert schemas["JobRequest"]["properties"]["text"]["maxLength"] == schemas["ArticleText"]["maxLength"] == 77
    assert schemas["WaitSeconds"]["maximum"] == 9


@pytest.mark.parametrize("demanded", [False, True])
def test_keys_are_said_to_be_needed_where_they_are(demanded: bool) -> None:
    settings = Settings.load(redis_url="redis://127.0.0.1:1/0", require_keys=demanded)
    document = describe(create_app(settings), settings)
    by_id = {operation.id: operation for operation in OPERATIONS.values()}
    for _, _, described in operations(document):
        keys = by_id[described["operationId"]].keys
        if keys is Keys.NONE:
            assert described["security"] == []
        else:
            assert ({} in described["security"]) == (not demanded or keys in (Keys.OPTIONAL, Keys.LIBRETRANSLATE))
