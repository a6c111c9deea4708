"""The body of a submission: how it arrives, what it may be, and what it says."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header

from service.contract.errors import Code, RequestError
from service.contract.request import JobRequest, check_metadata, parse_request
from service.settings import Settings

#: Bytes read from the connection at a time.
_CHUNK = 65_536

_BOM = b"\xef\xbb\xbf"

#: Names of UTF-8, and of what is part of it.
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}


def read_request(request: Request, settings: Settings) -> tuple[JobRequest, bytes]:
    """The submission, and the bytes that an Idempotency-Key is bound to. Raises `RequestError`."""
    media_type = _media_type(request, ("application/json", "text/plain"))
    data = read_body(request, limit=settings.body_limit, seconds=settings.body_timeout_s)
    text = decode(data)
    body = parse_json(text) if media_type == "application/json" else {"text": text}
    return parse_request(body, max_characters=settings.max_characters), media_type.encode() + b"\n" + data


def read_batch(
    request: Request, settings: Settings, *, most: int, limit: int
) -> tuple[list[JobRequest | RequestError], dict[str, Any] | None, bytes]:
    """The articles of a batch (or why one is none), its metadata, and the bytes that an Idempotency-Key is bound to.

    JSON is `{"jobs": [...], "metadata": {...}}`; NDJSON has an article on each line that is not blank. Raises `RequestError`.
    """
    media_type = _media_type(request, ("application/json", "application/x-ndjson"))
    data = read_body(request, limit=limit, seconds=settings.body_timeout_s * 4)
    metadata = None
    if media_type == "application/json":
        body = _batch_body(parse_json(decode(data)))
        entries: list[Any] = body["jobs"]
        metadata = body.get("metadata")
        parsers = [lambda entry=entry: entry for entry in entries]
    else:
        lines = [line for line in data.removeprefix(_BOM).split(b"\n") if line.strip()]
        parsers = [lambda line=line: parse_json(decode(line)) for line in lines]
    if not 1 <= len(parsers) <= most:
        raise RequestError(
            Code.INVALID_REQUEST,
            f"The batch has {len(parsers)} articles; it takes 1 to {most}. Send them in several batches.",
        )
    return [_article(parse, settings) for parse in parsers], metadata, media_type.encode() + b"\n" + data


def _article(parse: Callable[[], Any], settings: Settings) -> JobRequest | RequestError:
    try:
        return parse_request(parse(), max_characters=settings.max_characters)
    except RequestError as error:
        return error


def _batch_body(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("jobs"), list):
        raise RequestError(
            Code.INVALID_REQUEST, 'Send {"jobs": [...]}, with an article such as {"text": "..."} in each place.'
        )
    unknown = sorted(body.keys() - {"jobs", "metadata"})
    if unknown:
        raise RequestError(Code.UNKNOWN_FIELD, "A batch has the fields jobs and metadata, and no others.")
    metadata = body.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, dict):
            raise RequestError(Code.INVALID_REQUEST, "metadata takes an object.", pointer="/metadata")
        check_metadata(metadata)
    return body


def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """All bytes of the body, at most `limit`, arriving within `seconds` of time. Under gevent only this request waits."""
    too_large = RequestError(Code.TOO_LARGE, f"The body has more than {limit} bytes. Split the article.")
    announced = request.content_length
    if announced is not None and announced > limit:
        raise too_large
    chunks, size = [], 0
    too_slow = gevent.Timeout(seconds)
    try:
        with too_slow:
            while chunk := request.stream.read(min(_CHUNK, limit + 1 - size)):
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise too_large
    except gevent.Timeout as timeout:
        if timeout is not too_slow:
            raise
        # The rest of the body may still come: nothing after it on this connection can be trusted.
        stream = request.environ["wsgi.input"]
        if hasattr(stream, "failed"):
            stream.failed = True
        raise RequestError(Code.TOO_SLOW, f"The body did not arrive within {seconds:g} s. Send it again.") from None
    except (OSError, ClientDisconnected, ParseException):
        raise RequestError(Code.MALFORMED, "The body broke off, or its chunks can't be read. Send it again.") from None
    if announced is not None and size < announced:
        raise RequestError(Code.MALFORMED, "The body is shorter than its Content-Length. Send it again.")
    return b"".join(chunks)


def decode(data: bytes) -> str:
    """UTF-8, with or without a byte order mark. Raises `RequestError`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(
            Code.INVALID_ENCODING, f"The body is not UTF-8: the byte at position {error.start} is wrong. Convert it."
        ) from None


def parse_json(text: str) -> Any:
    """RFC 8259 and no more: no NaN, no name twice in an object. Raises `RequestError`."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_twins)
    except json.JSONDecodeError as error:
        raise _invalid_json(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _invalid_json("it has too many levels") from None
    except ValueError as error:
        raise _invalid_json(
            str(error) if isinstance(error, _Refused) else "it holds a number with too many digits"
        ) from None


class _Refused(ValueError):
    """JSON of a kind that readers disagree about. The message never holds any of it."""


def _refuse_constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Refused("an object has the same name twice")
    return members


def _invalid_json(reason: str) -> RequestError:
    return RequestError(Code.INVALID_JSON, f"The body can't be read as JSON: {reason}.")


def _media_type(request: Request, known: Sequence[str]) -> str:
    """One of the media types `known`. Raises `RequestError` for others, and for charsets that are not UTF-8."""
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    media_type = media_type.lower()
    if media_type not in known:
        raise RequestError(Code.UNSUPPORTED_MEDIA_TYPE, f"Set Content-Type to one of: {', '.join(known)}.")
    if options.get("charset", "utf-8").lower() not in _UTF8:
        raise RequestError(
            Code.INVALID_ENCODING, "Only UTF-8 is read. Convert the body, and say charset=utf-8 or nothing."
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(
            Code.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not read. Send it without Content-Encoding."
        )
    return media_type
