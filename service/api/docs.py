"""The OpenAPI document and its page. They are open to all: they tell of nobody."""

import json
from functools import lru_cache

from flask import Blueprint, Flask, Response, current_app, request

from service.api.parameters import refuse_unknown
from service.backend import Backend
from service.openapi import reference
from service.openapi.document import describe


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes /openapi.json and /docs."""
    blueprint = Blueprint("docs", __name__)

    @lru_cache(maxsize=1)
    def described(app: Flask) -> bytes:
        return json.dumps(describe(app, backend.settings), ensure_ascii=False).encode()

    @lru_cache(maxsize=1)
    def rendered(app: Flask) -> bytes:
        return reference.render(json.loads(described(app)))

    @blueprint.get("/openapi.json")
    def document() -> Response:
        refuse_unknown(request)
        return _answer(described(_app()), "application/json")

    @blueprint.get("/docs")
    def page() -> Response:
        refuse_unknown(request)
        return _answer(rendered(_app()), "text/html")

    @blueprint.get("/docs/style.css")
    def style() -> Response:
        refuse_unknown(request)
        return _answer(reference.style(), "text/css")

    return blueprint


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _answer(body: bytes, media_type: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
