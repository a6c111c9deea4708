"""Errors as `application/problem+json` (RFC 9457). Every answer of 400 and above is one of these."""

import json
import secrets
import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge, UnsupportedMediaType

from service.contract.errors import Code, DepecheError, StoreFault
from service.contract.logs import get_logger

log = get_logger(__name__)

#: Starts the `type` of every problem; the code follows.
TYPE_PREFIX = "urn:depeche:problem:"

#: What a 401 names (RFC 6750).
_CHALLENGES = {
    Code.KEY_MISSING: 'Bearer realm="depeche"',
    Code.KEY_INVALID: 'Bearer realm="depeche", error="invalid_token"',
}

#: Frames of a traceback that are logged.
_FRAMES = 6


def register(app: Flask) -> None:
    """Turns whatever a request raises into a problem."""
    app.register_error_handler(DepecheError, problem)
    app.register_error_handler(StoreFault, _store_fault)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _internal_problem)


def problem(error: DepecheError, members: Mapping[str, Any] | None = None, instance: str | None = None) -> Response:
    """The answer to an error. `members` are further ones, such as the state of readiness."""
    body: dict[str, Any] = problem_body(error.code, error.detail)
    if error.pointer is not None:
        body["pointer"] = error.pointer
    if instance is not None:
        body["instance"] = instance
    response = problem_response({**body, **(members or {})})
    if error.code in _CHALLENGES:
        response.headers["WWW-Authenticate"] = _CHALLENGES[error.code]
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def problem_body(code: Code, detail: str) -> dict[str, Any]:
    """The members that every problem has."""
    kind = code.value
    status = kind.status or 500
    return {"type": TYPE_PREFIX + kind.code, "title": kind.title, "status": status, "detail": detail, "code": kind.code}


def problem_response(body: Mapping[str, Any]) -> Response:
    """An answer with this problem as its body. ASCII, so that a name out of half a surrogate pair can be repeated."""
    return Response(json.dumps(body), status=body["status"], mimetype="application/problem+json")


def _http_problem(error: HTTPException) -> Response:
    """What Flask itself refuses: unknown addresses, methods, bodies."""
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        response = problem(DepecheError(Code.METHOD_NOT_ALLOWED, f"Use one of: {allowed}."))
        response.headers["Allow"] = allowed
        return response
    if isinstance(error, RequestEntityTooLarge):
        return problem(DepecheError(Code.TOO_LARGE, "The body is too large."))
    if isinstance(error, UnsupportedMediaType):
        return problem(DepecheError(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json or text/plain."))
    if error.code == 404:
        return problem(DepecheError(Code.NOT_FOUND, "Check the address: jobs are at /v1/jobs, the page is at /."))
    if error.code is not None and 400 <= error.code < 500:
        return problem(DepecheError(Code.MALFORMED, "The request can't be understood. Check how it is put together."))
    return _internal_problem(error)


def _store_fault(error: StoreFault) -> Response:
    """What Redis refuses for ever: the operator finds its code in the log, the client only that it was not their fault."""
    log.error("store_fault", reason=error.detail)
    return _internal_problem(error)


def _internal_problem(error: Exception) -> Response:
    """The type and the place go into the log under a reference, the message nowhere: it may hold text of an article."""
    reference = secrets.token_hex(6)
    log.error("request_broke", reference=reference, kind=type(error).__name__, at=places(error))
    detail = f"Something broke on our side. The log has it under the reference {reference}."
    return problem(DepecheError(Code.INTERNAL, detail), instance=f"urn:depeche:reference:{reference}")


def places(error: BaseException) -> list[str]:
    """Where it was raised, outermost first: files and lines without any values."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames]
