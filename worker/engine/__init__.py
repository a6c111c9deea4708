"""The engine: loads models, and moves segments of all articles in flight through them in batches.

Importing this package imports neither torch nor transformers; building an engine of the kind `transformers` does.
"""

from dataclasses import dataclass
from typing import Literal

from worker.engine.errors import ModelError
from worker.engine.interface import Engine
from worker.engine.queue import BatchLimits

__all__ = ["EngineOptions", "ModelError", "build_engine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an engine is built from. The worker's settings say what each field means (`worker.settings.Settings`)."""

    kind: Literal["transformers", "fake"] = "transformers"
    translator: str = "bundled"
    translator_revision: str | None = None
    summarizer: str | None = None
    summarizer_revision: str | None = None
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    beams: int | None = None
    batch_tokens: int = 4096
    batch_rows: int = 64
    queue_tokens: int = 400_000
    offline: bool = False
    threads: int = 0
    fake_seconds_per_token: float = 0.0


def build_engine(options: EngineOptions) -> Engine:
    """Loads and proves the models and starts the engine. Raises `ModelError` where one can't be used."""
    limits = BatchLimits(tokens=options.batch_tokens, rows=options.batch_rows, queue_tokens=options.queue_tokens)
    if options.kind == "fake":
        from worker.engine.fake import FakeEngine, FakeOptions

        return FakeEngine(FakeOptions(summarizer=options.summarizer is not None, seconds_per_token=options.fake_seconds_per_token), limits)
    raise ModelError("engines of the kind `transformers` can't be built yet")
