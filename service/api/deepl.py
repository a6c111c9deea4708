"""DeepL's interface, for its clients: `/v2/translate`, `/v2/usage` and `/v2/languages` (developers.deepl.com)."""

import json
from typing import Any

from flask import Blueprint, Response, g, request

from service.api.compatible import article, fields, identified_fields, identify, one, speak
from service.backend import Backend
from service.contract.errors import Code, DepecheError, RequestError
from service.contract.language import detect
from service.synchronous import translate_now

#: Most texts of one call.
MOST_TEXTS = 50

#: What `/v2/usage` gives as the limit of who has none, in characters.
NO_LIMIT = 1_000_000_000_000

#: The statuses that errors have here, by those that they have elsewhere.
STATUSES = {401: 403, 409: 400, 422: 400}

_SCHEME = "deepl-auth-key"
_ENGLISH = ("EN", "EN-GB", "EN-US")


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes under /v2."""
    blueprint = Blueprint("deepl", __name__, url_prefix="/v2")
    speak(blueprint, _refusal)

    @blueprint.post("/translate")
    def translate() -> Response:
        body, owner = identified_fields(request, backend, _presented(), "auth_key")
        texts = body.get("text")
        texts = [texts] if isinstance(texts, str) else texts
        if (
            not isinstance(texts, list)
            or not 1 <= len(texts) <= MOST_TEXTS
            or not all(isinstance(t, str) for t in texts)
        ):
            raise RequestError(Code.INVALID_REQUEST, f"text takes a list of 1 to {MOST_TEXTS} texts.")
        source, target = one(body, "source_lang", "FR").upper() or "FR", one(body, "target_lang").upper()
        if source not in ("FR", *_ENGLISH) or target not in _ENGLISH:
            raise RequestError(Code.INVALID_REQUEST, "Only FR to EN, EN-GB or EN-US is supported.")
        markup = one(body, "tag_handling")
        if markup not in ("", "html"):
            raise RequestError(Code.INVALID_REQUEST, "tag_handling takes html, or nothing for plain text.")
        form = "html" if markup else "text"
        wanted = {place: article(text, form, backend) for place, text in enumerate(texts) if text.strip()}
        done = translate_now(backend, g.api_key, owner, list(wanted.values()), seconds=backend.settings.wait_limit_s)
        found = dict(enumerate(texts)) | dict(zip(wanted, done, strict=True))
        backend.store.count_usage(owner, sum(map(len, texts)))
        given = body.get("source_lang")
        return _json({"translations": [_translation(t, found[place], source, given) for place, t in enumerate(texts)]})

    @blueprint.get("/usage")
    def usage() -> Response:
        owner = identify(backend, _presented())
        return _json({"character_count": backend.store.usage(owner), "character_limit": NO_LIMIT})

    @blueprint.get("/languages")
    def languages() -> Response:
        identify(backend, _presented())
        # Their own client sends it in the body.
        body = {} if "type" in request.args else fields(request, backend, backend.settings.body_limit)
        wanted = request.args.get("type", one(body, "type", "source"))
        if wanted not in ("source", "target"):
            raise RequestError(Code.INVALID_REQUEST, "type takes source or target.")
        if wanted == "target":
            return _json([{"language": code, "name": "English", "supports_formality": False} for code in _ENGLISH[1:]])
        return _json([{"language": "FR", "name": "French"}])

    return blueprint


def _translation(text: str, target: str, source: str, given: object) -> dict[str, Any]:
    detected = source if given else detect(text).language.upper() if text.strip() else source
    return {"detected_source_language": detected, "text": target, "billed_characters": len(text)}


def _presented() -> str | None:
    """The key in the header where their clients put it."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == _SCHEME else None


def _refusal(error: DepecheError) -> Response:
    response = _json({"message": error.detail}, STATUSES.get(error.status, error.status))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status=status, mimetype="application/json")
