"""LibreTranslate's interface, for its clients: `/translate`, `/detect` and `/languages` (docs.libretranslate.com)."""

import json
from typing import Any

from flask import Blueprint, Response, g, request

from service.api.auth import presented_key
from service.api.compatible import article, identified_fields, one, speak
from service.backend import Backend
from service.contract.api_keys import shown_id
from service.contract.errors import Code, DepecheError, RequestError
from service.contract.language import detect as detect_language
from service.synchronous import translate_now

#: Most texts of one call.
MOST_TEXTS = 50

#: The statuses that errors have here, by those that they have elsewhere.
STATUSES = {401: 403, 404: 400, 409: 400, 422: 400}

_LANGUAGES = [
    {"code": "fr", "name": "French", "targets": ["en"]},
    {"code": "en", "name": "English", "targets": ["en"]},
]


def make_blueprint(backend: Backend) -> Blueprint:
    """The three routes."""
    blueprint = Blueprint("libretranslate", __name__)
    speak(blueprint, _refusal)

    @blueprint.post("/translate")
    def translate() -> Response:
        body, owner = identified_fields(request, backend, _presented(), "api_key")
        texts, several = _texts(body)
        source, target = one(body, "source", "auto"), one(body, "target", "en")
        if source not in ("fr", "auto", "en") or target != "en":
            raise RequestError(Code.INVALID_REQUEST, "Only fr (or auto) to en is supported.")
        form = one(body, "format", "text")
        if form not in ("text", "html"):
            raise RequestError(Code.INVALID_REQUEST, "format takes text or html.")
        wanted = {place: article(text, form, backend) for place, text in enumerate(texts) if text.strip()}
        done = translate_now(backend, g.api_key, owner, list(wanted.values()), seconds=backend.settings.wait_limit_s)
        found = dict(enumerate(texts)) | dict(zip(wanted, done, strict=True))
        answer: dict[str, Any] = {"translatedText": list(found.values()) if several else found[0]}
        if source == "auto":
            detected = [_detected(text) for text in texts]
            answer["detectedLanguage"] = detected if several else detected[0]
        return _json(answer)

    @blueprint.post("/detect")
    def detect() -> Response:
        body, _ = identified_fields(request, backend, _presented(), "api_key")
        if "q" not in body:
            raise RequestError(Code.INVALID_REQUEST, "q is missing: it takes the text.")
        return _json([_detected(one(body, "q"))])

    @blueprint.get("/languages")
    def languages() -> Response:
        return _json(_LANGUAGES)

    return blueprint


def _presented() -> str | None:
    """A key of ours in a header, where LibreTranslate's clients have none; what is of another form is meant for others."""
    key = presented_key(request)
    return key if key and shown_id(key) else None


def _texts(body: dict[str, Any]) -> tuple[list[str], bool]:
    """The texts, and whether a list of them was asked for."""
    given = body.get("q")
    several = isinstance(given, list)
    if several and request.mimetype != "application/json":
        raise RequestError(Code.INVALID_REQUEST, "A form takes one q. Send a list of texts as JSON.")
    values = given if isinstance(given, list) else [given]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values) or not 1 <= len(texts) <= MOST_TEXTS:
        raise RequestError(Code.INVALID_REQUEST, f"q takes a text, or a list of 1 to {MOST_TEXTS} of them.")
    return texts, several


def _detected(text: str) -> dict[str, Any]:
    guess = detect_language(text)
    return {"language": guess.language, "confidence": round(100 * guess.probability, 1)}


def _refusal(error: DepecheError) -> Response:
    response = _json({"error": error.detail}, STATUSES.get(error.status, error.status))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status=status, mimetype="application/json")
