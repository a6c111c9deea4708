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
from service.contract.request import JobRequest, parse_request
from service.settings import Settings

#: Bytes read from the connection at a time.
_CHUNK = 65_536

#: Seconds for which other requests have their turn between two chunks. Not 0: that would let nothing run whose bytes have
#: still to be noticed.
_TURN_S = 1e-6

_BOM = b"\xef\xbb\xbf"

#: Names of UTF-8, and of what is part of it.
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}


def read_request(request: Request, settings: Settings) -> tuple[JobRequest, bytes]:
    """The submission, and the bytes that an Idempotency-Key is bound to. Raises `RequestError`."""
    media_type = body_media_type(request, ("application/json", "text/plain"))
    data = read_body(request, limit=settings.body_limit, seconds=settings.body_timeout_s)
    text = decode(data)
    body = parse_json(text) if media_type == "application/json" else {"text": text}
    permit = settings.callback_addresses.permit_host
    wanted = parse_request(body, max_characters=settings.max_characters, permit_host=permit)
    return wanted, media_type.encode() + b"\n" + data


def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """All bytes of the body. Raises what `receive` raises."""
    chunks: list[bytes] = []
    receive(request, chunks.append, limit=limit, seconds=seconds)
    return b"".join(chunks)


def receive(request: Request, take: Callable[[bytes], None], *, limit: int, seconds: float) -> None:
    """Hands over the body as it comes: at most `limit` bytes, within `seconds` of time. Under gevent only this request waits,
    and others have their turn after each piece, however fast they come.

    Raises `RequestError`, after some of it may have been handed over, and what `take` raises.
    """
    too_large = RequestError(Code.TOO_LARGE, f"The body has more than {limit} bytes. Split it.")
    announced = request.content_length
    if announced is not None and announced > limit:
        raise too_large
    size = 0
    too_slow = gevent.Timeout(seconds)
    try:
        with too_slow:
            while chunk := _next(request, min(_CHUNK, limit + 1 - size)):
                size += len(chunk)
                if size > limit:
                    raise too_large
                take(chunk)
                gevent.sleep(_TURN_S)
    except gevent.Timeout as timeout:
        if timeout is not too_slow:
            raise
        # The rest of the body may still come: nothing after it on this connection can be trusted.
        stream = request.environ["wsgi.input"]
        if hasattr(stream, "failed"):
            stream.failed = True
        raise RequestError(Code.TOO_SLOW, f"The body did not arrive within {seconds:g} s. Send it again.") from None
    if announced is not None and size < announced:
        raise RequestError(Code.MALFORMED, "The body is shorter than its Content-Length. Send it again.")


def _next(request: Request, size: int) -> bytes:
    try:
        return request.stream.read(size)
    except (OSError, ClientDisconnected, ParseException):
        raise RequestError(Code.MALFORMED, "The body broke off, or its chunks can't be read. Send it again.") from None


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


def body_media_type(request: Request, known: Sequence[str]) -> str:
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
