"""Serves the page and what belongs to it, and nothing else of the folder."""

from importlib.resources import files

from flask import Blueprint, Response, abort, request

from service.api.parameters import refuse_unknown

_FOLDER = files("service.page")

_SCRIPT, _STYLE = "text/javascript", "text/css"

_ASSETS = {
    "page.css": _STYLE,
    "print.css": _STYLE,
    "address.js": _SCRIPT,
    "api.js": _SCRIPT,
    "article.js": _SCRIPT,
    "events.js": _SCRIPT,
    "files.js": _SCRIPT,
    "form.js": _SCRIPT,
    "job.js": _SCRIPT,
    "key.js": _SCRIPT,
    "memory.js": _SCRIPT,
    "notices.js": _SCRIPT,
    "page.js": _SCRIPT,
    "question.js": _SCRIPT,
    "recent.js": _SCRIPT,
    "result.js": _SCRIPT,
    "times.js": _SCRIPT,
    "words.en.js": _SCRIPT,
    "words.fr.js": _SCRIPT,
    "words.js": _SCRIPT,
    "icon.svg": "image/svg+xml",
    "sample.fr.txt": "text/plain",
}


def make_blueprint() -> Blueprint:
    """The routes /, /jobs/{id} and /static/. Whose job it is, and whether it is there, the page learns from the interface."""
    blueprint = Blueprint("page", __name__)

    @blueprint.get("/")
    def page() -> Response:
        refuse_unknown(request)
        return _answer("templates/page.html", "text/html")

    @blueprint.get("/jobs/<job_id>")
    def job(job_id: str) -> Response:
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
