"""`/metrics` for Prometheus."""

from collections.abc import Iterator

from flask import Blueprint, Response, g, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.api.parameters import refuse_unknown
from service.backend import Backend
from service.contract.errors import StoreUnavailable
from service.contract.logs import get_logger
from service.contract.outages import store_errors
from service.metrics.families import (
    delivery_families,
    job_families,
    queue_families,
    text_families,
    worker_families,
)
from service.metrics.requests import RequestMetrics

log = get_logger(__name__)

#: Milliseconds for which the key of the trial lives.
_PROBE_MS = 10_000


def make_blueprint(backend: Backend, requests: RequestMetrics) -> Blueprint:
    """The route /metrics. It answers without Redis too, with what the front end knows by itself."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def read() -> Response:
        """In Prometheus's text format, or OpenMetrics where `Accept` asks for it.

        A key that can't be looked at, because Redis is away, is good for that news alone.
        """
        refuse_unknown(request)
        registry = CollectorRegistry()
        registry.register(_Everything(backend, requests if g.trusted else None))
        try:
            encode, media_type = choose_encoder(request.headers.get("Accept", ""))
        except (TypeError, ValueError):  # a version that is no number
            encode, media_type = choose_encoder("")
        return Response(encode(registry), content_type=media_type)

    return blueprint


class _Everything(Collector):
    def __init__(self, backend: Backend, requests: RequestMetrics | None) -> None:
        self._backend = backend
        self._requests = requests

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: a registry would collect to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One look at Redis, and at this front end's own counts."""
        found: list[Metric] = []
        writable = 0
        if self._requests is not None:
            try:
                found = list(_of_redis(self._backend))
                writable = _is_writable(self._backend)
            except StoreUnavailable as error:
                log.warning("metrics_without_redis", reason=error.detail)
        yield GaugeMetricFamily("depeche_redis_up", "Whether Redis answered this question.", 1 if found else 0)
        yield GaugeMetricFamily("depeche_redis_writable", "Whether it took a trial write.", writable)
        yield from found
        if self._requests is not None:
            yield from self._requests.families()


def _is_writable(backend: Backend) -> int:
    try:
        with store_errors():
            backend.store.redis.set(backend.store.keys.probe, "1", px=_PROBE_MS)
    except StoreUnavailable:
        return 0
    return 1


def _of_redis(backend: Backend) -> Iterator[Metric]:
    ledger = backend.metrics.read()
    yield from queue_families(ledger, backend.settings.queue_limit)
    yield from job_families(ledger)
    yield from text_families(ledger)
    yield from delivery_families(ledger, backend.deliveries.backlog())
    yield from worker_families(backend.store.workers())
    durable = GaugeMetricFamily(
        "depeche_durability_info",
        "What accepted jobs outlive, as /readyz says it: the end of a process, or the machine's.",
        labels=["outlives"],
    )
    durable.add_metric([backend.store.durability.outlives().value], 1)
    yield durable
