"""The engine: loads models, and moves segments of all articles in flight through them in batches.

Importing this package imports neither torch nor transformers; building an engine of the kind `transformers` does.
"""

from worker.engine.batcher import BatchingEngine
from worker.engine.errors import ModelError
from worker.engine.interface import Engine
from worker.engine.options import EngineOptions
from worker.engine.queue import BatchLimits
from worker.engine.registry import resolve_summarizer

__all__ = ["EngineOptions", "ModelError", "build_engine"]


def build_engine(options: EngineOptions) -> Engine:
    """Loads and proves the models and starts the engine. Raises `ModelError` where one can't be used."""
    limits = BatchLimits(tokens=options.batch_tokens, rows=options.batch_rows, queue_tokens=options.queue_tokens)
    if options.kind == "fake":
        from worker.engine.fake import FakeEngine, FakeOptions

        return FakeEngine(
            FakeOptions(
                summarizer=resolve_summarizer(options.summarizer, options.summarizer_revision) is not None,
                seconds_per_token=options.fake_seconds_per_token,
                seconds_per_batch=options.fake_seconds_per_batch,
                die_on=options.fake_die_on,
                hang_on=options.fake_hang_on,
                fail_on=options.fake_fail_on,
                oom_rows=options.fake_oom_rows,
            ),
            limits,
        )
    from worker.engine.assembly import build_decoder

    return BatchingEngine(build_decoder(options), limits)
