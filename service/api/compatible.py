"""What the endpoints for other services' clients share: their bodies, their keys, their errors."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from flask import Blueprint, Request, Response, g

from service.api import auth
from service.api.bodies import decode, parse_json, read_body
from service.backend import Backend
from service.contract.api_keys import shown_id
from service.contract.errors import Code, DepecheError, KeyMissing, RequestError
from service.contract.request import JobRequest, parse_request

#: Makes an answer out of an error, in the words of the other service.
Speaker = Callable[[DepecheError], Response]

#: Most bytes of a body that are read to find a key in it, where one is needed.
UNIDENTIFIED_BYTES = 262_144


def identified_fields(request: Request, backend: Backend, key: str | None, name: str) -> tuple[dict[str, Any], str]:
    """The body's fields, and whose call it is: by `key`, which came in a header, or by the body's field `name`.

    A key in a header is checked before anything is read. Without one where one is needed, no more than `UNIDENTIFIED_BYTES` are
    read. Raises what `fields` and `identify` raise.
    """
    limit = backend.settings.body_limit
    if key is not None:
        owner = identify(backend, key)
        return fields(request, backend, limit), owner
    if backend.settings.keys_required:
        limit = min(limit, UNIDENTIFIED_BYTES)
    body = fields(request, backend, limit)
    return body, identify(backend, one(body, name))


def fields(request: Request, backend: Backend, limit: int) -> dict[str, Any]:
    """The body's fields: of JSON as they are, of a form as strings, or lists where they come more than once.

    Raises `RequestError`, for more than `limit` bytes too.
    """
    data = read_body(request, limit=limit, seconds=backend.settings.body_timeout_s)
    text = decode(data)
    if request.mimetype == "application/json":
        body = parse_json(text)
        if not isinstance(body, dict):
            raise RequestError(Code.INVALID_REQUEST, "Send a JSON object.")
        return body
    if request.mimetype in ("application/x-www-form-urlencoded", ""):
        try:
            found = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=1_000)
        except UnicodeDecodeError:
            raise RequestError(Code.INVALID_ENCODING, "The form's fields are not UTF-8. Convert them.") from None
        except ValueError:
            raise RequestError(Code.INVALID_REQUEST, "The form has too many fields.") from None
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
    raise RequestError(Code.UNSUPPORTED_MEDIA_TYPE, "Send JSON or a URL-encoded form.")


def one(body: dict[str, Any], name: str, default: str = "") -> str:
    """The value of a field that is a single string. Raises `RequestError`."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise RequestError(Code.INVALID_REQUEST, f"{name} takes a string.")
    return value


def identify(backend: Backend, key: str | None) -> str:
    """Whose call this is, by a key that came in the other service's way. Raises `KeyMissing` and `KeyInvalid`.

    Where none is needed, one that is not even of our form counts as none: DeepL's clients can't do without.
    """
    if key and (backend.settings.keys_required or shown_id(key)):
        g.api_key, g.trusted = auth.check(backend, key), True
    elif backend.settings.keys_required:
        raise KeyMissing
    return auth.client()


def article(text: object, format: str, backend: Backend) -> JobRequest:
    """A text to translate, whatever its language, without a summary. Raises `RequestError`."""
    body = {"text": text, "format": format, "force": True, "summary": {"mode": "none"}}
    return parse_request(body, max_characters=backend.settings.max_characters)


def speak(blueprint: Blueprint, speaker: Speaker) -> None:
    """Has all errors of a blueprint's routes, those of the guards too, told by `speaker`."""
    blueprint.register_error_handler(DepecheError, speaker)
