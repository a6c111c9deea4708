"""When a request is sent again, and after which pause."""

import os
import random
import socket
import ssl
import time

import httpx2

from service.client.errors import ApiError, Unreachable, WaitTimeout

#: Seconds between two tries: at first, and at most. `Retry-After` counts where it is longer.
_BACKOFF_S = (0.25, 8.0)

#: Seconds of `Retry-After` that are obeyed at most.
_PATIENCE_S = 60.0

#: Seconds that an answer may come behind a deadline: a wait is answered when its time is over, and that takes a moment.
_GRACE_S = 5.0

_PASSING = frozenset({429, 502, 503, 504})

#: Codes of refusals for want of room. How long they last nobody knows: minutes of a quota, hours of a queue.
_FULL = frozenset({"queue_full", "quota_exceeded"})


class Tries:
    """The tries of one request, or of one stream since it last got something.

    `limit` is how often it is sent again; `url` is for the message. Unless `room` is waited for, a refusal for want of it is
    raised at once. Behind the `deadline`, by the monotonic clock, there is no try.
    """

    def __init__(self, limit: int, url: str, *, room: bool = True, deadline: float | None = None) -> None:
        self._limit = limit
        self._room = room
        self._url = url
        self._deadline = deadline
        self._made = 0

    def reset(self) -> None:
        """The stream moves: what breaks off next is another matter."""
        self._made = 0

    def within(self, seconds: float) -> float:
        """Seconds that the next try may take for connecting and for each read, of those that it may take at most."""
        if self._deadline is None:
            return seconds
        return min(seconds, max(0.0, self._deadline - time.monotonic()) + _GRACE_S)

    def pause_after(self, failure: httpx2.TransportError | ApiError | None) -> float:
        """Seconds to wait before the next try. None is a stream that ended too early.

        Raises `ApiError` or `Unreachable` where another try is of no use or enough were made before the deadline, and
        `WaitTimeout` where that has passed, or another try would come too late.
        """
        refused = failure if isinstance(failure, ApiError) else None
        if refused is not None and not self._passes(refused):
            raise refused
        pause: float = min(_BACKOFF_S[0] * 2**self._made, _BACKOFF_S[1])
        pause *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
        if refused is not None:
            pause = min(max(pause, refused.retry_after or 0.0), _PATIENCE_S)
        why = f" ({_reason(failure)})" if failure is not None else ""
        last = self._made >= self._limit
        if self._deadline is not None and time.monotonic() + (0.0 if last else pause) >= self._deadline:
            raise WaitTimeout(f"The time was up before {self._url} answered{why}.") from failure
        if last:
            if refused is not None:
                raise refused
            raise Unreachable(f"Nobody answers at {self._url}{why}. Is it running?") from failure
        self._made += 1
        return pause

    def _passes(self, refusal: ApiError) -> bool:
        return refusal.status in _PASSING and (self._room or refusal.code not in _FULL)


def _reason(failure: BaseException) -> str:
    """What went wrong, in the words of the system. No text of httpx's own: some of it quotes headers, and so keys."""
    if isinstance(failure, ApiError):
        return failure.detail.rstrip(".")
    if isinstance(failure, httpx2.TimeoutException):
        return "no answer in time"
    if isinstance(failure, httpx2.RemoteProtocolError):
        return "the connection broke off, or it is not a web server"
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {getattr(cause, 'verify_message', '') or cause.reason or 'failed'}"
        if isinstance(cause, socket.gaierror):
            return "there is no such name"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    return type(failure).__name__
