"""Each request in the log and in the counts of `/metrics`: the rule of its route, never its address or its body."""

import time
from http import HTTPMethod

from flask import Flask, Response, g, request

from service.contract.logs import get_logger
from service.metrics.requests import RequestMetrics

log = get_logger(__name__)

_METHODS = frozenset(HTTPMethod)

#: Routes that machines ask every few seconds: their successes are logged at DEBUG.
_PROBES = {"/healthz", "/readyz", "/metrics"}


#: Interfaces of other services, whose requests wait for a translation.
_WAITING = frozenset({"libretranslate", "deepl"})


def register(app: Flask, metrics: RequestMetrics) -> None:
    """Logs and counts each request when its answer is ready."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        seconds = time.monotonic() - g.began
        method = request.method if request.method in _METHODS else "other"
        waited = "wait" in request.args or response.is_streamed or request.blueprint in _WAITING
        metrics.count(method, route, response.status_code, None if waited else seconds)
        fields = {"method": method, "route": route, "status": response.status_code, "ms": round(seconds * 1000, 1)}
        if "job_id" in g:
            fields["job_id"] = g.job_id
        key = g.get("api_key")
        if key is not None:
            fields["key_id"] = key.id
        quiet = route in _PROBES and response.status_code < 400
        (log.debug if quiet else log.info)("request", **fields)
        return response
