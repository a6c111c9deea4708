"""Mixed articles from submission to result over HTTP, against the bare engine on the same segments."""

import asyncio
import json
import random
import statistics
import time
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from scripts.lab.bench.http_load import answer, request
from scripts.lab.bench.memory import resident_mb
from scripts.lab.chaos.cluster import ROOT, Cluster, Shape, Timing
from worker.context import engine_options
from worker.engine import build_engine
from worker.engine.batcher import BatchingEngine
from worker.engine.interface import EngineStats, Output, Role, Tokens
from worker.plan import make_plan
from worker.repair import Repairs
from worker.settings import Settings
from worker.text import Document, FrenchSegmenter

#: Articles have so many sentences: half of them fewer than 10, one in twenty more than 40.
_SENTENCES = (2.25, 0.9, 60)

#: Connections that submit and wait.
_CONNECTIONS = 16

#: Times that the worker's memory is looked at.
_LOOKS = 20


@dataclass(slots=True)
class ArticlesReport:
    """Seconds of each round, and what the engine and the worker's memory looked like."""

    about: str
    segments: int = 0
    again: int = 0
    bare_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    stats: list[EngineStats] = field(default_factory=list)
    tokens_out: int = 0
    memory_mb: list[float] = field(default_factory=list)

    def table(self) -> str:
        """Ratios first."""
        lines = [self.about]
        if self.bare_s:
            ratio = statistics.median(bare / whole for bare, whole in zip(self.bare_s, self.whole_s, strict=True))
            last = self.stats[-1]
            lines += [
                f"{100 * ratio:.1f} % of the bare engine's throughput: {statistics.median(self.whole_s):.1f} s over HTTP, "
                f"{statistics.median(self.bare_s):.1f} s bare (medians, {len(self.bare_s)} rounds; {self.segments} segments, "
                f"of which {self.again} were decoded again; {self.tokens_out} tokens out).",
                f"The bare engine was busy {100 * last.busy_s / self.bare_s[-1]:.1f} % of the time, with "
                f"{last.row_steps / max(1, last.steps):.1f} rows a step; "
                f"{100 * (last.padded_tokens / last.tokens - 1):.1f} % of the source tokens that it read were padding.",
            ]
        lines.append(
            f"Worker's resident memory: {self.memory_mb[0]:.0f} MB after a twentieth of the first round's articles, "
            f"{max(self.memory_mb):.0f} MB at most, {self.memory_mb[-1]:.0f} MB at the end."
        )
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "about": self.about, "segments": self.segments, "again": self.again, "bare_s": self.bare_s, "whole_s": self.whole_s,
            "tokens_out": self.tokens_out, "memory_mb": self.memory_mb,
            "padding": [stats.padded_tokens / stats.tokens - 1 for stats in self.stats],
            "rows_a_step": [stats.row_steps / max(1, stats.steps) for stats in self.stats],
        }  # fmt: skip


def measure(
    rounds: int, *, articles: int, sentences: int | None, bare: bool, translator: str, engine: str
) -> ArticlesReport:
    """The bare engine, where asked for, and the whole of Dépêche in turns. `sentences`: of each article; else a mixture."""
    texts = make_articles(articles, sentences)
    report = ArticlesReport(
        f"{articles} articles of {min(map(len, texts))} to {max(map(len, texts))} characters, {translator}, {engine}."
    )
    settings = Settings.load(engine=engine, translator=translator)
    alone = _Bare(settings, texts) if bare else None
    shape = Shape(
        timing=Timing(lease_s=30, renew_s=10, sweep_s=3),
        workers=1,
        concurrency=settings.concurrency,
        variables={
            "DEPECHE_ENGINE": engine, "DEPECHE_TRANSLATOR": translator, "DEPECHE_SENTENCE_CACHE": "0",
            "DEPECHE_QUEUE_LIMIT": "10000000", "DEPECHE_PROCESSES": "1",
        },
    )  # fmt: skip
    with Cluster(shape) as cluster:
        for turn in range(rounds):
            if alone is not None:
                seconds, stats, report.tokens_out = alone.run(turn)
                report.segments, report.again = alone.segments, alone.again
                report.bare_s.append(seconds)
                report.stats.append(stats)
            began = time.perf_counter()
            asyncio.run(_whole(cluster, texts, report))
            report.whole_s.append(time.perf_counter() - began)
    return report


def make_articles(count: int, sentences: int | None = None) -> list[str]:
    """Articles of sentences of the samples in `docs/samples`, the same each time."""
    segmenter = FrenchSegmenter()
    known = [
        segment.source
        for path in sorted((ROOT / "docs" / "samples").glob("*.fr.txt"))
        for _, _, segment in Document.parse(path.read_text(encoding="utf-8"), segmenter)
    ]
    dice = random.Random(1)  # noqa: S311 - it must be repeatable
    mean, spread, most = _SENTENCES
    sizes = [sentences or min(most, max(1, round(dice.lognormvariate(mean, spread)))) for _ in range(count)]
    return [" ".join(dice.choices(known, k=size)) for size in sizes]


class _Bare:
    """An engine of this process's own, and the segments that a worker would hand it."""

    def __init__(self, settings: Settings, texts: list[str]) -> None:
        self._options = engine_options(settings)
        engine = build_engine(self._options)
        plans = [make_plan(text, None, engine, segment_tokens=settings.segment_tokens) for text in texts]
        engine.close()
        self._segments = [part for plan in plans for part in plan.segments if part.tokens is not None]
        self._jobs = [[part.tokens for part in plan.segments if part.tokens is not None] for plan in plans]
        self.segments = sum(map(len, self._jobs))
        self.again = 0

    def run(self, turn: int) -> tuple[float, EngineStats, int]:
        """Seconds, the engine's figures and the tokens that came out."""
        engine = build_engine(self._options)
        if not isinstance(engine, BatchingEngine):
            raise TypeError("an engine without figures")
        wait(_submitted(engine, "warm-up", self._jobs[:1]))
        began, before = time.perf_counter(), engine.stats()
        repairs = Repairs(self._segments, engine, f"again{turn}", lambda future: future.result())
        self.again = 0
        for place, future in enumerate(_submitted(engine, f"round{turn}", self._jobs)):
            draft = repairs.first(place, future.result())
            if draft.is_bad:
                self.again += 1
                repairs.start(place, draft)
        repairs.finish()
        seconds, after = time.perf_counter() - began, engine.stats()
        engine.close()
        return seconds, _since(before, after), after.row_steps - before.row_steps


def _submitted(engine: BatchingEngine, name: str, jobs: list[list[Tokens]]) -> list[Future[Output]]:
    futures: list[Future[Output]] = []
    for number, inputs in enumerate(jobs):
        futures += engine.submit(Role.TRANSLATOR, f"{name}-{number}", inputs)
    return futures


def _since(before: EngineStats, after: EngineStats) -> EngineStats:
    names = EngineStats.__dataclass_fields__
    return EngineStats(**{name: getattr(after, name) - getattr(before, name) for name in names})


async def _whole(cluster: Cluster, texts: list[str], report: ArticlesReport) -> None:
    left = list(enumerate(texts))[::-1]
    ended = 0

    async def some() -> None:
        nonlocal ended
        reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
        with closing(writer):
            ids = []
            while left:
                body = json.dumps({"text": left.pop()[1], "summary": {"mode": "none"}}).encode()
                writer.write(request("POST", "/v1/jobs", body))
                status, made = await answer(reader)
                if status != 202:
                    raise RuntimeError(f"a submission was refused: {made!r}")
                ids.append(json.loads(made)["id"])
            for job_id in ids:
                state = "queued"
                while state not in {"succeeded", "failed"}:
                    writer.write(request("GET", f"/v1/jobs/{job_id}?wait=30"))
                    state = json.loads((await answer(reader))[1])["state"]
                if state == "failed":
                    raise RuntimeError(f"job {job_id} failed")
                ended += 1
                if ended % max(1, len(texts) // _LOOKS) == 0:
                    report.memory_mb.append(resident_mb(cluster.workers[0].pid))

    await asyncio.gather(*(some() for _ in range(_CONNECTIONS)))
