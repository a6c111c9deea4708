"""Query parameters and headers of requests, read strictly: what is not known is refused, never ignored."""

import math
import re

from flask import Request

from service.contract.errors import Code, RequestError
from service.contract.states import JobState

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


def refuse_unknown(request: Request, *known: str) -> None:
    """Raises `RequestError` for a query parameter that this address does not know, or one that is given twice."""
    for name in request.args:
        if name not in known:
            takes = f"It knows: {', '.join(known)}." if known else "It knows none."
            raise RequestError(Code.INVALID_PARAMETER, f"This address does not know the query parameter. {takes}")
        if len(request.args.getlist(name)) > 1:
            raise RequestError(Code.INVALID_PARAMETER, f"The query parameter {name} is given more than once.")


def wait_seconds(request: Request, *, limit: float) -> float:
    """The value of `?wait=`, in seconds; 0 without it. Raises `RequestError`."""
    value = request.args.get("wait")
    if value is None:
        return 0.0
    try:
        seconds = float(value) if value.isascii() else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= limit:
        raise RequestError(Code.INVALID_PARAMETER, f"wait takes a number of seconds from 0 to {limit:g}.")
    return seconds


def job_state(request: Request) -> JobState | None:
    """The value of `?state=`; None without it. Raises `RequestError`."""
    value = request.args.get("state")
    if value is None:
        return None
    try:
        return JobState(value)
    except ValueError:
        raise RequestError(Code.INVALID_PARAMETER, f"state takes one of: {', '.join(JobState)}.") from None


def page_limit(request: Request, *, default: int, most: int) -> int:
    """The value of `?limit=`. Raises `RequestError`."""
    value = request.args.get("limit", str(default))
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= most:
        raise RequestError(Code.INVALID_PARAMETER, f"limit takes a number from 1 to {most}.")
    return int(value)


def flag(request: Request, name: str) -> bool:
    """The value of a query parameter that is 0 or 1; false without it. Raises `RequestError`."""
    value = request.args.get(name, "0")
    if value not in ("0", "1"):
        raise RequestError(Code.INVALID_PARAMETER, f"{name} takes 0 or 1.")
    return value == "1"


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key, or None without one. Raises `RequestError`."""
    value = request.headers.get("Idempotency-Key")
    if value is not None and not _IDEMPOTENCY_KEY.match(value):
        raise RequestError(
            Code.INVALID_PARAMETER, "Idempotency-Key takes 1 to 255 visible ASCII characters, such as a random UUID."
        )
    return value
