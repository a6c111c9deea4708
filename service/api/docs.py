"""The OpenAPI document. It is open to all: it tells of nobody."""

import json

from flask import Blueprint, Response, current_app, request

from service.api.parameters import refuse_unknown
from service.backend import Backend
from service.openapi.document import describe


def make_blueprint(backend: Backend) -> Blueprint:
    """The route /openapi.json."""
    blueprint = Blueprint("docs", __name__)
    made: dict[str, bytes] = {}

    @blueprint.get("/openapi.json")
    def document() -> Response:
        refuse_unknown(request)
        if not made:
            made["document"] = json.dumps(describe(current_app, backend.settings), ensure_ascii=False).encode()
        return _answer(made["document"], "application/json")

    return blueprint


def _answer(body: bytes, media_type: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
