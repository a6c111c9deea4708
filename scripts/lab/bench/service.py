"""The front end and the queue, with an engine that takes no time: what they cost around the models.

All that is accepted is on disk first (`appendfsync always`), as everywhere.
"""

import asyncio
import json
import signal
import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from scripts.lab.bench.http_load import Answers, answer, load, request
from scripts.lab.bench.memory import family, resident_mb
from scripts.lab.chaos.cluster import Cluster, Shape, Timing

_TIMING = Timing(lease_s=30, renew_s=10, sweep_s=3)

#: An article of some 3,000 characters.
_ARTICLE = (
    "Le conseil municipal a voté lundi le budget de l'année prochaine, en hausse de trois pour cent. " * 32
).strip()

#: Connections that ask at once, and the jobs that are asked for.
_CONNECTIONS, _JOBS = 16, 50

#: Open waits, and connections that submit beside them.
_WAITS, _BESIDE = 1000, 4


@dataclass(slots=True)
class ServiceReport:
    """Rates are answers a second; the rest as named."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    overhead_ms: list[float] = field(default_factory=list)
    waits_mb: float = 0.0
    waits_p50_ms: float = 0.0
    waits_p99_ms: float = 0.0

    def table(self) -> str:
        """Ratios first, in Markdown."""
        nothing = self.rates["nothing"]
        lines = [
            "| request | of the rate of a view that does nothing | answers a second, median |",
            "| --- | ---: | ---: |",
        ]
        for name, rates in self.rates.items():
            ratio = statistics.median(a / b for a, b in zip(rates, nothing, strict=True))
            lines.append(f"| {name} | {100 * ratio:.0f} % | {statistics.median(rates):.0f} |")
        lines.append("")
        lines.append(
            f"Submit to end of one job on an idle system, engine without work: median "
            f"{statistics.median(self.overhead_ms):.1f} ms, most {max(self.overhead_ms):.1f} ms ({len(self.overhead_ms)} jobs)."
        )
        lines.append(
            f"{_WAITS} open waits: {self.waits_mb:.0f} MB in all processes of the front end; submissions beside them: median "
            f"{self.waits_p50_ms:.0f} ms, p99 {self.waits_p99_ms:.0f} ms."
        )
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "answers_a_second": self.rates,
            "overhead_ms": self.overhead_ms,
            "waits": {"mb": self.waits_mb, "p50_ms": self.waits_p50_ms, "p99_ms": self.waits_p99_ms},
        }


def measure(rounds: int, seconds: float) -> ServiceReport:
    """Starts Redis, a front end of one process and a worker, and measures."""
    report = ServiceReport()
    shape = Shape(
        timing=_TIMING,
        workers=1,
        seconds_per_batch=0.0,
        seconds_per_token=0.0,
        variables={"DEPECHE_PROCESSES": "1", "DEPECHE_QUEUE_LIMIT": "10000000", "DEPECHE_LOG_LEVEL": "INFO"},
        web_command=["python", "-m", "scripts.lab.bench.nothing"],
    )
    with Cluster(shape) as cluster:
        post = request("POST", "/v1/jobs", json.dumps({"text": _ARTICLE}).encode())
        report.overhead_ms = _overheads(cluster.port)
        (worker,) = cluster.workers
        worker.wanted = False
        worker.signal(signal.SIGTERM)
        while worker.up:
            time.sleep(0.05)
        first = load(cluster.port, [post], connections=1, seconds=0.5)
        ids = [json.loads(body)["id"] for body in first.bodies[:_JOBS]]
        polls = [request("GET", f"/v1/jobs/{job_id}") for job_id in ids]
        kinds = {"nothing": [request("GET", "/nothing")], "status poll": polls, "submission": [post]}
        for turn in range(rounds + 1):
            for name, requests in kinds.items():
                answers = _checked(load(cluster.port, requests, connections=_CONNECTIONS, seconds=seconds))
                if turn:  # the first round is a warm-up
                    report.rates.setdefault(name, []).append(answers.rate)
        answers, report.waits_mb = asyncio.run(_beside_waits(cluster, ids[0], post))
        report.waits_p50_ms, report.waits_p99_ms = (1000 * answers.percentile(share) for share in (0.5, 0.99))
    return report


def _checked(answers: Answers) -> Answers:
    if answers.failures:
        raise RuntimeError(
            f"{answers.failures} of {len(answers.latencies)} answers were errors: {answers.bodies[-1]!r}"
        )
    return answers


def _overheads(port: int, jobs: int = 40) -> list[float]:
    async def all_jobs() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps({"text": "Le chat dort.", "summary": {"mode": "none"}}).encode()
        found = []
        with closing(writer):
            for _ in range(jobs + 5):
                began = time.perf_counter()
                writer.write(request("POST", "/v1/jobs", body))
                _, made = await answer(reader)
                writer.write(request("GET", f"/v1/jobs/{json.loads(made)['id']}?wait=30"))
                _, ended = await answer(reader)
                found.append(1000 * (time.perf_counter() - began))
                if json.loads(ended)["state"] != "succeeded":
                    raise RuntimeError(f"a job did not succeed: {ended!r}")
                await asyncio.sleep(0.05)
        return found[5:]

    return asyncio.run(all_jobs())


async def _beside_waits(cluster: Cluster, job_id: str, post: bytes) -> tuple[Answers, float]:
    waits = []
    for _ in range(_WAITS):
        reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
        writer.write(request("GET", f"/v1/jobs/{job_id}?wait=60"))
        waits.append((reader, writer))
    await asyncio.sleep(3)
    # A little pause between submissions: this is about waiting beside others, not about the most that can be submitted.
    answers = Answers()
    began = time.perf_counter()
    await asyncio.gather(*(_now_and_then(cluster.port, post, answers) for _ in range(_BESIDE)))
    answers.seconds = time.perf_counter() - began
    memory = sum(resident_mb(pid) for pid in family(cluster.web.pid))
    for _, writer in waits:
        writer.close()
    return _checked(answers), memory


async def _now_and_then(port: int, post: bytes, answers: Answers, count: int = 100) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        for _ in range(count):
            began = time.perf_counter()
            writer.write(post)
            status, body = await answer(reader)
            answers.latencies.append(time.perf_counter() - began)
            answers.failures += status >= 400
            answers.bodies.append(body)
            await asyncio.sleep(0.02)
