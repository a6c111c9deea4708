"""What the client raises.

ClientError
├── Unreachable          nobody answers at this address, after all retries
├── WaitTimeout          the job had not ended when the time was up
└── ApiError             the server refused: status, code, detail
"""

import httpx2


class ClientError(Exception):
    """Something went wrong between here and the server. The message is for people."""


class Unreachable(ClientError):
    """Nobody answers at this address."""


class WaitTimeout(ClientError):
    """The job had not ended when the time was up, as far as is known; it goes on."""


class ApiError(ClientError):
    """The server refused. `code` is stable; `detail` says what to do; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


def stranger(answer: httpx2.Response) -> ApiError:
    """What can be said of an answer that is not ours."""
    detail = f"The answer is {answer.status_code} and not from Dépêche. Check the address."
    return ApiError(answer.status_code, "unknown", detail, retry_after=_retry_after(answer))


def refusal(answer: httpx2.Response) -> ApiError:
    """The problem that the server describes in an answer of 400 or above, whose body has been read."""
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return stranger(answer)
    return ApiError(answer.status_code, code, detail, retry_after=_retry_after(answer))


def _retry_after(answer: httpx2.Response) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() else None
