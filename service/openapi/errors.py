"""Which errors an operation can give, with their statuses, media types and headers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from service.contract.errors import Code
from service.openapi import headers
from service.openapi.operation import PROBLEM, Header, Keys, Operation

#: What every request can meet: at the guards, and where something breaks.
EVERYWHERE = (Code.MALFORMED, Code.FOREIGN_ORIGIN, Code.MISDIRECTED, Code.INTERNAL)

#: What a key can meet. Where none is needed, one that is sent is checked all the same.
OF_KEYS = (Code.KEY_MISSING, Code.KEY_INVALID, Code.STORE_UNAVAILABLE)

_ASKING = {Keys.OWN, Keys.LIBRETRANSLATE, Keys.DEEPL}

#: What reading a body can meet.
OF_BODIES = (Code.INVALID_JSON, Code.INVALID_ENCODING, Code.TOO_SLOW, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE)

#: What an article can meet.
OF_ARTICLES = (
    Code.INVALID_REQUEST,
    Code.UNKNOWN_FIELD,
    Code.EMPTY_TEXT,
    Code.NUL_CHARACTER,
    Code.NOT_FRENCH,
    Code.WEBHOOK_SECRET_MISSING,
    Code.QUOTA_EXCEEDED,
    Code.QUEUE_FULL,
)

#: What an id can meet.
OF_JOBS = (Code.JOB_NOT_FOUND, Code.JOB_GONE)
OF_BATCHES = (Code.BATCH_NOT_FOUND, Code.BATCH_GONE)

#: Codes that no operation gives: they are for addresses and methods that are not in the document.
ELSEWHERE = (Code.METHOD_NOT_ALLOWED,)

#: What passes by itself, and has a `Retry-After`.
_PASSING = {
    Code.JOB_NOT_ENDED,
    Code.QUOTA_EXCEEDED,
    Code.QUEUE_FULL,
    Code.STORE_UNAVAILABLE,
    Code.TRANSLATION_TIMEOUT,
    Code.NO_WORKER,
}


def codes(operation: Operation) -> list[Code]:
    """All that it can give, in the order of the table."""
    found = {*EVERYWHERE, *operation.errors, *(OF_KEYS if operation.keys in _ASKING else ())}
    return [code for code in Code if code in found]


def responses(operation: Operation) -> dict[int, dict[str, Any]]:
    """The answers of 400 and above, by status."""
    by_status: defaultdict[int, list[Code]] = defaultdict(list)
    for code in codes(operation):
        by_status[operation.dialect.status(code)].append(code)
    return {status: _response(operation, status, found) for status, found in sorted(by_status.items())}


def _response(operation: Operation, status: int, found: Sequence[Code]) -> dict[str, Any]:
    told = "; ".join(f"`{code.value.code}`: {code.value.title}" for code in found)
    content: dict[str, Any] = {}
    if operation.dialect.media_type != PROBLEM:
        content[operation.dialect.media_type] = {"schema": operation.dialect.schema}
    if operation.dialect.media_type == PROBLEM or Code.INTERNAL in found:
        own = [code for code in found if operation.dialect.media_type == PROBLEM or code is Code.INTERNAL]
        content[PROBLEM] = {"schema": _problem(operation.problems.get(status, "Problem"), status, own)}
    return {"description": told + ".", "content": content, "headers": _headers(operation, status, found)}


def _problem(name: str, status: int, found: Sequence[Code]) -> dict[str, Any]:
    code = {"enum": [code.value.code for code in found]}
    narrower = {"properties": {"status": {"const": status}, "code": code}}
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}, narrower]}


def _headers(operation: Operation, status: int, found: Sequence[Code]) -> list[Header]:
    wanted: list[Header] = []
    passing = [code for code in found if code in _PASSING]
    if passing:
        wanted.append(replace(headers.RETRY_AFTER, always=len(passing) == len(found)))
    if status == 401:
        wanted.append(headers.CHALLENGE)
    return wanted
