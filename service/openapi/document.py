"""The OpenAPI 3.1 document: the routes of the application, described by the tables beside this module."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from service.contract.request import JobRequest
from service.openapi import answers, batches, compatible, errors, jobs, requests, service, webhooks
from service.openapi.operation import Answer, Body, Header, Keys, Media, Operation, Parameter
from service.settings import Settings

#: Every operation, by the endpoint of its route.
OPERATIONS: dict[str, Operation] = {
    **jobs.OPERATIONS,
    **webhooks.OPERATIONS,
    **batches.OPERATIONS,
    **compatible.OPERATIONS,
    **service.OPERATIONS,
}

#: What HTTP gives to every route by itself.
GIVEN = {"HEAD", "OPTIONS"}

_TAGS = {
    jobs.TAG: "An article, from its submission to its translation and summary.",
    webhooks.TAG: "A job's end is told to its `callback_url`.",
    batches.TAG: "Many articles at once.",
    compatible.TAG: "Other services' interfaces: their clients work by changing their server's address.",
    service.HEALTH: "For those who run it.",
    service.PAGES: "For people.",
}

_ABOUT = """Translates French articles into English, and sums them up.

Submit an article, then wait for its job or listen to it. Errors are problems (RFC 9457) with a stable `code`. Unknown
fields and query parameters are refused, never ignored. Every address that answers `GET` answers `HEAD` too, and all
answer `OPTIONS`; other methods that are not named get 405."""

_SCHEMES: dict[str, dict[str, Any]] = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "Counts before a Bearer token."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The API key."},
    "deepl": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`DeepL-Auth-Key` and the API key, with a blank between.",
    },
}

_SECURITY: dict[Keys, list[dict[str, list[str]]]] = {
    Keys.OWN: [{"bearer": []}, {"apiKey": []}],
    Keys.OPTIONAL: [{"bearer": []}, {"apiKey": []}, {}],
    Keys.DEEPL: [{"deepl": []}],
    Keys.NONE: [],
    Keys.LIBRETRANSLATE: [{"bearer": []}, {"apiKey": []}, {}],
}

#: Models of what is sent and of what is answered. Those that they hold come along.
_REQUESTS: list[type[BaseModel]] = [
    JobRequest,
    requests.BatchRequest,
    requests.LibreRequest,
    requests.LibreFormRequest,
    requests.LibreDetectRequest,
    requests.DeepLRequest,
]
_ANSWERS: list[type[BaseModel]] = [
    *answers.Answer.__subclasses__(),
    answers.ProgressEvent,
    answers.Job,
    answers.NewWebhookSecret,
    answers.NotReady,
]


def describe(app: Flask, settings: Settings) -> dict[str, Any]:
    """The document of an application, with the limits and the demands of its settings. Its order is always the same."""
    spec = APISpec(
        title="Dépêche",
        version=version("depeche"),
        openapi_version="3.1.0",
        info={"description": _ABOUT, "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": "/"}],
        webhooks=webhooks.SENT,
        tags=[{"name": name, "description": description} for name, description in _TAGS.items()],
    )
    for name, scheme in _SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for name, schema in _schemas(settings):
        spec.components.schema(name, schema)
    for rule, method in described_routes(app):
        operation = OPERATIONS[rule.endpoint]
        spec.path(path_of(rule), operations={method.lower(): _operation(operation, settings)})
    document: dict[str, Any] = spec.to_dict()
    return document


def described_routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route of an application that is described here, with its method, in the order of the descriptions."""
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    for endpoint in OPERATIONS:
        if endpoint in rules:
            [method] = (rules[endpoint].methods or set()) - GIVEN
            yield rules[endpoint], method


def path_of(rule: Rule) -> str:
    """The path of a route as OpenAPI writes it."""
    return rule.rule.replace("<", "{").replace(">", "}")


class _Schemas(GenerateJsonSchema):
    """Without the titles that only repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schemas(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in _REQUESTS]
    models += [(model, "serialization") for model in _ANSWERS]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}", schema_generator=_Schemas)
    schemas: dict[str, dict[str, Any]] = found["$defs"]
    for schema in schemas.values():
        schema.pop("title", None)
    article = schemas["JobRequest"]["properties"]["text"]
    article["maxLength"] = settings.max_characters
    schemas["ArticleText"] = dict(article)
    wait = {"type": "number", "minimum": 0, "maximum": settings.wait_limit_s}
    schemas["WaitSeconds"] = wait
    yield from sorted(schemas.items())


def _operation(operation: Operation, settings: Settings) -> dict[str, Any]:
    responses: dict[str, Any] = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    for status, response in errors.responses(operation).items():
        responses[str(status)] = {**response, "headers": _headers(response["headers"])}
    security = list(_SECURITY[operation.keys])
    if security and not settings.keys_required and {} not in security:
        security.append({})
    described: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        described["requestBody"] = _body(operation.body)
    return {**described, "responses": responses, "security": security}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.place == "path",
        "schema": parameter.schema,
    }
    return described if parameter.example is None else {**described, "example": parameter.example}


def _body(body: Body) -> dict[str, Any]:
    return {"description": body.description, "required": body.required, "content": _content(body.content)}


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.content:
        described["content"] = _content(answer.content)
    if answer.headers:
        described["headers"] = _headers(answer.headers)
    if answer.links:
        described["links"] = {name: dict(link) for name, link in answer.links.items()}
    return described


def _content(content: Any) -> dict[str, Any]:
    return {media_type: _media(media) for media_type, media in content.items()}


def _media(media: Media) -> dict[str, Any]:
    if not media.examples:
        return {"schema": media.schema}
    return {"schema": media.schema, "examples": {name: {"value": value} for name, value in media.examples.items()}}


def _headers(headers: Any) -> dict[str, Any]:
    return {header.name: _header(header) for header in headers}


def _header(header: Header) -> dict[str, Any]:
    return {"description": header.description, "required": header.always, "schema": header.schema}
