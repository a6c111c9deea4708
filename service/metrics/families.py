"""The ledger's counts and the workers' own as families of Prometheus. docs/monitoring.md lists them.

Labels hold names from fixed lists, and ids of workers; never anything of an article, a client or a key.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from service.contract.deliveries import Backlog
from service.contract.errors import Code
from service.contract.metrics import CLASSES_S, Durations, LedgerMetrics

#: What an attempt that ended no job can have come to.
_OUTCOMES = ("crashed", "dropped", "released")

_DELIVERIES = ("delivered", "again", "failed", "lost")

#: How jobs fail.
_CODES = tuple(code.value.code for code in Code if code.value.status == 0)

#: Counters of an engine: the key of its stats, the name, what it says.
_ENGINE_COUNTERS = (
    ("rows", "rows", "Inputs that the engine has taken up."),
    ("tokens", "source_tokens", "Source tokens of those inputs."),
    ("padded_tokens", "padded_source_tokens", "The same, with padding."),
    ("steps", "steps", "Steps of the decode loop."),
    (
        "row_steps",
        "row_steps",
        "The same, times the inputs in flight: target tokens, hypotheses of a beam counted as one.",
    ),
    ("retries", "retries", "Batches that failed and were halved, running out of memory among them."),
    ("failed_rows", "failed_rows", "Inputs on which the model failed."),
    ("busy_s", "busy_seconds", "Seconds spent in batches."),
)

_ENGINE_GAUGES = (
    ("waiting", "waiting_rows", "Inputs that wait for the engine."),
    ("waiting_tokens", "waiting_source_tokens", "Source tokens that wait for the engine."),
    ("oldest_s", "oldest_waiting_seconds", "How long the oldest of them has waited."),
)


def queue_families(ledger: LedgerMetrics, limit: int) -> Iterator[Metric]:
    """Jobs in the queue and on their way, now."""
    jobs = GaugeMetricFamily(
        "depeche_jobs",
        "Jobs that have not ended, by state; quarantined ones are queued for a lane of their own.",
        labels=["state"],
    )
    jobs.add_metric(["queued"], ledger.queued - ledger.quarantined)
    jobs.add_metric(["quarantined"], ledger.quarantined)
    jobs.add_metric(["running"], ledger.running)
    yield jobs
    yield GaugeMetricFamily(
        "depeche_jobs_limit", "Most jobs that may be queued and running (DEPECHE_QUEUE_LIMIT).", limit
    )
    yield GaugeMetricFamily(
        "depeche_oldest_queued_job_seconds",
        "How long the oldest queued job has waited; 0 without one.",
        ledger.oldest_queued_s,
    )
    yield GaugeMetricFamily(
        "depeche_redis_memory_short",
        "Whether new work is refused, so that Redis has memory for what was accepted.",
        int(ledger.memory_short),
    )


def job_families(ledger: LedgerMetrics) -> Iterator[Metric]:
    """What jobs have come to since this Redis began."""
    yield _counter("depeche_jobs_admitted", "Jobs that were accepted.", ledger.count("admitted"))
    yield _counter(
        "depeche_jobs_withdrawn",
        "Of them, those that were taken back at once, since their client could not be told that they were accepted.",
        ledger.count("withdrawn"),
    )
    ended = CounterMetricFamily("depeche_jobs_ended", "Jobs that ended, by state.", labels=["state"])
    failed = CounterMetricFamily(
        "depeche_jobs_failed", "Jobs that failed, by the code of their error.", labels=["code"]
    )
    failures = ledger.of("ended failed")
    for state in ("succeeded", "cancelled"):
        ended.add_metric([state], ledger.count(f"ended {state}"))
    ended.add_metric(["failed"], sum(failures.values()))
    for code, number in {**dict.fromkeys(_CODES, 0), **failures}.items():
        failed.add_metric([code], number)
    yield ended
    yield failed
    yield _counter("depeche_attempts", "Attempts that workers have begun.", ledger.count("attempts"))
    lost = CounterMetricFamily(
        "depeche_attempts_lost",
        "Attempts that ended no job: crashed ones are charged; dropped and released ones are not.",
        labels=["outcome"],
    )
    for outcome in _OUTCOMES:
        lost.add_metric([outcome], ledger.count(f"attempts {outcome}"))
    yield lost
    yield _counter(
        "depeche_attempts_absolved",
        "Attempts among the crashed ones whose worker was heard of again: no longer charged.",
        ledger.count("attempts absolved"),
    )
    yield _counter(
        "depeche_messages_republished",
        "Queued jobs whose message was lost and sent again.",
        ledger.count("republished"),
    )
    yield _histogram("depeche_job_wait_seconds", "From admission to the first attempt.", ledger.durations("waited"))
    yield _histogram("depeche_job_run_seconds", "The attempt that succeeded.", ledger.durations("ran"))
    yield _histogram("depeche_job_seconds", "From admission to success.", ledger.durations("took"))


def text_families(ledger: LedgerMetrics) -> Iterator[Metric]:
    """What went through the models in jobs that succeeded, and what the checks said of it."""
    done = ledger.of("done")
    yield _counter("depeche_characters", "Characters of articles that were translated.", done.get("characters", 0))
    yield _counter("depeche_segments", "Segments that were translated.", done.get("segments", 0))
    yield _counter(
        "depeche_segments_repaired",
        "Segments whose first translation failed a check.",
        done.get("segments_repaired", 0),
    )
    warnings = CounterMetricFamily(
        "depeche_warnings", "Warnings of results, by code (docs/checks.md).", labels=["code"]
    )
    for code, number in ledger.of("done warnings").items():
        warnings.add_metric([code], number)
    yield warnings
    summaries = CounterMetricFamily("depeche_summaries", "Summaries, by method.", labels=["method"])
    for method, number in ledger.of("done summaries").items():
        summaries.add_metric([method], number)
    yield summaries
    stages = CounterMetricFamily("depeche_stage_seconds", "Seconds that jobs spent in each stage.", labels=["stage"])
    stages.add_metric(["translating"], done.get("translate_ms", 0) / 1000)
    stages.add_metric(["summarizing"], done.get("summarize_ms", 0) / 1000)
    yield stages


def delivery_families(ledger: LedgerMetrics, backlog: Backlog) -> Iterator[Metric]:
    """Webhooks."""
    tried = CounterMetricFamily(
        "depeche_deliveries", "Tries to deliver a webhook, by what followed.", labels=["outcome"]
    )
    for outcome in _DELIVERIES:
        tried.add_metric([outcome], ledger.count(f"deliveries {outcome}"))
    yield tried
    yield GaugeMetricFamily("depeche_deliveries_due", "Webhooks that are due.", backlog.due)
    yield GaugeMetricFamily(
        "depeche_oldest_delivery_seconds", "How long the first of them has been due.", backlog.oldest_s
    )
    yield GaugeMetricFamily("depeche_senders", "Processes of `depeche deliver` that were seen lately.", backlog.senders)


def worker_families(workers: list[dict[str, Any]]) -> Iterator[Metric]:
    """Workers seen in the last 30 seconds, by what they said in their last heartbeat."""
    yield GaugeMetricFamily("depeche_workers", "Workers that were seen in the last 30 s.", len(workers))
    info = InfoMetricFamily("depeche_worker", "What a worker has loaded.", labels=["worker"])
    gauges = {
        "jobs": GaugeMetricFamily("depeche_worker_jobs", "Jobs at work in a worker.", labels=["worker"]),
        "concurrency": GaugeMetricFamily(
            "depeche_worker_concurrency", "Jobs that it takes at once.", labels=["worker"]
        ),
        "resident_bytes": GaugeMetricFamily("depeche_worker_resident_bytes", "Its resident memory.", labels=["worker"]),
    }
    counters = {
        key: CounterMetricFamily(f"depeche_engine_{name}", text, labels=["worker"])
        for key, name, text in _ENGINE_COUNTERS
    }
    waiting = {
        key: GaugeMetricFamily(f"depeche_engine_{name}", text, labels=["worker"]) for key, name, text in _ENGINE_GAUGES
    }
    for worker in workers:
        name = str(worker.get("id", ""))
        info.add_metric([name], _labels(worker))
        for key, gauge in gauges.items():
            _add(gauge, name, worker.get(key))
        stats = _table(worker.get("engine"))
        for key, counter in counters.items():
            _add(counter, name, stats.get(key))
        for key, gauge in waiting.items():
            _add(gauge, name, stats.get(key))
    yield info
    yield from gauges.values()
    yield from counters.values()
    yield from waiting.values()


def _labels(worker: Mapping[str, Any]) -> dict[str, str]:
    labels = {key: str(worker.get(key, "")) for key in ("host", "lane")}
    for role in ("translator", "summarizer"):
        model = _table(_table(worker.get("models")).get(role))
        labels[role] = str(model.get("id", ""))
        labels[f"{role}_revision"] = str(model.get("revision", ""))
    return labels


def _table(value: object) -> Mapping[str, Any]:
    """Workers of other versions may say other things."""
    return value if isinstance(value, Mapping) else {}


def _add(family: CounterMetricFamily | GaugeMetricFamily, worker: str, value: object) -> None:
    if isinstance(value, int | float):
        family.add_metric([worker], value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value)


def _histogram(name: str, text: str, durations: Durations) -> HistogramMetricFamily:
    bounds = [*(str(float(bound)) for bound in CLASSES_S), "+Inf"]
    counts = accumulate(durations.classes)
    buckets = [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=durations.sum_s)
