"""Serves the page and what belongs to it, and nothing else of the folder."""

from importlib.resources import files

from flask import Blueprint, Response, abort, request

from service.api.parameters import refuse_unknown

_FOLDER = files("service.page")

_ASSETS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "article.js": "text/javascript",
    "events.js": "text/javascript",
    "files.js": "text/javascript",
    "key.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def make_blueprint() -> Blueprint:
    """The routes / and /static/."""
    blueprint = Blueprint("page", __name__)

    @blueprint.get("/")
    def page() -> Response:
        refuse_unknown(request)
        return _answer("templates/page.html", "text/html")

    @blueprint.get("/static/<name>")
    def asset(name: str) -> Response:
        if name not in _ASSETS:
            abort(404)
        return _answer(f"static/{name}", _ASSETS[name])

    return blueprint


def _answer(path: str, media_type: str) -> Response:
    response = Response((_FOLDER / path).read_bytes(), mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
