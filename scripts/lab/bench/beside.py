"""A short article beside a book: how much longer its sentences take while a large job is in flight, against alone."""

import random
import statistics
import time
from dataclasses import dataclass
from typing import Any

from worker.engine.assembly import build_decoder
from worker.engine.batcher import BatchingEngine
from worker.engine.interface import Role, Tokens
from worker.engine.options import EngineOptions
from worker.engine.queue import BatchLimits

#: Sentences of the article, and of the book, which has about 300,000 characters.
_ARTICLE, _BOOK = 5, 2400

#: Of these words, which the bundled model knows, sentences are made.
_WORDS = (
    "le la un une des maison ville pays homme femme enfant temps jour année gouvernement président marché eau route "
    "école livre parle donne trouve prend voit avec dans pour sur sans grand petit nouveau français vieux beau"
)

#: Seconds of the book's work before the article comes.
_BEFORE_S = 2.0


@dataclass(frozen=True, slots=True)
class Beside:
    """Seconds of the article alone and beside the book, every round's."""

    alone: list[float]
    beside: list[float]

    def table(self) -> str:
        """The ratio first."""
        ratio = statistics.median(b / a for a, b in zip(self.alone, self.beside, strict=True))
        return (
            f"{ratio:.2f} times as long beside the book: median {statistics.median(self.beside):.2f} s, "
            f"alone {statistics.median(self.alone):.2f} s ({len(self.alone)} rounds)"
        )

    def values(self) -> dict[str, Any]:
        """The same for programs."""
        return {"alone_s": self.alone, "beside_s": self.beside}


def measure(rounds: int, *, translator: str, threads: int) -> Beside:
    """Alone and beside the book in turns."""
    options = EngineOptions(translator=translator, threads=threads)
    engine = BatchingEngine(build_decoder(options), BatchLimits(tokens=options.batch_tokens, rows=options.batch_rows))
    dice = random.Random(1)  # noqa: S311 - it must be repeatable
    report = Beside([], [])
    try:
        article = _sentences(engine, dice, _ARTICLE)
        _seconds(engine, "warm-up", article)
        for number in range(rounds):
            report.alone.append(_seconds(engine, f"alone{number}", article))
            book = engine.submit(Role.TRANSLATOR, f"book{number}", _sentences(engine, dice, _BOOK))
            time.sleep(_BEFORE_S)
            report.beside.append(_seconds(engine, f"beside{number}", article))
            if all(future.done() for future in book):
                raise RuntimeError("the book ended first: nothing was measured")
            engine.cancel(f"book{number}")
            while any(not future.done() for future in book):
                time.sleep(0.01)
    finally:
        engine.close()
    return report


def _sentences(engine: BatchingEngine, dice: random.Random, count: int) -> list[Tokens]:
    texts = [" ".join(dice.choices(_WORDS.split(), k=dice.randint(8, 40))).capitalize() + "." for _ in range(count)]
    return engine.tokenize(Role.TRANSLATOR, texts)


def _seconds(engine: BatchingEngine, job: str, tokens: list[Tokens]) -> float:
    began = time.perf_counter()
    for future in engine.submit(Role.TRANSLATOR, job, tokens):
        future.result()
    return time.perf_counter() - began
