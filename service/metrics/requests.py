"""This front end's requests: how many, and how long they took."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from service.contract.logs import get_logger

log = get_logger(__name__)

_SECONDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)


class RequestMetrics:
    """Counts of one application. Labels are methods, rules of routes and statuses: none of them comes from a client.

    `shared` is the folder of files in which the processes of a front end count together. `prometheus_client` writes there if
    `PROMETHEUS_MULTIPROC_DIR` named it when it was imported, which `service.server` sees to. None: in memory, for one process.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        self._complained = False
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "depeche_http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "depeche_http_request_seconds",
            "From a request's head to the head of its answer; requests that asked to wait, and streams, are left out.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """One request. Without `seconds` its time is not taken. Raises nothing."""
        try:
            self._requests.labels(method, route, str(status)).inc()
            if seconds is not None:
                self._seconds.labels(method, route).observe(seconds)
        except Exception as error:  # noqa: BLE001 - no request may fail because it can't be counted
            self._complain(error)

    def families(self) -> Iterable[Metric]:
        """What all processes have counted; nothing where their files can't be read."""
        if self._shared is None:
            return self._registry.collect()
        registry = CollectorRegistry()
        try:
            MultiProcessCollector(registry, str(self._shared))  # type: ignore[no-untyped-call]
            return list(registry.collect())
        except Exception as error:  # noqa: BLE001 - another process may be in the middle of making a file
            self._complain(error)
            return ()

    def _complain(self, error: Exception) -> None:
        """Once is enough: it would be said with every request."""
        if not self._complained:
            log.warning("requests_not_counted", kind=type(error).__name__, folder=str(self._shared))
        self._complained = True
