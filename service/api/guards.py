"""What every request must pass before anything else looks at it, and what every answer carries."""

import re
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request

from service.contract.errors import Code, RequestError
from service.settings import Settings

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+?)\.?(?::(?P<port>\d{1,5}))?\Z")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Ports that addresses leave out.
_DEFAULT_PORTS = {"http": "80", "https": "443"}

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def register(app: Flask, settings: Settings) -> None:
    """Puts the guards before every request. There are no CORS headers: no other site may read an answer."""
    names = settings.host_names

    @app.before_request
    def guard() -> None:
        check_host(request, names)
        check_origin(request)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        # Articles and results belong in no cache on disk.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def check_host(request: Request, names: frozenset[str]) -> None:
    """Raises `RequestError` (421) unless `Host` names this server: a site whose name was pointed here is not us."""
    match = _HOST.match(request.headers.get("Host", ""))
    if match is None or match["name"].lower() not in names:
        raise RequestError(
            Code.MISDIRECTED, "This server does not go by that name. Add it to DEPECHE_ALLOWED_HOSTS if it should."
        )


def check_origin(request: Request) -> None:
    """Raises `RequestError` (403) for what a page of another site sends."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and not _same_origin(origin, request.headers["Host"])
    if request.method not in _SAFE_METHODS and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        foreign = True
    if foreign:
        raise RequestError(Code.FOREIGN_ORIGIN, "Pages of other web sites may not use this server.")


def _same_origin(origin: str, host: str) -> bool:
    """Whether an origin is the host that was called, over http or https (a proxy may have ended TLS)."""
    try:
        parts = urlsplit(origin)
    except ValueError:  # a bracket alone
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or origin != f"{parts.scheme}://{parts.netloc}":
        return False
    ours, theirs = _HOST.match(host), _HOST.match(parts.netloc)
    if ours is None or theirs is None or ours["name"].lower() != theirs["name"].lower():
        return False
    return (ours["port"] or default) == (theirs["port"] or default)
