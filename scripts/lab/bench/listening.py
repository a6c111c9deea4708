"""Many who listen and wait at once, while others submit: does anybody stand still, is anything left behind."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.lab.bench.http_load import answer, request
from scripts.lab.bench.memory import family, resident_mb
from scripts.lab.chaos.cluster import Cluster, Shape, Timing

_TIMING = Timing(lease_s=30, renew_s=10, sweep_s=3)

#: Sentences of each article that is listened to.
_SENTENCES = 40

#: Connections that submit meanwhile, and their pause between two submissions, in seconds.
_SUBMITTERS, _PAUSE_S = 4, 0.05


@dataclass(slots=True)
class Lateness:
    """How much later than the end of their jobs, in ms, the last events and the answers to waits came, by our own clock."""

    streams: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@dataclass(slots=True)
class ListeningReport:
    """Times in ms. `kept` has after each round, and before the first, what the front end and Redis hold."""

    listeners: int
    waiters: int
    segments: int = 0
    submissions_ms: list[float] = field(default_factory=list)
    late: Lateness = field(default_factory=Lateness)
    during_mb: list[float] = field(default_factory=list)
    kept: list[dict[str, float]] = field(default_factory=list)

    def table(self) -> str:
        """For people, in Markdown."""
        rows = {
            "submission, beside them all": self.submissions_ms,
            "last event of a stream, after the end of its job": self.late.streams,
            "answer to a wait, after the end of its job": self.late.waits,
        }
        lines = [
            f"{self.listeners} event streams and {self.waiters} waits at once, {len(self.kept) - 1} rounds; "
            f"{self.segments} segments came through the streams, each once and in order.",
            "",
            "| ms | median | 99th percentile | most | of |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for name, values in rows.items():
            ordered = sorted(values)
            high = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
            lines.append(
                f"| {name} | {statistics.median(values):.0f} | {high:.0f} | {ordered[-1]:.0f} | {len(values)} |"
            )
        lines += ["", "| front end, all processes | before | " + " | ".join(
            f"after round {number + 1}" for number in range(len(self.kept) - 1)
        ) + " |", "| --- |" + " ---: |" * len(self.kept)]  # fmt: skip
        for name in self.kept[0]:
            lines.append(f"| {name} | " + " | ".join(f"{kept[name]:.0f}" for kept in self.kept) + " |")
        lines.append(f"\nMemory at most {max(self.during_mb):.0f} MB while all were connected.")
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "submissions_ms": self.submissions_ms,
            "late_streams_ms": self.late.streams,
            "late_waits_ms": self.late.waits,
            "during_mb": self.during_mb,
            "kept": self.kept,
        }


def measure(rounds: int, *, listeners: int, waiters: int) -> ListeningReport:
    """Starts Redis, a front end of two processes and a worker whose engine only takes time, and measures.

    Raises RuntimeError where a stream misses a segment or has one twice, or where an answer is an error.
    """
    report = ListeningReport(listeners, waiters)
    shape = Shape(timing=_TIMING, workers=1, seconds_per_batch=0.05, seconds_per_token=0.0)
    with Cluster(shape) as cluster:
        asyncio.run(_round(cluster, report, 0, measured=False))  # all threads and pools are there after it
        report.kept.append(_kept(cluster))
        for number in range(rounds):
            asyncio.run(_round(cluster, report, number + 1, measured=True))
            time.sleep(8)  # beyond the time for which idle connections are kept
            report.kept.append(_kept(cluster))
    return report


async def _round(cluster: Cluster, report: ListeningReport, number: int, *, measured: bool) -> None:
    port = cluster.port
    ids = [await _submitted(port, _article(f"{number}-{place}")) for place in range(report.listeners)]
    over = asyncio.Event()
    sides = [asyncio.create_task(_submit_beside(port, over, report, measured=measured)) for _ in range(_SUBMITTERS)]
    waits = [_waited(port, ids[place % len(ids)]) for place in range(report.waiters)]
    everybody = asyncio.gather(*(_listened(port, job_id) for job_id in ids), *waits)
    await asyncio.sleep(2)
    memory = sum(resident_mb(pid) for pid in family(cluster.web.pid))
    found = await everybody
    over.set()
    await asyncio.gather(*sides)
    if measured:
        report.during_mb.append(memory)
        report.segments += report.listeners * _SENTENCES
        report.late.streams += found[: report.listeners]
        report.late.waits += found[report.listeners :]


def _article(name: str) -> bytes:
    sentences = (f"Phrase {number} de l'article {name}, qui parle du budget." for number in range(_SENTENCES))
    return json.dumps({"text": " ".join(sentences), "summary": {"mode": "none"}}).encode()


async def _submitted(port: int, body: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(request("POST", "/v1/jobs", body))
        status, text = await answer(reader)
    if status != 202:
        raise RuntimeError(f"a submission was answered {status}: {text!r}")
    return str(json.loads(text)["id"])


async def _submit_beside(port: int, over: asyncio.Event, report: ListeningReport, *, measured: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = request("POST", "/v1/jobs", json.dumps({"text": "Le chat dort.", "summary": {"mode": "none"}}).encode())
    with closing(writer):
        while not over.is_set():
            began = time.perf_counter()
            writer.write(body)
            status, text = await answer(reader)
            if status != 202:
                raise RuntimeError(f"a submission was answered {status}: {text!r}")
            if measured:
                report.submissions_ms.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(_PAUSE_S)


async def _waited(port: int, job_id: str) -> float:
    """How many ms after its end the answer to a wait for this job came."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(request("GET", f"/v1/jobs/{job_id}?wait=60"))
            status, text = await answer(reader)
            came = time.time()
        job = json.loads(text)
        if status != 200:
            raise RuntimeError(f"a wait was answered {status}: {text!r}")
        if job["ended_at"] is not None:
            return _late(came, job["ended_at"])


async def _listened(port: int, job_id: str) -> float:
    """How many ms after its end the last event of this job came."""
    numbers, state = [], ""
    came = 0.0
    async for name, number, data in _events(port, job_id):
        if name == "segment" and number is not None:
            numbers.append(number)
        if name == "done":
            came, state = time.time(), data["state"]
    if numbers != list(range(1, _SENTENCES + 1)) or state != "succeeded":
        raise RuntimeError(f"a stream ended {state or 'too early'} with the segments {numbers}")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(request("GET", f"/v1/jobs/{job_id}"))
        _, text = await answer(reader)
    return _late(came, json.loads(text)["ended_at"])


async def _events(port: int, job_id: str) -> AsyncIterator[tuple[str, int | None, dict[str, Any]]]:
    """The events of a job: name, id and data. The body comes in chunks, whose edges are those of events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(request("GET", f"/v1/jobs/{job_id}/events"))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"a stream was answered {head.splitlines()[0]!r}")
        while size := int(await reader.readline(), 16):
            chunk = await reader.readexactly(size)
            await reader.readexactly(2)
            members = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
            if "event" in members:
                number = int(members["id"]) if "id" in members else None
                yield members["event"], number, json.loads(members["data"])


def _late(came: float, ended_at: str) -> float:
    return 1000 * (came - datetime.fromisoformat(ended_at).timestamp())


def _kept(cluster: Cluster) -> dict[str, float]:
    processes = family(cluster.web.pid)
    with cluster.client() as redis:
        clients: Sequence[dict[str, str]] = redis.client_list()
    return {
        "memory, MB": sum(resident_mb(pid) for pid in processes),
        "open files": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes),
        "connections to Redis": sum(client["name"].startswith("depeche-web") for client in clients),
    }
