"""A worker whose device fails on an article that holds the word `panne`, and one whose models never finish loading."""

import sys
import threading
from collections.abc import Sequence

from service.contract.logs import configure_logs
from worker import app, context
from worker.engine import EngineOptions
from worker.engine.batcher import BatchingEngine
from worker.engine.errors import DeviceFailed
from worker.engine.fake import FakeDecoder, FakeOptions
from worker.engine.interface import Engine, Output, Role
from worker.engine.queue import BatchLimits
from worker.engine.request import Request
from worker.settings import Settings


class BreakingDecoder(FakeDecoder):
    """The fake decoder on a device that does not last."""

    def run(self, role: Role, batch: Sequence[Request]) -> list[Output]:
        if any("panne" in request.tokens.text for request in batch):
            raise DeviceFailed("the device fell off the bus")
        return super().run(role, batch)


def build_breaking(options: EngineOptions) -> Engine:
    """In the place of `worker.engine.build_engine`."""
    decoder = BreakingDecoder(FakeOptions(summarizer=False, seconds_per_token=options.fake_seconds_per_token))
    return BatchingEngine(decoder, BatchLimits(rows=options.batch_rows))


def build_never(options: EngineOptions) -> Engine:
    """Loads for ever."""
    print("loading", file=sys.stderr, flush=True)
    threading.Event().wait()
    raise AssertionError


if __name__ == "__main__":
    vars(context)["build_engine"] = {"breaking": build_breaking, "never": build_never}[sys.argv[1]]
    configure_logs("INFO", "json")
    sys.exit(app.WorkerService(Settings.load()).run())
