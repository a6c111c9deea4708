"""How throughput grows with the batch, and time with the length of an article, which must be linear."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lab.bench.articles import make_articles
from worker.engine.assembly import build_decoder
from worker.engine.batcher import BatchingEngine
from worker.engine.interface import Role, Tokens
from worker.engine.options import EngineOptions
from worker.engine.queue import BatchLimits
from worker.plan import make_plan

#: Rows of a batch, and sentences of an article.
BATCHES = (1, 2, 4, 8, 16, 32, 64)
LENGTHS = (5, 10, 20, 40, 80, 160, 320, 640)

#: Tokens of a segment at most.
_SEGMENT_TOKENS = 256

#: Rows that are decoded at least for each size of a batch.
ROWS = 64


@dataclass(frozen=True, slots=True)
class Curves:
    """Target tokens a second by the rows of a batch; seconds by the characters of an article. Medians."""

    about: str
    batches: dict[int, float]
    lengths: dict[int, float]

    def table(self) -> str:
        """Ratios first."""
        one = self.batches[min(self.batches)]
        lines = [
            self.about,
            "",
            "| rows in flight | times one row | target tokens a second |",
            "| ---: | ---: | ---: |",
        ]
        lines += [f"| {rows} | {speed / one:.1f} | {speed:.0f} |" for rows, speed in self.batches.items()]
        longest = max(self.lengths)
        each = self.lengths[longest] / longest
        lines += [
            "",
            "| characters | time a character, against the longest article | seconds |",
            "| ---: | ---: | ---: |",
        ]
        lines += [f"| {size:,} | {took / size / each:.2f} | {took:.2f} |" for size, took in self.lengths.items()]
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {"about": self.about, "tokens_a_second_by_rows": self.batches, "seconds_by_characters": self.lengths}

    def plot(self, path: Path) -> None:
        """Writes a picture, in the format that the file's name ends with. Needs the extra `plots`."""
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(list(self.batches), list(self.batches.values()), marker="o")
        left.set(xscale="log", xlabel="rows in flight", ylabel="target tokens a second", ylim=(0, None))
        left.set_xticks(list(self.batches), [str(rows) for rows in self.batches], minor=False)
        left.minorticks_off()
        right.plot(list(self.lengths), list(self.lengths.values()), marker="o")
        right.set(xscale="log", yscale="log", xlabel="characters of an article", ylabel="seconds")
        longest = max(self.lengths)
        right.plot(
            list(self.lengths), [self.lengths[longest] * size / longest for size in self.lengths],
            linestyle=":", color="grey", label="linear",
        )  # fmt: skip
        right.legend()
        for axes in (left, right):
            axes.grid(alpha=0.3)
        # Without dates and random names in it, so that the same figures make the same file.
        with rc_context({"svg.hashsalt": "depeche"}):
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def measure(
    rounds: int,
    *,
    translator: str,
    threads: int,
    batches: Sequence[int] = BATCHES,
    lengths: Sequence[int] = LENGTHS,
    rows: int = ROWS,
) -> Curves:
    """Each size of a batch (of `rows` rows in all at least) and each length of an article in turns, so many times after a
    warm-up."""
    options = EngineOptions(translator=translator, threads=threads)
    decoder = build_decoder(options)
    texts = {size: make_articles(1, size)[0] for size in lengths}
    sentences = make_articles(max(rows, *batches), 1)
    speeds: dict[int, list[float]] = {rows: [] for rows in batches}
    took: dict[int, list[float]] = {len(text): [] for text in texts.values()}
    full = BatchingEngine(decoder, BatchLimits(tokens=options.batch_tokens, rows=options.batch_rows))
    try:
        for turn in range(rounds + 1):
            for size in batches:
                speed = _speed(decoder.tokenize(Role.TRANSLATOR, sentences[: max(rows, size)]), full, size)
                if turn:
                    speeds[size].append(speed)
            for text in texts.values():
                seconds = _seconds(text, full, f"{turn}-{len(text)}")
                if turn:
                    took[len(text)].append(seconds)
    finally:
        full.close()
    info = decoder.info(Role.TRANSLATOR)
    return Curves(
        f"{translator}, {info.settings if info is not None else ''}, {rounds} rounds.",
        {rows: statistics.median(seen) for rows, seen in speeds.items()},
        {size: statistics.median(seen) for size, seen in took.items()},
    )


def _speed(sentences: list[Tokens], engine: BatchingEngine, rows: int) -> float:
    """Target tokens a second with so many sentences at a time."""
    began, count = time.perf_counter(), 0
    for start in range(0, len(sentences), rows):
        futures = engine.submit(Role.TRANSLATOR, f"{rows}-{start}-{began}", sentences[start : start + rows])
        count += sum(future.result().tokens_out for future in futures)
    return count / (time.perf_counter() - began)


def _seconds(text: str, engine: BatchingEngine, key: str) -> float:
    """What one article takes that is alone: cut into segments, and decoded."""
    began = time.perf_counter()
    plan = make_plan(text, None, engine, segment_tokens=_SEGMENT_TOKENS)
    tokens = [part.tokens for part in plan.segments if part.tokens is not None]
    for future in engine.submit(Role.TRANSLATOR, key, tokens):
        future.result()
    return time.perf_counter() - began
