"""How both clients connect: the address, the key, the time limits."""

from typing import Any

import httpx2

from service.client.calls import Call
from service.client.errors import ClientError


def settings(url: str, key: str | None, timeout_s: float) -> dict[str, Any]:
    """What an HTTP client is made with. Raises `ClientError` for an address or a key that can't be one.

    A proxy of the environment must not see articles that stay on this machine otherwise. As many connections are opened as
    requests are made at once: a long wait must not hold up anything else.
    """
    return {
        "base_url": address(url),
        "headers": _headers(key),
        "timeout": limits(timeout_s),
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        "trust_env": False,
    }


def limits(seconds: float) -> httpx2.Timeout:
    """Bounds connecting, and each read and write."""
    return httpx2.Timeout(seconds, pool=None)


def request(http: httpx2.Client | httpx2.AsyncClient, call: Call[Any], seconds: float) -> httpx2.Request:
    """The call as it is sent, with these bounds. Raises `ClientError` for what can't be, without repeating any of it."""
    try:
        return http.build_request(call.method, call.path, timeout=limits(seconds), **call.parts)
    except ValueError:
        raise ClientError(
            "The request can't be sent: it has a character that is not Unicode, or a number that is none."
        ) from None


def shown(url: str) -> str:
    """The address as messages may repeat it: without what stands before an @."""
    return str(address(url).copy_with(userinfo=b""))


def address(url: str) -> httpx2.URL:
    """Raises `ClientError` for what no server can be reached at."""
    try:
        found = httpx2.URL(url)
    except httpx2.InvalidURL:
        found = httpx2.URL("")
    if found.scheme not in ("http", "https") or not found.host or "%" in found.host:
        raise ClientError(f"{url!r} is not an address. Use one such as http://127.0.0.1:8000.")
    return found


def _headers(key: str | None) -> dict[str, str]:
    """Raises `ClientError` for what can't stand in a header, without repeating it."""
    if key is None:
        return {}
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise ClientError("The API key has characters that no key has. Was it copied whole?")
    return {"Authorization": f"Bearer {key}"}
